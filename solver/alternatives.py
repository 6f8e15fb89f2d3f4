"""Several good plans that differ where a person would notice.

A candidate notices on which half-days she has to come; the company notices who interviews. So the
first answers are the best plan of each set of half-days, cheapest first; only when there are no
more of these, plans at the same half-days with other people follow.

The best plans of different half-days come from a search over regions (some half-days forbidden), the
most promising first: once the best plan of a region is known, the region splits into those that each
forbid one half-day of it, so every other set of half-days that is not a superset stays reachable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count

from solver.answer import DEFAULT, Answer, judged, price_of_leaving_out
from solver.bounds import Bounds
from solver.budget import Budget
from solver.check import Judge
from solver.frame import Frame
from solver.loop import Best, Placer, Wish
from solver.plan import Limits, LoopPlan, Plan, Progress, Result, Status
from solver.problem import Interval, Loop, Problem, SessionKind
from solver.solve import solve
from solver.timeline import BEYOND, Timeline
from solver.usage import Usage
from solver.variables import LoopVars, total

Halves = frozenset[Interval]
People = frozenset[tuple[str, str]]


def alternatives(
    problem: Problem,
    k: int = 3,
    limits: Limits = DEFAULT,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Result, ...]:
    """Up to ``k`` plans, best first; the first is that of `solve`, with its status.

    Any two differ in the half-days of a loop or in the people of its interviews. Fewer than ``k``
    come back if there are no more, or when the limits end the search. With several loops each
    further plan changes one loop of the first, the others keep their place.
    """
    budget = Budget(limits, stop)
    first = solve(problem, limits, progress=progress, stop=stop)
    if first.status not in (Status.OPTIMAL, Status.FEASIBLE) or k <= 1:
        return (first,)
    judge = Judge(problem)
    timeline = Timeline(problem)
    usage = Usage(timeline)
    for loop in problem.loops:
        plan = first.plan.loops[loop.id]
        if plan is not None:
            usage.add(loop, plan)
    found = []
    for loop in problem.loops:
        plan = first.plan.loops[loop.id]
        if plan is not None and not budget.over():
            usage.remove(loop, plan)
            found += _others(judge, usage, Frame(timeline, loop), plan, k - 1, budget)
            usage.add(loop, plan)
    found.sort(key=lambda other: (other.kind, other.best.cost - other.spared))
    results = [first]
    for other in found[: k - 1]:
        whole = Plan({**first.plan.loops, other.loop: other.best.plan})
        answer = Answer(Status.FEASIBLE, whole, first.bound)
        results.append(judged(judge, answer, budget))
    return (results[0], *sorted(results[1:], key=lambda result: result.cost))


@dataclass(frozen=True)
class Other:
    """One more way to place a loop; ``spared`` is the price of the first way, for comparison between loops."""

    loop: str
    kind: int  # 0 = other half-days, 1 = other people
    best: Best
    spared: int


def _others(judge: Judge, usage: Usage, frame: Frame, first: LoopPlan, k: int, budget: Budget) -> list[Other]:
    """The ``k`` cheapest other ways to place one loop that a person would notice."""
    search = _Search(judge, usage, frame, budget)
    spared = Placer(judge, usage, budget).price(frame, first)
    found = [Other(frame.loop.id, 0, best, spared) for best in search.other_halves(first, k)]
    known = [first, *(other.best.plan for other in found if other.best.plan is not None)]
    while len(found) < k and not budget.over():
        best = search.other_people(known)
        if best is None or best.plan is None:
            break
        known.append(best.plan)
        found.append(Other(frame.loop.id, 1, best, spared))
    return found


@dataclass(order=True)
class _Region:
    """Half-days that are still allowed, with a lower bound or the best plan in them."""

    bound: int
    order: int
    allowed: tuple[Interval, ...] = field(compare=False)
    best: Best | None = field(compare=False, default=None)
    bounds: Bounds | None = field(compare=False, default=None)


class _Search:
    def __init__(self, judge: Judge, usage: Usage, frame: Frame, budget: Budget) -> None:
        self.judge, self.usage, self.frame, self.budget = judge, usage, frame, budget
        self.out = price_of_leaving_out(judge.problem, frame.loop)
        self._order = count()

    def other_halves(self, first: LoopPlan, k: int) -> list[Best]:
        """The cheapest plans at other sets of half-days, one per set."""
        seen = {halves(self.frame.loop, first)}
        heap: list[_Region] = []
        self._split(heap, half_days(self.frame.loop), next(iter(seen)), 0)
        found: list[Best] = []
        tried: set[tuple[Interval, ...]] = set()
        while heap and len(found) < k and not self.budget.over():
            region = heappop(heap)
            if region.best is None:
                if region.bounds is not None or region.allowed not in tried:
                    tried.add(region.allowed)
                    self._solve(heap, region)
                continue
            plan = region.best.plan
            assert plan is not None
            where = halves(self.frame.loop, plan)
            if where not in seen:
                seen.add(where)
                found.append(region.best)
            self._split(heap, region.allowed, where, region.bound)
        return found

    def _split(self, heap: list[_Region], allowed: tuple[Interval, ...], used: Halves, bound: int) -> None:
        """Regions that hold what is left of ``allowed`` once the plans of ``used`` are known.

        A loop of one day is on another day, or on one half of that day: these regions do not
        overlap. Over several days each region forbids one of the half-days used.
        """
        if self.frame.loop.max_days == 1:
            day = next(day for day in self.frame.loop.days if any(inside(half, day) for half in used))
            parts = [tuple(half for half in allowed if not inside(half, day))]
            if len(used) == 2:
                parts += [(half,) for half in sorted(used)]
            else:
                parts.append(tuple(half for half in allowed if inside(half, day) and half not in used))
        else:
            parts = [tuple(other for other in allowed if other != half) for half in sorted(used)]
        for part in parts:
            if part:
                heappush(heap, _Region(bound, next(self._order), part))

    def _solve(self, heap: list[_Region], region: _Region) -> None:
        """Gives a region its bound, or, if it has one, its best plan, and puts it back."""
        bounds = region.bounds
        if bounds is None:
            kept = joined(self.frame.loop, region.allowed)
            bounds = Bounds(Frame(self.frame.timeline, self.frame.loop, kept), self.usage)
            lowest = bounds.lowest() if bounds.possible else BEYOND
            if lowest < BEYOND:
                heappush(heap, replace(region, bound=max(lowest, region.bound), bounds=bounds))
            return
        best = Placer(self.judge, self.usage, self.budget).search(bounds.frame, bounds)
        if best.plan is not None:
            heappush(heap, replace(region, bound=best.cost, best=best, bounds=None))

    def other_people(self, known: list[LoopPlan]) -> Best | None:
        """The cheapest plan whose interviewers differ from those of every known plan."""
        wish = Wish(
            lambda v: _other_people(v, known),
            lambda plan: all(
                interviewers(self.frame.loop, plan) != interviewers(self.frame.loop, p) for p in known
            ),
        )
        placer = Placer(self.judge, self.usage, self.budget, wish)
        bounds = Bounds(self.frame, self.usage)
        if not bounds.possible:
            return None
        return placer.search(self.frame, bounds)


def _other_people(v: LoopVars, known: list[LoopPlan]) -> None:
    """For every known plan: one of its interviewers is not where they were, or somebody more is there."""
    seated = total(y for literals in v.panel.values() for y in literals)
    for plan in known:
        before = interviewers(v.loop, plan)
        same = total(y for sid, person in before for y in v.seated(person, sid))
        more = v.model.new_bool_var("more people")
        v.model.add(seated >= len(before) + 1).only_enforce_if(more)
        v.model.add(same <= len(before) - 1).only_enforce_if(~more)


def inside(half: Interval, day: Interval) -> bool:
    return day[0] <= half[0] and half[1] <= day[1]


def half_days(loop: Loop) -> tuple[Interval, ...]:
    """Every candidate day cut at its middle: noon, unless clocks change that day."""
    out: list[Interval] = []
    for start, end in loop.days:
        noon = (start + end) // 2
        out += [(start, noon), (noon, end)]
    return tuple(out)


def joined(loop: Loop, halves: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """The allowed half-days as intervals; two halves of one day become the whole day again."""
    allowed = set(halves)
    out: list[Interval] = []
    for start, end in loop.days:
        noon = (start + end) // 2
        parts = [half for half in ((start, noon), (noon, end)) if half in allowed]
        out += [(start, end)] if len(parts) == 2 else parts
    return tuple(out)


def halves(loop: Loop, plan: LoopPlan) -> Halves:
    """The half-days that a plan touches."""
    spans = [(plan.sessions[s.id].start, plan.sessions[s.id].start + s.dur) for s in loop.sessions]
    return frozenset(
        half for half in half_days(loop) if any(start < half[1] and half[0] < end for start, end in spans)
    )


def interviewers(loop: Loop, plan: LoopPlan) -> People:
    """``(session, person)`` of every interview seat."""
    return frozenset(
        (s.id, person)
        for s in loop.sessions
        if s.kind is SessionKind.INTERVIEW
        for seat in plan.sessions[s.id].people
        for person in seat
    )
