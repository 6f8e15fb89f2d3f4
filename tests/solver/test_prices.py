"""The bound on competition: never above the price of any plan, and close to it where everybody wants the same."""

from __future__ import annotations

import pytest

from benchmarks.solver.families import make
from solver import Limits, solve
from solver.ground.budget import Budget
from solver.ground.priced import Priced, Prices
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.many.packing import Packing
from solver.many.prices import Pricing
from solver.one.placer import Placer
from solver.problem.values import Problem
from solver.rules.check import Judge
from tests.solver.build import at, loop, person, problem, session, weights
from tests.solver.tiny import best_cost, tiny

STEPS = 40


def pricing(it: Problem) -> Pricing:
    packing = Packing(Judge(it), Usage(Timeline(it)))
    placer = Placer(packing.judge, Usage(packing.usage.timeline), Budget(Limits(seconds=600)))
    alone = {name: placer.lowest(frame) for name, frame in packing.frames.items()}
    return Pricing(packing, alone)


def climbed(it: Problem, goal: int, steps: int = STEPS) -> int:
    budget = Budget(Limits(seconds=600), steps=steps)
    return pricing(it).climb(goal, budget)


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_is_never_above_the_best_of_all_plans(seed: int) -> None:
    """Also when it climbs towards a price that nothing has."""
    it = tiny(seed, loops=2)
    best, placeable = best_cost(it)
    if best is None or not placeable:
        return
    assert climbed(it, best + 1000) <= best


@pytest.mark.parametrize("seed", range(10))
def test_nor_where_it_is_known_what_is_lost_at_least(seed: int) -> None:
    """Four candidates for three hours of one person: one of them is left out, whoever it is."""
    hours = ((at(0, 9), at(0, 12)),)
    made = [
        loop(session(f"{n}.i", "ann"), name=f"L{n}", availability=hours, priority=1 + (seed * n) % 3)
        for n in range(4)
    ]
    it = problem(*made, people=(person("ann"),), weights=weights(unscheduled=1000 + seed, finish=1))
    best = solve(it, Limits(seconds=20)).cost
    asked = pricing(it)
    alone = 60
    asked.lose({name: asked.packing.out[name] - alone for name in asked.frames}, 1000 + seed - alone)
    assert best is not None
    assert 0.95 * best <= asked.climb(best, Budget(Limits(seconds=600), steps=200)) <= best


def rush(loops: int, **given: int) -> Problem:
    """So many candidates who all want an hour of one of two people, on one morning."""
    hours = ((at(0, 9), at(0, 12)),)
    made = [loop(session(f"{n}.i", "ann bob"), name=f"L{n}", availability=hours) for n in range(loops)]
    return problem(
        *made,
        people=(person("ann"), person("bob")),
        weights=weights(unscheduled=100_000, **given),
        calendars={"here": hours},
    )


def test_hours_that_everybody_wants_have_a_price() -> None:
    """Six candidates, two people, three hours: two end at 10, two at 11, two at 12."""
    it = rush(6, finish=1)
    proven = 2 * (60 + 120 + 180)
    alone = 6 * 60
    assert solve(it, Limits(seconds=20)).cost == proven
    assert alone < climbed(it, proven, 200) <= proven
    assert climbed(it, proven, 200) >= 0.98 * proven


def test_the_load_that_everybody_adds_to_has_a_price() -> None:
    """Six seats of two people: 3² + 3² where each loop alone counts 1."""
    it = rush(6, fair=10)
    assert 0.95 * 180 <= climbed(it, 180, 200) <= 180


def test_as_usual_every_loop_costs_what_it_costs_alone() -> None:
    it = make("superday", 5)
    asked = pricing(it)
    placer = Placer(asked.packing.judge, Usage(Timeline(it)), Budget(Limits(seconds=600)))
    alone = [placer.lowest(frame) for frame in asked.packing.frames.values()]
    value, _ = asked._look(Budget(Limits(seconds=600)))
    assert value == sum(least for least in alone if least is not None)


def test_a_moment_is_paid_by_every_event_that_covers_it_with_its_buffer() -> None:
    it = problem(loop(session("i", "ann")), people=(person("ann"),), buffer=15)
    priced = Priced(Timeline(it))
    usual = priced.usual()
    hours = usual.hours.copy()
    hours[0, 40] = 7  # 10:00 on the first day
    priced.ask(Prices(usual.load, hours, usual.rooms))
    event = next(iter(Placer(Judge(it), priced, Budget(Limits())).usage.timeline.problem.loops)).sessions[0]
    price = priced.person("ann", event.dur, pricing(it).packing.frames["L"].sessions[0].event, None)
    assert [int(price[step]) for step in (35, 36, 40, 41)] == [0, 7, 7, 0]


def test_a_superday_states_a_gap_that_means_something() -> None:
    """Alone, its loops bound it at less than a third of its price."""
    it = make("superday", 101)
    asked = pricing(it)
    value = asked.climb(47_470, Budget(Limits(seconds=600), steps=60))
    assert 0.9 * 47_470 <= value <= 47_470
