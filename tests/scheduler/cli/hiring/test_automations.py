"""`loopwright automations`: listed, tried, paused and resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scheduler.cli.main import app
from tests.scheduler.api.client import event
from tests.scheduler.services.hiring.kit import SECRET, Hiring


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["automations", *words])


def told(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def recorded(hiring: Hiring, stage: str, folder: Path) -> str:
    applied = hiring.apply()
    hiring.move(applied, stage)
    ((body, _),) = hiring.server.hook(applied, SECRET)
    (folder / "message.json").write_bytes(body)
    return str(folder / "message.json")


def test_what_a_recorded_message_would_do_is_said_and_not_done(hiring: Hiring, tmp_path: Path) -> None:
    file = recorded(hiring, "Talks", tmp_path)
    found = told("try", file, "--connection", "main")
    assert (found["would"], found["template"], found["mode"]) == ("begin", "short", "propose")
    assert "would begin now" in run("try", file, "--connection", "main").output
    assert told("try", recorded(hiring, "Decision", tmp_path), "--connection", "main")["would"] == "nothing"
    assert hiring.loops() == [] and hiring.advances() == []


def test_a_message_in_our_words(hiring: Hiring, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event(stage="Talks")))
    assert told("try", str(file))["would"] == "begin"
    wrong = event(stage="Talks")
    wrong["data"]["application"] = {**wrong["data"]["application"], "recruiter": "nobody"}
    file.write_text(json.dumps(wrong))
    found = told("try", str(file))
    assert (found["would"], "nobody" in found["why"]) == ("wait", True)


@pytest.mark.parametrize(
    ("text", "fault"), [("no json", "is not JSON"), ("{}", "names no application"), (None, "cannot be read")]
)
def test_what_is_no_message_is_named(hiring: Hiring, tmp_path: Path, text: str | None, fault: str) -> None:
    file = tmp_path / "x.json"
    if text is not None:
        file.write_text(text)
    refused = run("try", str(file), "--connection", "main")
    assert refused.exit_code != 0 and fault in refused.output.replace("\n", " ")


def test_paused_and_resumed(hiring: Hiring, tmp_path: Path) -> None:
    assert not any(row["paused"] for row in told("list"))
    assert run("pause").exit_code == 0
    assert all(row["paused"] for row in told("list"))
    assert "paused" in run("list").output
    found = told("try", recorded(hiring, "Talks", tmp_path), "--connection", "main")
    assert (found["would"], found["why"]) == ("wait", "every automation is paused")
    hiring.advance(hiring.apply(email="b@example.org"), "Talks")
    assert "1 waited" in run("resume").output
    hiring.kit.run()
    assert len(hiring.loops()) == 1
    assert "no automation 'x'" in run("pause", "x").output
