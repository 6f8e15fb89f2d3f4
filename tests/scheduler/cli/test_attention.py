"""`loopwright attention` tells what the API tells, and misuse in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.faults import out
from scheduler.cli.main import app
from scheduler.domain.loops import BookMode
from tests.scheduler.kit import make
from tests.stories.kit import ask

NIGHT = (("2026-03-11T02:00", "2026-03-11T05:00"),)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(out, "_width", 400)
    kit = make(tmp_path)
    ask(kit, "short", BookMode.PROPOSE, NIGHT)
    kit.app.db.dispose()
    return tmp_path


def _run(data: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["attention", "--data", str(data), *words])
    return done.exit_code, done.output


def test_the_table_and_the_json_hold_the_same(data: Path) -> None:
    code, table = _run(data, "--zone", "Europe/Berlin")
    assert code == 0
    assert "Wed 11 Mar 05:00" in table and "rolf" in table and "Mara Lind, Backend Engineer" in table
    code, told = _run(data, "--json")
    (row,) = json.loads(told)
    assert row["kind"] == "loop_infeasible" and row["text"] in table


def test_owners_and_kinds_are_asked_for(data: Path) -> None:
    assert _run(data, "--owner", "hana") == (0, "nothing needs a person\n")
    assert _run(data, "--owner", "-") == (0, "nothing needs a person\n")
    assert "rolf" in _run(data, "--kind", "loop_infeasible", "--kind", "job_stuck")[1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--kind", "infeasible"], "--kind: 'infeasible' is none"),
        (["--zone", "Mars/Base"], "--zone: "),
    ],
)
def test_misuse_is_one_line(data: Path, words: list[str], line: str) -> None:
    code, told = _run(data, *words)
    assert code == 2 and told.startswith(line) and told.count("\n") == 1
