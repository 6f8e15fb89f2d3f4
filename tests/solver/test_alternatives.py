"""alternatives(): plans that a person would tell apart, best first."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from solver.ground.wishes import apart, days, interviewers
from solver.problem.plan import Limits, LoopPlan, Plan, Result, Status
from solver.problem.values import Problem
from solver.questions.alternatives import alternatives
from solver.questions.solve import solve
from solver.rules.check import Judge, faults
from tests.solver.build import at, debrief, hours, loop, problem, seat, session, weights
from tests.solver.tiny import every_loop_plan, tiny

SHORT = Limits(seconds=30.0)


def week(**given: object) -> Problem:
    return problem(
        loop(
            session("s", seat("ann bob", rank={"bob": 1})),
            session("t", "cy"),
            max_days=1,
            availability=hours(9, 12),
            debrief=debrief("dee"),
            **given,
        ),
        weights=weights(finish=1, idle=4, rank=75, unscheduled=100_000),
    )


def the(it: Problem, result: Result) -> LoopPlan:
    """The plan of a single loop."""
    got = result.plan.loops[it.loops[0].id]
    assert got is not None
    return got


def test_first_is_the_proven_best_and_the_rest_get_dearer() -> None:
    found = alternatives(week(), 4, SHORT)
    best = solve(week(), SHORT)
    assert (found[0].status, found[0].cost) == (best.status, best.cost) == (Status.OPTIMAL, best.cost)
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    assert all(faults(week(), one) == () for one in found)


def test_other_days_come_before_other_times_and_people() -> None:
    it = week()
    found = alternatives(it, 3, SHORT)
    used = [{start // 1440 for start, _ in days(it.loops[0], the(it, one))} for one in found]
    assert used == [{0}, {1}, {2}]


def test_other_times_and_people_fill_up_when_there_is_no_other_day() -> None:
    it = week(days=((0, at(1, 0)),))
    found = alternatives(it, 9, SHORT)
    first, *others = (the(it, one) for one in found)
    assert all(days(it.loops[0], one) == days(it.loops[0], first) for one in others)
    assert any(interviewers(it.loops[0], one) != interviewers(it.loops[0], first) for one in others)
    assert any(interviewers(it.loops[0], one) == interviewers(it.loops[0], first) for one in others)


def test_a_loop_of_several_days_is_offered_other_days_and_other_times() -> None:
    two = loop(
        session("s", "ann"), session("t", "bob"), different_day=(("s", "t"),), availability=hours(9, 12)
    )
    it = problem(two, weights=weights(finish=1, extra_day=60, unscheduled=100_000))
    found = [the(it, one) for one in alternatives(it, 5, SHORT)]
    used = [days(two, one) for one in found]
    assert len(found) == 5 and 2 < len(set(used)) < 5
    assert all(apart(two, one, other) for one, other in combinations(found, 2))


def test_infeasible_has_no_alternatives() -> None:
    it = problem(loop(session("s", "ann", dur=700)), weights=weights(unscheduled=10))
    assert [one.status for one in alternatives(it, 3, SHORT)] == [Status.INFEASIBLE]


@pytest.mark.parametrize("seed", range(0, 90, 3))
def test_on_random_problems_all_differ_and_none_is_missed(seed: int) -> None:
    """Fewer than asked for only where every other plan is hardly another one; the first is the best of all."""
    it = tiny(seed)
    it = replace(it, weights=replace(it.weights, unscheduled=100_000))
    judge = Judge(it)
    (one,) = it.loops
    every = [got for got in every_loop_plan(it, judge, one) if not judge.violations(Plan({one.id: got}))]
    found = alternatives(it, 3, SHORT)
    assert all(faults(it, result) == () for result in found)
    if not every:
        assert [result.status for result in found] == [Status.INFEASIBLE]
        return
    plans = [the(it, result) for result in found]
    assert all(apart(one, here, there) for here, there in combinations(plans, 2))
    assert [result.cost for result in found] == sorted(result.cost for result in found)
    assert found[0].cost == min(judge.cost(Plan({one.id: got})) for got in every)
    further = [got for got in every if all(apart(one, got, plan) for plan in plans)]
    assert len(found) == 3 or not further


def test_with_several_loops_each_further_plan_changes_one() -> None:
    one = week().loops[0]
    other = loop(session("u", "eve"), name="M", availability=hours(9, 12), max_days=1)
    it = problem(one, other, weights=week().weights)
    found = alternatives(it, 3, SHORT)
    assert len(found) == 3
    for later in found[1:]:
        changed = [name for name in ("L", "M") if later.plan.loops[name] != found[0].plan.loops[name]]
        assert len(changed) == 1
        assert faults(it, later) == ()
