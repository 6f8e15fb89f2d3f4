"""One loop to proof, alone or among placed ones.

The relaxation (`solver.bounds`) gives a lower bound and starts that attain it; staffing these
starts often costs exactly the bound, which proves it. Otherwise the exact model searches the few
starts that a cheaper plan could use. A relaxation only drops rules, so nothing better is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from solver.bounds import Bounds
from solver.budget import Budget
from solver.check import Judge
from solver.domain import full_domain
from solver.frame import Frame
from solver.model import Model
from solver.plan import LoopPlan, Plan, Status
from solver.staffing import staff
from solver.subsets import MOST_SESSIONS
from solver.timeline import BIG
from solver.usage import Usage
from solver.variables import Domain

SLACK = 240
"""First guess, in minutes of price, of how far the best plan lies above the bound."""

TRIALS = 6
"""Paths that are staffed before the exact model is asked."""


@dataclass(frozen=True)
class Best:
    """The best way to place one loop: ``status`` as in a result.

    ``cost`` is what placing it adds to the price of what the usage holds, ``bound`` the proven least.
    """

    status: Status
    plan: LoopPlan | None
    cost: int
    bound: int


class Placer:
    """Places loops of one problem, one at a time."""

    def __init__(self, judge: Judge, usage: Usage, budget: Budget) -> None:
        self.judge, self.usage, self.budget = judge, usage, budget

    def price(self, frame: Frame, plan: LoopPlan) -> int:
        """What a plan of the loop adds to the price."""
        own = sum(self.judge.loop_price(frame.loop.id, plan).values())
        return own + fair_of(frame, self.usage, plan)

    def legal(self, frame: Frame, plan: LoopPlan) -> bool:
        """Whether the checker accepts the loop by itself (the usage keeps it off all others)."""
        if self.judge.loop_violations(frame.loop.id, plan):
            return False
        book = self.judge.book(Plan({frame.loop.id: plan}))
        return not self.judge.shared_violations(book, book.people, book.rooms)

    def place(self, frame: Frame) -> Best:
        """The cheapest plan of one loop, proven if the budget lasts."""
        if len(frame.sessions) > MOST_SESSIONS:
            return self._everything(frame)
        bounds = Bounds(frame, self.usage)
        if not bounds.possible:
            return IMPOSSIBLE
        lowest = bounds.lowest()
        if lowest >= BIG:
            return IMPOSSIBLE
        best = self.trial(frame, bounds, lowest)
        if best is not None and best.cost == lowest:
            return replace(best, status=Status.OPTIMAL)
        return self._prove(frame, bounds, lowest, best)

    def trial(self, frame: Frame, bounds: Bounds, lowest: int) -> Best | None:
        """The cheapest legal staffing of the most promising paths."""
        best: Best | None = None
        for path in bounds.paths(TRIALS, BIG):
            if best is not None and path.bound >= best.cost:
                break
            plan = staff(frame, self.usage, path)
            if plan is not None and self.legal(frame, plan):
                cost = self.price(frame, plan)
                if best is None or cost < best.cost:
                    best = Best(Status.FEASIBLE, plan, cost, lowest)
        return best

    def _prove(self, frame: Frame, bounds: Bounds, lowest: int, best: Best | None) -> Best:
        """The exact model on the starts under a cutoff that rises until nothing better can be left out."""
        slack = SLACK
        while not self.budget.over():
            cutoff = lowest + slack if best is None else min(best.cost - 1, lowest + slack)
            everything = best is None and slack > BIG // 8
            if everything:
                return self._everything(frame)
            domain = bounds.domain(cutoff)
            found = self._exact(frame, domain, cutoff, lowest)
            if found.plan is not None and (best is None or found.cost < best.cost):
                best = found
            if found.status is Status.OPTIMAL and found.cost <= cutoff:
                return found
            if found.status not in (Status.OPTIMAL, Status.INFEASIBLE):
                break
            lowest = cutoff + 1
            if best is not None and best.cost <= lowest:
                return replace(best, status=Status.OPTIMAL, bound=best.cost)
            slack *= 6
        if best is None:
            return Best(Status.UNKNOWN, None, 0, lowest)
        return replace(best, status=Status.FEASIBLE, bound=min(lowest, best.cost))

    def _exact(self, frame: Frame, domain: Domain, cutoff: int | None, lowest: int) -> Best:
        """The exact model over a domain, asked for at most ``cutoff``."""
        if not possible(frame, domain):
            return IMPOSSIBLE
        model = Model(self.usage, [(frame, domain, True)])
        if cutoff is not None:
            model.between(lowest, cutoff)
        found = model.solve(self.budget.search(linear=1 if frame.loop.max_days > 1 else 0))
        self.budget.spend(found.work)
        plan = found.plans.get(frame.loop.id)
        if plan is None:
            return Best(found.status, None, 0, lowest)
        return Best(found.status, plan, self.price(frame, plan), max(lowest, found.bound))

    def _everything(self, frame: Frame) -> Best:
        """The exact model over all starts; *infeasible* is asked again without presolve."""
        domain = full_domain(frame, self.usage)
        found = self._exact(frame, domain, None, 0)
        if found.status is Status.INFEASIBLE and possible(frame, domain):
            search = replace(self.budget.search(), presolve=False)
            again = Model(self.usage, [(frame, domain, True)]).solve(search)
            self.budget.spend(again.work)
            if again.status is not Status.INFEASIBLE:
                plan = again.plans.get(frame.loop.id)
                cost = 0 if plan is None else self.price(frame, plan)
                return Best(again.status, plan, cost, again.bound if plan is not None else 0)
        self.budget.over()
        return found


IMPOSSIBLE = Best(Status.INFEASIBLE, None, 0, 0)


def fair_of(frame: Frame, usage: Usage, plan: LoopPlan) -> int:
    """w.fair · Σ_p ((load + n)² − load²) over the loop's interview seats."""
    seats: dict[str, int] = {}
    for session in frame.sessions:
        if session.interview:
            for person in (p for seat in plan.sessions[session.session.id].people for p in seat):
                seats[person] = seats.get(person, 0) + 1
    total = sum((usage.load(p) + n) ** 2 - usage.load(p) ** 2 for p, n in seats.items())
    return frame.problem.weights.fair * total


def possible(frame: Frame, domain: Domain) -> bool:
    """Whether every session, and the debrief, has a start at all."""
    return all(domain.starts.values()) and (bool(domain.debrief) or frame.loop.debrief is None)
