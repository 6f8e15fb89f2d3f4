"""One loop to proof, alone or among placed ones.

The relaxation (`solver.bounds`) gives a lower bound and starts that attain it; staffing these
starts often costs exactly the bound, which proves it. Otherwise the exact model searches the few
starts that a cheaper plan could use. A relaxation only drops rules, so nothing better is cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush, nsmallest

from solver.bounds import Bounds, Path, Row
from solver.budget import Budget
from solver.check import Judge
from solver.climb import Climber, Heap
from solver.clock import timely
from solver.domain import full_domain
from solver.errors import OutOfTime
from solver.frame import Frame
from solver.model import Model
from solver.plan import LoopPlan, Plan, Status
from solver.staffing import staff
from solver.subsets import MOST_SESSIONS
from solver.timeline import BEYOND
from solver.usage import Usage
from solver.variables import Domain, LoopVars

SLACK = 240
"""First guess, in minutes of price, of how far the best plan lies above the bound."""

WIDER = 3
"""By how much the slack of a row grows when it held no plan."""

LOOK_AHEAD = 4
"""Rows that are only staffed, in the hope of a first plan, before any is searched exactly."""

REFINED_TOGETHER = 8

UNTRIED = 0
"""In the place of a slack: a row that has not been searched yet; −n after n climbs."""

FIRST_GOAL = 240
"""How far a row is climbed at first while no plan is known, in minutes of price; four times as far each time."""

QUICK_ROWS = 6
"""Rows that a quick placement refines at first."""

QUICK_TRIALS = 12
"""Rows that a quick placement staffs at most."""


@dataclass(frozen=True)
class Best:
    """The best way to place one loop: ``status`` as in a result.

    ``cost`` is what placing it adds to the price of what the usage holds, ``bound`` the proven least.
    """

    status: Status
    plan: LoopPlan | None
    cost: int
    bound: int
    own: int = 0
    """The part of ``cost`` that is this loop's own; the rest is fair load."""


@dataclass(frozen=True)
class Wish:
    """A further demand on a plan, said twice: to the exact model, and to a finished plan."""

    cut: Callable[[LoopVars], None]
    accepts: Callable[[LoopPlan], bool]


