"""One loop, alone or among placed ones: to proof, quickly, or only bounded.

The relaxation (`solver.bounds.rows`) gives a lower bound and starts that attain it; staffing these
starts often costs exactly the bound, which proves it. Otherwise `solver.one.search` goes on.
"""

from __future__ import annotations

from dataclasses import replace

from solver.bounds.rows import Bounds, Row
from solver.ground.best import IMPOSSIBLE, Best, unfinished
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.subsets import MOST_SESSIONS
from solver.ground.timeline import BEYOND
from solver.ground.timely import timely
from solver.ground.usage import Usage
from solver.ground.wishes import Wish
from solver.one.attempts import Attempts
from solver.one.search import RowSearch
from solver.problem.errors import OutOfTime
from solver.problem.plan import LoopPlan, Status
from solver.rules.check import Judge

QUICK_ROWS = 6
"""Rows that a quick placement refines at first."""

QUICK_TRIALS = 12
"""Rows that a quick placement staffs at most."""


class Placer:
    """Places loops of one problem, one at a time."""

    def __init__(
        self, judge: Judge, usage: Usage, budget: Budget, wish: Wish | None = None, *, twice: bool = True
    ) -> None:
        """``wish``: what is demanded of a plan besides the rules.

        ``twice``: where the exact model says of a row that it holds no plan at all, it is asked again
        without presolve before the loop counts as impossible. An *infeasible* of it has been wrong before
        (google/or-tools issue 5141); whoever can bear that may save the second look.
        """
        self.usage, self.budget, self.twice = usage, budget, twice
        self.attempts = Attempts(judge, usage, budget, wish)

    def price(self, frame: Frame, plan: LoopPlan) -> int:
        """What a plan of the loop adds to the price."""
        return self.attempts.price(frame, plan)

    def place(self, frame: Frame) -> Best:
        """The cheapest plan of one loop, proven if the budget lasts."""
        if len(frame.sessions) > MOST_SESSIONS:
            return self.attempts.everything(frame)
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
            whole = self.attempts.everything(frame)
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
                best = self.attempts.staffed(frame, bounds.path(row))
                if best is not None:
                    return best
            at, width = at + width, 2 * width
        return None

    def search(self, frame: Frame, bounds: Bounds) -> Best:
        """The cheapest plan within the bounds' rows (`solver.one.search`)."""
        search = RowSearch(self.attempts, frame, bounds)
        try:
            with timely(self.usage.timeline, self.budget):
                if not search.run():
                    return unfinished(search.best, search.lowest)
        except OutOfTime:
            return unfinished(search.best, search.lowest)
        finally:
            self.budget.toil(cells=bounds.looked())
        if search.best is None:
            return self._doubted(frame, bounds, search.refuted) if self.twice else IMPOSSIBLE
        return replace(search.best, status=Status.OPTIMAL, bound=search.best.cost)

    def _doubted(self, frame: Frame, bounds: Bounds, refuted: list[Row]) -> Best:
        """Asks once more without presolve about every row that held no plan at all."""
        for row in refuted:
            found = self.attempts.exact(frame, bounds.domain(row, BEYOND - 1), None, presolve=False)
            if found.status is not Status.INFEASIBLE:
                best = found if found.plan is not None else None
                return unfinished(best, 0)
        return IMPOSSIBLE
