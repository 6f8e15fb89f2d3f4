"""Who is at work, as everybody sees it: known by signs of life, on the database's clock."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.services import lease, staff
from scheduler.services.again import Again
from scheduler.storage.database import Database
from scheduler.workers.roll import Roll
from scheduler.workers.watch import Watch
from tests.scheduler.kit import NOW, Clock, Kit, make


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_a_worker_is_at_work_while_it_says_so(kit: Kit) -> None:
    staff.beat(kit.app, "loop-0~a", ["plan x"])
    found = staff.look(kit.app)
    assert (found.working, found.silent) == ({"loop-0~a"}, frozenset())
    assert found.hanging == {"loop-0~a": ("plan x",)}
    kit.clock.forward(seconds=11)
    staff.beat(kit.app, "loop-0~a")
    kit.clock.forward(seconds=11)
    found = staff.look(kit.app)
    assert found.working == {"loop-0~a"} and not found.hanging, "it came back meanwhile"
    kit.clock.forward(seconds=2)
    assert staff.look(kit.app).silent == {"loop-0~a"}


def test_two_of_one_name_are_two(kit: Kit) -> None:
    staff.beat(kit.app, "loop-0~a")
    staff.beat(kit.app, "loop-0~b")
    staff.leave(kit.app, "loop-0~a")
    assert staff.look(kit.app).working == {"loop-0~b"}


def test_a_process_of_this_machine_that_has_ended_is_gone_at_once(kit: Kit) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with kit.app.db.write() as tx:
        holder = f"{lease.place()}/{ended.pid}/abcd/1"
        assert tx.leases.take("worker/loop-0~a", holder, kit.clock(), kit.clock() + staff.SILENT)
    found = staff.look(kit.app)
    assert (found.gone, found.working) == ({"loop-0~a"}, frozenset())


def test_who_was_silent_for_a_day_is_forgotten(kit: Kit) -> None:
    staff.beat(kit.app, "loop-0~a", ["plan x"])
    kit.clock.forward(days=1, seconds=13)
    staff.beat(kit.app, "loop-0~b")
    with kit.app.db.read() as tx:
        assert [row.name for row in tx.leases.starting_with("")] == ["worker/loop-0~b"]


class _Engine:
    """Jobs that are taken, by the run that took them; ``mine`` are those that this run is at."""

    run = "here~a"

    def __init__(self) -> None:
        self.jobs: dict[str, list[str]] = {}
        self.mine: frozenset[str] = frozenset()
        self.taken_over: list[str] = []
        self.done_again: list[str] = []
        self.watch = Watch()

    def taken(self) -> dict[str, list[str]]:
        return self.jobs

    def take_over(self, runs: Sequence[str]) -> None:
        self.taken_over += runs

    def at(self) -> frozenset[str]:
        return self.mine

    def again(self, jobs: Sequence[str]) -> None:
        self.done_again += jobs


@pytest.fixture
def engine() -> _Engine:
    return _Engine()


@pytest.fixture
def roll(kit: Kit, engine: _Engine) -> Roll:
    found = Roll(kit.app, engine)  # type: ignore[arg-type]
    found.enter()
    return found


def test_jobs_of_nobody_are_taken_over_and_of_who_works_are_not(
    kit: Kit, roll: Roll, engine: _Engine
) -> None:
    staff.beat(kit.app, "there~b")
    engine.jobs = {"there~b": ["j-1"], "loop-0": ["j-2"], engine.run: ["j-3"]}
    engine.mine = frozenset({"j-3"})
    roll.look()
    assert engine.taken_over == ["loop-0"], "of an earlier version, or one that said goodbye"
    assert engine.done_again == []


def test_who_is_silent_is_taken_over_only_by_who_was_not(
    kit: Kit, roll: Roll, engine: _Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage of the database all beats are late: nobody knows then who is gone."""
    staff.beat(kit.app, "there~b")
    engine.jobs = {"there~b": ["j-1"]}
    kit.clock.forward(seconds=13)
    roll.look()
    assert engine.taken_over == [], "this worker itself has just begun"
    now = time.monotonic()
    for seconds in (3, 6, 9):
        monkeypatch.setattr(time, "monotonic", lambda s=seconds: now + s)
        roll._beat()
    roll.look()
    assert engine.taken_over == ["there~b"]
    monkeypatch.setattr(time, "monotonic", lambda: now + 60)
    engine.taken_over.clear()
    roll.look()
    assert engine.taken_over == [], "it was stopped for a minute itself, and looks before it says so"
    roll._beat()
    roll.look()
    assert engine.taken_over == [], "it was stopped for a minute itself"


def test_a_job_that_this_worker_took_and_lost_is_done_again(
    roll: Roll, engine: _Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full when its end was to be noted."""
    engine.jobs, engine.mine = {engine.run: ["j-1", "j-2"]}, frozenset({"j-2"})
    now = time.monotonic()
    roll.look()
    assert engine.done_again == [], "it may just be between two lines"
    monkeypatch.setattr(time, "monotonic", lambda: now + 13)
    roll.look()
    assert engine.done_again == ["j-1"]


@pytest.fixture
def shared(kit: Kit, fresh_postgres_url: str) -> Iterator[Kit]:
    """The same app on PostgreSQL."""
    db = Database(fresh_postgres_url)
    db.migrate()
    yield Kit(replace(kit.app, db=db), kit.jobs, kit.clock, kit.folder, kit.calendar, kit.company)
    db.dispose()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_machine_whose_clock_is_wrong_neither_ends_nor_is_ended(shared: Kit, minutes: int) -> None:
    """Ten minutes fast or slow: who works and who has a lease is told by the one clock that all share."""
    wrong = replace(shared.app, clock=Clock(NOW + timedelta(minutes=minutes)))
    staff.beat(shared.app, "right~a")
    staff.beat(wrong, "wrong~b")
    for app in (shared.app, wrong):
        assert staff.look(app).working == {"right~a", "wrong~b"}
    for one, other in ((shared.app, wrong), (wrong, shared.app)):
        with lease.held(one, "ledger") as mine, pytest.raises(Again), lease.held(other, "ledger"):
            pass
        with lease.held(one, "ledger") as mine:
            mine.renew()
