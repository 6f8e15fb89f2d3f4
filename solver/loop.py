"""One loop to proof, alone or among placed ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

from solver.budget import Budget
from solver.domain import full_domain
from solver.frame import Frame
from solver.model import Model
from solver.plan import LoopPlan, Status
from solver.usage import Usage
from solver.variables import Domain


@dataclass(frozen=True)
class Best:
    """The best way to place one loop: ``status`` as in a result, ``bound`` on the price of placing it."""

    status: Status
    plan: LoopPlan | None
    bound: int


def place(frame: Frame, usage: Usage, budget: Budget) -> Best:
    """The cheapest plan of one loop, every other event frozen in ``usage``."""
    domain = full_domain(frame, usage)
    if not possible(frame, domain):
        return Best(Status.INFEASIBLE, None, 0)
    return exact(frame, usage, domain, budget)


def possible(frame: Frame, domain: Domain) -> bool:
    """Whether every session, and the debrief, has a start at all."""
    wanted = frame.loop.debrief is not None
    return all(domain.starts.values()) and (bool(domain.debrief) or not wanted)


def exact(frame: Frame, usage: Usage, domain: Domain, budget: Budget) -> Best:
    """The exact model over a domain. *Infeasible* is asked twice, the second time without presolve."""
    linear = 1 if frame.loop.max_days > 1 else 0
    search = budget.search(linear=linear)
    found = Model(usage, [(frame, domain, True)]).solve(search)
    budget.spend(found.work)
    if found.status is Status.INFEASIBLE:
        again = replace(budget.search(linear=linear), presolve=False)
        found = Model(usage, [(frame, domain, True)]).solve(again)
        budget.spend(found.work)
    budget.over()
    plan = found.plans.get(frame.loop.id)
    return Best(found.status, plan, found.bound if plan is not None else 0)
