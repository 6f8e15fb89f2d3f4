"""Several good plans that differ where a person would notice.

A candidate notices first on which days she has to come, then at what times; the company notices who
interviews. A loop of one day is offered on other days first, the cheapest first; when there are no
more, plans follow that have at least two sessions at other times, or other interviewers. A loop of
several days, whose candidate comes more than once anyway, is offered other days in half of the plans
and other times in the rest.

Which days are left is a choice of rows of one relaxation where a loop takes one day. Over several days
it is a search over regions (some days forbidden), the most promising first: once a plan of a region is
known, the region splits into those that each forbid one of its days.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count

from solver.bounds.rows import Bounds
from solver.ground.best import IMPOSSIBLE, Best, unfinished
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.timely import timely
from solver.ground.usage import Usage
from solver.ground.wishes import NOTICED, Apart, OtherTimes, UsedDays, Wish, days
from solver.one.answer import DEFAULT, judged, weighed
from solver.one.placer import Placer
from solver.problem.errors import OutOfTime
from solver.problem.plan import Limits, LoopPlan, Plan, Progress, Result, Status
from solver.problem.values import Loop, Problem
from solver.questions.solve import solve
from solver.rules.check import Judge

Way = Callable[[list[LoopPlan]], LoopPlan | None]
"""From the known plans to the cheapest that differs from all of them in one way."""

NEAR = 50
"""Further plans are the cheapest of their kind up to one part in so many of the best plan's price."""

NEAR_DAYS = 20
"""The same for other days of a loop of several days."""

WORK = 0.02
"""Deterministic work of one search for a plan on other days of a loop of several days."""


def alternatives(
    problem: Problem,
    k: int = 3,
    limits: Limits = DEFAULT,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Result, ...]:
    """Up to ``k`` plans, cheapest first; the first is that of `solve`, with its status.

    Any two are `apart`. Fewer than ``k`` come back if there are no more, or when the limits end the
    search. With several loops each further plan changes one loop of the first, the others keep their
    place.
    """
    budget = Budget(limits, stop)
    judge = Judge(problem)
    usage = Usage(Timeline(problem))
    if len(problem.loops) == 1:
        first, known = _single(judge, usage, budget)
    else:
        first, known = solve(problem, limits, progress=progress, stop=stop), {}
    if first.status not in (Status.OPTIMAL, Status.FEASIBLE) or k <= 1:
        return (first,)
    found = _others(judge, usage, first.plan, k - 1, budget, known)
    results = []
    for other in sorted(found, key=lambda other: (other.kind, other.more))[: k - 1]:
        whole = Plan({**first.plan.loops, other.loop: other.plan})
        results.append(judged(judge, budget, Status.FEASIBLE, whole, first.bound))
    results = [first, *sorted(results, key=lambda result: result.cost)]
    if progress is not None:
        placed = sum(loop is not None for loop in first.plan.loops.values())
        progress(Progress(budget.seconds, placed, len(problem.loops), first.cost, first.bound, "done"))
    return tuple(results)


def _single(judge: Judge, usage: Usage, budget: Budget) -> tuple[Result, dict[str, _OtherWays]]:
    """The best plan of the only loop, and what was learnt on the way to it."""
    (loop,) = judge.problem.loops
    try:
        ways = _OtherWays(judge, usage, loop, budget)
    except OutOfTime:
        return weighed(judge, loop, unfinished(None, 0), budget), {}
    return weighed(judge, loop, ways.best(), budget), {loop.id: ways}


@dataclass(frozen=True)
class Other:
    """One more way to place a loop, and how much more it costs than the first way."""

    loop: str
    kind: int  # 0 = other days, 1 = other times, 2 = other people
    plan: LoopPlan
    more: int


def _others(
    judge: Judge, usage: Usage, first: Plan, k: int, budget: Budget, known: dict[str, _OtherWays]
) -> list[Other]:
    """Up to ``k`` other ways for every placed loop, each with the rest of the plan in place."""
    placed = [(loop, plan) for loop in judge.problem.loops if (plan := first.loops[loop.id]) is not None]
    for loop, plan in placed:
        usage.add(loop, plan)
    found: list[Other] = []
    for loop, plan in placed:
        if not budget.over():
            usage.remove(loop, plan)
            with suppress(OutOfTime):
                ways = known.get(loop.id) or _OtherWays(judge, usage, loop, budget)
                found += ways.others(plan, k)
            usage.add(loop, plan)
    return found


@dataclass(order=True)
class _Region:
    """Days that are still allowed, with a lower bound or a plan in them (then the bound is its price)."""

    bound: int
    order: int
    allowed: UsedDays = field(compare=False)
    bounds: Bounds | None = field(compare=False, default=None)
    best: Best | None = field(compare=False, default=None)


