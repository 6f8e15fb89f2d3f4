"""The disk fills up in the middle of the work, and is freed: every loop goes on, nothing is half done."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scheduler import wiring
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.storage import invariants
from scheduler.wiring import Runtime
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import MARA, events
from tests.stories.test_takeover import PATIENCE, Workers
from tests.stories.worker import deployment

WEEK = tuple((f"2026-03-{day}T09:00", f"2026-03-{day}T17:00") for day in range(11, 14))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Runtime]:
    make(tmp_path).app.db.dispose()
    runtime = deployment(tmp_path, "")
    wiring.migrate(runtime)
    yield runtime
    runtime.close()


def ask(made: Runtime, number: int) -> Loop:
    application = type(MARA)(
        f"app-{number}",
        Candidate(f"Mara {number}", f"mara{number}@example.org", "Europe/Lisbon"),
        MARA.job,
        MARA.hiring_manager,
        MARA.recruiter,
    )
    request = LoopRequest(
        application, "short", WEEK, "Europe/Berlin", BookMode.BOOK, stage_visit=f"{number}:1"
    )
    return requests.ask(made.app, request, "person:rolf")


def settled(made: Runtime, worker: subprocess.Popen[str]) -> list[Loop]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert worker.poll() is None, "the worker is alive"
        with made.app.db.read() as tx:
            loops, due = tx.loops.list(), tx.ledger.due(NOW.replace(year=2100))
        if not due and {loop.state for loop in loops} <= {LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION}:
            return loops
        time.sleep(0.2)
    raise AssertionError(f"after all that time: {Counter(loop.state for loop in loops)}, {due[:2]}")


@pytest.mark.parametrize("point", ["K2", "K4", "K7", "K9", "K11"])
def test_a_disk_that_was_full_strands_no_loop(made: Runtime, tmp_path: Path, point: str) -> None:
    """Neither database nor calendars, outbox, jobs' tables or temporary files can be written for a while."""
    for number in range(3):
        ask(made, number)
    with ExitStack() as stack:
        worker = Workers(stack, tmp_path, "").start("w-0", at=f"full:{point}")
        loops = settled(made, worker)
    assert [loop.state for loop in loops] == [LoopState.CONFIRMED] * 3, [loop.reasons for loop in loops]
    with made.app.db.read() as tx:
        assert invariants.check(tx, NOW) == []
        live = {i.event_id for loop in loops for i in tx.interviews.of_loop(loop.id)}
    kit = Kit(made.app, None, None, tmp_path / "calendars", None, None)  # type: ignore[arg-type]
    found = [str(e["UID"]).split("@")[0] for e in events(kit, "interviews@testwerk.example")]
    assert sorted(found) == sorted(live)
    mails = Counter(
        p.read_bytes().split(b"\nTo: ")[1].split(b"\n")[0] for p in (tmp_path / "outbox").glob("*.eml")
    )
    assert len(mails) == 3 and set(mails.values()) == {len(live) // 3}
    assert not list((tmp_path / "calendars").glob("**/*.tmp"))
