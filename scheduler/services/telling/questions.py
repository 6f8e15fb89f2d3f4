"""Asks people, or the candidate, for what a fix needs of them: by mail, since the answer is theirs to give.

Told by `tests/scheduler/services/asking/test_fixing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import LedgerRow, Write
from scheduler.domain.fixes.fix import AVAILABILITY, HOLIDAY, PERSON, Fix, How
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person
from scheduler.domain.time import Span, zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.storage import codec
from scheduler.storage.database import Tx


def ask_in(app: App, tx: Tx, loop: Loop, fix: Fix) -> int:
    """Note the mails that ask for what a fix needs, in an open transaction in which the loop is claimed; how many."""
    application = tx.applications.get(loop.application)
    assert application is not None
    company, stamp = tx.company.name(), f"{fix.id}/{app.clock().timestamp():.6f}"
    people = tx.people.list(fix.people) if fix.people else []
    messages = [_to_person(app, loop, application, p, fix, company, stamp) for p in people]
    if fix.how is How.ASK_CANDIDATE:
        messages.append(_to_candidate(app, loop, application, fix, company, stamp))
    order = 1000 + len(tx.ledger.of_loop(loop.id))
    rows = [
        LedgerRow.noted(
            loop,
            f"fix:{fix.id}:{n}",
            Write.MAIL,
            key=message.id,
            payload={"message": codec.encode(message), "digest": ""},
            order=order + n,
        )
        for n, message in enumerate(messages)
    ]
    tx.ledger.add_all(rows, app.clock())
    if rows:
        jobs.mail(app, tx, loop, rows[0])
    return len(rows)


def _to_candidate(
    app: App, loop: Loop, application: Application, fix: Fix, company: str, stamp: str
) -> Message:
    candidate = application.candidate
    spans = [span for change in fix.changes if change.kind == AVAILABILITY for span in change.spans]
    times = "\n".join(_times(spans, candidate.zone))
    text = (
        f"Dear {candidate.name},\n\nat the times that you offered for {loop.template.title} we find no way to bring "
        f"everybody together. Could you also come then?\n\n{times}\n\nPlease answer this mail, with other times "
        f"where these do not suit you.\n\n{company}"
    )
    subject = f"More times for {loop.template.title} with {company}?"
    return Message(_id(app, loop, "candidate", stamp), candidate.email, candidate.name, subject, text)


def _to_person(
    app: App, loop: Loop, application: Application, person: Person, fix: Fix, company: str, stamp: str
) -> Message:
    what = f"{loop.template.title}, {application.job}"
    lines = list(_wanted(person, fix))
    text = (
        f"Dear {person.name},\n\nfor an interview of {what}, we would need you at a time that is not free for it:\n\n"
        + "\n".join(lines)
        + "\n\nIf you can make it, please free that time in your calendar, and answer this mail; if you cannot, "
        f"please say so.\n\n{company}"
    )
    return Message(
        _id(app, loop, person.id, stamp), person.email, person.name, f"Could you make time? {what}", text
    )


def _wanted(person: Person, fix: Fix) -> Iterator[str]:
    """When they would be needed, each in their own wall-clock time."""
    for change in fix.changes:
        if change.kind == PERSON and person.id in change.people:
            yield from _times(change.spans, person.zone)
    if any(change.kind == HOLIDAY for change in fix.changes):
        mine = [i.span for i in fix.plan if any(person.id in seat for seat in i.people)]
        yield from (f"{line}, on a holiday" for line in _times(mine, person.zone))


def _times(spans: Sequence[Span], zone_name: str) -> Iterator[str]:
    tz = zone(zone_name)
    for span in sorted(spans):
        start, end = span.start.astimezone(tz), span.end.astimezone(tz)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%A, %d %B %H:%M}"
        yield f"- {start:%A, %d %B %H:%M}–{until} ({zone_name})"


def _id(app: App, loop: Loop, who: str, stamp: str) -> str:
    return event_id(f"{app.deployment}/{loop.id}/fix/{who}/{stamp}")
