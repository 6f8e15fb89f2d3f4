"""Many loops together: packed one after another, then proven or improved while time lasts."""

from __future__ import annotations

from collections.abc import Callable

from solver.answer import Answer, nothing, price_of_leaving_out
from solver.budget import Budget
from solver.check import Judge, pinned
from solver.domain import full_domain
from solver.frame import Frame
from solver.loop import possible
from solver.model import Model
from solver.plan import Plan, Progress, Status
from solver.problem import Problem
from solver.timeline import Timeline
from solver.usage import Usage


def pack(
    problem: Problem, judge: Judge, budget: Budget, progress: Callable[[Progress], None] | None
) -> Answer:
    """The exact model over all loops at once."""
    timeline = Timeline(problem)
    usage = Usage(timeline)
    frames = [Frame(timeline, loop) for loop in problem.loops]
    loops, plans = [], {loop.id: None for loop in problem.loops}
    for frame in frames:
        domain = full_domain(frame, usage)
        if possible(frame, domain):
            loops.append((frame, domain, pinned(frame.loop)))
        elif pinned(frame.loop):
            return infeasible(problem)
    found = Model(usage, loops).solve(budget.search(linear=1))
    budget.over()
    if found.status is Status.INFEASIBLE:
        return infeasible(problem)
    if not found.plans:
        return Answer(Status.UNKNOWN, nothing(problem), 0)
    left = sum(price_of_leaving_out(problem, f.loop) for f in frames if f.loop.id not in found.plans)
    return Answer(found.status, Plan({**plans, **found.plans}), found.bound + left)


def infeasible(problem: Problem) -> Answer:
    out = sum(price_of_leaving_out(problem, loop) for loop in problem.loops)
    return Answer(Status.INFEASIBLE, nothing(problem), out)
