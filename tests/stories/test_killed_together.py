"""Killed anywhere while several loops are planned and booked, started again: each is booked once."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from scheduler.services.failpoints import NAMES
from scheduler.storage import invariants
from tests.scheduler.kit import NOW, Kit, make
from tests.stories import copies
from tests.stories.kit import events
from tests.stories.process import runtime
from tests.stories.process_together import LOOPS


def run(folder: Path, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    return copies.run("tests.stories.process_together", folder, failpoint=failpoint)


@pytest.mark.parametrize("name", ["K1:2", "K2", "B1", "B2", "K4:2", "K7:5"])
def test_killed_with_a_batch_in_flight(tmp_path: Path, name: str) -> None:
    """Before anything is planned, while it is, before and after the plans are kept, with some of them taken."""
    assert name.partition(":")[0] in NAMES
    kit = make(tmp_path)
    killed = run(tmp_path, name)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    again = run(tmp_path)
    assert again.stdout.split() == ["confirmed"] * LOOPS, again.stdout + again.stderr
    made = runtime(tmp_path)
    with made.app.db.read() as tx:
        assert invariants.check(tx, NOW) == []
        live = {i.event_id: i.id for loop in tx.loops.list() for i in tx.interviews.of_loop(loop.id)}
    made.close()
    here = Kit(made.app, kit.jobs, kit.clock, kit.folder, kit.calendar, kit.company)
    written = Counter(str(e["UID"]).split("@")[0] for e in events(here, "interviews@testwerk.example"))
    assert set(written) == set(live) and set(written.values()) == {1}
