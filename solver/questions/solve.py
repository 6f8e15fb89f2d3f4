"""The front door: the best plan of a problem within limits, judged by the checker."""

from __future__ import annotations

from collections.abc import Callable

from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.many.batch import pack
from solver.one.answer import DEFAULT, RefusedPlan, judged, weighed
from solver.one.placer import Placer
from solver.problem.plan import Limits, Plan, Progress, Result, Status
from solver.problem.values import Problem
from solver.rules.check import Judge

__all__ = ["RefusedPlan", "solve"]


def solve(
    problem: Problem,
    limits: Limits = DEFAULT,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """The best plan within the limits, with its price and a proven bound.

    Unhappy ends are values: *infeasible* only when proven, *unknown* when time ran out with nothing
    legal in hand, *feasible* when it ran out before the proof. ``stop`` is asked often; once it says
    true the best plan so far is returned. `RefusedPlan` is a fault of the solver.
    """
    budget = Budget(limits, stop)
    judge = Judge(problem)
    if not problem.loops:
        result = judged(judge, budget, Status.OPTIMAL, Plan({}), 0)
    elif len(problem.loops) == 1:
        result = _single(problem, judge, budget)
    else:
        result = pack(problem, judge, budget, progress)
    if progress is not None:
        progress(_last(result, len(problem.loops)))
    return result


def _single(problem: Problem, judge: Judge, budget: Budget) -> Result:
    timeline = Timeline(problem)
    placer = Placer(judge, Usage(timeline), budget)
    best = placer.place(Frame(timeline, problem.loops[0]))
    return weighed(judge, problem.loops[0], best, budget)


def _last(result: Result, loops: int) -> Progress:
    placed = sum(loop is not None for loop in result.plan.loops.values())
    return Progress(result.seconds, placed, loops, result.cost, result.bound, "done")
