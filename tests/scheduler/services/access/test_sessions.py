"""Browsers that are signed in: what is kept of them, and when they are shut out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.access.policy import Actor, Grant, Role
from scheduler.domain.errors import Missing
from scheduler.services.access import accounts, sessions
from scheduler.services.access.sessions import Keeping
from tests.scheduler.kit import Kit, make

KEEPING = Keeping(b"k" * 32, timedelta(hours=24), timedelta(hours=2))


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def begin(kit: Kit, user: str = "", browser: str = "Firefox/140") -> str:
    with kit.app.db.write() as tx:
        return sessions.begin(kit.app, tx, KEEPING, user, browser, "test")


def kept(kit: Kit, user: str | None = None) -> list[Any]:
    with kit.app.db.read() as tx:
        return sessions.live(kit.app, tx, KEEPING, user)


def test_what_is_kept_opens_nothing(kit: Kit) -> None:
    secret = begin(kit, "rolf", "Fire\x00fox\n" + "x" * 900)
    (session,) = kept(kit)
    with kit.app.db.read() as tx:
        told = repr(session) + str(tx.facts.list())
    assert secret not in told + session.digest and session.digest not in told
    assert session.browser.startswith("Firefox") and len(session.browser) == 200
    assert sessions.found(kit.app, KEEPING, secret) == session
    for wrong in (session.digest, session.id, secret[:-1], "", "\udcff", "x" * 10_000):
        assert sessions.found(kit.app, KEEPING, wrong) is None
    other = Keeping(b"o" * 32, KEEPING.whole, KEEPING.idle)
    assert sessions.found(kit.app, other, secret) is None, "another secret of the deployment"


def test_it_ends_when_it_is_not_used_and_however_busy_it_is(kit: Kit) -> None:
    idle, busy = begin(kit), begin(kit)
    for _ in range(23):
        kit.clock.forward(hours=1)
        assert sessions.found(kit.app, KEEPING, busy) is not None
    assert sessions.found(kit.app, KEEPING, idle) is None
    kit.clock.forward(minutes=59)
    assert sessions.found(kit.app, KEEPING, busy) is not None
    kit.clock.forward(minutes=1)
    assert sessions.found(kit.app, KEEPING, busy) is None
    assert kept(kit) == []
    begin(kit)
    with kit.app.db.read() as tx:
        assert len(tx.sessions.list()) == 1, "what has ended is forgotten"


def test_the_last_use_is_kept_to_a_minute(kit: Kit) -> None:
    secret = begin(kit)
    was = kept(kit)[0].used_at
    kit.clock.forward(seconds=59)
    sessions.found(kit.app, KEEPING, secret)
    assert kept(kit)[0].used_at == was
    kit.clock.forward(seconds=1)
    sessions.found(kit.app, KEEPING, secret)
    assert kept(kit)[0].used_at - was == timedelta(minutes=1)


def test_who_asks_beside_a_long_writer_waits_for_nothing(kit: Kit) -> None:
    """The note of the last use is left out; the session and the token count all the same."""
    secret = begin(kit)
    wanted = accounts.TokenWanted("nightly", 30, (Grant(Role.AUDITOR),))
    with kit.app.db.write() as tx:
        _, token = accounts.add_token(kit.app, tx, wanted, "test")
    kit.clock.forward(minutes=5)
    with ThreadPoolExecutor(1) as pool, kit.app.db.write():
        assert pool.submit(sessions.found, kit.app, KEEPING, secret).result(timeout=20) is not None
        assert pool.submit(accounts.asking, kit.app, token).result(timeout=20) is not None
    with kit.app.db.read() as tx:
        assert [t.used_at for t in tx.accounts.tokens()] == [None]
    assert (
        accounts.asking(kit.app, token) is not None and sessions.found(kit.app, KEEPING, secret) is not None
    )
    with kit.app.db.read() as tx:
        assert [t.used_at for t in tx.accounts.tokens()] == [kit.clock()]
    assert kept(kit)[0].used_at == kit.clock()


def test_an_ended_one_opens_nothing_and_nobody_ends_anothers(kit: Kit) -> None:
    mine, theirs = begin(kit, "rolf"), begin(kit, "hana")
    (his,), (hers,) = kept(kit, "rolf"), kept(kit, "hana")
    with pytest.raises(Missing), kit.app.db.write() as tx:
        sessions.end(kit.app, tx, hers.id, "rolf", "rolf")
    assert sessions.found(kit.app, KEEPING, theirs) is not None
    with kit.app.db.write() as tx:
        sessions.end(kit.app, tx, his.id, "rolf", "rolf")
    assert sessions.found(kit.app, KEEPING, mine) is None
    with pytest.raises(Missing), kit.app.db.write() as tx:
        sessions.end(kit.app, tx, his.id, "rolf")
    with kit.app.db.read() as tx:
        assert [f.what for f in tx.facts.of(f"session:{his.id}")] == ["signed_in", "signed_out"]


def test_whose_they_are() -> None:
    assert sessions.owner(Actor("api:token", trusted=True)) == ""
    assert sessions.owner(Actor("person:rolf", account="user:rolf")) == "rolf"
    assert sessions.owner(Actor("token:tk_1", account="token:tk_1")) is None
