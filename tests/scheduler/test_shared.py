"""What threads share answers many of them at once, also the first time, as it answers one (decision 106)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scheduler import wiring
from tests.scheduler.kit import make
from tests.stories.worker import deployment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_threads_of_a_fresh_process_are_told_what_one_is_told(tmp_path: Path, seed: int) -> None:
    kit = make(tmp_path)
    kit.app.db.dispose()
    made = deployment(tmp_path, "")
    wiring.migrate(made)
    made.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.scheduler.sharing", str(tmp_path), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout == "done\n", done.stdout + done.stderr
