"""What a worker was at when it died, or was stopped, goes on in another one: once, and within seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scheduler import wiring
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel
from scheduler.storage import invariants
from scheduler.wiring import Runtime
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import DAYS, MARA, events
from tests.stories.worker import deployment

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0
"""Seconds that a slow machine gets."""


class Workers:
    """Worker processes of one deployment, ended with the test."""

    def __init__(self, stack: ExitStack, folder: Path, database: str) -> None:
        self.stack, self.folder, self.database = stack, folder, database

    def start(self, name: str, failpoint: str = "", at: str = "") -> subprocess.Popen[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("LOOPWRIGHT_")}
        if failpoint:
            env["LOOPWRIGHT_FAILPOINT"] = failpoint
        log = self.stack.enter_context((self.folder / f"{name}.log").open("a"))
        command = [sys.executable, "-m", "tests.stories.worker", str(self.folder), self.database, name, at]
        started = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, text=True)
        self.stack.callback(started.wait)
        self.stack.callback(started.kill)
        return started

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")


@pytest.fixture
def workers(tmp_path: Path, fresh_postgres_url: str) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield Workers(stack, tmp_path, fresh_postgres_url)


@pytest.fixture
def made(tmp_path: Path, fresh_postgres_url: str) -> Iterator[Runtime]:
    kit = make(tmp_path)
    runtime = deployment(tmp_path, fresh_postgres_url)
    wiring.migrate(runtime)
    with runtime.app.db.write() as tx:
        tx.company.replace(kit.company, NOW)
    yield runtime
    runtime.close()


def ask(made: Runtime, mode: BookMode = BookMode.BOOK) -> Loop:
    request = LoopRequest(MARA, "onsite", DAYS, "Europe/Berlin", mode, stage_visit="app-1:on-site:1")
    return requests.ask(made.app, request, "person:rolf")


def until(made: Runtime, loop: Loop, state: LoopState) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with made.app.db.read() as tx:
            found, due = tx.loops.get(loop.id), tx.ledger.due(NOW.replace(year=2100))
        assert found is not None
        if found.state is state and not due:
            return
        time.sleep(0.1)
    raise AssertionError(f"the loop is still {found.state.value}: {found.reasons} {due[:2]}")


def once_each(made: Runtime, folder: Path, expected: int) -> None:
    """Every interview has one event, every message went out once, and the promises hold."""
    with made.app.db.read() as tx:
        assert invariants.check(tx, NOW) == []
    kit = Kit(made.app, None, None, folder / "calendars", None, None)  # type: ignore[arg-type]
    uids = [str(e["UID"]) for e in events(kit, "interviews@testwerk.example")]
    assert len(uids) == len(set(uids)) == expected
    assert len(list((folder / "outbox").glob("*.eml"))) == 5


def test_a_worker_that_died_is_taken_over_by_one_of_another_name(
    workers: Workers, made: Runtime, tmp_path: Path
) -> None:
    loop = ask(made)
    first = workers.start("w-0", "K7")
    assert first.wait(PATIENCE) == -signal.SIGKILL
    workers.start("w-1")
    until(made, loop, LoopState.CONFIRMED)
    once_each(made, tmp_path, 5)
    assert "is gone: 1 of its jobs are taken over" in workers.said("w-1")


@pytest.mark.parametrize("point", ["K3", "K6"])
def test_a_worker_that_is_stopped_is_taken_over_and_doubles_nothing_when_it_goes_on(
    workers: Workers, made: Runtime, tmp_path: Path, point: str
) -> None:
    """Stopped in the middle of a booking, with a transaction open (K3) or not; the process is alive."""
    loop = ask(made)
    first = workers.start("w-0", at=f"stop:{point}")
    os.waitpid(first.pid, os.WUNTRACED)
    workers.start("w-1")
    until(made, loop, LoopState.CONFIRMED)
    os.kill(first.pid, signal.SIGCONT)
    time.sleep(2)
    once_each(made, tmp_path, 5)
    assert first.poll() is None, "it goes on as a worker"
    cancel.cancel(made.app, loop.id, "person:rolf")
    until(made, loop, LoopState.CANCELLED)


def test_two_workers_of_one_name_leave_each_other_alone(
    workers: Workers, made: Runtime, tmp_path: Path
) -> None:
    loop = ask(made)
    workers.start("w-0")
    workers.start("w-0")
    until(made, loop, LoopState.CONFIRMED)
    once_each(made, tmp_path, 5)
    assert "is gone" not in workers.said("w-0")
