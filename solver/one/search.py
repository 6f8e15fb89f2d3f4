"""Rows of one loop in the order of their bounds: staffed, then climbed, then, if a gap is left, searched exactly.

A relaxation only drops rules, so nothing better is cut off: it is over when no row is cheaper than the
best plan.

Told by `tests/solver/test_solve.py`.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, nsmallest

from solver.bounds.climb import Climber, Heap
from solver.bounds.rows import Bounds, Row
from solver.ground.best import Best, cheaper
from solver.ground.frame import Frame
from solver.ground.timeline import BEYOND
from solver.one.attempts import Attempts
from solver.problem.plan import Status

SLACK, SLACK_OF_DAYS = 240, 60
"""First guess, in minutes of price, of how far the best plan lies above the bound: of one day, of several.

Over several days a wide guess leaves many more starts.
"""

WIDER = 3
"""By how much the slack of a row grows when it held no plan."""

LOOK_AHEAD = 4
"""Rows that are only staffed, in the hope of a first plan, before any is searched exactly."""

REFINED_TOGETHER, REFINED_FINE = 8, 5
"""Rows that are refined at once; fewer on a fine grid, where each takes longer."""

SCREENED_TOGETHER = 100
"""Rows, of a few blocks, that are looked at by block together."""

UNTRIED = 0
"""In the place of a slack: a row that has not been searched yet; −n after n climbs."""

FIRST_GOAL = 240
"""How far a row is climbed at first while no plan is known, in minutes of price; four times as far each time."""


FINE = 100
"""Steps of a day from which on a row's starts are so many that climbing again is quicker than the exact search."""

FINE_CLIMBS = 3
"""How often a row on such a grid is climbed, while it rises, before it is searched exactly."""


class RowSearch:
    """One search over the rows of a loop. ``lowest`` bounds every plan not seen yet."""

    def __init__(self, attempts: Attempts, frame: Frame, bounds: Bounds) -> None:
        self.attempts, self.frame, self.bounds = attempts, frame, bounds
        self.heap: Heap = [(value, row, UNTRIED) for value, row in bounds.rows()]
        heapify(self.heap)
        self.climber = Climber(bounds)
        self.best: Best | None = None
        self.lowest = 0
        self.refuted: list[Row] = []
        """Rows of which the exact model says that they hold no plan at all."""
        self._tried: set[object] = set()
        self._slack = SLACK if bounds.subsets.one_day else SLACK_OF_DAYS
        fine = bounds.arrays.T > FINE
        self._climbs = FINE_CLIMBS if fine else 0
        self._together = REFINED_FINE if fine else REFINED_TOGETHER

    def run(self) -> bool:
        """Whether it came to an end: ``best`` is then the best plan, or there is none."""
        while self.heap and (self.best is None or self.heap[0][0] <= self.best.cost - self.bounds.unit):
            self.lowest, row, slack = heappop(self.heap)
            self.attempts.budget.toil(cells=self.bounds.looked())
            if self.attempts.budget.over():
                return False
            if not self.bounds.refined(row):
                self._refine(row)
            elif slack <= 0:
                if self._relaxed(row, -slack):
                    return True
            elif not self._exactly(row, slack):
                return False
        return True

    def _refine(self, row: Row) -> None:
        """Refines a row with the next few that wait for it, and puts all of them back.

        Rows whose block was not looked at yet are not refined before that.
        """
        bounds, waiting = self.bounds, [(self.lowest, row)]
        screened = bounds.screened(row)
        most = self._together if screened else SCREENED_TOGETHER
        while self.heap and len(waiting) < most:
            each = self.heap[0][1]
            if bounds.refined(each) or bounds.screened(each) != screened:
                break
            waiting.append(heappop(self.heap)[:2])
        look, value_of = (bounds.refine, bounds.bound) if screened else (bounds.screen, bounds.least)
        look([each for _, each in waiting])
        for least, each in waiting:
            value = max(least, value_of(each))
            if value < BEYOND:
                heappush(self.heap, (value, each, UNTRIED))

    def _relaxed(self, row: Row, climbs: int) -> bool:
        """Staffs a row's relaxed plan and raises its bound; whether the plan is proven best.

        Without any plan the bound is raised by a little more each time the row comes up, until it is
        above the price of every plan.
        """
        value, bounds = self.lowest, self.bounds
        self._staff(row)
        if self.best is not None and self.best.cost <= value:
            return True
        goal = value + FIRST_GOAL * 4**climbs if self.best is None else self.best.cost - bounds.unit + 1
        reached = self.climber.climb(row, goal)
        if reached > value:
            self._staff(row)
        if self.best is None and not climbs:
            self._look_ahead()
        if reached <= bounds.most:
            rising = reached > value and climbs < self._climbs
            again = rising or (self.best is None and reached >= goal)
            heappush(self.heap, (max(value, reached), row, -(climbs + 1) if again else self._slack))
        if reached > value:
            self.climber.share(self.heap)
        self.climber.lift(self.heap, None if self.best is None else self.best.cost)
        return False

    def _staff(self, row: Row) -> None:
        """People and rooms for the starts of a row's bound, unless these starts have been tried."""
        path = self.bounds.path(row)
        what = (*path.starts.values(), path.debrief)
        if what not in self._tried:
            self._tried.add(what)
            self.best = cheaper(self.best, self.attempts.staffed(self.frame, path))

    def _look_ahead(self) -> None:
        """Staffs the next few rows in the hope of a price that keeps the exact search narrow."""
        for _, row, slack in nsmallest(LOOK_AHEAD, self.heap):
            if slack == UNTRIED and self.bounds.refined(row) and self.best is None:
                self._staff(row)

    def _exactly(self, row: Row, slack: int) -> bool:
        """Searches the starts of a row that a plan within a cutoff could use; whether that came to an end.

        A row whose cutoff held no plan comes back with the cutoff as its bound and a wider slack, until
        the cutoff leaves out no start of it.
        """
        value, best, unit = self.lowest, self.best, self.bounds.unit
        cheaper_than_best = BEYOND - 1 if best is None else best.cost - unit
        cutoff = min(value + slack, cheaper_than_best)
        domain, whole = self.bounds.domain(row, cutoff), self.bounds.domain(row, BEYOND - 1)
        if domain == whole:
            cutoff = cheaper_than_best
        found = self.attempts.exact(self.frame, domain, (value, cutoff), unit=unit)
        self.best = cheaper(best, found)
        if found.status not in (Status.OPTIMAL, Status.INFEASIBLE):
            return False
        if found.plan is None and domain == whole:
            self.refuted.append(row)
        elif found.plan is None and cutoff < cheaper_than_best:
            heappush(self.heap, (cutoff + 1, row, slack * WIDER))
        return True