class _OtherWays:
    """Other ways to place one loop, the rest of the world as in the usage."""

    def __init__(self, judge: Judge, usage: Usage, loop: Loop, budget: Budget) -> None:
        """Raises `OutOfTime`."""
        self.judge, self.usage, self.loop, self.budget = judge, usage, loop, budget
        self.frame = Frame(usage.timeline, loop)
        with timely(usage.timeline, budget):
            self.bounds = Bounds(self.frame, usage)
        self.placer = Placer(judge, usage, budget)
        self._order = count()
        self._spared = 0
        self._met: list[Best] = []

    def best(self) -> Best:
        """The proven best, as `Placer.place` finds it."""
        return self.placer.search(self.frame, self.bounds) if self.bounds.possible else IMPOSSIBLE

    def others(self, first: LoopPlan, k: int) -> list[Other]:
        """The cheapest other ways that a person would notice: other days, then other times, then people."""
        spared = self.placer.price(self.frame, first)
        known, found = [first], list[Other]()
        self._spared = spared
        if self.loop.max_days == 1:
            ways: list[tuple[Way, int]] = [(self._other_day, k), (self._other, k)]
        else:
            split = self._other_days(first)
            ways = [(split, k // 2), (self._time, k), (split, k), (self._other, k)]
        for kind, (another, most) in enumerate(ways):
            while len(found) < most and not self.budget.over():
                plan = another(known)
                if plan is None:
                    break
                known.append(plan)
                more = self.placer.price(self.frame, plan) - spared
                found.append(Other(self.loop.id, kind, plan, more))
        return found

    # -- other days -------------------------------------------------------------------------------

    def _other_day(self, known: list[LoopPlan]) -> LoopPlan | None:
        """The cheapest plan of a loop of one day on a day that no known plan is on."""
        used = {self.frame.day(got.start) for plan in known for got in plan.sessions.values()}
        self.bounds.only = frozenset(range(len(self.loop.days))) - used
        return self.placer.search(self.frame, self._coarse(self.bounds)).plan

    def _other_days(self, first: LoopPlan) -> Way:
        """The cheapest plans of other sets of days, one after another."""
        heap: list[_Region] = []
        tried: set[UsedDays] = set()
        seen = {days(self.loop, first)}

        def split(allowed: UsedDays, used: UsedDays, bound: int) -> None:
            for part in (allowed - {day} for day in sorted(used)):
                if part and part not in tried:
                    tried.add(part)
                    heappush(heap, _Region(bound, next(self._order), part))

        def another(_: list[LoopPlan]) -> LoopPlan | None:
            while heap and not self.budget.over():
                region = heappop(heap)
                if region.best is None:
                    self._look(heap, region)
                    continue
                plan = region.best.plan
                assert plan is not None
                used = days(self.loop, plan)
                split(region.allowed, used, region.bound - self._spared // NEAR_DAYS)
                if used not in seen:
                    seen.add(used)
                    return plan
            return None

        split(frozenset(self.loop.days), days(self.loop, first), 0)
        return another

    def _look(self, heap: list[_Region], region: _Region) -> None:
        """Gives a region its bound or, if it has one, its plan, and puts it back."""
        if region.bounds is None:
            kept = tuple(sorted(region.allowed))
            try:
                with timely(self.frame.timeline, self.budget):
                    bounds = Bounds(Frame(self.frame.timeline, self.loop, kept), self.usage)
            except OutOfTime:
                return
            lowest = min((value for value, _ in bounds.rows()), default=None) if bounds.possible else None
            if lowest is not None:
                heappush(heap, replace(region, bound=max(lowest, region.bound), bounds=bounds))
            return
        best = self._at_hand(region) or self._searched(region.bounds)
        if best.plan is not None:
            self._met.append(best)
            heappush(heap, replace(region, bound=best.cost, best=best, bounds=None))

    def _searched(self, bounds: Bounds) -> Best:
        """The best plan of a region as far as a little work shows."""
        left = self.budget.work_left
        share = self.budget.part(work=WORK if left is None else min(WORK, left))
        best = Placer(self.judge, self.usage, share).search(bounds.frame, self._coarse(bounds, NEAR_DAYS))
        self.budget.spend(share.work)
        return best

    def _at_hand(self, region: _Region) -> Best | None:
        """A plan of another region that is as good as any in this one."""
        for best in self._met:
            inside = best.plan is not None and days(self.loop, best.plan) <= region.allowed
            if inside and best.cost <= region.bound + self._spared // NEAR_DAYS:
                return best
        return None

    # -- other times, other people ----------------------------------------------------------------

    def _time(self, known: list[LoopPlan]) -> LoopPlan | None:
        """The cheapest plan in which at least `NOTICED` sessions are at other times than in every known one."""
        least = min(NOTICED, len(self.frame.sessions))
        return self._wished(OtherTimes(tuple(known), least), known)

    def _other(self, known: list[LoopPlan]) -> LoopPlan | None:
        """The cheapest plan that is apart from every known one."""
        return self._wished(Apart(self.loop, tuple(known)), known)

    def _wished(self, wish: Wish, known: list[LoopPlan]) -> LoopPlan | None:
        """A plan on days that are known to have one."""
        if self.loop.max_days == 1:
            starts = [got.start for plan in known for got in plan.sessions.values()]
            self.bounds.only = frozenset(map(self.frame.day, starts))
        self._coarse(self.bounds)
        return Placer(self.judge, self.usage, self.budget, wish).search(self.frame, self.bounds).plan

    def _coarse(self, bounds: Bounds, part: int = NEAR) -> Bounds:
        """The same, with prices that are near each other taken as equal."""
        bounds.coarsen(self._spared // part)
        return bounds
