"""Several good plans that differ where a person would notice, each as it is found.

A candidate notices first on which days she has to come, then at what times; the company notices who
interviews (`solver.ground.wishes.apart`). A loop of one day is offered on other days first, the cheapest
first; when there are no more, plans follow that have at least two slots at other times, or other
interviewers. A loop of several days, whose candidate comes more than once anyway, is offered other days
in half of the plans and other times in the rest.

Which days are left is a choice of rows of one relaxation where a loop takes one day. Over several days
it is a search over regions (some days forbidden), the most promising first: once a plan of a region is
known, the region splits into those that each forbid one of its days.

The search ends by itself: with a proof that nothing else would be noticed, or at an effort.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
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
from solver.ground.wishes import Apart, OtherTimes, UsedDays, Wish, days
from solver.one.answer import DEFAULT, judged, weighed
from solver.one.placer import Placer
from solver.problem.errors import OutOfTime
from solver.problem.plan import Ending, Limits, LoopPlan, Plan, Progress, Result, Status
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

WORTH, WORTH_AT_LEAST = 10.0, 0.5
"""How many times the effort of the best plan all further ones of a loop may take, and how much in any case."""


def alternatives(
    problem: Problem,
    k: int = 3,
    limits: Limits = DEFAULT,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Result, ...]:
    """Up to ``k`` plans, cheapest first; the first is that of `solve`, with its status.

    Any two are `apart`. Fewer than ``k`` come back if there are no more, if they are not worth the effort,
    or when the limits end the search. With several loops each further plan changes one loop of the first,
    the others keep their place.
    """
    first, *others = offers(problem, k, limits, stop=stop)
    if progress is not None:
        placed = sum(loop is not None for loop in first.plan.loops.values())
        seconds = max(result.seconds for result in (first, *others))
        progress(Progress(seconds, placed, len(problem.loops), first.cost, first.bound, "done"))
    return (first, *sorted(others, key=lambda result: result.cost))


def offers(
    problem: Problem,
    k: int = 3,
    limits: Limits = DEFAULT,
    *,
    known: Sequence[Plan] = (),
    effort: float = 0.0,
    stop: Callable[[], bool] | None = None,
) -> Generator[Result, None, Ending]:
    """The plans of `alternatives`, each as it is found, the best one first; returns why there are no more.

    ``known``: plans that are on offer already, the best one first. Then only others come, up to ``k``, that
    are `apart` from all of them, and ``effort`` is what the best one took (`Result.effort`).
    """
    budget, judge, usage = Budget(limits, stop), Judge(problem), Usage(Timeline(problem))
    ways: dict[str, _OtherWays] = {}
    if known:
        bound = _least(judge, usage, budget, ways) if len(problem.loops) == 1 else 0
        best, more = known[0], k
    else:
        first = (
            _single(judge, usage, budget, ways)
            if len(problem.loops) == 1
            else solve(problem, limits, stop=stop)
        )
        yield first
        if first.status not in (Status.OPTIMAL, Status.FEASIBLE):
            return Ending.NO_OTHER if first.status is Status.INFEASIBLE else Ending.LIMIT
        best, bound, effort, more = first.plan, first.bound, first.effort, k - 1
    placed = [(loop, plan) for loop in problem.loops if (plan := best.loops.get(loop.id)) is not None]
    share = budget.part(work=budget.work_left, effort=len(placed) * max(WORTH_AT_LEAST, WORTH * effort))
    search = _Search(judge, usage, share, placed, known[1:], ways)
    found = search.others(more) if len(problem.loops) == 1 else search.cheapest(more)
    for other in found:
        whole = Plan({**best.loops, other.loop: other.plan})
        yield judged(judge, share, Status.FEASIBLE, whole, bound)
    return search.ending(more)


def _least(judge: Judge, usage: Usage, budget: Budget, ways: dict[str, _OtherWays]) -> int:
    """What the only loop costs at least, as far as the relaxation sees without refining anything."""
    (loop,) = judge.problem.loops
    try:
        ways[loop.id] = _OtherWays(judge, usage, loop, budget)
    except OutOfTime:
        return 0
    return ways[loop.id].least()


def _single(judge: Judge, usage: Usage, budget: Budget, ways: dict[str, _OtherWays]) -> Result:
    """The best plan of the only loop; what was learnt on the way to it goes into ``ways``."""
    (loop,) = judge.problem.loops
    try:
        ways[loop.id] = _OtherWays(judge, usage, loop, budget)
    except OutOfTime:
        return weighed(judge, loop, unfinished(None, 0), budget)
    return weighed(judge, loop, ways[loop.id].best(), budget)


@dataclass(frozen=True)
class Other:
    """One more way to place a loop, and how much more it costs than the first way."""

    loop: str
    kind: int  # 0 = other days, 1 = other times, 2 = other people
    plan: LoopPlan
    more: int


class _Search:
    """The search for other ways of every placed loop, each with the rest of the plan in place."""

    def __init__(
        self,
        judge: Judge,
        usage: Usage,
        budget: Budget,
        placed: Sequence[tuple[Loop, LoopPlan]],
        known: Sequence[Plan],
        ways: dict[str, _OtherWays],
    ) -> None:
        """``ways``: what has been learnt about a loop before, with another budget."""
        self.judge, self.usage, self.budget, self.placed = judge, usage, budget, placed
        self.known, self.ways = known, ways
        self.proven = True
        """Whether every loop's search has ended with a proof so far."""
        self.found = 0
        for loop, plan in placed:
            usage.add(loop, plan)

    def others(self, k: int) -> Generator[Other, None, None]:
        """Up to ``k`` other ways for every placed loop."""
        for loop, plan in self.placed:
            if self.budget.over():
                self.proven = False
                return
            self.usage.remove(loop, plan)
            with suppress(OutOfTime):
                yield from self._of(loop, plan, k)
            self.usage.add(loop, plan)

    def cheapest(self, k: int) -> list[Other]:
        """The ``k`` cheapest other ways over all loops."""
        found = sorted(self.others(k), key=lambda other: (other.kind, other.more))
        self.found = min(len(found), k)
        return found[:k]

    def _of(self, loop: Loop, plan: LoopPlan, k: int) -> Generator[Other, None, None]:
        known = [got for one in self.known if (got := one.loops.get(loop.id)) is not None]
        proven, self.proven = self.proven, False
        ways = self.ways.get(loop.id) or _OtherWays(self.judge, self.usage, loop, self.budget)
        ways.spend_from(self.budget)
        for other in ways.others([plan, *known], k):
            self.found += 1
            yield other
        self.proven = proven and ways.proven

    def ending(self, asked: int) -> Ending:
        """Why it has ended, once it has."""
        if self.found >= asked:
            return Ending.ASKED
        if self.proven:
            return Ending.NO_OTHER
        self.budget.over()
        return Ending.EFFORT if self.budget.ended is None else Ending.LIMIT


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
        self._no_other_day = False
        self.proven = False
        """Whether it is proven that no further plan differs from the known ones."""

    def spend_from(self, budget: Budget) -> None:
        """Another budget for what is searched from now on."""
        self.budget = budget
        self.placer = Placer(self.judge, self.usage, budget)

    def least(self) -> int:
        """A lower bound on placing the loop, 0 where it cannot be placed."""
        return (
            max(min((value for value, _ in self.bounds.rows()), default=0), 0) if self.bounds.possible else 0
        )

    def best(self) -> Best:
        """The proven best, as `Placer.place` finds it."""
        return self.placer.search(self.frame, self.bounds) if self.bounds.possible else IMPOSSIBLE

    def others(self, known: list[LoopPlan], k: int) -> Generator[Other, None, None]:
        """The cheapest other ways that a person would notice: other days, then other times, then people.

        ``known`` is the best plan and others that are known; what is found is added to it.
        """
        if not self.bounds.possible:  # what is known was found before others took its place
            self.proven = True
            return
        first = known[0]
        self._spared = spared = self.placer.price(self.frame, first)
        if self.loop.max_days == 1:
            ways: list[tuple[Way, int]] = [(self._other_day, k), (self._other, k)]
        else:
            split = self._other_days(known)
            ways = [(split, k // 2), (self._time, k), (split, k), (self._other, k)]
        found = 0
        for kind, (another, most) in enumerate(ways):
            while found < most and not self.budget.over():
                plan = another(known)
                if plan is None:
                    break
                known.append(plan)
                found += 1
                yield Other(self.loop.id, kind, plan, self.placer.price(self.frame, plan) - spared)

    # -- other days -------------------------------------------------------------------------------

    def _other_day(self, known: list[LoopPlan]) -> LoopPlan | None:
        """The cheapest plan of a loop of one day on a day that no known plan is on."""
        used = {self.frame.day(got.start) for plan in known for got in plan.sessions.values()}
        self.bounds.only = frozenset(range(len(self.loop.days))) - used
        best = self.placer.search(self.frame, self._coarse(self.bounds))
        self._no_other_day = best.status is Status.INFEASIBLE
        return best.plan

    def _other_days(self, known: list[LoopPlan]) -> Way:
        """The cheapest plans of other sets of days, one after another."""
        heap: list[_Region] = []
        tried: set[UsedDays] = set()
        seen = {days(self.loop, plan) for plan in known}

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

        split(frozenset(self.loop.days), days(self.loop, known[0]), 0)
        return another

    def _look(self, heap: list[_Region], region: _Region) -> None:
        """Gives a region its bound or, if it has one, its plan, and puts it back."""
        if region.bounds is None:
            kept = tuple(sorted(region.allowed))
            try:
                with timely(self.frame.timeline, self.budget):
                    bounds = Bounds(Frame(self.frame.timeline, self.loop, kept), self.usage)
                self.budget.toil(cells=bounds.looked())
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
        self.budget.settle(share)
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
        """The cheapest plan whose slots are at other times than in every known one, as far as is noticed."""
        return self._wished(OtherTimes(self.loop, tuple(known)), known).plan

    def _other(self, known: list[LoopPlan]) -> LoopPlan | None:
        """The cheapest plan that is apart from every known one; proves it where there is none."""
        best = self._wished(Apart(self.loop, tuple(known)), known)
        self.proven = best.status is Status.INFEASIBLE and (self.loop.max_days > 1 or self._no_other_day)
        return best.plan

    def _wished(self, wish: Wish, known: list[LoopPlan]) -> Best:
        """The best plan that fulfils a wish; of a loop of one day on days that are known to have one."""
        if self.loop.max_days == 1:
            starts = [got.start for plan in known for got in plan.sessions.values()]
            self.bounds.only = frozenset(map(self.frame.day, starts))
        self._coarse(self.bounds)
        return Placer(self.judge, self.usage, self.budget, wish).search(self.frame, self.bounds)

    def _coarse(self, bounds: Bounds, part: int = NEAR) -> Bounds:
        """The same, with prices that are near each other taken as equal."""
        bounds.coarsen(self._spared // part)
        return bounds
