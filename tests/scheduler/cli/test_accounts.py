"""`loopwright users` and `loopwright tokens`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scheduler.cli.main import app


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def told(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_token_is_made_shown_once_and_taken_back() -> None:
    made = told("tokens", "add", "nightly export", "--role", "auditor", "--days", "30")
    assert made["secret"].startswith("lwt_")
    listed = run("tokens", "list").output
    assert "nightly export" in listed and "never" in listed and made["secret"] not in listed
    assert made["id"] in run("tokens", "revoke", made["id"]).output
    assert told("tokens", "list") == []
    assert run("tokens", "revoke", made["id"]).exit_code != 0


def test_an_account_is_made_and_listed_with_what_it_is_for() -> None:
    words = ["users", "put", "mia", "--name", "Mia Berg", "--email", "mia@example.com"]
    assert run(*words, "--role", "recruiter", "--job", "Designer", "--site", "porto").exit_code == 0
    (mia,) = told("users", "list")
    assert mia["roles"] == [{"role": "recruiter", "jobs": ["Designer"], "sites": ["porto"]}]
    assert "recruiter" in run("users", "list").output
    assert run(*words, "--no-active").exit_code == 0
    assert told("users", "list")[0]["active"] is False


def test_what_is_wrong_is_said_in_one_line() -> None:
    for words in (
        ["tokens", "add", "x", "--role", "king"],
        ["tokens", "add", "x"],
        ["users", "put", "mia", "--name", "Mia", "--email", "nonsense"],
        ["users", "put", "mia", "--name", "Mia", "--email", "mia@example.com", "--person", "nobody"],
    ):
        result = run(*words)
        assert result.exit_code != 0 and "Traceback" not in result.output
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
