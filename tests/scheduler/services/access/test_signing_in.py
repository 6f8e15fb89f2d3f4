"""Links that sign an account in: once, for a while, for who may anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput, Missing
from scheduler.services.access import accounts, sessions, signing_in
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.access.test_accounts import ROLF, put
from tests.scheduler.services.access.test_sessions import KEEPING


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    put(made, ROLF)
    return made


def invite(kit: Kit, user: str = "rolf") -> str:
    with kit.app.db.write() as tx:
        return signing_in.invite(kit.app, tx, user, "test")


def redeem(kit: Kit, secret: str) -> str | None:
    with kit.app.db.write() as tx:
        found = signing_in.redeem(kit.app, tx, secret)
    return found[1].name if found else None


def test_a_link_works_once_and_its_secret_is_kept_nowhere(kit: Kit) -> None:
    first, second = invite(kit), invite(kit)
    with kit.app.db.read() as tx:
        link = tx.connection.exec_driver_sql("SELECT * FROM lw_sign_ins").all()
        told = str(link) + str(tx.facts.list())
    assert first not in told and second not in told and "sign_in_link_made" in told
    assert signing_in.known(kit.app, first) and not signing_in.known(kit.app, first[:-1])
    assert redeem(kit, first) == "person:rolf" and redeem(kit, first) is None
    for wrong in ("", second[:-1], accounts.digest_of(second)):
        assert redeem(kit, wrong) is None
    assert redeem(kit, second) == "person:rolf"


def test_a_link_runs_out_and_is_forgotten(kit: Kit) -> None:
    late, old = invite(kit), invite(kit)
    kit.clock.forward(minutes=59)
    assert redeem(kit, late) == "person:rolf"
    kit.clock.forward(minutes=1)
    assert redeem(kit, old) is None
    invite(kit)
    kit.clock.forward(hours=1)
    last = invite(kit)
    with kit.app.db.read() as tx:
        assert len(tx.connection.exec_driver_sql("SELECT * FROM lw_sign_ins").all()) == 1
    assert redeem(kit, last) is not None


def test_nobody_is_let_in_who_may_nothing(kit: Kit) -> None:
    with pytest.raises(Missing):
        invite(kit, "nobody")
    put(kit, replace(ROLF, id="none", grants=()))
    with pytest.raises(BadInput, match="has no role"):
        invite(kit, "none")
    link = invite(kit)
    put(kit, replace(ROLF, active=False))
    with pytest.raises(BadInput, match="not active"):
        invite(kit)
    assert redeem(kit, link) is None
    put(kit, ROLF)
    assert redeem(kit, link) is None, "nor when they are active again"


def test_who_is_not_active_any_more_is_out_of_every_browser(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        secret = sessions.begin(kit.app, tx, KEEPING, "rolf", "Firefox", "test")
    session = sessions.found(kit.app, KEEPING, secret)
    assert session is not None and signing_in.asking(kit.app, session) == ROLF.actor()
    put(kit, replace(ROLF, grants=()))
    assert (told := signing_in.asking(kit.app, session)) is not None and not told.known, "the roles of now"
    put(kit, replace(ROLF, active=False))
    assert signing_in.asking(kit.app, session) is None
    assert sessions.found(kit.app, KEEPING, secret) is None
