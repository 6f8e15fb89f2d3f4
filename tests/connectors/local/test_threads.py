"""Many threads that read one cold file all come back with the same answer, in every fresh process."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.connectors.local.reading import OWNER, calendar
from tests.connectors.local.test_zones import zone
from tests.house.tree import ROOT

PROCESSES, THREADS = 8, 12
LONG = 120.0
"""Seconds after which a thread is taken not to come back: a hundred times what the slowest needs."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Series that end and series that do not, in a zone that the file defines with rules that end."""
    ended = zone("Ours").replace("BYMONTH=10", "BYMONTH=10;UNTIL=20261101T000000Z")
    series = [
        f"UID:{n}\nSEQUENCE:1\nDTSTART;TZID=Ours:202612{1 + n % 20:02}T{7 + n % 10:02}0000\nDURATION:PT30M\n"
        f"RRULE:FREQ={'DAILY' if n % 2 else 'WEEKLY'}{';COUNT=25' if n % 3 else ''}\n"
        f"EXDATE;TZID=Ours:202612{1 + n % 20:02}T{7 + n % 10:02}0000"
        for n in range(20)
    ]
    (tmp_path / f"{OWNER}.ics").write_text(calendar(*series, zones=ended))
    return tmp_path


def read_cold(folder: Path, seconds: float, *more: str) -> tuple[int, int, bool]:
    """How many threads came back, how many answers there were, and whether the time was known."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.connectors.local.cold_reader", str(folder), OWNER,
         str(THREADS), str(seconds), *more],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds + LONG, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    back, answers, known = done.stdout.split()
    return int(back), int(answers), known == "True"


@pytest.mark.timeout(600)
def test_all_threads_come_back_with_one_answer(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: read_cold(folder, LONG), range(PROCESSES)))
    assert found == [(THREADS, 1, True)] * PROCESSES


@pytest.mark.timeout(600)
def test_rules_shared_between_threads_would_be_noticed(folder: Path) -> None:
    """The guard taken out: objects that remember are handed to every thread, and some never come back."""
    back, _, _ = read_cold(folder, 8, "shared")
    assert back < THREADS