class Placer:
    """Places loops of one problem, one at a time."""

    def __init__(self, judge: Judge, usage: Usage, budget: Budget, wish: Wish | None = None) -> None:
        self.judge, self.usage, self.budget, self.wish = judge, usage, budget, wish

    def price(self, frame: Frame, plan: LoopPlan) -> int:
        """What a plan of the loop adds to the price."""
        return self.own(frame, plan) + fair_of(frame, self.usage, plan)

    def own(self, frame: Frame, plan: LoopPlan) -> int:
        """The loop's own price, without fair load."""
        return sum(self.judge.loop_price(frame.loop.id, plan).values())

    def legal(self, frame: Frame, plan: LoopPlan) -> bool:
        """Whether the checker accepts the loop by itself (the usage keeps it off all others)."""
        if self.wish is not None and not self.wish.accepts(plan):
            return False
        if frame.plain:
            return within_span(frame, plan)
        if self.judge.loop_violations(frame.loop.id, plan):
            return False
        book = self.judge.book(Plan({frame.loop.id: plan}))
        return not self.judge.shared_violations(book, book.people, book.rooms)

    def place(self, frame: Frame) -> Best:
        """The cheapest plan of one loop, proven if the budget lasts."""
        if len(frame.sessions) > MOST_SESSIONS:
            return self._everything(frame)
        try:
            with timely(self.usage.timeline, self.budget):
                bounds = Bounds(frame, self.usage)
        except OutOfTime:
            return self._unfinished(None, 0)
        return self.search(frame, bounds) if bounds.possible else IMPOSSIBLE

    def lowest(self, frame: Frame) -> int | None:
        """The relaxation's bound on placing a loop, ``None`` = it proves that there is no way."""
        if len(frame.sessions) > MOST_SESSIONS:
            return 0
        try:
            with timely(self.usage.timeline, self.budget):
                bounds = Bounds(frame, self.usage)
                least = bounds.lowest() if bounds.possible else BEYOND
        except OutOfTime:
            return 0
        return least if least < BEYOND else None

    def quick(self, frame: Frame, effort: int = QUICK_TRIALS) -> Best | None:
        """The first legal staffing of the most promising rows: good, not proven, a few milliseconds.

        ``effort``: rows that are staffed at most; a few times as many are looked at.
        """
        if len(frame.sessions) > MOST_SESSIONS:
            whole = self._everything(frame)
            return whole if whole.plan is not None else None
        try:
            with timely(self.usage.timeline, self.budget):
                return self._quick(frame, effort)
        except OutOfTime:
            return None

    def _quick(self, frame: Frame, effort: int) -> Best | None:
        bounds = Bounds(frame, self.usage)
        if not bounds.possible:
            return None
        rows = [row for _, row in sorted(bounds.rows())]
        tried, at, width = 0, 0, QUICK_ROWS
        while at < min(len(rows), effort * QUICK_ROWS) and tried < effort:
            chunk = rows[at : at + width]
            bounds.refine(chunk)
            for value, row in sorted((bounds.bound(row), row) for row in chunk):
                if value >= BEYOND or tried >= effort:
                    break
                tried += 1
                best = self._staffed(frame, bounds.path(row))
                if best is not None:
                    return best
            at, width = at + width, 2 * width
        return None

    def search(self, frame: Frame, bounds: Bounds) -> Best:
        """Rows in the order of their bounds: staffed, then climbed, then, if a gap is left, searched exactly.

        A row whose cutoff held no plan comes back with the cutoff as its bound and a wider slack,
        until the cutoff leaves out no start of it.
        """
        heap = [(value, row, UNTRIED) for value, row in bounds.rows()]
        heapify(heap)
        climber = Climber(bounds)
        best: Best | None = None
        refuted: list[Row] = []
        tried: set[object] = set()

        def staffed(row: Row) -> Best | None:
            path = bounds.path(row)
            what = (*path.starts.values(), path.debrief)
            if what in tried:
                return None
            tried.add(what)
            return self._staffed(frame, path)

        lowest = 0
        try:
            with timely(self.usage.timeline, self.budget):
                while heap and (best is None or heap[0][0] <= best.cost - bounds.unit):
                    if self.budget.over():
                        return self._unfinished(best, heap[0][0])
                    value, row, slack = heappop(heap)
                    lowest = value
                    if not bounds.refined(row):
                        self._refine(bounds, heap, value, row)
                        continue
                    if slack <= 0:
                        best = cheaper(best, staffed(row))
                        if best is not None and best.cost <= value:
                            break
                        goal = value + FIRST_GOAL * 4**-slack if best is None else best.cost - bounds.unit + 1
                        reached = climber.climb(row, goal)
                        if reached > value:
                            best = cheaper(best, staffed(row))
                        if best is None:
                            best = self._first_plan(frame, bounds, heap)
                        if reached <= bounds.most:
                            again = best is None and reached >= goal
                            heappush(heap, (max(value, reached), row, slack - 1 if again else SLACK))
                        climber.lift(heap, None if best is None else best.cost)
                        continue
                    cutoff = value + slack if best is None else min(value + slack, best.cost - 1)
                    domain, whole = bounds.domain(row, cutoff), bounds.domain(row, BEYOND - 1)
                    if domain == whole:
                        cutoff = BEYOND - 1 if best is None else best.cost - 1
                    found = self._exact(frame, domain, (value, cutoff))
                    best = cheaper(best, found)
                    if found.status not in (Status.OPTIMAL, Status.INFEASIBLE):
                        return self._unfinished(best, value)
                    if found.plan is None and domain == whole:
                        refuted.append(row)
                    elif found.plan is None and (best is None or cutoff + 1 < best.cost):
                        heappush(heap, (cutoff + 1, row, slack * WIDER))
        except OutOfTime:
            return self._unfinished(best, lowest)
        if best is None:
            return self._doubted(frame, bounds, refuted)
        return replace(best, status=Status.OPTIMAL, bound=best.cost)

    def _doubted(self, frame: Frame, bounds: Bounds, refuted: list[Row]) -> Best:
        """Asks once more without presolve about every row that held no plan at all.

        An *infeasible* of the exact model has been wrong before (google/or-tools issue 5141).
        """
        for row in refuted:
            found = self._exact(frame, bounds.domain(row, BEYOND - 1), None, presolve=False)
            if found.status is not Status.INFEASIBLE:
                best = found if found.plan is not None else None
                return self._unfinished(best, 0)
        return IMPOSSIBLE

    def _first_plan(self, frame: Frame, bounds: Bounds, heap: Heap) -> Best | None:
        """Staffs the next few rows in the hope of a price that keeps the exact search narrow."""
        for _, row, slack in nsmallest(LOOK_AHEAD, heap):
            if slack == UNTRIED and bounds.refined(row):
                best = self._staffed(frame, bounds.path(row))
                if best is not None:
                    return best
        return None

    def _refine(self, bounds: Bounds, heap: Heap, value: int, row: Row) -> None:
        """Refines a row with the next few that wait for it, and puts all of them back."""
        waiting = [(value, row)]
        while heap and len(waiting) < REFINED_TOGETHER and not bounds.refined(heap[0][1]):
            waiting.append(heappop(heap)[:2])
        bounds.refine([each for _, each in waiting])
        for least, each in waiting:
            value = max(least, bounds.bound(each))
            if value < BEYOND:
                heappush(heap, (value, each, UNTRIED))

    def _staffed(self, frame: Frame, path: Path) -> Best | None:
        """A path with the cheapest people and rooms, if the checker accepts it."""
        plan = staff(frame, self.usage, path)
        if plan is None or not self.legal(frame, plan):
            return None
        own = self.own(frame, plan)
        return Best(Status.FEASIBLE, plan, own + fair_of(frame, self.usage, plan), path.bound, own)

    def _unfinished(self, best: Best | None, lowest: int) -> Best:
        if best is None:
            return Best(Status.UNKNOWN, None, 0, lowest)
        return replace(best, status=Status.FEASIBLE, bound=min(lowest, best.cost))

    def _exact(
        self, frame: Frame, domain: Domain, between: tuple[int, int] | None, *, presolve: bool = True
    ) -> Best:
        """The exact model over a domain, asked for a price in ``between``."""
        if not possible(frame, domain):
            return IMPOSSIBLE
        model = self._model(frame, domain)
        if between is not None:
            model.between(*between)
        search = self.budget.search(linear=1 if frame.loop.max_days > 1 else 0)
        found = model.solve(replace(search, presolve=presolve, light=between is not None))
        self.budget.spend(found.work)
        plan = found.plans.get(frame.loop.id)
        if plan is None:
            return Best(found.status, None, 0, 0)
        return Best(found.status, plan, self.price(frame, plan), found.bound)

    def _model(self, frame: Frame, domain: Domain) -> Model:
        model = Model(self.usage, [(frame, domain, True)])
        if self.wish is not None:
            self.wish.cut(model.variables.loops[0])
        return model

    def _everything(self, frame: Frame) -> Best:
        """The exact model over all starts; *infeasible* is asked again without presolve."""
        domain = full_domain(frame, self.usage)
        found = self._exact(frame, domain, None)
        if found.status is Status.INFEASIBLE:
            found = self._exact(frame, domain, None, presolve=False)
        self.budget.over()
        return found


