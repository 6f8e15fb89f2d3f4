"""The legal plan nearest to a drawn one, against all plans of problems small enough to try them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from solver.problem.plan import LoopPlan, Plan, Status
from solver.problem.values import Lock, Problem
from solver.questions.nearest import Nearest, kept, nearest
from solver.rules.check import Judge
from tests.solver.tiny import GRID, every_loop_plan, tiny


def drawn(it: Problem, random: Random) -> LoopPlan | None:
    """A legal plan with one session moved or staffed otherwise by hand, and pinned there."""
    judge, one = Judge(it), it.loops[0]
    legal = [p for p in every_loop_plan(it, judge, one) if not judge.violations(Plan({one.id: p}))]
    if not legal:
        return None
    plan = random.choice(legal)
    sid = random.choice([s.id for s in one.sessions])
    got, other = plan.sessions[sid], random.choice(legal).sessions[sid]
    change = random.choice(
        ({"start": got.start + GRID}, {"start": got.start - GRID}, {"people": other.people})
    )
    return LoopPlan({**plan.sessions, sid: replace(got, **change)}, plan.debrief)  # type: ignore[arg-type]


def pinned(it: Problem, plan: LoopPlan, random: Random) -> Problem:
    """The problem with a session of a drawn plan pinned to its time."""
    one = it.loops[0]
    chosen = random.choice(one.sessions)
    start = plan.sessions[chosen.id].start
    if start < 0 or chosen.lock is not None:
        return it
    sessions = tuple(replace(s, lock=Lock(start)) if s is chosen else s for s in one.sessions)
    return replace(it, loops=(replace(one, sessions=sessions),))


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_nearest_of_all_plans(seed: int) -> None:
    random, it = Random(seed), tiny(seed)
    plan = drawn(it, random)
    if plan is None:
        return
    it = pinned(it, plan, random)
    one, judge = it.loops[0], Judge(it)
    found = nearest(it, plan)
    broken = judge.violations(Plan({one.id: plan}))
    assert found.broken == broken
    if not broken:
        assert (found.plan, found.status) == (plan, Status.OPTIMAL)
        return
    steady = kept(it, plan)
    weigh = Judge(steady)
    costs = [
        weigh.cost(whole)
        for p in every_loop_plan(steady, weigh, steady.loops[0])
        if not weigh.violations(whole := Plan({one.id: p}))
    ]
    if not costs:
        assert (found.plan, found.status) == (None, Status.INFEASIBLE)
        return
    check(judge, one.id, found)
    assert found.plan is not None
    assert weigh.cost(Plan({one.id: found.plan})) == min(costs)


def check(judge: Judge, loop: str, found: Nearest) -> None:
    """What is answered is legal and costs what it says."""
    assert found.plan is not None and found.status is Status.OPTIMAL
    assert judge.violations(Plan({loop: found.plan})) == ()
    assert found.price == judge.price(Plan({loop: found.plan}))


def test_drawn_plans_are_of_every_kind() -> None:
    """The cases above hold what they should: plans that stand, that have to give way, and that cannot be."""
    kinds = set()
    for seed in range(60):
        random, it = Random(seed), tiny(seed)
        plan = drawn(it, random)
        if plan is not None:
            found = nearest(pinned(it, plan, random), plan)
            kinds.add((found.status, bool(found.broken)))
    assert kinds == {(Status.OPTIMAL, False), (Status.OPTIMAL, True), (Status.INFEASIBLE, True)}


def test_a_session_that_the_drawn_plan_lacks_is_placed() -> None:
    for seed in range(40):
        it = tiny(seed)
        judge, one = Judge(it), it.loops[0]
        legal = [p for p in every_loop_plan(it, judge, one) if not judge.violations(Plan({one.id: p}))]
        if legal:
            first = one.sessions[0].id
            lacks = LoopPlan({first: legal[0].sessions[first]}, legal[0].debrief)
            found = nearest(it, lacks)
            assert [v.rule for v in found.broken] == ["known"] or len(found.broken) > 1
            check(judge, one.id, found)
            return
    raise AssertionError("no problem had a plan")
