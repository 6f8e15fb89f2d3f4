"""One measurement in a process of its own: `python -m benchmarks.solver.worker '{"task": …}'`.

The answer is one line of JSON: what was measured, the peak memory of the process, and what the
checker says. Start-up is not measured: imports are done, and a small instance has been solved,
before the clock starts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from benchmarks.solver.families import make
from solver.check import Judge, faults
from solver.plan import Limits, Progress, Result, Status
from solver.problem import Problem

Answer = dict[str, Any]
REPEAT_BELOW = 1.0
"""Seconds below which a measurement is repeated, and its median taken."""


def measured(ask: Mapping[str, Any]) -> Answer:
    """Does one task and adds the peak memory of this process in megabytes."""
    answer = TASKS[ask["task"]](ask)
    answer["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return answer


def _solver(method: str, seconds: float, ask: Mapping[str, Any]) -> Callable[[Problem], Result]:
    if method == "naive":
        from benchmarks.solver import naive

        return lambda problem: naive.solve(problem, seconds)
    if method == "greedy":
        from benchmarks.solver import greedy

        return greedy.solve
    from solver.solve import solve

    limits = Limits(seconds=seconds, workers=ask.get("workers", 1))
    return lambda problem: solve(problem, limits)


def _timed(call: Callable[[], Result], repeat: bool) -> tuple[Result, float]:
    """The answer, and the median of three times where it is quick."""
    times: list[float] = []
    while True:
        began = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - began)
        if not repeat or len(times) == 3 or times[0] > REPEAT_BELOW:
            return result, median(times)


def solve_task(ask: Mapping[str, Any]) -> Answer:
    """``{"method", "family", "seed", "seconds"}``: one solve, judged."""
    problem = make(ask["family"], ask["seed"])
    solver = _solver(ask["method"], ask["seconds"], ask)
    if ask.get("warm", True):
        solver(make("XS", 0))
    result, seconds = _timed(lambda: solver(problem), repeat=len(problem.loops) == 1)
    return _described(problem, result) | {"seconds": seconds}


def _described(problem: Problem, result: Result) -> Answer:
    placed = [name for name, loop in result.plan.loops.items() if loop is not None]
    judge = Judge(problem)
    costs = {
        name: sum(judge.loop_price(name, loop).values()) for name, loop in result.plan.loops.items() if loop
    }
    return {
        "status": result.status.value,
        "proven": result.status in (Status.OPTIMAL, Status.INFEASIBLE),
        "cost": result.cost,
        "bound": result.bound,
        "placed": len(placed),
        "loops": len(problem.loops),
        "placed_cost": sum(costs.values()),
        "faults": [f"{fault.rule} at {fault.where}: {fault.text}" for fault in faults(problem, result)][:5],
    }


def pass_task(ask: Mapping[str, Any]) -> Answer:
    """``{"family", "seed", "seconds"}``: the first complete pass of the batch solver over all loops.

    It is over with the first report of another phase than ``insert``; the solve is stopped there.
    """
    from solver.solve import solve

    problem = make(ask["family"], ask["seed"])
    solve(make("XS", 0))
    done: list[Progress] = []

    def watch(progress: Progress) -> None:
        if progress.phase != "insert":
            done.append(progress)

    began = time.perf_counter()
    result = solve(problem, Limits(seconds=ask["seconds"]), progress=watch, stop=lambda: bool(done))
    seconds = done[0].seconds if done else time.perf_counter() - began
    return _described(problem, result) | {"seconds": seconds, "complete": bool(done)}


def alone_task(ask: Mapping[str, Any]) -> Answer:
    """``{"family", "seed"}``: how many loops of a batch could be placed if each were the only one."""
    from dataclasses import replace

    from solver.solve import solve

    problem = make(ask["family"], ask["seed"])
    alone = 0
    for loop in problem.loops:
        result = solve(replace(problem, loops=(loop,)), Limits(seconds=20))
        alone += result.plan.loops.get(loop.id) is not None
    return {"placeable": alone, "loops": len(problem.loops)}


TASKS: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
    "solve": solve_task,
    "pass": pass_task,
    "alone": alone_task,
}


if __name__ == "__main__":
    print(json.dumps(measured(json.loads(sys.argv[1]))))
