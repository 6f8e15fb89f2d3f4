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
from solver.problem.plan import Limits, Plan, Progress, Result, Status
from solver.problem.values import Problem
from solver.rules.check import Judge, faults

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
    if method == "expert":
        from benchmarks.solver import expert

        return lambda problem: expert.solve(problem, seconds)
    if method == "greedy":
        from benchmarks.solver import greedy

        return greedy.solve
    import solver.exact.model  # noqa: F401 - loaded when first needed, and start-up is not measured
    from solver.questions.solve import solve

    limits = Limits(seconds=seconds, workers=ask.get("workers", 1))
    return lambda problem: solve(problem, limits)


def _timed(call: Callable[[], Result], repeat: bool, *, cpu: bool = False) -> tuple[Result, float]:
    """The answer, and the median of three times where it is quick: on the wall, or of all cores (``cpu``)."""
    clock = time.process_time if cpu else time.perf_counter
    times: list[float] = []
    while True:
        began = clock()
        result = call()
        times.append(clock() - began)
        if not repeat or len(times) == 3 or times[0] > REPEAT_BELOW:
            return result, median(times)


def solve_task(ask: Mapping[str, Any]) -> Answer:
    """``{"method", "family", "seed", "seconds", "cpu"}``: one solve, judged."""
    problem = make(ask["family"], ask["seed"])
    solver = _solver(ask["method"], ask["seconds"], ask)
    if ask.get("warm", True):
        solver(make("XS", 0))
    once = len(problem.loops) > 1
    result, seconds = _timed(lambda: solver(problem), not once, cpu=ask.get("cpu", False))
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
    from solver.questions.solve import solve

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

    from solver.questions.solve import solve

    problem = make(ask["family"], ask["seed"])
    alone = 0
    for loop in problem.loops:
        result = solve(replace(problem, loops=(loop,)), Limits(seconds=20))
        alone += result.plan.loops.get(loop.id) is not None
    return {"placeable": alone, "loops": len(problem.loops)}


def _placeable(family: str, seed: int) -> int:
    """This seed, or the first after it (far from its neighbours) whose only loop can be placed."""
    from solver.questions.solve import solve

    while not any(solve(make(family, seed)).plan.loops.values()):
        seed += 1_000_003
    return seed


def explain_task(ask: Mapping[str, Any]) -> Answer:
    """``{"kind", "family", "seed"}``: is the planted cause named, does every fix work, how long it took.

    The measure is a solve of the same instance before anything was broken.
    """
    from benchmarks.solver.plant import plant
    from solver.questions.explain import explain, verified
    from solver.questions.solve import solve

    planted = plant(ask["kind"], ask["family"], _placeable(ask["family"], ask["seed"]))
    warm = plant(ask["kind"], "XS", 0)
    solve(warm.base)
    explain(warm.problem)
    _, single = _timed(lambda: solve(planted.base), repeat=True)
    began = time.perf_counter()
    (told,) = explain(planted.problem).loops.values()
    seconds = time.perf_counter() - began
    changes = [change for fix in told.fixes for change in fix.changes]
    named = {
        (change.kind.value, whose)
        for change in changes
        for whose in (*change.sessions, *change.people, change.loop, change.site)
    }
    return {
        "seconds": seconds,
        "single": single,
        "named": bool(named & planted.causes) and not told.alone,
        "fixes": len(told.fixes),
        "verified": sum(verified(planted.problem, fix) for fix in told.fixes),
    }


def alternatives_task(ask: Mapping[str, Any]) -> Answer:
    """``{"family", "seed", "k"}``: k plans that differ, against one solve."""
    from solver.questions.alternatives import alternatives
    from solver.questions.solve import solve

    problem = make(ask["family"], _placeable(ask["family"], ask["seed"]))
    alternatives(make("XS", 0), ask["k"])
    _, single = _timed(lambda: solve(problem), repeat=True)
    times, results = [], []
    for _ in range(3):
        began = time.perf_counter()
        results = list(alternatives(problem, ask["k"]))
        times.append(time.perf_counter() - began)
    judge = Judge(problem)
    return {
        "seconds": median(times),
        "single": single,
        "found": len(results),
        "different": _apart(problem, results),
        "faults": [fault.text for one in results for fault in judge.violations(one.plan)][:5],
    }


