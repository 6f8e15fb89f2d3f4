"""One loop, alone or among placed ones: to proof, quickly, or only bounded.

The relaxation (`solver.bounds.rows`) gives a lower bound and starts that attain it; staffing these
starts often costs exactly the bound, which proves it. Otherwise `solver.one.search` goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from solver.bounds.rows import Bounds, Path, Row
from solver.ground.best import IMPOSSIBLE, Best, unfinished
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Domain, full_domain
from solver.ground.subsets import MOST_SESSIONS
from solver.ground.timeline import BEYOND
from solver.ground.timely import timely
from solver.ground.usage import Usage
from solver.one.search import Search
from solver.one.staffing import staff
from solver.problem.errors import OutOfTime
from solver.problem.plan import LoopPlan, Plan, Status
from solver.rules.check import Judge

if TYPE_CHECKING:
    from solver.exact.model import Model
    from solver.exact.variables import LoopVars

QUICK_ROWS = 6
"""Rows that a quick placement refines at first."""

QUICK_TRIALS = 12
"""Rows that a quick placement staffs at most."""


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
            return unfinished(None, 0)
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
                best = self.staffed(frame, bounds.path(row))
                if best is not None:
                    return best
            at, width = at + width, 2 * width
        return None

    def search(self, frame: Frame, bounds: Bounds) -> Best:
        """The cheapest plan within the bounds' rows (`solver.one.search`)."""
        search = Search(self, frame, bounds)
        try:
            with timely(self.usage.timeline, self.budget):
                if not search.run():
                    return unfinished(search.best, search.lowest)
        except OutOfTime:
            return unfinished(search.best, search.lowest)
        if search.best is None:
            return self._doubted(frame, bounds, search.refuted)
        return replace(search.best, status=Status.OPTIMAL, bound=search.best.cost)

    def _doubted(self, frame: Frame, bounds: Bounds, refuted: list[Row]) -> Best:
        """Asks once more without presolve about every row that held no plan at all.

        An *infeasible* of the exact model has been wrong before (google/or-tools issue 5141).
        """
        for row in refuted:
            found = self.exact(frame, bounds.domain(row, BEYOND - 1), None, presolve=False)
            if found.status is not Status.INFEASIBLE:
                best = found if found.plan is not None else None
                return unfinished(best, 0)
        return IMPOSSIBLE

    def staffed(self, frame: Frame, path: Path) -> Best | None:
        """A path with the cheapest people and rooms, if the checker accepts it."""
        plan = staff(frame, self.usage, path)
        if plan is None or not self.legal(frame, plan):
            return None
        own = self.own(frame, plan)
        return Best(Status.FEASIBLE, plan, own + fair_of(frame, self.usage, plan), path.bound, own)

    def exact(
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
        # loads OR-Tools, which takes a second: only where a model is built
        from solver.exact.model import Model

        model = Model(self.usage, [(frame, domain, True)])
        if self.wish is not None:
            self.wish.cut(model.variables.loops[0])
        return model

    def _everything(self, frame: Frame) -> Best:
        """The exact model over all starts; *infeasible* is asked again without presolve."""
        domain = full_domain(frame, self.usage)
        found = self.exact(frame, domain, None)
        if found.status is Status.INFEASIBLE:
            found = self.exact(frame, domain, None, presolve=False)
        self.budget.over()
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
