"""`loopwright batch`: asked, shown, chosen and called off from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scheduler import wiring
from scheduler.cli.main import app
from tests.scheduler.kit import Kit, make
from tests.stories.test_superdays import states, waiting

WINDOW = ("--from", "2026-03-11T09:00", "--to", "2026-03-11T17:00", "--zone", "Europe/Berlin")


class Runtime:
    """The kit's app where the command opens a deployment."""

    def __init__(self, kit: Kit) -> None:
        self.app = kit.app

    def close(self) -> None:
        """It goes on after the command."""


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    kit = make(tmp_path)
    monkeypatch.setattr(wiring, "build", lambda *_, **__: Runtime(kit))
    monkeypatch.setattr(wiring, "migrate", lambda *_: None)
    return kit


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["batch", *words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_asked_shown_and_chosen(kit: Kit) -> None:
    loops = waiting(kit, 2)
    made = told(run("ask", *loops, *WINDOW, "--priority", f"{loops[0]}=3", "--json"))
    assert made["state"] == "planning"
    kit.run()
    shown = run("show", made["id"])
    assert f"{made['id']} is offered: 2 of 2 placed" in shown.stdout
    assert [c["fault"] for c in told(run("choose", made["id"], "--json"))] == ["", ""]
    kit.run()
    assert states(kit) == {"confirmed": 2}


def test_packed_anew_and_called_off(kit: Kit) -> None:
    loops = waiting(kit, 2)
    made = told(run("ask", *loops, *WINDOW, "--json"))
    kit.run()
    anew = told(run("repack", made["id"], "--leave-out", loops[0], "--json"))
    assert [row["loop"] for row in anew["loops"]] == loops[1:]
    assert told(run("cancel", made["id"], "--json"))["state"] == "cancelled"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "bt_x"), "no batch 'bt_x'"),
        (("ask", "lp_x", *WINDOW), "loops[0]: loop 'lp_x' is unknown; use the id of a loop"),
        (
            ("ask", "lp_x", *WINDOW, "--priority", "high"),
            "--priority: 'high' is none; write ID=1, ID=2 or ID=3",
        ),
    ],
)
def test_bad_input_is_one_line(kit: Kit, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stderr.strip()) == (2, said)
