"""Charges on people: every bound stays below the best plan, climbing raises bounds, refutes and proves."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from benchmarks.solver.families import make
from solver.bounds.climb import Climber
from solver.bounds.rows import Bounds
from solver.ground.frame import Frame
from solver.ground.timeline import BEYOND, Timeline
from solver.ground.usage import Usage
from solver.problem.plan import Limits, Status
from solver.problem.values import Problem
from solver.questions.solve import solve
from tests.solver.build import at, loop, person, problem, seat, session, weights
from tests.solver.tiny import best_cost, tiny


def bounds_of(it: Problem) -> Bounds:
    timeline = Timeline(it)
    return Bounds(Frame(timeline, it.loops[0]), Usage(timeline))


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_whatever_is_charged_no_bound_is_above_the_best_plan(first: int) -> None:
    tried = 0
    for seed in range(first, first + 40):
        it = tiny(seed)
        best = least(it)
        bounds = bounds_of(it)
        if best is None:
            continue
        tried += 1
        random = Random(seed)
        assert best <= bounds.most
        for most in (0, 50, 5000):
            charges = [random.randrange(most + 1) for _ in bounds.arrays.panel]
            bounds.charge(np.array(charges, dtype=np.int64))
            bounds.restart()
            assert bounds.lowest() <= best
            assert min(value for value, _ in bounds.rows()) <= best
    assert tried > 5


def least(it: Problem) -> int | None:
    """The cheapest way to place the only loop, by trying every plan."""
    best, placeable = best_cost(replace(it, weights=replace(it.weights, unscheduled=10_000_000)))
    return best if placeable else None


def doubled(pools: tuple[str, str]) -> Problem:
    """Two interviews whose cheapest interviewer is the same."""
    day = ((at(0, 9), at(0, 12)),)
    made = [session(f"i{k}", seat(pool, rank={"bob": 3})) for k, pool in enumerate(pools)]
    return problem(
        loop(*made, availability=day),
        people=(person("ann"), person("bob")),
        weights=weights(unscheduled=100_000, finish=1, rank=40),
        calendars={"here": day},
    )


def test_a_climb_reaches_the_price_of_a_second_interviewer() -> None:
    it = doubled(("ann bob", "ann bob"))
    best = solve(it)
    bounds = bounds_of(it)
    low = bounds.lowest()
    assert best.status is Status.OPTIMAL
    assert low == best.cost - 120, "one person in both seats"
    _, row = min(bounds.rows())
    assert Climber(bounds).climb(row, best.cost) == best.cost


def test_a_row_without_a_plan_climbs_above_every_price() -> None:
    bounds = bounds_of(doubled(("ann", "ann")))
    bounds.lowest()
    _, row = min(bounds.rows())
    climber = Climber(bounds)
    assert climber.climb(row, bounds.most + 1) > bounds.most
    assert solve(doubled(("ann", "ann"))).status is Status.INFEASIBLE


@pytest.mark.parametrize("family", ("XS", "S", "multiday"))
def test_climbed_rows_stay_below_the_proven_price(family: str) -> None:
    it = make(family, 20_261_127)
    best = solve(it, Limits(seconds=60))
    assert best.status is Status.OPTIMAL
    bounds = bounds_of(it)
    before = bounds.lowest()
    climber = Climber(bounds)
    rows = [row for value, row in sorted(bounds.rows())[:6] if bounds.refined(row)]
    for row in rows:
        was = bounds.bound(row)
        assert climber.climb(row, best.cost * 2) >= was
    bounds.restart()
    assert before <= min(value for value, _ in bounds.rows() if value < BEYOND) <= best.cost


def test_a_block_of_debriefs_is_never_bounded_above_one_of_them() -> None:
    bounds = bounds_of(make("fine", 20_261_124))
    rows = [row for _, row in sorted(bounds.rows())[::9]]
    assert not any(bounds.screened(row) for row in rows)
    bounds.screen(rows)
    assert all(bounds.screened(row) for row in rows)
    bounds.refine(rows)
    pairs = [(bounds.least(row), bounds.bound(row)) for row in rows]
    assert all(least <= bound for least, bound in pairs)
    assert any(least > min(bound for _, bound in pairs) for least, _ in pairs), "it rules some out"


@pytest.mark.parametrize(("seed", "cost"), ((20_261_122, 5135), (20_261_124, 4505)))
def test_a_fine_grid_has_the_price_that_the_plain_model_proves(seed: int, cost: int) -> None:
    result = solve(make("fine", seed), Limits(seconds=60))
    assert (result.status, result.cost) == (Status.OPTIMAL, cost)
