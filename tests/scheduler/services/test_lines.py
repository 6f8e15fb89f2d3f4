"""A line for each request and job: ids, and nobody's name."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler.services import lines
from scheduler.workers import engine
from tests.scheduler.api.client import BASE, Client
from tests.scheduler.kit import make
from tests.stories.kit import ask


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    log = logging.getLogger("loopwright")
    before = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.level, log.propagate = before


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_request_is_a_line_with_ids_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit = make(tmp_path)
    loop = ask(kit)
    api = Client(kit)
    lines.install("json")
    api.get(f"{BASE}/loops/{loop.id}/agenda?for=candidate")
    api.get(f"{BASE}/nowhere/mara@example.org")
    first, second = [line for line in said(capsys) if line["text"] == "request"]
    assert (first["call"], first["loop_id"], first["status"]) == ("get_agenda", loop.id, 200)
    assert (second["call"], second["status"]) == ("", 404)
    assert first["seconds"] >= 0 and "example.org" not in json.dumps([first, second])


def test_a_line_of_a_job_has_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    lines.install("json")
    told = engine._told("perform", {"loop": "lp_1", "generation": 2}, 1, "done", 0.25)
    logging.getLogger("loopwright.jobs").info("job", extra={"fields": told})
    (line,) = said(capsys)
    assert (line["job"], line["loop"], line["outcome"], line["seconds"]) == ("perform", "lp_1", "done", 0.25)


def test_text_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines.install("text")
    lines.install("text")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("loopwright.jobs").exception("what\nfailed", extra={"fields": {"job": "plan"}})
    (line,) = capsys.readouterr().err.splitlines()
    assert "error loopwright.jobs what failed" in line and 'job="plan"' in line and "two" in line


def test_without_the_setting_nothing_is_installed() -> None:
    before = logging.getLogger("loopwright").handlers[:]
    lines.install("")
    assert logging.getLogger("loopwright").handlers == before