def _apart(problem: Problem, results: list[Result]) -> int:
    """How many plans of the only loop a person can tell from all before them."""
    from solver.ground.wishes import apart

    loop = problem.loops[0]
    plans = [plan for one in results if (plan := one.plan.loops[loop.id]) is not None]
    return sum(all(apart(loop, plan, other) for other in plans[:at]) for at, plan in enumerate(plans))


def repair_task(ask: Mapping[str, Any]) -> Answer:
    """``{"family", "seed", "seconds", "declines"}``: one decline at a time in a packed batch."""
    from random import Random

    from solver.questions.repair import repair
    from solver.questions.solve import solve

    problem = make(ask["family"], ask["seed"])
    began = time.perf_counter()
    packed = solve(problem, Limits(seconds=ask["seconds"])).plan
    batch = time.perf_counter() - began
    booked = [
        (person, name)
        for loop in packed.loops.values()
        if loop is not None
        for name, got in loop.sessions.items()
        for seat in got.people
        for person in seat
    ]
    chosen = Random(ask["seed"]).sample(booked, min(ask["declines"], len(booked)))
    times, levels, moved, wrong = [], [], [], []
    judge = Judge(problem)
    for person, session in chosen:
        began = time.perf_counter()
        mended = repair(problem, packed, [(person, session)])
        times.append(time.perf_counter() - began)
        levels.append(mended.level)
        moved.append(sum(change.what == "time" and change.session != "debrief" for change in mended.changes))
        wrong += [fault.text for fault in judge.violations(mended.result.plan)]
        for loop in mended.result.plan.loops.values():
            if loop is not None and session in loop.sessions:
                got = loop.sessions[session]
                wrong += [f"{person} still sits in {session}" for seat in got.people if person in seat]
    return {
        "seconds": median(times),
        "times": times,
        "batch": batch,
        "levels": levels,
        "moved": moved,
        "faults": wrong,
    }


def starts_task(ask: Mapping[str, Any]) -> Answer:
    """``{"family", "seed"}``: a week of starts of each session of the best plan, against the solve that found it."""
    import solver.exact.model  # noqa: F401 - start-up is not measured
    from solver.questions.places import starts
    from solver.questions.solve import solve

    seed = _placeable(ask["family"], ask["seed"])
    problem = make(ask["family"], seed)
    (loop,) = problem.loops
    best, seconds = _timed(lambda: solve(problem), repeat=True)
    plan = best.plan.loops[loop.id]
    assert plan is not None
    judge, times, counted, wrong = Judge(problem), [], 0, []
    for session in loop.sessions:
        at = plan.sessions[session.id].start
        monday = max((start for start, _ in loop.days if start <= at), default=0)
        week = (monday, monday + 7 * 24 * 60)
        began = time.perf_counter()
        found = starts(problem, plan, session.id, week)
        times.append(time.perf_counter() - began)
        counted += len(found)
        plans = (place.plan for place in found if place.plan is not None)
        wrong += [v.text for one in plans for v in judge.violations(Plan({loop.id: one}))]
    return {
        "solve": seconds,
        "seconds": sum(times) / len(times),
        "worst": max(times),
        "starts": counted // len(times),
        "faults": wrong[:5],
    }


TASKS: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
    "solve": solve_task,
    "starts": starts_task,
    "pass": pass_task,
    "alone": alone_task,
    "explain": explain_task,
    "alternatives": alternatives_task,
    "repair": repair_task,
}


if __name__ == "__main__":
    print(json.dumps(measured(json.loads(sys.argv[1]))))
