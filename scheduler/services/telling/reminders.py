"""Reminds whoever a loop waits for: the candidate of their times, the people of an interview of their answers.

Told by `tests/scheduler/api/test_bulk.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import Interview, LedgerRow, SeatState, Write
from scheduler.domain.errors import WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.people import Person
from scheduler.domain.time import zone
from scheduler.services import jobs, opening
from scheduler.services.app import App
from scheduler.storage import codec
from scheduler.storage.database import Tx

ACTOR = "system:mail"
REMINDED = "loop_reminded"
LEAST = timedelta(hours=20)
"""Nobody is reminded twice a day."""
_WITHOUT = (SeatState.ASSIGNED, SeatState.INVITED, SeatState.TENTATIVE)


def remind_in(app: App, tx: Tx, loop: Loop, actor: str) -> Loop:
    """Write to those whose answer a loop waits for, in an open transaction. Raises `WrongState` where no answer is
    awaited, and where they were reminded less than `LEAST` ago."""
    _not_again(app, tx, loop)
    application = tx.applications.get(loop.application)
    assert application is not None
    company, stamp = tx.company.name(), app.clock().timestamp()
    if loop.state is LoopState.AWAITING_CANDIDATE:
        messages = {"": _to_candidate(app, loop, application, company, stamp)}
    else:
        messages = _to_people(app, tx, loop, application, company, stamp)
    if not messages:
        raise WrongState("loop", loop.id, loop.state.value, "nobody's answer is awaited")
    order = 1000 + len(tx.ledger.of_loop(loop.id))
    rows = [
        LedgerRow.noted(
            loop,
            f"reminder:{n}",
            Write.MAIL,
            key=m.id,
            payload={"message": codec.encode(m), "digest": "", "page": page_of(app, tx, loop, person)},
            order=order + n,
        )
        for n, (person, m) in enumerate(messages.items())
    ]
    tx.ledger.add_all(rows, app.clock())
    jobs.mail(app, tx, loop, rows[0])
    subject = f"loop:{loop.id}"
    tx.facts.add(Fact(app.clock(), actor, REMINDED, subject, data={"messages": len(rows)}))
    return loop


def _not_again(app: App, tx: Tx, loop: Loop) -> None:
    at = [f.at for f in tx.facts.of(f"loop:{loop.id}") if f.what == REMINDED]
    if at and app.clock() - at[-1] < LEAST:
        text = f"they were reminded at {at[-1]:%Y-%m-%d %H:%M} UTC; wait a day"
        raise WrongState("loop", loop.id, loop.state.value, text)


def _to_candidate(app: App, loop: Loop, application: Application, company: str, stamp: float) -> Message:
    candidate = application.candidate
    text = (
        f"Dear {candidate.name},\n\nto find a time for {loop.template.title} we still need to know when you can. "
        f"Please answer this mail with some days and times, and the zone they are in.\n\n{company}"
    )
    subject = f"Your times for {loop.template.title} with {company}"
    return Message(_id(app, loop, "candidate", stamp), candidate.email, candidate.name, subject, text)


def _to_people(
    app: App, tx: Tx, loop: Loop, application: Application, company: str, stamp: float
) -> dict[str, Message]:
    waiting: dict[str, list[Interview]] = {}
    for interview in tx.interviews.of_loop(loop.id):
        for seat in interview.seats:
            if interview.event_id and seat.state in _WITHOUT and interview.span.start > app.clock():
                waiting.setdefault(seat.person, []).append(interview)
    people = {p.id: p for p in tx.people.list(sorted(waiting))} if waiting else {}
    return {
        id: Message(
            _id(app, loop, id, stamp),
            person.email,
            person.name,
            f"Can you come? {application.candidate.name}, {application.job}",
            text_of(person, waiting[id], company),
        )
        for id, person in sorted(people.items())
    }


def page_of(app: App, tx: Tx, loop: Loop, person: str) -> str:
    """Where they answer: an interviewer over all loops, the candidate (no ``person``) in this one."""
    if person:
        return opening.enclose(app, tx, Purpose.ATTEND, ACTOR, person=person)
    days = opening.until_over(app, loop)
    return opening.enclose(app, tx, Purpose.FOLLOW, ACTOR, loop=loop.id, days=days)


def text_of(person: Person, interviews: Sequence[Interview], company: str, also: str = "") -> str:
    """What somebody has not answered, on their own clock; ``also`` is said behind it."""
    tz = zone(person.zone)
    lines = [
        f"- {i.title}, {i.span.start.astimezone(tz):%A, %d %B %H:%M} ({person.zone})" for i in interviews
    ]
    asked = "please accept or decline, in your calendar, the invitation to:"
    parts = [f"Dear {person.name},", asked, "\n".join(lines), also, company]
    return "\n\n".join(filter(None, parts))


def _id(app: App, loop: Loop, who: str, stamp: float) -> str:
    return event_id(f"{app.deployment}/{loop.id}/reminder/{who}/{stamp:.6f}")
