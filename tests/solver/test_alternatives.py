"""alternatives(): plans that a person would tell apart, best first."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from solver.alternatives import alternatives, halves, interviewers, joined
from solver.check import Judge, faults
from solver.plan import Limits, Plan, Result, Status
from solver.problem import Problem
from solver.solve import solve
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


def look(it: Problem, result: Result) -> tuple[object, object]:
    """What a person notices of a single loop's plan."""
    got = result.plan.loops[it.loops[0].id]
    assert got is not None
    return halves(it.loops[0], got), interviewers(it.loops[0], got)


def test_first_is_the_proven_best_and_the_rest_get_dearer() -> None:
    found = alternatives(week(), 4, SHORT)
    best = solve(week(), SHORT)
    assert (found[0].status, found[0].cost) == (best.status, best.cost) == (Status.OPTIMAL, best.cost)
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    assert all(faults(week(), one) == () for one in found)


def test_other_half_days_come_before_other_people() -> None:
    found = alternatives(week(), 3, SHORT)
    days = [{start // 1440 for start, _ in look(week(), one)[0]} for one in found]
    assert days == [{0}, {1}, {2}]


def test_other_people_fill_up_when_there_is_no_other_half_day() -> None:
    it = week(days=((0, at(1, 0)),))
    found = alternatives(it, 3, SHORT)
    assert len(found) == 2
    assert look(it, found[0])[0] == look(it, found[1])[0]
    assert look(it, found[0])[1] != look(it, found[1])[1]


def test_infeasible_has_no_alternatives() -> None:
    it = problem(loop(session("s", "ann", dur=700)), weights=weights(unscheduled=10))
    assert [one.status for one in alternatives(it, 3, SHORT)] == [Status.INFEASIBLE]


@pytest.mark.parametrize("seed", range(0, 90, 3))
def test_on_random_problems_all_differ_and_none_is_missed(seed: int) -> None:
    """As many as there are looks among all plans, up to k; and the second is the best with another look."""
    it = tiny(seed)
    it = replace(it, weights=replace(it.weights, unscheduled=100_000))
    judge = Judge(it)
    name = it.loops[0].id
    looks: dict[object, int] = {}
    for got in every_loop_plan(it, judge, it.loops[0]):
        plan = Plan({name: got})
        if not judge.violations(plan):
            seen = halves(it.loops[0], got), interviewers(it.loops[0], got)
            looks[seen] = min(judge.cost(plan), looks.get(seen, 10**9))
    found = alternatives(it, 3, SHORT)
    assert all(faults(it, one) == () for one in found)
    if not looks:
        assert [one.status for one in found] == [Status.INFEASIBLE]
        return
    seen_looks = [look(it, one) for one in found]
    assert all(a != b for a, b in combinations(seen_looks, 2))
    assert found[0].cost == min(looks.values())
    assert all(one.cost == looks[seen] for one, seen in zip(found[:1], seen_looks[:1], strict=True))
    people = {seen[1] for seen in looks}  # type: ignore[index]
    assert len(found) >= min(3, len(people))


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


def test_half_days_meet_at_noon_and_join_again() -> None:
    one = week().loops[0]
    morning, afternoon = (0, 720), (720, 1440)
    assert joined(one, (morning, afternoon)) == ((0, 1440),)
    assert joined(one, (afternoon,)) == (afternoon,)
