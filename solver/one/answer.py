"""From a search's end to a result: priced and judged by the checker."""

from __future__ import annotations

from dataclasses import dataclass

from solver.ground.best import Best
from solver.ground.budget import Budget
from solver.problem.plan import Limits, Plan, Result, Status
from solver.problem.values import Loop, Problem
from solver.rules.check import Judge, pinned

DEFAULT = Limits()


class RefusedPlan(RuntimeError):
    """The solver's own plan does not pass the checker: a fault of this program, never of its user."""


@dataclass(frozen=True)
class Answer:
    """What a search claims: a status, a plan, and a lower bound on the best price."""

    status: Status
    plan: Plan
    bound: int


def price_of_leaving_out(problem: Problem, loop: Loop) -> int:
    return problem.weights.unscheduled * loop.priority


def nothing(problem: Problem) -> Plan:
    """The plan that leaves every loop out."""
    return Plan({loop.id: None for loop in problem.loops})


def weighed(judge: Judge, loop: Loop, best: Best) -> Answer:
    """One loop's answer: leaving it out wins where that is cheaper than placing it and nothing is pinned."""
    problem = judge.problem
    out, empty = price_of_leaving_out(problem, loop), nothing(problem)
    if best.status is Status.INFEASIBLE:
        return Answer(best.status, empty, out)
    may_leave = not pinned(loop)
    bound = min(best.bound, out) if may_leave else best.bound
    if best.plan is None:
        return Answer(Status.UNKNOWN, empty, bound if may_leave else min(bound, out))
    if may_leave and out < best.cost:
        return Answer(Status.OPTIMAL if bound >= out else Status.FEASIBLE, empty, bound)
    return Answer(Status.OPTIMAL if bound >= best.cost else best.status, Plan({loop.id: best.plan}), bound)


def judged(judge: Judge, answer: Answer, budget: Budget) -> Result:
    """The result, with the checker's price. Raises `RefusedPlan` where the checker refuses the plan."""
    empty = all(loop is None for loop in answer.plan.loops.values())
    excused = empty and answer.status in (Status.INFEASIBLE, Status.UNKNOWN)
    broken = judge.violations(answer.plan, excused=excused)
    if broken:
        raise RefusedPlan("; ".join(f"{v.rule} at {v.where}: {v.text}" for v in broken[:5]))
    price = judge.price(answer.plan)
    cost = sum(price.values())
    if answer.bound > cost or (answer.status is Status.OPTIMAL and answer.bound != cost):
        raise RefusedPlan(f"claims a bound of {answer.bound} on a plan that costs {cost}")
    unproven = answer.status in (Status.FEASIBLE, Status.UNKNOWN)
    cut, limit = budget.cut and unproven, budget.ended if unproven else None
    return Result(answer.status, answer.plan, price, cost, answer.bound, budget.seconds, cut, limit)
