"""Sessions that want the same people: who sits in several of them comes to the debrief once, and pays once.

Such problems, with people who are tentative at the debrief's hours, are compared with the best of all plans.
"""

from __future__ import annotations

from random import Random

import pytest

from solver import Limits, solve
from solver.bounds.rows import Bounds
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.problem.plan import Status
from solver.problem.values import Person, Problem, Seat
from tests.solver.build import at, busy, debrief, loop, person, problem, seat, session, weights
from tests.solver.tiny import best_cost

PEOPLE = ("ann", "bob", "cy")


def linked(seed: int) -> Problem:
    random = Random(seed)
    sessions = [session("a", _seat(random)), session("b", _seat(random), same_people_as="a")]
    if random.random() < 0.4:
        sessions.append(session("c", _seat(random)))
    return problem(
        loop(
            *sessions,
            availability=((at(0, 9), at(0, 12)),),
            days=((at(0, 0), at(1, 0)), (at(1, 0), at(2, 0))),
            max_days=random.choice((1, 2)),
            debrief=debrief(),
        ),
        people=[_person(random, name) for name in PEOPLE],
        grid=60,
        calendars={"here": ((at(0, 9), at(0, 15)),)},
        weights=weights(
            unscheduled=100_000,
            tentative=random.choice((30, 70)),
            focus=20,
            finish=random.choice((0, 1)),
            rank=random.choice((10, 40)),
        ),
    )


def _seat(random: Random) -> Seat:
    return seat(" ".join(PEOPLE), rank={name: random.choice((0, 1, 2, 3)) for name in PEOPLE})


def _person(random: Random, name: str) -> Person:
    hours = [hour for hour in range(9, 15) if random.random() < 0.5]
    blocks = (busy(at(0, hour), at(0, hour + 1), random.choice(("tentative", "focus"))) for hour in hours)
    return person(name, busy=tuple(blocks))


def test_the_bound_counts_the_debrief_of_who_sits_in_both_once() -> None:
    it = problem(
        loop(
            session("a", "ann"),
            session("b", "ann", same_people_as="a", after=("a",)),
            availability=((at(0, 9), at(0, 11)),),
            debrief=debrief(),
        ),
        people=(person("ann", busy=(busy(at(0, 11), at(0, 18), "tentative"),)),),
        weights=weights(unscheduled=10_000, tentative=100, finish=1),
    )
    timeline = Timeline(it)
    result = solve(it, Limits(seconds=10))
    assert result.cost == 100 + 150
    assert Bounds(Frame(timeline, it.loops[0]), Usage(timeline)).lowest() <= 250


@pytest.mark.parametrize("seed", (30, 80, 92, 120, 168, *range(20)))
def test_no_plan_is_cheaper_than_the_proven_one(seed: int) -> None:
    it = linked(seed)
    best, _ = best_cost(it)
    result = solve(it, Limits(seconds=30))
    assert (result.status, result.cost, result.bound) == (Status.OPTIMAL, best, best)
