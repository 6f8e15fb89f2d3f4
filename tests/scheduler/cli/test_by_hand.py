"""`loopwright try` and `apply` do what the API does, and tell misuse in one line."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.by_hand import doing
from scheduler.cli.faults import out
from scheduler.cli.main import app
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """A company, at its own time."""
    monkeypatch.setattr(out, "_width", 400)
    kit = make(tmp_path)
    monkeypatch.setattr(doing, "opened", lambda _: nullcontext(kit.app))
    return kit


def _run(*words: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words], input=typed)
    return done.exit_code, done.output


def _moved(kit: Kit, loop: str, minutes: int) -> str:
    to = booked(kit, loop)["panel"].span.start + timedelta(minutes=minutes)
    return json.dumps({"changes": [{"do": "move", "interview": "panel", "to": to.isoformat()}]})


def test_what_is_tried_is_applied(kit: Kit, tmp_path: Path) -> None:
    loop, changes, tried = ask(kit, "short"), tmp_path / "changes.json", tmp_path / "tried.json"
    was = booked(kit, loop.id)["panel"].span
    changes.write_text(_moved(kit, loop.id, 15), encoding="utf-8")
    code, text = _run("try", loop.id, str(changes))
    assert code == 0 and text.startswith("allowed\n") and "Panel moves from" in text
    code, told = _run("try", loop.id, "-", "--json", typed=changes.read_text(encoding="utf-8"))
    assert code == 0 and json.loads(told)["verdict"] == "allowed"
    assert booked(kit, loop.id)["panel"].span == was, "nothing is changed by trying"
    tried.write_text(told, encoding="utf-8")
    code, text = _run("apply", loop.id, str(changes), "--tried", str(tried))
    assert code == 0 and "is changed as it was tried" in text
    kit.run()
    assert booked(kit, loop.id)["panel"].span.start == was.start + timedelta(minutes=15)
    code, text = _run("apply", loop.id, str(changes), "--tried", str(tried))
    assert code == 2 and "Panel is now" in text, "somebody was faster"


def test_what_is_refused_says_why_and_is_not_applied(kit: Kit, tmp_path: Path) -> None:
    loop, tried = ask(kit, "short"), tmp_path / "tried.json"
    changes = _moved(kit, loop.id, 12 * 60)
    code, text = _run("try", loop.id, "-", typed=changes)
    assert code == 2 and text.startswith("refused\n  Panel")
    tried.write_text(_run("try", loop.id, "-", "--json", typed=changes)[1], encoding="utf-8")
    code, text = _run("apply", loop.id, "-", "--tried", str(tried), typed=changes)
    assert (code, text.split(":")[0]) == (2, "--tried")


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("{", "CHANGES: is no JSON"),
        ("[]", "CHANGES: is no object"),
        ("{}", "changes: "),
        ('{"changes": [{"do": "fly"}]}', "changes[0]"),
        ('{"changes": [{"do": "move", "interview": "panel"}]}', "changes[0].to: "),
        ('{"changes": [{"do": "move", "interview": "nothing", "to": "2026-03-11T10:00"}]}', "changes[0]"),
    ],
)
def test_misuse_is_one_line(kit: Kit, typed: str, line: str) -> None:
    loop = ask(kit, "short")
    code, text = _run("try", loop.id, "-", typed=typed)
    assert code == 2 and text.startswith(line) and text.count("\n") == 1, text


def test_a_fix_of_a_refused_try_is_carried_out_and_undone(kit: Kit, tmp_path: Path) -> None:
    loop, changes, tried = ask(kit, "short"), tmp_path / "changes.json", tmp_path / "tried.json"
    was = booked(kit, loop.id)["panel"].span
    to = was.start + timedelta(hours=5)
    occupy(kit, "hana@testwerk.example", to.isoformat(), (to + timedelta(hours=1)).isoformat())
    changes.write_text(_moved(kit, loop.id, 300), encoding="utf-8")
    code, told = _run("try", loop.id, str(changes), "--json")
    assert code == 2
    tried.write_text(told, encoding="utf-8")
    fix = json.loads(told)["fixes"][0]
    code, text = _run("try", loop.id, str(changes))
    assert f"{fix['id']}: It would fit at another time" in text
    code, text = _run("apply", loop.id, str(changes), "--tried", str(tried), "--fix", "fx_0")
    assert code == 2 and f"use one of {fix['id']}" in text
    code, text = _run("apply", loop.id, str(changes), "--tried", str(tried), "--fix", fix["id"])
    assert code == 0 and "is changed as the fix says" in text
    kit.run()
    assert booked(kit, loop.id)["panel"].span != was
    code, text = _run("undo", loop.id, "--reason", "conflict")
    assert code == 0 and "is again as it was" in text
    kit.run()
    assert booked(kit, loop.id)["panel"].span == was
    code, text = _run("undo", loop.id)
    assert code == 2 and "nothing of it was changed by hand" in text
