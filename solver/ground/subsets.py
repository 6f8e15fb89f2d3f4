"""The subset recursion: the cheapest way to do a set of sessions within one day.

State (S, t): the sessions of S are done and the next one may start at step t. Idle time is a
telescoping sum: the first start pays −idle · t, the last end pays +idle · end, and every session's
own minutes are already taken off its price; so no state needs to know when the last session ended.
All rows (a day, a debrief start) are computed at once.

Told by `tests/solver/test_climb.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from solver.ground.timeline import BIG, Costs, Timeline
from solver.problem.values import Gap, Loop, SessionKind

PAUSE = 32
"""Sets of sessions between two looks at the clock."""

MOST_SESSIONS = 12
"""Above this the tables (2 to the power of it) cost more than they save."""

FAR = BIG << 6
"""Worse than the sum of impossible prices of all sessions; a few of it still fit in 64 bits."""


@dataclass(frozen=True, slots=True)
class Closings:
    """The ways in which one session can be the last of a day: the sets done then, and before it."""

    done: Costs
    rest: Costs


@dataclass(frozen=True, slots=True)
class Parts:
    """Every set ``of`` with its parts: flat lists of (part, what is left), cut where the next set begins."""

    of: Costs
    first: Costs
    part: Costs
    rest: Costs


class Subsets:
    """Which sets of sessions can share a day, and in which order they can be reached."""

    def __init__(self, timeline: Timeline, loop: Loop, gaps: Sequence[Gap]) -> None:
        """``gaps``: which session has to come before which, and how long before."""
        self.timeline, self.loop = timeline, loop
        self.m = len(loop.sessions)
        self.everything = (1 << self.m) - 1
        self.one_day = loop.max_days == 1
        bit = {session.id: 1 << i for i, session in enumerate(loop.sessions)}
        self.before = [0] * self.m
        self.after = [0] * self.m
        names = [session.id for session in loop.sessions]
        for gap in gaps:
            self.before[names.index(gap.then)] |= bit[gap.first]
            self.after[names.index(gap.first)] |= bit[gap.then]
        self.durs = [session.dur for session in loop.sessions]
        self.shift = [-(-(dur + loop.min_break) // timeline.grid) for dur in self.durs]
        self._same = [sum(bit[sid] for sid in group) for group in loop.same_day]
        self._different = [[bit[sid] for sid in group] for group in loop.different_day]
        self.whole = [False] * (self.everything + 1)
        for done in [self.everything] if self.one_day else range(1, self.everything + 1):
            self.whole[done] = self._whole(done)
        self.steps = self._steps()
        self.closings = [self._closings(i) for i in range(self.m)]

    def _whole(self, done: int) -> bool:
        """Whether a day may hold exactly these sessions."""
        loop = self.loop
        members = [i for i in range(self.m) if done >> i & 1]
        minutes = sum(self.durs[i] for i in members) + loop.min_break * (len(members) - 1)
        if not members or minutes > loop.max_span:
            return False
        if any(done & group not in (0, group) for group in self._same):
            return False
        if any(a & done and b & done for group in self._different for a, b in combinations(group, 2)):
            return False
        if loop.max_day_minutes is not None:
            interviews = sum(self.durs[i] for i in members if loop.sessions[i].kind is SessionKind.INTERVIEW)
            if interviews > loop.max_day_minutes:
                return False
        return True

    def _steps(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """``(set, [(last session, set without it)])`` in an order in which the smaller comes first.

        A session may be added while none that must follow it is done; on a lone day all that must
        precede it are done already.
        """
        reached, out = {0}, []
        for done in range(1, self.everything + 1):
            if not done % PAUSE:
                self.timeline.go_on()
            ways = []
            for i in range(self.m):
                rest = done & ~(1 << i)
                late = self.one_day and self.before[i] & ~rest
                if done >> i & 1 and rest in reached and not self.after[i] & rest and not late:
                    ways.append((i, rest))
            if ways:
                reached.add(done)
                out.append((done, ways))
        return out

    def _closings(self, i: int) -> Closings:
        ways = [(done, rest) for done, ways in self.steps if self.whole[done] for j, rest in ways if i == j]
        return Closings(
            np.array([d for d, _ in ways], dtype=np.int64), np.array([r for _, r in ways], dtype=np.int64)
        )

    @cached_property
    def parts(self) -> Parts:
        """Parts that a day may hold."""
        return self._parts(lambda part: self.whole[part])

    @cached_property
    def all_parts(self) -> Parts:
        return self._parts(lambda part: part > 0)

    def _parts(self, wanted: Callable[[int], bool]) -> Parts:
        of: list[int] = []
        first: list[int] = []
        parts: list[int] = []
        rests: list[int] = []
        for whole in range(1, self.everything + 1):
            if not whole % PAUSE:
                self.timeline.go_on()
            some, part = [], whole
            while part:
                if wanted(part):
                    some.append(part)
                part = (part - 1) & whole
            if some:
                of.append(whole)
                first.append(len(parts))
                parts += some
                rests += [whole & ~part for part in some]
        return Parts(*(np.array(each, dtype=np.int64) for each in (of, first, parts, rests)))

    def forward(self, costs: list[Costs], minutes: Costs, idle: int) -> Costs:
        """``h[S, row, t]``: least price of doing S with the next start at step t or later allowed."""
        width = minutes.shape[1]
        h = np.full((self.everything + 1, *minutes.shape), FAR, dtype=np.int64)
        h[0] = -idle * minutes
        for done, ways in self.steps:
            if done == self.everything:
                continue
            if not done % PAUSE:
                self.timeline.go_on()
            best = h[done]
            for i, rest in ways:
                k = self.shift[i]
                if k < width:
                    part = best[:, k:]
                    np.minimum(part, h[rest, :, : width - k] + costs[i][:, : width - k], out=part)
            np.minimum.accumulate(best, axis=1, out=best)
        return h

    def backward(self, costs: list[Costs], close: dict[int, list[Costs]]) -> dict[int, Costs]:
        """``g[S][row, t]``: least price of what follows S when the next start is at step t or later.

        ``close[S][i][row, t]`` prices ending the day with session i at t such that S is done.
        """
        shape = costs[0].shape
        width = shape[1]
        g: dict[int, Costs] = {}
        ways_on: dict[int, list[tuple[int, int]]] = {}
        for done, ways in self.steps:
            for i, rest in ways:
                ways_on.setdefault(rest, []).append((i, done))
        for rest in sorted(ways_on, reverse=True):
            if not rest % PAUSE:
                self.timeline.go_on()
            best = np.full(shape, FAR, dtype=np.int64)
            for i, done in ways_on[rest]:
                if done in close:
                    np.minimum(best, costs[i] + close[done][i], out=best)
                k = self.shift[i]
                if done in g and k < width:
                    onward = costs[i][:, : width - k] + g[done][:, k:]
                    np.minimum(best[:, : width - k], onward, out=best[:, : width - k])
            reverse = best[:, ::-1]
            np.minimum.accumulate(reverse, axis=1, out=reverse)
            g[rest] = best
        return g

    def through(
        self, h: Costs, g: dict[int, Costs], costs: list[Costs], close: dict[int, list[Costs]]
    ) -> list[Costs]:
        """Per session and start the least price of a day (and what ``close`` adds) that contains it."""
        width = costs[0].shape[1]
        out = [np.full(costs[0].shape, FAR, dtype=np.int64) for _ in range(self.m)]
        for done, ways in self.steps:
            if not done % PAUSE:
                self.timeline.go_on()
            for i, rest in ways:
                until = h[rest] + costs[i]
                if done in close:
                    np.minimum(out[i], until + close[done][i], out=out[i])
                k = self.shift[i]
                if done in g and k < width:
                    part = out[i][:, : width - k]
                    np.minimum(part, until[:, : width - k] + g[done][:, k:], out=part)
        return out
