"""A few of the scenarios of `./dev chaos kill` for every change, and that it would see what is broken."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scheduler.services.failpoints import NAMES
from tests.chaos.kill import DATABASES, scenarios
from tests.chaos.moods import Mood
from tests.house.tree import ROOT


def kill(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: it copies itself, which one with threads may not."""
    return subprocess.run(
        [sys.executable, "-m", "tests.chaos", "kill", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_every_point_meets_every_mood_on_both_databases() -> None:
    there = {(s.point, s.mood, s.database) for s in scenarios()}
    assert there == {(name, mood, database) for name in NAMES for mood in Mood for database in DATABASES}
    assert len(scenarios()) == len({s.name for s in scenarios()}) >= 400


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", ["follow-K7-1-answer_lost-sqlite-google", "cancel-C3-1-write_lost-postgresql-outlook"]
)
def test_killed_on_a_bad_day_and_gone_on_with(name: str) -> None:
    done = kill(name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 scenarios, 0 broken" in done.stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("guard", "name", "promise"),
    [
        ("ledger row after the write", "book-K7-1-ok-sqlite-outlook", "I2 first of"),
        ("no look before writing again", "book-K7-1-duplicate_accepted-sqlite-google", "has 2 events"),
    ],
)
def test_a_broken_one_is_seen(guard: str, name: str, promise: str) -> None:
    done = kill(name, "--without", guard)
    assert done.returncode == 1, done.stdout + done.stderr
    assert promise in done.stdout and "1 scenarios, 1 broken" in done.stdout
