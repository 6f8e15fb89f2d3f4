"""Each kind of data goes once it is older than the policy says, and not a day before."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import mail
from scheduler.domain.loops import LoopState
from scheduler.domain.privacy.erasure import ErasureState
from scheduler.services.booking import reconcile
from scheduler.services.privacy import erasing, keeping
from scheduler.services.privacy.keeping import Policy
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = make(tmp_path)
    ageing = {"mails": lambda before: mail.forget_old(tmp_path / "outbox", before)}
    return replace(kit, app=replace(kit.app, ageing=ageing))


def test_a_candidate_is_erased_when_the_last_loop_has_been_over_for_long(kit: Kit) -> None:
    first = ask(kit, "short")
    kit.clock.forward(days=30)
    reconcile.sweep(kit.app)
    over = look(kit, first.id).updated_at
    kit.clock.now = over + timedelta(days=100)
    assert keeping.keep(kit.app, Policy(100, 0, 0)).counts["candidates"] == 0
    assert keeping.keep(kit.app, Policy(0, 0, 0)).counts == {}, "0 is for ever"
    kit.clock.forward(seconds=1)
    days = [kit.clock() + timedelta(days=n) for n in range(2, 7)]
    hours = tuple((f"{day:%Y-%m-%d}T08:00", f"{day:%Y-%m-%d}T17:00") for day in days)
    second = replace(MARA, id="app-2", job="Designer")
    another = ask(kit, "short", application=second, windows=hours)
    assert another.state is LoopState.CONFIRMED
    assert keeping.keep(kit.app, Policy(100, 0, 0)).counts["candidates"] == 0, (
        "another loop of theirs goes on"
    )
    kit.clock.forward(days=20)
    reconcile.sweep(kit.app)
    kit.clock.now = look(kit, another.id).updated_at + timedelta(days=100, seconds=1)
    assert keeping.keep(kit.app, Policy(100, 0, 0)).counts["candidates"] == 1
    kit.run()
    with kit.app.db.read() as tx:
        (done,) = tx.erasures.list()
    assert (done.state, done.actor, len(done.digests)) == (ErasureState.DONE, "policy:retention", 2)
    assert keeping.keep(kit.app, Policy(100, 0, 0)).counts["candidates"] == 0
    erasing.take_up(kit.app)


def test_messages_and_mails_go_after_their_days(kit: Kit, tmp_path: Path) -> None:
    ask(kit, "short")
    now = kit.clock()
    with kit.app.db.write() as tx:
        old, _ = tx.inbox.receive("webhook", "1", "d", b"old", now)
        open_, _ = tx.inbox.receive("webhook", "2", "d", b"open", now)
        tx.inbox.finish(old.id, "closed", at=now)
    mails = sorted((tmp_path / "outbox").glob("*.eml"))
    os.utime(mails[0], (now.timestamp(), now.timestamp()))
    kit.clock.forward(days=30, seconds=1)
    for path in mails[1:]:
        os.utime(path, (kit.clock().timestamp(), kit.clock().timestamp()))
    assert len(mails) > 1
    done = keeping.keep(kit.app, Policy(0, 30, 30)).counts
    assert done == {"messages": 1, "mails": 1}
    with kit.app.db.read() as tx:
        bodies = [found.body for id in (old.id, open_.id) if (found := tx.inbox.get(id))]
    assert bodies == [b"", b"open"], "what waits is not touched"
    assert sorted((tmp_path / "outbox").glob("*.eml")) == mails[1:]
