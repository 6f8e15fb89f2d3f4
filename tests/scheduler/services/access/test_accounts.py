"""Accounts and tokens: what is kept of them, and when they open nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.access.accounts import User
from scheduler.domain.access.policy import Grant, Role
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.access import accounts
from scheduler.services.access.accounts import TokenWanted
from tests.scheduler.kit import NOW, Kit, make

ROLF = User("rolf", "Rolf", "rolf@example.com", "rolf", (Grant(Role.RECRUITER),), (), True, NOW)
EXPORT = TokenWanted("export", 30, (Grant(Role.AUDITOR),))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def put(kit: Kit, user: User) -> User:
    with kit.app.db.write() as tx:
        return accounts.put_user(kit.app, tx, user, "test")


def add(kit: Kit, wanted: TokenWanted) -> tuple[str, str]:
    with kit.app.db.write() as tx:
        made, secret = accounts.add_token(kit.app, tx, wanted, "test")
    return made.id, secret


def test_a_token_ends_and_its_secret_is_kept_nowhere(kit: Kit) -> None:
    id, secret = add(kit, EXPORT)
    actor = accounts.asking(kit.app, secret)
    assert actor is not None and (actor.name, actor.trusted) == (f"token:{id}", False)
    assert accounts.asking(kit.app, secret[:-1]) is None
    assert accounts.asking(kit.app, secret + "\udcff") is None
    with kit.app.db.read() as tx:
        (kept,) = tx.accounts.tokens()
        facts = tx.facts.list()
    assert secret not in repr(kept) + str(facts) and kept.digest not in repr(kept)
    kit.clock.forward(days=29, hours=23)
    assert accounts.asking(kit.app, secret) is not None
    kit.clock.forward(hours=1)
    assert accounts.asking(kit.app, secret) is None


def test_the_last_use_is_kept_to_a_minute(kit: Kit) -> None:
    _, secret = add(kit, EXPORT)

    def used() -> Any:
        with kit.app.db.read() as tx:
            return tx.accounts.tokens()[0].used_at

    assert used() is None
    for seconds, seen in ((0, 0), (59, 0), (1, 60)):
        kit.clock.forward(seconds=seconds)
        accounts.asking(kit.app, secret)
        assert used() == NOW + timedelta(seconds=seen)


def test_a_revoked_token_opens_nothing_and_is_revoked_once(kit: Kit) -> None:
    id, secret = add(kit, EXPORT)
    with kit.app.db.write() as tx:
        accounts.revoke_token(kit.app, tx, id, "test")
    assert accounts.asking(kit.app, secret) is None
    with kit.app.db.write() as tx, pytest.raises(Missing):
        accounts.revoke_token(kit.app, tx, id, "test")
    with kit.app.db.read() as tx:
        assert [f.what for f in tx.facts.of(f"token:{id}")] == ["token_added", "token_revoked"]


def test_a_persons_token_may_what_they_may_at_that_moment(kit: Kit) -> None:
    put(kit, ROLF)
    _, secret = add(kit, TokenWanted("scripts", 30, user="rolf"))
    actor = accounts.asking(kit.app, secret)
    assert actor is not None and (actor.name, actor.grants) == ("person:rolf", ROLF.grants)
    put(kit, replace(ROLF, grants=(Grant(Role.AUDITOR),)))
    changed = accounts.asking(kit.app, secret)
    assert changed is not None and changed.grants == (Grant(Role.AUDITOR),)
    put(kit, replace(ROLF, active=False))
    assert accounts.asking(kit.app, secret) is None


def test_an_account_that_is_put_again_as_it_is_is_no_change(kit: Kit) -> None:
    put(kit, ROLF)
    kit.clock.forward(days=1)
    assert put(kit, ROLF).created_at == NOW
    with kit.app.db.read() as tx:
        assert [f.what for f in tx.facts.of("user:rolf")] == ["user_added"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"person": "nobody"}, "person"),
        ({"assists": ("hana", "nobody")}, "assists"),
        ({"grants": (Grant(Role.ASSISTANT),)}, "assists"),
        ({"grants": (Grant(Role.INTERVIEWER),), "person": ""}, "person"),
        ({"grants": (Grant(Role.AUTOMATION),)}, "roles"),
    ],
)
def test_what_fits_nobody_is_refused(kit: Kit, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        put(kit, replace(ROLF, **change))
    assert refused.value.field == field and refused.value.fix


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TokenWanted("x", 30), "roles"),
        (TokenWanted("x", 30, (Grant(Role.AUDITOR),), "rolf"), "roles"),
        (TokenWanted("x", 30, user="nobody"), "user"),
        (TokenWanted("x", 30, (Grant(Role.INTERVIEWER),)), "roles"),
        (TokenWanted("x", 0, (Grant(Role.AUDITOR),)), "days"),
        (TokenWanted("x", 367, (Grant(Role.AUDITOR),)), "days"),
    ],
)
def test_a_token_for_nothing_is_refused(kit: Kit, wanted: TokenWanted, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        add(kit, wanted)
    assert refused.value.field == field and refused.value.fix
