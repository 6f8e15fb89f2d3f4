"""A price that is known to be enough ends the search of the exact model, and nothing less does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.exact.build import build
from solver.exact.model import Model
from solver.ground.budget import Allowance
from solver.ground.frame import Frame
from solver.ground.starts import full_domain
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.one import attempts
from solver.one.attempts import Attempts
from solver.problem.plan import Limits, Plan, Status
from solver.problem.values import Problem
from solver.questions.solve import solve
from solver.rules.check import Judge
from tests.solver.build import at, hours, loop, problem, room, seat, session, weights
from tests.solver.tiny import every_loop_plan, tiny


def crowd(people: int = 40, until: int = 15, days: int = 7) -> Problem:
    """Four interviews out of one pool, everybody with another dislike: many plans at many prices."""
    pool = " ".join(f"p{n}" for n in range(people))
    rank = {f"p{n}": n % 7 for n in range(people)}
    sessions = [session(f"s{n}", seat(pool, rank=rank)) for n in range(4)]
    it = loop(*sessions, availability=hours(9, until, range(days)), max_days=1)
    return problem(it, weights=weights(finish=1, idle=4, rank=75, unscheduled=1_000_000))


def model_of(it: Problem) -> Model:
    timeline = Timeline(it)
    usage, frame = Usage(timeline), Frame(timeline, it.loops[0])
    return build(usage, [(frame, full_domain(frame, usage), True)])


def test_a_search_ends_at_the_price_that_is_enough_long_before_it_has_a_proof_of_its_own() -> None:
    it = crowd()
    best = solve(it)
    alone = model_of(it).solve(Allowance(work=1.0))
    assert (alone.status, alone.objective) == (Status.FEASIBLE, best.cost)
    told = model_of(it)
    told.enough(best.cost)
    found = told.solve(Allowance(work=1.0))
    assert (found.status, found.objective) == (Status.OPTIMAL, best.cost)
    assert found.bound < best.cost, "its own bound says nothing that is not proven"
    assert found.work < alone.work / 2


def test_a_price_that_is_not_reached_ends_nothing() -> None:
    it = crowd(5, until=13, days=1)
    best = solve(it).cost
    model = model_of(it)
    model.enough(best - 1)
    found = model.solve(Allowance(work=60.0))
    assert (found.status, found.objective) == (Status.OPTIMAL, best)


def test_a_search_that_ends_early_is_the_same_every_time() -> None:
    plans = []
    for _ in range(3):
        model = model_of(crowd())
        model.enough(solve(crowd()).cost + 75)
        plans.append(model.solve(Allowance(work=20.0)).plans)
    assert plans[0] == plans[1] == plans[2]


@pytest.mark.parametrize("seed", range(0, 120, 4))
def test_with_the_bound_of_its_rows_the_exact_model_still_finds_the_best_of_all(seed: int) -> None:
    """Nothing is staffed, so that every plan comes from the exact model; compared with every plan there is."""
    it = tiny(seed)
    it = replace(it, weights=replace(it.weights, unscheduled=100_000))
    judge = Judge(it)
    (one,) = it.loops
    every = [Plan({one.id: got}) for got in every_loop_plan(it, judge, one)]
    prices = [judge.cost(plan) for plan in every if not judge.violations(plan)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attempts, "staffed", lambda *_: None)
        result = solve(it, Limits(seconds=60))
    if not prices:
        assert result.status is Status.INFEASIBLE
        return
    assert (result.status, result.cost) == (Status.OPTIMAL, min(prices))


def rooms_change(people: int) -> Problem:
    """A day that nobody can spend in one room, which the relaxation does not see: the proof is the model's."""
    pool = " ".join(f"p{n}" for n in range(people))
    sessions = [session(f"s{n}", seat(pool, n=1 + n % 2), room=True, dur=60 + 15 * n) for n in range(5)]
    it = loop(*sessions, availability=hours(9, 17, [0]), days=((0, at(1, 0)),), max_days=1)
    rooms = [
        room("R", busy=((at(0, 11), at(0, 12)), (at(0, 14), at(0, 15)))),
        room("Q", busy=((at(0, 9), at(0, 10)), (at(0, 13), at(0, 14)))),
    ]
    prices = weights(finish=1, idle=4, room_change=20, fair=45, unscheduled=1_000_000)
    return problem(it, rooms=rooms, weights=prices)


def test_a_wide_model_is_led_by_its_linear_relaxation(monkeypatch: pytest.MonkeyPatch) -> None:
    it = rooms_change(200)
    led = solve(it, Limits(seconds=600, deterministic=4.0))
    assert led.status is Status.OPTIMAL
    monkeypatch.setattr(attempts, "WIDE", 1_000_000)
    alone = solve(it, Limits(seconds=600, deterministic=4.0))
    assert alone.cost == led.cost
    assert led.effort < alone.effort / 2
