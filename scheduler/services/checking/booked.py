"""What is booked now, read in windows of time: the loops at rest, their interviews and whom they invite.

A loop whose events are just being written is left out, and so is what ended a week ago.

Told by `tests/scheduler/services/checking/test_events.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.bookings import Interview, LedgerRow, SeatState, Write, WriteState
from scheduler.domain.loops import Loop
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.storage.database import Tx

BACK, AHEAD = timedelta(days=7), timedelta(days=120)
"""How far is looked: what is over changes nobody's week, and no horizon goes further."""
_STEP = timedelta(days=10)
_EVENTS = (Write.BOOK, Write.RESCHEDULE)


@dataclass(frozen=True, slots=True)
class Booking:
    """One live interview. ``invited`` are the addresses that its event was last written with, ``once`` those of
    any time, by whom they stood for (addresses in lower case)."""

    loop: Loop
    interview: Interview
    invited: Mapping[str, Subject]
    once: Mapping[str, Subject]

    @property
    def guests(self) -> set[str]:
        """The addresses that belong on the event now."""
        return {address for address, who in self.invited.items() if who in self.present}

    @property
    def former(self) -> set[str]:
        """The addresses of those whose seat went to somebody else."""
        return {address for address, who in self.once.items() if who not in self.present}

    @property
    def present(self) -> set[Subject]:
        seats = [s for s in self.interview.seats if s.state is not SeatState.REPLACED]
        room = {Subject.room(self.interview.room)} if self.interview.room else set()
        return {Subject.person(s.person) for s in seats} | room


def window(now: datetime) -> Span:
    """The time that is looked at."""
    return Span(now - BACK, now + AHEAD)


def interviews(tx: Tx, now: datetime) -> list[Interview]:
    """The live interviews in the window, exercises to be done at home excepted."""
    found: dict[str, Interview] = {}
    whole = window(now)
    start = whole.start
    while start < whole.end:
        rows = tx.interviews.between(Span(start, start + _STEP))
        found |= {i.id: i for i in rows if i.kind is not InterviewKind.TAKE_HOME}
        start += _STEP
    return list(found.values())


def bookings(tx: Tx, now: datetime) -> list[Booking]:
    """Everything in the window that is not just being written."""
    return list(_bookings(tx, interviews(tx, now)))


def _bookings(tx: Tx, rows: list[Interview]) -> Iterator[Booking]:
    by_loop: dict[str, list[Interview]] = {}
    for interview in rows:
        by_loop.setdefault(interview.loop, []).append(interview)
    for loop_id, mine in sorted(by_loop.items()):
        loop, ledger = tx.loops.get(loop_id), tx.ledger.of_loop(loop_id)
        if loop is None or writing(ledger):
            continue
        for interview in mine:
            written = [r for r in ledger if r.interview == interview.id and r.write in _EVENTS]
            done = [r for r in written if r.state is WriteState.DONE]
            once = {a: s for r in written for a, s in _who(r).items()}
            yield Booking(loop, interview, _who(done[-1]) if done else {}, once)


def writing(ledger: list[LedgerRow]) -> bool:
    """Whether an event of the loop is still to be written: what stands in the calendar may be the old one."""
    return any(r.state is WriteState.TODO and r.write is not Write.MAIL for r in ledger)


def _who(row: LedgerRow) -> dict[str, Subject]:
    return {address: Subject.parse(who) for address, who in row.payload.get("who", {}).items()}
