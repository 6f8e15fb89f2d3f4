"""What one part of the solver lets another set: steps of a budget, a timeline's base, the days of a relaxation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.solver.families import make
from solver.bounds.rows import Bounds
from solver.ground.best import IMPOSSIBLE, Best
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Event, Timeline
from solver.ground.usage import Usage
from solver.one.attempts import Attempts
from solver.one.placer import Placer
from solver.problem.plan import Limits, Status
from solver.rules.check import Judge
from tests.solver.build import at, busy, loop, person, problem, session, weights


def test_steps_end_a_budget_and_tell_of_no_limit() -> None:
    part = Budget(Limits(seconds=60)).part(steps=2)
    assert [part.over() for _ in range(4)] == [False, False, True, True]
    assert (part.ended, part.cut) == (None, False)
    assert not any(Budget(Limits(seconds=60)).over() for _ in range(9))


def test_a_part_has_its_own_limits_and_the_same_stop() -> None:
    whole = Budget(Limits(seconds=60, deterministic=5.0, seed=3), stop=lambda: True)
    part = whole.part(seconds=2, work=0.5)
    assert part.limits == Limits(seconds=2, deterministic=0.5, seed=3)
    assert part.late() and part.ended == "stop" and whole.ended is None


def soft(price: int, buffer: int = 0) -> Timeline:
    ann = person("ann", busy=(busy(at(0, 9), at(0, 10), "tentative"),))
    return Timeline(
        problem(loop(session("s", "ann bob")), people=[ann], weights=weights(tentative=price), buffer=buffer)
    )


def test_a_timeline_asks_its_base_about_those_who_are_the_same() -> None:
    base = soft(7)
    bob = person("bob", busy=(busy(at(0, 11), at(0, 12)),))
    changed = replace(base.problem, people=tuple(bob if p.id == "bob" else p for p in base.problem.people))
    with_base, alone = Timeline(changed, base=base), Timeline(changed)
    for who in ("ann", "bob"):
        assert np.array_equal(
            with_base.person(who, 60, Event.INTERVIEW), alone.person(who, 60, Event.INTERVIEW)
        )
    assert with_base.person("ann", 60, Event.INTERVIEW) is base.person("ann", 60, Event.INTERVIEW)


@pytest.mark.parametrize("changed", [{"weights": weights(tentative=9)}, {"buffer": 30}])
def test_a_base_whose_answers_would_differ_is_not_asked(changed: dict[str, object]) -> None:
    base = soft(7)
    other = replace(base.problem, **changed)  # type: ignore[arg-type]
    with_base, alone = Timeline(other, base=base), Timeline(other)
    found = with_base.person("ann", 60, Event.INTERVIEW)
    assert np.array_equal(found, alone.person("ann", 60, Event.INTERVIEW))
    assert found is not base.person("ann", 60, Event.INTERVIEW)


def test_a_relaxation_keeps_to_the_days_it_is_given() -> None:
    it = make("S", 0)
    timeline = Timeline(it)
    bounds = Bounds(Frame(timeline, it.loops[0]), Usage(timeline))
    every = bounds.rows()
    days = sorted({int(bounds.arrays.days[row[0]]) for _, row in every})
    assert len(days) > 1
    bounds.only = frozenset(days[:1])
    assert bounds.rows() == [
        (value, row) for value, row in every if int(bounds.arrays.days[row[0]]) == days[0]
    ]


@pytest.mark.parametrize(("twice", "looks"), [(True, [True, False]), (False, [True])])
def test_an_infeasible_row_is_asked_twice_unless_told_otherwise(
    twice: bool, looks: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def exact(*_: object, presolve: bool = True, **__: object) -> Best:
        asked.append(presolve)
        return IMPOSSIBLE

    monkeypatch.setattr(Attempts, "exact", exact)
    monkeypatch.setattr(Attempts, "staffed", lambda *_: None)
    it = problem(loop(session("s", "ann"), days=((0, at(1, 0)),)))
    timeline = Timeline(it)
    placer = Placer(Judge(it), Usage(timeline), Budget(Limits(seconds=60)), twice=twice)
    assert placer.place(Frame(timeline, it.loops[0])).status is Status.INFEASIBLE
    assert sorted(set(asked), reverse=True) == looks
