"""Files of many people are read by several processes, which find what one finds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.local.folder import Entry, add_entries, create_calendar
from scheduler.cli.doctor import calendars
from scheduler.cli.main import app
from scheduler.wiring import reading

PEOPLE = 9
COMPANY = """
company:
  name: Testwerk
  organizer: {provider: local, address: interviews@acme.example}
defaults: {site: berlin, hours: mon-fri 09:00-17:00}
sites:
  - {id: berlin, name: Berlin, zone: Europe/Berlin, hours: mon-fri 08:00-19:00}
people:
""" + "".join(f"  - {{id: p{n}, name: Person {n}, email: P{n}@Acme.example}}\n" for n in range(PEOPLE))


def call(*words: str) -> str:
    return CliRunner().invoke(app, list(words)).stdout


@pytest.fixture
def data(tmp_path: Path) -> str:
    (file := tmp_path / "company.yaml").write_text(COMPANY)
    data = tmp_path / "data"
    call("load", str(file), "--data", str(data))
    for number in range(PEOPLE - 1):
        create_calendar(data / "calendars", f"p{number}@acme.example", "", "Europe/Berlin")
    start = datetime.now(UTC) + timedelta(days=1)
    add_entries(data / "calendars", "p1@acme.example", [Entry("Talk", start, start + timedelta(hours=1))])
    (data / "calendars" / "p2@acme.example.ics").write_text("BEGIN:VCALENDAR\r\n")
    floating = (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:{start:%Y%m%dT%H%M%S}\r\nDURATION:PT1H\r\n"
    )
    (data / "calendars" / "p3@acme.example.ics").write_text(f"{floating}END:VEVENT\r\nEND:VCALENDAR\r\n")
    return str(data)


def found(data: str) -> list[tuple[str, str]]:
    rows = json.loads(call("doctor", "--data", data, "--json"))
    return [(row["name"], row["text"]) for row in rows if row["name"] in ("calendar", "calendars")]


def test_they_find_what_one_finds(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = found(data)
    assert [name for name, _ in alone] == ["calendar", "calendar", "calendars"]
    assert "p2: unknown" in alone[0][1] and "cut off" in alone[0][1]
    assert "p8: unknown" in alone[1][1] and "put it into" in alone[1][1]
    assert alone[-1] == ("calendars", "7 of 9 can be read"), "floating times are in their owner's zone"
    asked: list[int] = []
    real = reading.files

    def counted(*what: Any) -> Any:
        asked.append(len(what[1]))
        return real(*what)

    monkeypatch.setattr(reading, "files", counted)
    monkeypatch.setattr(calendars, "MANY", 2)
    monkeypatch.setattr(calendars, "AT_ONCE", 4)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    assert found(data) == alone
    assert asked == [PEOPLE]
