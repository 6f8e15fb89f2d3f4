"""The booking benchmark: its company loads, its lines reckon, its child measures what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.booking.rows import ROWS, cpu_ratio
from benchmarks.booking.scene import text
from scheduler.services.company.read import read_company

ROOT = Path(__file__).parents[2]


def test_the_company_has_pools_as_large_as_asked_for() -> None:
    company = read_company(text(30), "yaml", "bench.yaml")
    assert [len(pool.members) for pool in company.pools] == [24 + 6, 3 + 6, 3 + 6]
    assert {t.id: t.max_days for t in company.templates} == {"onsite-loop": 2, "one-day": 1, "short": 1}


def test_a_ratio_says_how_many_times_less_work_it_is_now() -> None:
    assert cpu_ratio({"cpu": [8.0, 2.0, 4.0]}, {"cpu": [0.5, 1.0, 0.4]}) == pytest.approx(8.0)
    row = ROWS["wide"]
    assert row.holds(8.0) and not row.holds(7.9)


def test_a_round_is_measured_in_a_process_of_the_build_that_is_named() -> None:
    options = {"pool": 20, "template": "one-day", "mode": "propose", "loops": 1, "seed": 1, "days": 3}
    child = ROOT / "benchmarks" / "booking" / "child.py"
    command = [sys.executable, str(child), str(ROOT), "loops", json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["cpu"]) == len(found["states"]) == 1 and found["cpu"][0] > 0
    wrong = subprocess.run([*command[:2], "/nowhere", *command[3:]], capture_output=True, check=False)
    assert wrong.returncode != 0, "never another build than the one that is named"
