"""The most urgent of thousands: the same ones, and as many in all, as if every one of them had been looked at."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.domain.loops import REPAIR_OFFERED, BookMode, Loop, LoopState, Reason
from scheduler.domain.time import Span
from scheduler.services.attention import care, matters
from scheduler.services.attention.care import Wanted
from scheduler.storage import Database
from scheduler.storage.tables import loops
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA

STATES = (
    LoopState.NEEDS_ATTENTION,
    LoopState.INFEASIBLE,
    LoopState.AWAITING_CANDIDATE,
    LoopState.CONFIRMED,
    LoopState.PROPOSED,
    LoopState.PLANNING,
)
LOOPS = 120


@pytest.fixture(params=["sqlite", "postgresql"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    made = make(tmp_path)
    if request.param == "sqlite":
        yield made
        return
    database = Database(request.getfixturevalue("fresh_postgres_url"))
    database.migrate()
    made = replace(made, app=replace(made.app, db=database))
    with database.write() as tx:
        tx.company.replace(made.company, made.clock())
    yield made
    database.dispose()


def fill(kit: Kit) -> list[str]:
    """Loops of every state, few days on which they are over, a few owners: many are equally urgent."""
    draw, now = random.Random(7), kit.clock()
    with kit.app.db.write() as tx:
        template = tx.templates.get("short")
        assert template is not None
        for n in range(LOOPS):
            tx.applications.put(replace(MARA, id=f"app-{n}"))
            made = now - timedelta(days=draw.randrange(6))
            reasons = (Reason(draw.choice(("busy", REPAIR_OFFERED)), "somebody is away"),)
            labels = {} if draw.random() < 0.5 else {draw.choice(("left", "colour")): "said so"}
            windows = (
                (Span(made, made + timedelta(days=draw.randrange(1, 4))),) if draw.random() < 0.5 else ()
            )
            mode = draw.choice((BookMode.BOOK, BookMode.PROPOSE))
            loop = Loop(
                f"lp_{n:04}", f"app-{n}", template, draw.choice(STATES), mode, "UTC", None,
                Span(made, made + timedelta(days=draw.randrange(7, 10))), windows, f"visit-{n}", made, made,
                reasons=reasons, labels=labels, owner=draw.choice(("rolf", "hana")),
            )  # fmt: skip
            tx.loops.add(loop, actor="test", cause="")
    with kit.app.db.read() as tx:
        return [one.kept.matter.id for one in care.look(kit.app, tx, Wanted())]


def check(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        for owner in (None, "rolf", "hana", "ben"):
            every = care.look(kit.app, tx, Wanted(owner))
            for limit in (1, 5, 12, LOOPS):
                assert care.first(kit.app, tx, owner, limit) == (every[:limit], len(every))


def test_the_most_urgent_are_the_same_as_of_all(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matters, "AT_ONCE", 7)  # no statement names them all
    ids = fill(kit)
    assert len(ids) > LOOPS // 2
    check(kit)
    draw = random.Random(8)
    with kit.app.db.write() as tx:
        for id in draw.sample(ids, 30):
            what = draw.choice(("take", "snooze", "close"))
            if what == "take":
                care.take(kit.app, tx, id, draw.choice(("rolf", "ben")), "test")
            elif what == "snooze":
                care.snooze(kit.app, tx, id, kit.clock() + timedelta(days=draw.randrange(1, 4)), "test")
            else:
                care.close(kit.app, tx, id, "other", "test")
    check(kit)
    kit.clock.now += timedelta(days=2)
    check(kit)


def test_only_what_is_shown_is_read(kit: Kit) -> None:
    fill(kit)
    rows: list[int] = []
    with kit.app.db.read() as tx:
        read = tx.found_matters.loops
        tx.found_matters.loops = lambda *a: (rows.append(len(found := read(*a))), found)[1]  # type: ignore[method-assign]
        _, total = care.first(kit.app, tx, None, 3)
        plain = tx.connection.execute(
            sa.text("SELECT count(*) FROM lw_loops WHERE state IN ('needs_attention', 'infeasible')")
        ).scalar_one()
    assert rows[0] < plain / 2 < total


def test_when_all_of_it_is_over_follows_its_windows(kit: Kit) -> None:
    fill(kit)
    with kit.app.db.write() as tx:
        loop = tx.loops.get("lp_0000")
        assert loop is not None
        window = Span(kit.clock(), kit.clock() + timedelta(hours=3))
        tx.loops.change(loop.id, "test", "", kit.clock(), "windows_changed", windows=(window,))
        kept = tx.connection.execute(sa.select(loops.c.last_at).where(loops.c.id == loop.id)).scalar_one()
    assert kept == window.end
