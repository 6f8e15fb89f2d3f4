"""solve(): proven answers against trying every plan, replay, limits, stop."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from solver.problem.codec import plan_to_json
from solver.problem.plan import Limits, Plan, Status
from solver.problem.values import Problem
from solver.questions.solve import solve
from solver.rules.check import faults, violations
from tests.solver.build import (
    at,
    busy,
    debrief,
    got,
    hours,
    lock,
    loop,
    person,
    placed,
    plan,
    problem,
    room,
    seat,
    session,
    weights,
)
from tests.solver.tiny import best_cost, tiny

SHORT = Limits(seconds=30.0)


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_single_loops_match_trying_every_plan(first: int) -> None:
    for seed in range(first, first + 40):
        _matches(tiny(seed))


@pytest.mark.parametrize("seed", (1000, 1003, 1008, 1012, 1014, 1017, 1021, 1025))
def test_pairs_of_loops_match_trying_every_plan(seed: int) -> None:
    _matches(tiny(seed, loops=2))


def _matches(it: Problem) -> None:
    best, placeable = best_cost(it)
    result = solve(it, SHORT)
    assert faults(it, result) == ()
    if best is None or not placeable:
        assert result.status is Status.INFEASIBLE
    else:
        assert (result.status, result.cost) == (Status.OPTIMAL, best)


def crowd(loops: int = 6) -> Problem:
    """Loops that compete for three people and one room within two mornings."""
    days = ((at(0, 9), at(0, 12)), (at(1, 9), at(1, 12)))
    made = [
        loop(
            session(f"{i}.a", seat("ann bob", rank={"bob": 1}), room=True),
            session(f"{i}.b", "bob cy", dur=30, after=(f"{i}.a",)),
            name=f"L{i}",
            availability=days,
            max_days=1,
            priority=1 + i % 3,
            debrief=debrief("dee", within=240),
        )
        for i in range(loops)
    ]
    return problem(
        *made,
        people=(person("ann", max_day=2), person("dee", busy=(busy(at(0, 12), at(0, 13)),))),
        rooms=(room(),),
        weights=weights(unscheduled=10_000, finish=1, idle=2, rank=20, fair=5),
        calendars={"here": days},
    )


def test_batches_are_legal_bounded_and_proven_when_small() -> None:
    result = solve(crowd(3), SHORT)
    assert faults(crowd(3), result) == ()
    assert result.status is Status.OPTIMAL
    assert all(result.plan.loops.values())


def test_same_seed_and_work_give_the_same_bytes() -> None:
    limits = Limits(seconds=120.0, deterministic=0.6, seed=3)
    answers = [solve(crowd(9), limits) for _ in range(2)]
    assert plan_to_json(answers[0].plan) == plan_to_json(answers[1].plan)
    assert [a.cost for a in answers] == [answers[0].cost] * 2
    assert not answers[0].cut


def test_stop_ends_a_solve_with_the_best_plan_so_far() -> None:
    asked = count()
    result = solve(crowd(9), Limits(seconds=60.0), stop=lambda: next(asked) > 40)
    assert result.cut
    assert result.seconds < 20
    assert faults(crowd(9), result) == ()


def test_no_time_is_an_answer() -> None:
    for it in (crowd(1), crowd(5)):
        result = solve(it, Limits(seconds=0.0))
        assert result.status in (Status.UNKNOWN, Status.FEASIBLE)
        assert result.cut
        assert faults(it, result) == ()


def test_progress_tells_placed_loops_price_and_bound() -> None:
    seen = []
    result = solve(crowd(3), SHORT, progress=seen.append)
    assert seen[-1].phase == "done"
    assert (seen[-1].cost, seen[-1].bound, seen[-1].placed) == (result.cost, result.bound, 3)
    assert [one.seconds for one in seen] == sorted(one.seconds for one in seen)
    assert any(one.phase == "insert" for one in seen)


def test_pins_never_move() -> None:
    it = crowd(4)
    first = it.loops[0]
    pin = lock(at(1, 9), "bob")
    pinned = replace(first, sessions=(replace(first.sessions[0], lock=pin), first.sessions[1]))
    it = replace(it, loops=(*it.loops[1:], pinned))
    result = solve(it, SHORT)
    meeting = result.plan.loops["L0"].sessions["0.a"]
    assert (meeting.start, meeting.people) == (at(1, 9), (("bob",),))
    assert faults(it, result) == ()


def test_pins_that_only_fit_together_are_found_together() -> None:
    """Placed one after another the first takes the only person of the second."""
    first = session("s", seat("bob ann", rank={"ann": 1}), lock=lock(at(0, 9)))
    second = session("t", "bob", lock=lock(at(0, 9)))
    it = problem(loop(first, name="L"), loop(second, name="M"), weights=weights(rank=9, unscheduled=1000))
    result = solve(it, SHORT)
    assert (result.status, result.cost) == (Status.OPTIMAL, 9)


def test_pins_that_cannot_stand_together_are_infeasible() -> None:
    made = [loop(session(f"s{i}", "ann", lock=lock(at(0, 9))), name=f"L{i}") for i in (0, 1)]
    it = problem(*made, weights=weights(unscheduled=10))
    result = solve(it, SHORT)
    assert (result.status, result.cost, result.bound) == (Status.INFEASIBLE, 20, 20)


def test_leaving_out_wins_where_it_is_cheaper() -> None:
    it = problem(loop(session("s", seat("ann", rank={"ann": 9}))), weights=weights(rank=10, unscheduled=50))
    result = solve(it, SHORT)
    assert (result.status, result.cost, result.plan) == (Status.OPTIMAL, 50, Plan({"L": None}))


def test_a_problem_without_loops_is_solved() -> None:
    result = solve(problem(weights=weights()), SHORT)
    assert (result.status, result.cost) == (Status.OPTIMAL, 0)


@pytest.mark.parametrize("grid", (1, 5, 15))
def test_every_grid_gives_the_same_best_where_it_may(grid: int) -> None:
    people = (person("ann", busy=(busy(at(0, 8), at(0, 9)),)), person("bob", work=hours(10, 18)))
    it = problem(
        loop(session("s", "ann"), session("t", "bob"), max_days=1, debrief=debrief("ann")),
        people=people,
        grid=grid,
        weights=weights(finish=1, idle=4, unscheduled=100_000),
    )
    result = solve(it, SHORT)
    assert result.plan == plan(L=placed(at(0, 11), s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob")))
    assert violations(it, result.plan) == ()


def test_a_memory_limit_changes_no_answer() -> None:
    tight = solve(crowd(9), Limits(seconds=120.0, deterministic=0.3, memory_mb=400))
    wide = solve(crowd(9), Limits(seconds=120.0, deterministic=0.3))
    assert plan_to_json(tight.plan) == plan_to_json(wide.plan)
