"""From a search's end to a result: priced and judged by the checker.

Told by `tests/solver/test_solve.py`.
"""

from __future__ import annotations

from solver.ground.best import Best
from solver.ground.budget import Budget
from solver.problem.plan import Limits, Plan, Result, Status
from solver.problem.values import Loop, Problem
from solver.rules.check import Judge, pinned

DEFAULT = Limits()


class RefusedPlan(RuntimeError):
    """The solver's own plan does not pass the checker: a fault of this program, never of its user."""


def price_of_leaving_out(problem: Problem, loop: Loop) -> int:
    return problem.weights.unscheduled * loop.priority


def nothing(problem: Problem) -> Plan:
    """The plan that leaves every loop out."""
    return Plan({loop.id: None for loop in problem.loops})


def weighed(judge: Judge, loop: Loop, best: Best, budget: Budget) -> Result:
    """One loop's result: leaving it out wins where that is cheaper than placing it and nothing is pinned."""
    problem = judge.problem
    out, empty = price_of_leaving_out(problem, loop), nothing(problem)
    if best.status is Status.INFEASIBLE:
        return judged(judge, budget, best.status, empty, out)
    may_leave = not pinned(loop)
    bound = min(best.bound, out) if may_leave or best.plan is None else best.bound
    if best.plan is None:
        return judged(judge, budget, Status.UNKNOWN, empty, bound)
    if may_leave and out < best.cost:
        status = Status.OPTIMAL if bound >= out else Status.FEASIBLE
        return judged(judge, budget, status, empty, bound)
    status = Status.OPTIMAL if bound >= best.cost else best.status
    return judged(judge, budget, status, Plan({loop.id: best.plan}), bound)


def judged(judge: Judge, budget: Budget, status: Status, plan: Plan, bound: int) -> Result:
    """The result of a search that claims a status, a plan, and a lower bound on the best price.

    The price is the checker's. Raises `RefusedPlan` where the checker refuses the plan, or the price the claim.
    """
    empty = all(loop is None for loop in plan.loops.values())
    excused = empty and status in (Status.INFEASIBLE, Status.UNKNOWN)
    broken = judge.violations(plan, excused=excused)
    if broken:
        raise RefusedPlan("; ".join(f"{v.rule} at {v.where}: {v.text}" for v in broken[:5]))
    price = judge.price(plan)
    cost = sum(price.values())
    if bound > cost or (status is Status.OPTIMAL and bound != cost):
        raise RefusedPlan(f"claims a bound of {bound} on a plan that costs {cost}")
    unproven = status in (Status.FEASIBLE, Status.UNKNOWN)
    cut, limit = budget.cut and unproven, budget.ended if unproven else None
    return Result(status, plan, price, cost, bound, budget.seconds, cut, limit, budget.effort)
