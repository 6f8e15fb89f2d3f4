"""Impossible loops with a known cause: the cause is named, and every fix is tried from scratch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from benchmarks.solver.families import make
from benchmarks.solver.plant import KINDS, Planted, plant
from solver.problem.plan import Limits, Status
from solver.problem.values import Problem
from solver.questions.explain import Fix, LoopExplanation, explain
from solver.questions.solve import solve
from solver.why.amend import amended
from solver.why.gaps import AvailabilityGap

SEEDS = range(8)
LIMITS = Limits(seconds=60)


def explained(planted: Planted) -> LoopExplanation:
    found = explain(planted.problem, LIMITS)
    assert not found.cut
    return found.loops["c0"]


def named(fix: Fix) -> set[tuple[str, str]]:
    """What a fix changes, in the words in which causes are planted."""
    return {
        (change.kind.value, whose)
        for change in fix.changes
        for whose in (*change.sessions, *change.people, change.loop, change.site or "")
    }


def fits(problem: Problem) -> bool:
    return solve(problem, LIMITS).plan.loops.get("c0") is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_every_base_can_be_placed_so_the_planted_cause_is_the_cause(seed: int) -> None:
    assert fits(make("XS", seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_planted_cause_is_named_and_every_fix_works(kind: str, seed: int) -> None:
    planted = plant(kind, "XS", seed)
    assert solve(planted.problem, LIMITS).status is Status.INFEASIBLE
    told = explained(planted)
    assert not told.alone and told.gaps and told.fixes
    assert any(named(fix) & planted.causes for fix in told.fixes)
    for fix in told.fixes:
        assert fits(amended(planted.problem, fix.changes)), fix.sentence(str)
        assert len(fix.changes) > 1 or not planted.pair
    assert [fix.effort for fix in told.fixes] == sorted(fix.effort for fix in told.fixes)
    for gap in told.gaps:
        assert_true(planted.problem, gap)


def assert_true(problem: Problem, gap: AvailabilityGap) -> None:
    """A gap of one session holds for a loop of this session alone, whatever the rest does."""
    if gap.session is None:
        return
    (loop,) = problem.loops
    (session,) = (one for one in loop.sessions if one.id == gap.session)
    lonely = replace(session, after=(), same_people_as=None)
    only = replace(
        loop, sessions=(lonely,), debrief=None, gaps=(), same_day=(), different_day=(), longest_run=None
    )
    assert not fits(replace(problem, loops=(only,)))


FAMILIES = ("S", "multiday", "five", "fine", "dst")


@cache
def placeable(family: str) -> int:
    """The first seed of a family whose first loop can be placed."""
    return next(seed for seed in range(4, 99) if fits(plant("hm_away", family, seed).base))


@pytest.mark.parametrize("number", range(0, len(KINDS), 2))
def test_causes_are_named_in_every_family(number: int) -> None:
    """Every other kind once, each in the next family: fine grids, several days, a change of clocks."""
    kind, family = list(KINDS)[number], FAMILIES[number // 2 % len(FAMILIES)]
    planted = plant(kind, family, placeable(family))
    told = explained(planted)
    assert not told.alone and told.gaps and told.fixes
    assert any(named(fix) & planted.causes for fix in told.fixes)
    for fix in told.fixes[:3]:
        assert fits(amended(planted.problem, fix.changes)), fix.sentence(str)


@pytest.mark.parametrize("seed", SEEDS[:3])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("pair")])
def test_where_two_things_are_broken_no_single_change_is_offered(kind: str, seed: int) -> None:
    planted = plant(kind, "XS", seed)
    for fix in explained(planted).fixes:
        for change in fix.changes:
            assert not fits(amended(planted.problem, [change]))
