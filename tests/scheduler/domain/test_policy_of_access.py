"""The policy's own promises, whatever the routes."""

from __future__ import annotations

import pytest

from scheduler.domain.access.policy import (
    OPEN,
    Action,
    Actor,
    Grant,
    Look,
    Reach,
    Role,
    Tie,
    can,
    everywhere,
    knows_needs,
    reach,
    sight,
)

CHANGES = (Action.REQUEST, Action.BOOK, Action.CONFIGURE, Action.ADMINISTER)


def actor(*grants: Grant, person: str = "hana", assists: tuple[str, ...] = ()) -> Actor:
    return Actor("person:x", grants=grants, person=person, assists=assists)


def test_nobody_may_what_is_closed_and_the_deployments_token_everything() -> None:
    for action in Action:
        assert can(Actor("api:nobody"), action) is (action in OPEN)
        assert can(Actor("api:token", trusted=True), action)
        assert everywhere(Actor("api:token", trusted=True), action)
    assert sight(Actor("api:nobody"), Action.READ) == ()


@pytest.mark.parametrize("role", Role)
def test_a_role_for_some_jobs_reaches_nothing_company_wide(role: Role) -> None:
    narrow = actor(Grant(role, jobs=("Designer",)), assists=("lena",))
    for action in (Action.CONFIGURE, Action.ADMINISTER, Action.AUDIT):
        assert not can(narrow, action)
    for action in (Action.READ, Action.REQUEST, Action.BOOK):
        assert not everywhere(narrow, action)
        assert can(narrow, action) is (reach(role, action) is not Reach.NONE)


def test_an_auditor_changes_nothing() -> None:
    assert not any(can(actor(Grant(Role.AUDITOR)), action) for action in CHANGES)


def test_the_widest_of_several_roles_counts() -> None:
    both = actor(Grant(Role.INTERVIEWER), Grant(Role.RECRUITER, jobs=("Designer",), sites=("porto",)))
    assert sight(both, Action.READ) == (
        Look(ties=frozenset({Tie.SITS}), people=("hana",)),
        Look(("Designer",), ("porto",)),
    )
    assert sight(both, Action.BOOK) == (Look(("Designer",), ("porto",)),)
    assert sight(actor(Grant(Role.INTERVIEWER), Grant(Role.AUDITOR)), Action.READ) is None


def test_who_is_nobody_in_the_company_has_nothing_of_their_own() -> None:
    assert sight(actor(Grant(Role.HIRING_MANAGER), person=""), Action.READ) == ()
    assert sight(actor(Grant(Role.ASSISTANT)), Action.READ) == ()


@pytest.mark.parametrize("role", Role)
def test_what_a_candidate_needs_is_for_recruiter_and_coordinator_alone(role: Role) -> None:
    one = actor(Grant(role))
    cares = role in (Role.RECRUITER, Role.COORDINATOR)
    assert knows_needs(one, "hana", None) is cares
    assert knows_needs(one, "rolf", "hana") is cares
    assert not knows_needs(one, "rolf", None)
    assert not knows_needs(actor(Grant(role), person=""), "", "")
