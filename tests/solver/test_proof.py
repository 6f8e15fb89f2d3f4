"""Batches to proof: starts that a better plan could use are kept, small batches are proven, loops placed together."""

from __future__ import annotations

import pytest

from benchmarks.solver.families import make
from solver.bounds.rows import Bounds
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.many.completion import completed
from solver.many.improve import Improver
from solver.many.neighbourhood import together
from solver.many.packing import Packing
from solver.many.proof import within
from solver.problem.plan import Limits, Status
from solver.problem.values import Problem
from solver.questions.solve import solve
from solver.rules.check import Judge, faults
from tests.solver.build import at, lock, loop, person, problem, seat, session, weights


@pytest.mark.parametrize(("family", "seed"), (("XS", 1), ("XS", 2), ("S", 20_261_121), ("S", 20_261_127)))
def test_no_start_of_a_plan_within_the_price_is_cut_off(family: str, seed: int) -> None:
    it = make(family, seed)
    best = solve(it, Limits(seconds=60))
    (plan,) = best.plan.loops.values()
    assert best.status is Status.OPTIMAL and plan is not None
    timeline = Timeline(it)
    bounds = Bounds(Frame(timeline, it.loops[0]), Usage(timeline))
    domain = within(bounds, best.cost)
    for name, got in plan.sessions.items():
        assert got.start in domain.starts[name]
    assert plan.debrief in domain.debrief
    below = within(Bounds(Frame(timeline, it.loops[0]), Usage(timeline)), best.cost - 500)
    assert sum(map(len, below.starts.values())) < sum(map(len, domain.starts.values()))


@pytest.mark.parametrize(("seed", "cost"), ((20_261_123, 608_355), (20_261_124, 1_210_635)))
def test_a_batch_of_a_few_loops_is_proven(seed: int, cost: int) -> None:
    """The costs are those that the plain model of the benchmarks proves."""
    it = make("dst", seed)
    result = solve(it, Limits(seconds=120))
    assert (result.status, result.cost, result.bound) == (Status.OPTIMAL, cost, cost)
    assert faults(it, result) == ()


def crossed() -> Problem:
    """Each of two loops holds the hour and the person that the other wants."""
    hours = ((at(0, 9), at(0, 11)),)
    made = [
        loop(
            session(f"{name}.i", seat("ann bob", rank={other: 5})),
            name=name,
            availability=hours,
        )
        for name, other in (("L", "bob"), ("M", "ann"))
    ]
    return problem(
        *made,
        people=(person("ann", max_day=1), person("bob", max_day=1)),
        weights=weights(unscheduled=10_000, finish=1, rank=10),
        calendars={"here": hours},
    )


def test_two_loops_change_places() -> None:
    it = crossed()
    timeline = Timeline(it)
    frames = [Frame(timeline, each) for each in it.loops]
    budget = Budget(Limits(seconds=60))
    now = 2 * 60 + 100
    prices = {"L": 10_000, "M": 10_000, "": now}
    found = together(Usage(timeline), frames, frozenset(), prices, budget)
    assert found is not None
    assert [found[name].sessions[f"{name}.i"].people for name in ("L", "M")] == [(("ann",),), (("bob",),)]
    assert together(Usage(timeline), frames, frozenset(), {**prices, "": 120}, budget) is None, (
        "it is the best"
    )
    assert budget.work > 0


def test_a_loop_that_is_left_out_comes_in() -> None:
    it = crossed()
    result = solve(it, Limits(seconds=60))
    assert (result.status, result.cost) == (Status.OPTIMAL, 120)


def rivals(hours: int) -> Problem:
    """Three loops that want the same person for an hour each; the first is worth most."""
    day = ((at(0, 9), at(0, 9 + hours)),)
    made = [
        loop(session(f"{name}.i", "ann"), name=name, availability=day, priority=3 - index)
        for index, name in enumerate("LMN")
    ]
    return problem(*made, people=(person("ann"),), weights=weights(unscheduled=1000, finish=1))


def leave_out_least(it: Problem) -> tuple[set[str], int]:
    timeline = Timeline(it)
    loops = [(Frame(timeline, each), False) for each in it.loops]
    losses = {each.id: 1000 * each.priority for each in it.loops}
    plans, least = completed(Usage(timeline), loops, losses, Budget(Limits(seconds=60)))
    return set(plans), least


def test_what_has_to_be_left_out_is_worth_least_and_that_is_proven() -> None:
    assert leave_out_least(rivals(3)) == ({"L", "M", "N"}, 0)
    assert leave_out_least(rivals(2)) == ({"L", "M"}, 1000)
    assert leave_out_least(rivals(1)) == ({"L"}, 3000)


def test_a_batch_says_how_little_can_be_left_out() -> None:
    """Twenty loops of which sixteen could be placed alone; two of these cannot both be."""
    it = make("M", 20_261_120)
    result = solve(it, Limits(seconds=240, deterministic=4))
    assert faults(it, result) == ()
    placed = [name for name, plan in result.plan.loops.items() if plan is not None]
    assert len(placed) == 15
    assert result.cost - result.bound < 0.05 * result.cost


def test_a_batch_of_pinned_loops_is_left_alone() -> None:
    """Nothing may move and nothing is missing: every kind of move finds nothing to do."""
    pin = lock(at(0, 9), "ann")
    it = problem(
        loop(session("s", "ann", lock=pin), availability=((at(0, 9), at(0, 11)),)),
        people=(person("ann"),),
        weights=weights(unscheduled=1000),
    )
    judge, budget = Judge(it), Budget(Limits(seconds=60))
    packing = Packing(judge, Usage(Timeline(it)))
    plan = solve(it).plan.loops["L"]
    assert plan is not None
    packing.add("L", plan)
    Improver(packing, budget, {"L": 0}, lambda _: None).run(lambda: False, 40)
    assert packing.plans == {"L": plan}
