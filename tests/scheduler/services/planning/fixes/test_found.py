"""Fixes as data say the same as their sentences, keep their ids, and each is shown by a plan that keeps every other rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import solver
from scheduler.domain.fixes.fix import AVAILABILITY, Change, Exemption, Fix, How, fix_id
from scheduler.domain.loops import BookMode, Loop
from scheduler.domain.time import Span
from scheduler.services.asking import fixing
from scheduler.services.planning import plan as planning
from scheduler.services.planning.encode import encode
from scheduler.services.planning.fixes.found import hardest
from scheduler.services.planning.picture import gather
from tests.scheduler.kit import NOW, Kit, make
from tests.scheduler.services.asking.test_fixing import away, fixes
from tests.stories.kit import ask, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


CASES = {
    "a short window": lambda kit: ask(kit, "short", BookMode.PROPOSE, (("2026-03-11T09:00", "2026-03-11T10:00"),)),
    "a manager away": lambda kit: (away(kit, "hana", 11, 12), ask(kit, "short", BookMode.PROPOSE))[1],
    "seniors away": lambda kit: (away(kit, "anna", 11, 12), away(kit, "ben", 11, 12), ask(kit, "onsite", BookMode.PROPOSE))[2],
    "far ahead": lambda kit: ask(kit, "short", BookMode.PROPOSE, (("2026-04-13T09:00", "2026-04-13T17:00"),)),
}  # fmt: skip


@pytest.fixture(params=sorted(CASES))
def loop(kit: Kit, request: pytest.FixtureRequest) -> Loop:
    return CASES[request.param](kit)


def test_sentences_and_data_are_the_same_in_the_order_of_effort(kit: Kit, loop: Loop) -> None:
    found = fixes(kit, loop)
    assert tuple(fix.text for fix in found) == loop.fixes != ()
    assert [fix.effort for fix in found] == sorted(fix.effort for fix in found)
    assert all(fix.id == fix_id(fix.changes) for fix in found)


def test_their_ids_stay_when_it_is_planned_again(kit: Kit, loop: Loop) -> None:
    before = [fix.id for fix in fixes(kit, loop)]
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    assert [fix.id for fix in fixes(kit, loop)] == before


def _status(kit: Kit, loop: Loop, fix: Fix, granted: bool) -> solver.Status:
    """Of the loop, posed anew with what a fix changes, or without."""
    now = look(kit, loop.id)
    changes = fixing.fields(now, fix) if granted else {}
    picture = gather(kit.app, replace(now, **changes))
    exempt = (
        [Exemption(now.id, fix.id, c, "person:rolf", "other", "", NOW) for c in fix.changes]
        if granted
        else []
    )
    encoded = encode(replace(picture, exempt=tuple(exempt)))
    if isinstance(encoded, tuple):
        return solver.Status.INFEASIBLE
    return solver.solve(encoded.problem, solver.Limits(seconds=10)).status


def test_each_that_is_applied_at_once_makes_a_plan_possible(kit: Kit, loop: Loop) -> None:
    """Solved from scratch, beside the plan that it was read from."""
    for fix in fixes(kit, loop):
        assert fix.plan, fix.text
        if fix.how is How.APPLY or {c.kind for c in fix.changes} == {AVAILABILITY}:
            assert _status(kit, loop, fix, granted=False) is solver.Status.INFEASIBLE
            assert _status(kit, loop, fix, granted=True) in (solver.Status.OPTIMAL, solver.Status.FEASIBLE), (
                fix.text
            )


def test_nobodys_time_and_no_candidates_hours_are_taken_without_asking(kit: Kit, loop: Loop) -> None:
    for fix in fixes(kit, loop):
        kinds = {change.kind for change in fix.changes}
        if kinds & {"person", "holiday"}:
            assert fix.how in (How.ASK_PEOPLE, How.ASK_CANDIDATE, How.BY_HAND)
        if AVAILABILITY in kinds:
            assert fix.how in (How.ASK_CANDIDATE, How.BY_HAND)


def test_every_kind_of_the_solver_has_a_way() -> None:
    for kind in solver.Kind:
        assert hardest([kind.value]) in How
    assert hardest(["caps", "person", "availability"]) is How.ASK_CANDIDATE
    assert hardest(["caps", "rooms"]) is How.BY_HAND


_spans = st.integers(0, 5).map(lambda n: (Span(NOW.replace(hour=n), NOW.replace(hour=n + 1)),))
_changes = st.builds(
    Change,
    st.sampled_from(["caps", "person", "window"]),
    st.sampled_from([(), ("talk",), ("panel",)]),
    st.sampled_from([(), ("anna",), ("ben",)]),
    st.just(()) | _spans,
    st.sampled_from([None, "berlin"]),
    st.sampled_from([(), (("max_day", 2),), (("max_day", 3),)]),
)


@settings(max_examples=200)
@given(_changes, _changes)
def test_ids_are_the_same_for_the_same_changes_alone(one: Change, other: Change) -> None:
    assert (fix_id([one]) == fix_id([other])) == (one == other)
