"""What can be tried on one loop, step by step: staffing given starts, and the exact model over a domain.

Every finding is priced, and a staffing judged, before it is passed on. In which order things are
tried is the business of `solver.one.placer` and `solver.one.search`.
"""

from __future__ import annotations

from dataclasses import replace

from solver.bounds.rows import Path
from solver.exact.build import build, possible
from solver.ground.best import IMPOSSIBLE, Best
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Domain, full_domain
from solver.ground.usage import Usage
from solver.ground.wishes import Wish
from solver.one.staffing import staff
from solver.problem.plan import LoopPlan, Plan, Status
from solver.rules.check import Judge

WIDE = 1000
"""Variables and constraints of a model from which on the search is led by its linear relaxation: with large
pools everybody is as good as everybody else, and propagation alone does not see that no mix of them is cheaper."""


class Attempts:
    """Tries single loops of one problem, beside what the usage holds."""

    def __init__(self, judge: Judge, usage: Usage, budget: Budget, wish: Wish | None = None) -> None:
        """``wish``: what is demanded of a plan besides the rules."""
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

    def staffed(self, frame: Frame, path: Path) -> Best | None:
        """A path with the cheapest people and rooms, if the checker accepts it."""
        plan = staff(frame, self.usage, path)
        if plan is None or not self.legal(frame, plan):
            return None
        own = self.own(frame, plan)
        return Best(Status.FEASIBLE, plan, own + fair_of(frame, self.usage, plan), path.bound, own)

    def exact(
        self,
        frame: Frame,
        domain: Domain,
        between: tuple[int, int] | None,
        *,
        unit: int = 1,
        presolve: bool = True,
    ) -> Best:
        """The exact model over a domain, asked for a price in ``between``.

        Prices less than ``unit`` apart count as equal: a plan so near the least is *optimal*.
        """
        if not possible(frame, domain):
            return IMPOSSIBLE
        model = build(self.usage, [(frame, domain, True)])
        if self.wish is not None:
            model.demand(self.wish)
        if between is not None:
            model.between(*between)
            model.enough(between[0] + unit - 1)
        wide = model.size > WIDE
        allowed = self.budget.allow(linear=2 if wide else 1 if frame.loop.max_days > 1 else 0)
        found = model.solve(replace(allowed, presolve=presolve, light=between is not None))
        self.budget.spend(found.work)
        self.budget.toil(parts=model.size)
        plan = found.plans.get(frame.loop.id)
        if plan is None:
            return Best(found.status, None, 0, 0)
        return Best(found.status, plan, self.price(frame, plan), found.bound)

    def everything(self, frame: Frame) -> Best:
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
