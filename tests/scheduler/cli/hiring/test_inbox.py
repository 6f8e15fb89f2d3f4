"""`loopwright inbox`: listed, shown, worked on once more."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from scheduler.cli.main import app
from tests.scheduler.services.hiring.kit import Hiring


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["inbox", *words])


def told(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_what_came_in_is_listed_shown_and_worked_on_again(hiring: Hiring) -> None:
    applied = hiring.apply()
    (done,) = hiring.advance(applied, "Talks")
    hiring.move(applied, "Decision")
    (waits,) = hiring.hook(applied)
    assert [d["id"] for d in told("list")] == [waits, done.id]
    assert [d["id"] for d in told("list", "--pending")] == [waits]
    assert [d["id"] for d in told("list", "--outcome", "loop", "--connection", "main")] == [done.id]
    assert told("list", "--connection", "other") == []
    shown = told("show", done.id)
    assert json.loads(shown["body"])["action"] == "candidate_stage_change"
    assert told("replay", done.id)["outcome"] == ""
    hiring.kit.run()
    assert len(hiring.loops()) == 1


def test_in_words(hiring: Hiring) -> None:
    (done,) = hiring.advance(hiring.apply(), "Talks")
    assert "candidate" in run("list").output
    assert "outcome: loop" in run("show", done.id).output
    assert "is worked on again" in run("replay", done.id).output


def test_one_that_is_none_or_waits_is_refused(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    (waits,) = hiring.hook(applied)
    assert "no delivery 'x'" in run("show", "x").output
    refused = run("replay", waits)
    assert refused.exit_code != 0 and "is not worked on yet" in refused.output