IMPOSSIBLE = Best(Status.INFEASIBLE, None, 0, 0)


def cheaper(best: Best | None, found: Best | None) -> Best | None:
    """The cheaper one of two that have a plan; the first among equals."""
    if found is None or found.plan is None or (best is not None and best.cost <= found.cost):
        return best
    return found


def fair_of(frame: Frame, usage: Usage, plan: LoopPlan) -> int:
    """w.fair · Σ_p ((load + n)² − load²) over the loop's interview seats."""
    seats: dict[str, int] = {}
    for session in frame.sessions:
        if session.interview:
            for person in (p for seat in plan.sessions[session.session.id].people for p in seat):
                seats[person] = seats.get(person, 0) + 1
    total = sum((usage.load(p) + n) ** 2 - usage.load(p) ** 2 for p, n in seats.items())
    return frame.problem.weights.fair * total


def within_span(frame: Frame, plan: LoopPlan) -> bool:
    """The one rule of a plain loop that neither relaxation nor staffing knows whole."""
    if frame.loop.max_days > 1:
        days: dict[int, list[int]] = {}
        for session in frame.sessions:
            start = plan.sessions[session.session.id].start
            days.setdefault(frame.day(start), []).extend((start, start + session.session.dur))
        return all(max(times) - min(times) <= frame.loop.max_span for times in days.values())
    first = min(got.start for got in plan.sessions.values())
    last = max(plan.sessions[s.session.id].start + s.session.dur for s in frame.sessions)
    return last - first <= frame.loop.max_span


def possible(frame: Frame, domain: Domain) -> bool:
    """Whether every session, and the debrief, has a start at all."""
    return all(domain.starts.values()) and (bool(domain.debrief) or frame.loop.debrief is None)
