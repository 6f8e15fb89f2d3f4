"""Plays the interviewers: their answers are written into their own calendar files.

Told by `tests/stories/test_demo.py`.
"""

from __future__ import annotations

from pathlib import Path

from connectors.errors import Gone
from connectors.local.folder import answer
from connectors.types import Reply
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import Loop
from scheduler.domain.templates import InterviewKind
from scheduler.services.app import App
from scheduler.services.booking import layout

COMMENT = "Sorry, I have to look after a release that day."


def answers(app: App, folder: Path, loop: Loop) -> tuple[str, str]:
    """Everybody accepts, but one interviewer declines, last: ``(person, interview)`` of that one.

    Played again after the decline was seen it only says who it was.
    """
    if loop.declined:
        return loop.declined[0]
    with app.db.read() as tx:
        interviews = tx.interviews.of_loop(loop.id)
        addresses = {p.id: p.account.address for p in tx.people.list(active=False)}
    person, interview = _decliner(loop, interviews)
    for other in interviews:
        for seat in other.seats:
            if (seat.person, other.id) != (person, interview.id):
                _answer(app, folder, addresses[seat.person], other, Reply.ACCEPTED)
    _answer(app, folder, addresses[person], interview, Reply.DECLINED, COMMENT)
    return person, interview.spec


def accept_rest(app: App, folder: Path, loop: Loop) -> None:
    """Whoever was newly invited, or asked again for another time, accepts."""
    with app.db.read() as tx:
        interviews = tx.interviews.of_loop(loop.id)
        addresses = {p.id: p.account.address for p in tx.people.list(active=False)}
    for interview in interviews:
        for seat in interview.seats:
            if seat.state is SeatState.INVITED:
                _answer(app, folder, addresses[seat.person], interview, Reply.ACCEPTED)


def _decliner(loop: Loop, interviews: list[Interview]) -> tuple[str, Interview]:
    """Somebody in the first interview whose seat asks for a pool rather than for one person."""
    for interview in sorted(interviews, key=lambda i: i.span):
        if interview.kind is not InterviewKind.INTERVIEW:
            continue
        seats = loop.template.interview(interview.spec).seats
        for seat in interview.seats:
            if seat.required and 0 <= seat.number < len(seats) and seats[seat.number].pools:
                return seat.person, interview
    raise RuntimeError("the demo's template has no seat for a pool")


def _answer(
    app: App, folder: Path, address: str, interview: Interview, reply: Reply, comment: str = ""
) -> None:
    try:
        answer(folder, address, layout.event_key(app.deployment, interview), reply, comment)
    except Gone:
        return  # the calendar was changed meanwhile: nothing to answer any more
