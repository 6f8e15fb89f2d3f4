"""The buffer: protected time of an interviewer beside every other event, ours or foreign.

Between two events of one person lies at least the larger of their buffers; an event that is not ours has
none of its own. Rooms, candidates and those who accompany a candidate need no such time. Planning, the
look before a booking and the taking of time all ask here. Told by `tests/stories/test_buffers.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scheduler.domain.bookings import Interview, Reservation, SeatState
from scheduler.domain.loops import Application, Loop
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import InterviewKind, SeatKind
from scheduler.domain.time import Span, without
from scheduler.storage.database import Tx

NONE = timedelta()
_REACH = timedelta(days=1)
"""No buffer is longer (`services.company.file`)."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """A meeting of another loop in the time of a person, a room or a candidate, with that loop's buffer."""

    subject: Subject
    interview: str
    span: Span
    buffer: timedelta = NONE

    def kept_from(self, buffer: timedelta) -> Span:
        """What an event with this buffer keeps away from."""
        return around(self.span, max(buffer, self.buffer))


def around(span: Span, buffer: timedelta) -> Span:
    """The time and the buffer before and after it."""
    return Span(span.start - buffer, span.end + buffer)


def reserved(span: Span, buffer: timedelta) -> Span:
    """What is taken of somebody for a meeting: the buffer after it. The one before it is what follows from
    the events before, see `too_close`; were it taken as well, two buffers would add up."""
    return Span(span.start, span.end + buffer)


def guarded(block: Span, buffer: timedelta, settled: Sequence[Span]) -> list[Span]:
    """A block of somebody's calendar and the buffer beside it.

    What is ``settled`` (their booked meetings of this loop) stays possible: what somebody puts right
    beside a booked interview is their own choice and drives nobody out.
    """
    if not buffer:
        return [block]
    pads = [Span(block.start - buffer, block.start), Span(block.end, block.end + buffer)]
    return [block, *(without(pads, settled) if settled else pads)]


def buffer_of(loop: Loop, application: Application) -> Callable[[Subject], timedelta]:
    """How much protected time a subject has in a loop."""
    buffer = timedelta(minutes=loop.template.buffer)
    also = application.accommodation.also
    return lambda who: buffer if who.kind is Whose.PERSON and who.id not in also else NONE


def occupied(tx: Tx, rows: Iterable[Reservation]) -> tuple[Occupied, ...]:
    """The meetings that reservations are for, and the buffers they were taken with."""
    listed, found = list(rows), []
    known = {i.id: i for i in tx.interviews.of_ids({row.interview for row in listed})}
    for row in listed:
        interview = known.get(row.interview)
        length = row.span.end - row.span.start
        meeting = interview.span.end - interview.span.start if interview else length
        buffer = max(length - meeting, NONE)
        span = Span(row.span.start, row.span.end - buffer)
        found.append(Occupied(row.subject, row.interview, span, buffer))
    return tuple(found)


def too_close(
    tx: Tx,
    loop: Loop,
    new: Collection[Interview],
    before: Iterable[Interview],
    application: Application,
    near: Collection[Reservation] | None = None,
) -> list[Subject]:
    """The people who would have less than a buffer between one of ``new`` and an event of another loop.

    To be asked once the time is taken, in the same transaction: then nobody else is just taking theirs.
    What they have now (``before``) is not judged again. ``near`` is what other loops have taken around ``new``, where
    this transaction has read it.
    """
    wanted = {(s, i.span) for i in new for s in attending(i)}
    wanted -= {(s, i.span) for i in before for s in attending(i)}
    if not wanted:
        return []
    spans = [span for _, span in wanted]
    window = Span(min(s.start for s in spans) - _REACH, max(s.end for s in spans) + _REACH)
    subjects = {s for s, _ in wanted}
    if near is None:
        rows = tx.reservations.of_subjects(subjects, window, except_loop=loop.id)
    else:
        rows = [r for r in near if r.subject in subjects and r.span.overlaps(window)]
    buffer = buffer_of(loop, application)
    others = [(o.subject, o.kept_from(buffer(o.subject))) for o in occupied(tx, rows)]
    return sorted({s for s, span in wanted if any(s == who and span.overlaps(kept) for who, kept in others)})


def attending(interview: Interview) -> list[Subject]:
    """Whose time an interview takes: everybody in it; optional guests of a debrief are only invited."""
    debrief = interview.kind is InterviewKind.DEBRIEF
    seats = [s for s in interview.seats if s.state is not SeatState.REPLACED and (s.required or not debrief)]
    return list(dict.fromkeys(Subject.person(s.person) for s in seats))


def counted(interview: Interview, person: str) -> bool:
    """Whether an interview counts in somebody's caps: lunches, presentations, debriefs do not, nor does
    whoever only accompanies the candidate."""
    kinds = [s.kind for s in interview.seats if s.person == person and s.state is not SeatState.REPLACED]
    return interview.kind is InterviewKind.INTERVIEW and any(k is not SeatKind.COMPANION for k in kinds)


def beside(
    start: int, end: int, settled: Sequence[tuple[int, int]], *, whole: bool
) -> Iterator[tuple[int, int]]:
    """What is left of a block beside what is settled; of a ``whole`` one, all or nothing."""
    over = sorted((a, b) for a, b in settled if start < b and a < end) if settled else ()
    if over and whole:
        return
    for a, b in over:
        if start < a:
            yield start, a
        start = max(start, b)
    if start < end:
        yield start, end
