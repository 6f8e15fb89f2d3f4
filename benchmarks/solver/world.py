"""What an expert works out of a loop before any model: who can come when, and at what price.

Told by `tests/benchmarks/test_solver_bench.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from solver.problem.values import BusyKind, Interval, Loop, Person, Problem, Session, SessionKind

Steps = npt.NDArray[np.int64]

AWAY, TENTATIVE, FOCUS = 1, 2, 4


class World:
    """What can be said before any model: who can come when, and at what price."""

    def __init__(self, problem: Problem, loop: Loop) -> None:
        self.problem, self.loop, self.grid = problem, loop, problem.grid
        self.people = {person.id: person for person in problem.people}
        self.steps = (
            max(problem.horizon, *(person.work[-1][1] for person in problem.people)) // self.grid + 200
        )
        self._totals: dict[tuple[str, bool], Steps] = {}
        self.times = {session.id: self._times(session) for session in loop.sessions}
        starts = np.array([start for start, _ in loop.days])
        self.day = {
            sid: np.searchsorted(starts, times * self.grid, side="right") - 1
            for sid, times in self.times.items()
        }
        self.days = sorted(set(np.concatenate([*self.day.values()]).tolist()))
        self.debriefs = self._debriefs()

    def mask(self, intervals: Iterable[Interval], dur: int) -> npt.NDArray[np.bool_]:
        out = np.zeros(self.steps, dtype=np.bool_)
        for start, end in intervals:
            out[-(-start // self.grid) : max((end - dur) // self.grid + 1, 0)] = True
        return out

    def touched(self, person: str, dur: int, *, lunch: bool) -> Steps:
        """Per step the kinds of blocks, as bits, that an event would overlap."""
        key = (person, lunch)
        if key not in self._totals:
            self._totals[key] = self._running(self.people[person], lunch)
        totals, length = self._totals[key], -(-dur // self.grid)
        grown = (totals[:, length : length + self.steps] - totals[:, : self.steps]) > 0
        out: Steps = grown[0] * AWAY + grown[1] * TENTATIVE + grown[2] * FOCUS
        return out

    def _running(self, who: Person, lunch: bool) -> Steps:
        size = self.steps + 200
        cells = np.zeros((3, size), dtype=np.int64)
        cells[0] = 1
        for start, end in who.work:
            cells[0, start // self.grid : end // self.grid] = 0
        rows = {BusyKind.HARD: 0, BusyKind.LUNCH: 0, BusyKind.TENTATIVE: 1, BusyKind.FOCUS: 2}
        for block in who.busy:
            if block.start % self.grid or block.end % self.grid:
                raise ValueError("calendars off the grid")
            if not (lunch and block.kind is BusyKind.LUNCH):
                cells[rows[block.kind], block.start // self.grid : block.end // self.grid] = 1
        return np.concatenate((np.zeros((3, 1), dtype=np.int64), np.cumsum(cells, axis=1)), axis=1)

    def _times(self, session: Session) -> Steps:
        """Steps at which candidate, window, every seat and a room would do."""
        loop, dur = self.loop, session.dur
        mask = self.mask(loop.availability, dur) & self.mask(loop.days, dur)
        if session.window:
            mask &= self.mask(session.window, dur)
        lunch = session.kind is SessionKind.LUNCH
        for seat in session.seats:
            able = sum((self.touched(p, dur, lunch=lunch) & AWAY) == 0 for p in seat.pool)
            mask &= able >= seat.n
        if session.room:
            mask &= np.logical_or.reduce([self.roomy(room, dur) for room in self.rooms(session)])
        return np.flatnonzero(mask)

    def rooms(self, session: Session) -> list[str]:
        heads = 1 + sum(seat.n for seat in session.seats)
        return [r.id for r in self.problem.rooms if r.site == self.loop.site and r.cap >= heads]

    def roomy(self, room: str, dur: int) -> npt.NDArray[np.bool_]:
        out = np.ones(self.steps, dtype=np.bool_)
        for start, end in next(r.busy for r in self.problem.rooms if r.id == room):
            out[max((start - dur) // self.grid + 1, 0) : -(-end // self.grid)] = False
        return out

    def _debriefs(self) -> list[tuple[int, int]]:
        """``(start, least end of the last session)`` in minutes of every debrief that the fixed people can attend."""
        debrief, loop = self.loop.debrief, self.loop
        if debrief is None:
            return []
        mask = np.ones(self.steps, dtype=np.bool_)
        for person in debrief.attend:
            mask &= (self.touched(person, debrief.dur, lunch=False) & AWAY) == 0
        edges, totals, total = [0], [0], 0
        for opens, closes in self.problem.calendars[loop.site]:
            edges += [opens, closes]
            totals += [total, total + closes - opens]
            total += closes - opens
        out = []
        for start in (np.flatnonzero(mask) * self.grid).tolist():
            goal = np.interp(start, edges, totals) - debrief.within
            at = int(np.searchsorted(totals, goal))
            out.append((start, 0 if goal <= 0 else int(edges[at - 1] + goal - totals[at - 1])))
        return out

    def price(self, session: Session, person: str, rank: int) -> int:
        weights, who = self.problem.weights, self.people[person]
        fair = weights.fair * (2 * who.prior + 1) if session.kind is SessionKind.INTERVIEW else 0
        return weights.rank * rank + fair

    def bound(self, last: int) -> int:
        """No plan whose last day is this one costs less: the earliest end, and the cheapest people."""
        loop, weights = self.loop, self.problem.weights
        longest = sum(s.dur for s in loop.sessions) + loop.min_break * (len(loop.sessions) - 1)
        days = zip(self.times.values(), self.day.values(), strict=True)
        first = min(int(times[day == last][0]) for times, day in days if (day == last).any()) * self.grid
        end = first + (longest if loop.max_days == 1 else min(s.dur for s in loop.sessions))
        if loop.debrief is not None:
            ends = [d + loop.debrief.dur for d, _ in self.debriefs if d >= end]
            if not ends:
                return 1 << 60
            end = ends[0]
        people = sum(
            sum(sorted(self.price(s, p, seat.rank.get(p, 0)) for p in seat.pool)[: seat.n])
            for s in loop.sessions
            for seat in s.seats
        )
        return weights.finish * (end - loop.availability[0][0]) + people
