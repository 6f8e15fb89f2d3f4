"""What is printed stands there as it is: no id and no name is read as markup or as the code of an emoji."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from connectors.checks import Finding
from scheduler.cli import busy, demo_pages, doctor
from scheduler.cli.faults import out
from scheduler.cli.main import app
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.telling import notices
from tests.house.tree import python_files
from tests.scheduler.kit import COMPANY, make
from tests.stories.kit import MARA, ask, booked

GOLDEN = Path(__file__).parents[2] / "solver" / "golden"
SMALL = sorted(GOLDEN.glob("S-*.json.gz"))[0]
ODD = (":cat:", "[red]Ann[/red]", "a[/]b", "[link=x]", r"back\[slash")
"""Each would be changed, swallowed or refused if it were read as markup."""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """So wide that nothing is broken over lines, and cut nowhere."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(out, "_width", 400)
    yield


@pytest.mark.parametrize("odd", ODD)
def test_the_tables_of_a_plan_and_of_its_repair_show_ids_as_they_are(tmp_path: Path, odd: str) -> None:
    given = json.loads(gzip.decompress(SMALL.read_bytes()))
    (loop,) = given["loops"]
    text = json.dumps(given).replace(f'"{loop["id"]}', f'"{json.dumps(odd)[1:-1]}')
    file, plan = tmp_path / "odd.json", tmp_path / "plan.json"
    file.write_text(text)
    shown = CliRunner().invoke(app, ["solve", str(file), "--out", str(plan)])
    assert shown.exit_code == 0, shown.output
    sessions = json.loads(plan.read_text())["loops"][odd]["sessions"]
    assert odd in shown.stdout.splitlines() or f"{odd} " in shown.stdout
    assert all(s in shown.stdout for s in sessions)
    session, seat = next((s, a) for s, a in sessions.items() if not s.endswith((".hm", ".lunch")))
    decline = f"{seat['people'][0][0]}@{session}"
    mended = CliRunner().invoke(app, ["solve", str(file), "--repair", str(plan), "--decline", decline])
    assert mended.exit_code == 0, mended.output
    assert session in mended.stdout.partition("repair:")[2]


@pytest.mark.parametrize("odd", ODD)
def test_the_lines_of_doctor_and_busy_show_names_as_they_are(odd: str) -> None:
    with out.capture() as told:
        doctor._show([Finding(odd, False, f"calendar {odd} cannot be read")])
        busy._show({"id": "x", "reason": f"nobody {odd}"})
        row = {"name": odd, "provider": "local", "address": "a@b", "zone": "UTC", "known": True, "busy": []}
        busy._show(row)
    assert told.get().count(odd) == 4


@pytest.mark.parametrize("odd", ODD)
def test_the_pages_of_the_demo_show_names_as_they_are(tmp_path: Path, odd: str) -> None:
    text = COMPANY.read_text(encoding="utf-8").replace("name: Hana Maier", f"name: {json.dumps(odd)}")
    kit = make(tmp_path, text)
    loop = ask(kit, "short", BookMode.BOOK)
    assert loop.state is LoopState.CONFIRMED
    found = list(booked(kit, loop.id).values())
    with kit.app.db.read() as tx:
        people, rooms = notices.roster(tx, found)
    with out.capture() as told:
        out.print(demo_pages._everybody(loop, found, dict(people), dict(rooms)))
        out.print(demo_pages._repair(loop, found, found, ("hana", "talk"), dict(people)))
        out.print(demo_pages._refused(loop, MARA))
    assert told.get().count(odd) >= 2


def test_every_console_takes_texts_as_they_are_and_no_title_is_markup() -> None:
    """A panel reads its title as markup whatever its console is told."""
    assert not out._markup and not out._emoji
    for path, tree in python_files("scheduler", "connectors", "solver"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            told = {k.arg: k.value for k in node.keywords}
            if node.func.id == Console.__name__:
                assert {"markup", "emoji"} <= told.keys(), path
                assert all(getattr(told[k], "value", None) is False for k in ("markup", "emoji")), path
            if node.func.id == "Panel" and "title" in told:
                assert isinstance(told["title"], ast.Call), f"{path}: give the title as a Text"
