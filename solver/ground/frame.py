"""One loop as the solver looks at it: who may sit where, and which starts its own rules leave.

A `Frame` holds what follows from the loop and its problem alone. People's and rooms' time comes
from a `Usage`, so the same frame serves a lone loop and a loop among placed ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solver.ground.subsets import Subsets
from solver.ground.timeline import Event, Mask, Timeline, event_of
from solver.ground.usage import site_of
from solver.problem.values import Gap, Interval, Loop, Problem, Seat, Session, SessionKind
from solver.rules.check import pinned


@dataclass(frozen=True, slots=True)
class SeatFrame:
    """One seat with what pins and bars leave of its pool; it wants ``n`` of them, or none if ``optional``."""

    seat: Seat
    n: int
    pool: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class SessionFrame:
    session: Session
    seats: tuple[SeatFrame, ...]
    shadows: tuple[str, ...]
    rooms: tuple[str, ...]
    """Rooms of the right site and features, smallest first; empty where none is needed."""
    starts: Mask
    event: Event
    site: str

    @property
    def interview(self) -> bool:
        return self.event is Event.INTERVIEW

    @property
    def heads(self) -> int:
        """The most people in the room: candidate, seats, shadow."""
        return 1 + sum(seat.n for seat in self.seats) + (1 if self.shadows else 0)


class Frame:
    """A loop with its sessions' frames, orders and days."""

    def __init__(
        self,
        timeline: Timeline,
        loop: Loop,
        kept: tuple[Interval, ...] | None = None,
        gone: Collection[tuple[str, str]] = (),
    ) -> None:
        """``kept``: intervals inside one of which every session has to lie besides (``None`` = anywhere).

        ``gone``: ``(person, session)`` who may not fill a place of that session, whatever the pools say.
        """
        self.timeline, self.loop, self._kept, self._gone = timeline, loop, kept, frozenset(gone)
        self.problem: Problem = timeline.problem
        self.sessions = tuple(self._session(session) for session in loop.sessions)
        self.by_id = {frame.session.id: frame for frame in self.sessions}
        self.gaps = _gaps(loop)
        self.origin = loop.availability[0][0] if loop.availability else 0
        self._day_starts = [start for start, _ in loop.days]

    @property
    def pinned(self) -> bool:
        """Something of it is pinned, so it may not be left out."""
        return pinned(self.loop)

    @cached_property
    def plain(self) -> bool:
        """Whether relaxation and staffing together know all of the loop's hard rules but its span.

        Then no gap, way, run, linked or grouped session is in play, and the candidate's own breaks
        keep everybody's events of the loop as far apart as the buffer wants.
        """
        loop, buffer = self.loop, self.problem.buffer
        if loop.gaps or loop.same_day or loop.different_day or loop.longest_run is not None:
            return False
        if loop.max_day_minutes is not None or self.problem.travel:
            return False
        if any(session.same_people_as for session in loop.sessions):
            return False
        least = loop.min_break if loop.debrief is None else min(loop.min_break, loop.debrief.least)
        return buffer <= least

    @property
    def everybody(self) -> list[str]:
        """All who may fill a place, or come to the debrief in any case."""
        pools = [seat.pool for session in self.sessions for seat in session.seats]
        pools += [session.shadows for session in self.sessions]
        if self.loop.debrief is not None:
            pools.append(tuple(self.loop.debrief.attend))
        return list(dict.fromkeys(person for pool in pools for person in pool))

    @cached_property
    def subsets(self) -> Subsets:
        """Which sets of its sessions can share a day."""
        return Subsets(self.timeline, self.loop, self.gaps)

    def day(self, start: int) -> int:
        """Index of the candidate's day in which ``start`` lies."""
        return bisect_right(self._day_starts, start) - 1

    def _session(self, session: Session) -> SessionFrame:
        loop, timeline = self.loop, self.timeline
        site = site_of(loop, session)
        starts = timeline.candidate(loop, session)
        if self._kept is not None:
            starts &= timeline.within(self._kept, session.dur)
        return SessionFrame(
            session,
            tuple(self._seat(session, index) for index in range(len(session.seats))),
            self._willing(session, session.shadow.pool if session.shadow is not None else ()),
            _rooms(timeline, session, site),
            starts,
            event_of(session),
            site,
        )

    def _willing(self, session: Session, pool: Iterable[str]) -> tuple[str, ...]:
        return tuple(person for person in pool if (person, session.id) not in self._gone)

    def _seat(self, session: Session, index: int) -> SeatFrame:
        """Bars interviewers of an earlier round; pinned people are the whole pool of their seat."""
        seat, loop = session.seats[index], self.loop
        pool = self._willing(session, seat.pool)
        if session.kind is SessionKind.INTERVIEW and loop.barred:
            pool = tuple(person for person in pool if person not in loop.barred)
        if session.lock is not None and session.lock.people is not None:
            pinned_to = session.lock.people[index]
            kept = tuple(person for person in pool if person in pinned_to)
            return SeatFrame(seat, len(pinned_to), kept, optional=False)
        return SeatFrame(seat, seat.n, pool, optional=seat.optional)

    def debrief_starts(self) -> Mask:
        """Steps the debrief may start at as far as its lock goes."""
        out = np.ones(self.timeline.steps, dtype=np.bool_)
        debrief = self.loop.debrief
        if debrief is not None and debrief.lock is not None:
            out[:] = self.timeline.minutes == debrief.lock
        return out


def _rooms(timeline: Timeline, session: Session, site: str) -> tuple[str, ...]:
    """Rooms at the site with the wanted features, the pinned one alone if there is one; smallest first."""
    if not session.room:
        return ()
    pinned = session.lock.room if session.lock is not None else None
    return tuple(
        room.id
        for room in timeline.rooms_at(site)
        if session.features <= room.features and (pinned is None or room.id == pinned)
    )


def _gaps(loop: Loop) -> tuple[Gap, ...]:
    """Orders and gaps as one list; an order is a gap of at least the least break."""
    orders = [Gap(before, s.id, loop.min_break) for s in loop.sessions for before in s.after]
    return (*orders, *loop.gaps)
