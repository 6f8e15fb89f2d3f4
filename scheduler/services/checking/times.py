"""What is reserved against what is booked: everybody's time of a live interview, the candidate's and the room's
included, and nobody's of anything else.

Told by `tests/scheduler/services/checking/test_times.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Hold, Interview, InterviewState, Reservation, SeatState
from scheduler.domain.loops import ENDED, Application, Loop
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import SeatKind
from scheduler.services.booking import layout
from scheduler.services.checking import booked
from scheduler.services.planning.buffers import occupied
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Times:
    """``lost`` are reservations that should be there, ``loose`` those that stand for nothing, ``close`` a line
    for each two of somebody's meetings with less than a buffer between them."""

    lost: Sequence[Reservation]
    loose: Sequence[Reservation]
    close: Sequence[str]

    def lines(self) -> Iterator[str]:
        """One for each fault, as a person reads it."""
        for row in self.lost:
            yield f"{_of(row)} of {row.interview} is not reserved"
        for row in self.loose:
            yield f"{_of(row)} is reserved for {row.interview}, which does not need it"
        yield from self.close


def _of(row: Reservation) -> str:
    who = f"the candidate of loop {row.loop}" if row.subject.kind is Whose.CANDIDATE else str(row.subject)
    return f"the time of {who} at {row.span.start:%Y-%m-%d %H:%M}Z"


def look(tx: Tx, now: datetime) -> Times:
    """Compare the reservations with the interviews they are for, from a week ago on."""
    live = {i.id: i for i in booked.interviews(tx, now)}
    loops: dict[str, Loop | None] = {}
    for interview in live.values():
        if interview.loop not in loops:
            loops[interview.loop] = tx.loops.get(interview.loop)
    there: dict[tuple[str, Subject], list[Reservation]] = defaultdict(list)
    rows = tx.reservations.since(booked.window(now).start)
    for row in rows:
        there[row.interview, row.subject].append(row)
    lost: list[Reservation] = []
    wanted: set[tuple[str, Subject]] = set()
    for interview in live.values():
        loop = loops[interview.loop]
        application = tx.applications.get(loop.application) if loop else None
        if loop is None or application is None or loop.state in ENDED:
            continue
        for need in _needs(loop, application, interview):
            wanted.add((need.interview, need.subject))
            if not _kept(need, there[need.interview, need.subject], interview):
                lost.append(need)
        wanted |= {(interview.id, Subject.person(s.person)) for s in interview.seats}
    loose = [r for r in rows if _loose(tx, r, live, loops, wanted)]
    return Times(lost, loose, list(_too_close(tx, rows, set(live))))


def _needs(loop: Loop, application: Application, interview: Interview) -> list[Reservation]:
    """What should be reserved for it; who has declined may keep their time or not."""
    gone = {Subject.person(s.person) for s in interview.seats if s.state is SeatState.DECLINED}
    state = Hold.CONFIRMED if interview.state is InterviewState.CONFIRMED else Hold.HELD
    rows = layout.taken(loop, application, [interview], state, None)
    return [r for r in rows if r.subject not in gone]


def _kept(need: Reservation, rows: Iterable[Reservation], interview: Interview) -> bool:
    """Whether a row holds the whole time, the buffer after it included. Who only accompanies a candidate has
    none, whatever was agreed on since."""
    only_there = {Subject.person(s.person) for s in interview.seats if s.kind is SeatKind.COMPANION}
    end = interview.span.end if need.subject in only_there else need.span.end
    return any(r.span.start <= need.span.start and r.span.end >= end for r in rows)


def _loose(
    tx: Tx,
    row: Reservation,
    live: dict[str, Interview],
    loops: dict[str, Loop | None],
    wanted: set[tuple[str, Subject]],
) -> bool:
    interview = live.get(row.interview)
    if interview is None:  # further away than we looked, or no more
        kept = tx.interviews.get(row.interview)
        return kept is None or kept.state is InterviewState.CANCELLED
    loop = loops[interview.loop]
    if loop is None or loop.state in ENDED:
        return loop is None
    return (row.interview, row.subject) not in wanted or not row.span.overlaps(interview.span)


def _too_close(tx: Tx, rows: Sequence[Reservation], live: set[str]) -> Iterator[str]:
    """Meetings of different loops in which somebody has less than the larger of the two buffers between."""
    meetings = occupied(tx, [r for r in rows if r.subject.kind is Whose.PERSON and r.interview in live])
    loop_of = {r.interview: r.loop for r in rows}
    last = None
    for meeting in sorted(meetings, key=lambda m: (m.subject, m.span.start)):
        if (
            last is not None
            and last.subject == meeting.subject
            and loop_of[last.interview] != loop_of[meeting.interview]
            and meeting.span.start < last.span.end + max(last.buffer, meeting.buffer)
        ):
            when = f"{meeting.span.start:%Y-%m-%d %H:%M}Z"
            yield f"{meeting.subject} has no buffer between {last.interview} and {meeting.interview} at {when}"
        last = meeting
