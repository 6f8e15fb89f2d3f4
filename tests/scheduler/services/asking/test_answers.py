"""What a request with a key was answered with is kept for some days and no longer."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import wiring
from scheduler.config import Settings
from scheduler.services.asking import answers
from scheduler.storage.repositories.inbox import Answer
from scheduler.workers.periodic import Periodic
from tests.scheduler.kit import Kit, make


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def answered(kit: Kit, key: str) -> None:
    with kit.app.db.write() as tx:
        assert tx.inbox.answer(key, "POST /loops", "digest", kit.clock()) is None
        tx.inbox.keep_answer(key, "POST /loops", 202, "{}")


def known(kit: Kit, key: str) -> Answer | None:
    with kit.app.db.write() as tx:
        found = tx.inbox.answer(key, "POST /loops", "digest", kit.clock())
        tx.connection.rollback()
        return found


def test_an_answer_is_forgotten_after_its_days_and_its_key_is_new(kit: Kit) -> None:
    answered(kit, "old")
    kit.clock.now += timedelta(days=7)
    answered(kit, "young")
    assert answers.forget(kit.app, 7) == 0, "seven days are not over yet"
    kit.clock.forward(seconds=1)
    assert answers.forget(kit.app, 7) == 1
    assert known(kit, "young") == Answer(202, "{}")
    assert known(kit, "old") is None


def test_a_worker_sees_to_it_by_itself(kit: Kit) -> None:
    answered(kit, "old")
    kit.clock.forward(days=3)
    periodic = Periodic(kit.app, poll=60.0, conflicts=3600.0, answers=0.02, answers_days=2)
    periodic.start()
    try:
        deadline = time.monotonic() + 20
        while known(kit, "old") is not None and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        periodic.stop()
    assert known(kit, "old") is None


def test_the_setting_says_how_many_days(tmp_path: Path) -> None:
    runtime = wiring.build(Settings(data=tmp_path, answers_days=30))
    try:
        assert runtime.periodic().answers_days == 30
    finally:
        runtime.close()
    assert Settings(data=tmp_path).answers_days == 7
