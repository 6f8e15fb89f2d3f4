"""The file that interviews are written to is made where it is missing; calendars that name no zone have
their owner's."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from connectors.types import Known, Unknown
from scheduler import config, wiring
from scheduler.cli import company, demo
from scheduler.cli.main import app
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Account
from scheduler.domain.time import Span
from scheduler.services.planning import availability
from scheduler.wiring import OwnerZones, Runtime

COMPANY = """
company: {{name: Acme, organizer: {{provider: {provider}, address: Interviews@acme.example}}}}
defaults: {{site: lisbon}}
sites:
  - {{id: lisbon, name: Lisbon, zone: Europe/Lisbon, hours: mon-fri 09:00-17:00}}
  - {{id: tokyo, name: Tokyo, zone: Asia/Tokyo, hours: mon-fri 09:00-17:00}}
people:
  - {{id: ada, name: Ada, email: Ada@acme.example, zone: America/New_York}}
  - {{id: ben, name: Ben, email: ben@acme.example}}
rooms:
  - {{id: fuji, name: Fuji, site: tokyo, capacity: 4, calendar: fuji@acme.example}}
"""
FLOATING = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20261020T090000\r\nDTEND:20261020T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def load(folder: Path, provider: str = "local") -> str:
    """What `loopwright load` says; the jobs' tables, which it would make too, are nobody's business here."""
    file, said = folder / "company.yaml", io.StringIO()
    file.write_text(COMPANY.format(provider=provider))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(company, "out", Console(file=said, width=500))
        patch.setattr(wiring, "migrate", lambda runtime: runtime.app.db.migrate())
        company.run_load(file, folder / "data", check=False)
    return said.getvalue()


def organizers(folder: Path) -> Path:
    return folder / "data" / "calendars" / "interviews@acme.example.ics"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    load(tmp_path)
    runtime = wiring.build(config.load(data=tmp_path / "data"))
    yield runtime
    runtime.close()


def test_load_makes_it_once(tmp_path: Path) -> None:
    assert "made the organizer's calendar" in load(tmp_path)
    file = organizers(tmp_path)
    text = file.read_text()
    assert "X-WR-CALNAME:Acme" in text and "X-WR-TIMEZONE:Europe/Lisbon" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text(text.replace("Acme", "Mine"))
    assert "made" not in load(tmp_path)
    assert "Mine" in file.read_text()


def test_the_demos_folder_takes_no_other_company(tmp_path: Path) -> None:
    """Its loops would trouble that company, and the demo may be begun anew, which empties the folder."""
    data, file = tmp_path / "data", tmp_path / "demo.yaml"
    data.mkdir()
    (data / "demo.json").write_text("{}")
    with pytest.raises(BadInput, match="give the company a folder of its own with --data DIR"):
        load(tmp_path)
    assert [entry.name for entry in data.iterdir()] == ["demo.json"]
    file.write_text((files("scheduler.demo") / "company.yaml").read_text("utf-8"), "utf-8")
    assert call("load", str(file), "--data", str(data)).exit_code == 0, (
        "the demo's own company may be changed"
    )


def test_two_commands_in_one_process_both_migrate(tmp_path: Path) -> None:
    """The jobs' library kept the stream of the first command and would not start for the second."""
    file = tmp_path / "company.yaml"
    file.write_text(COMPANY.format(provider="local"))
    for data in ("one", "two"):
        done = call("load", str(file), "--data", str(tmp_path / data))
        assert done.exit_code == 0, done.exception


def test_one_with_capitals_in_its_name_is_there(tmp_path: Path) -> None:
    load(tmp_path)
    organizers(tmp_path).rename(organizers(tmp_path).with_name("Interviews@Acme.example.ics"))
    assert "made" not in load(tmp_path)


def test_another_services_is_its_own_affair(tmp_path: Path) -> None:
    assert "made" not in load(tmp_path, "google")
    assert not organizers(tmp_path).exists()


def test_doctor_names_the_repair_and_carries_it_out(tmp_path: Path) -> None:
    load(tmp_path)
    organizers(tmp_path).unlink()
    data = ("--data", str(tmp_path / "data"), "--json")
    found = {row["name"]: row for row in json.loads(call("doctor", *data).stdout)}
    assert not found["organizer"]["ok"]
    assert "loopwright doctor --repair" in found["organizer"]["text"]
    assert "repairs" not in found
    mended = {row["name"]: row for row in json.loads(call("doctor", "--repair", *data).stdout)}
    assert mended["organizer"]["ok"]
    assert mended["repair"]["text"].endswith("interviews@acme.example.ics")
    again = {row["name"]: row for row in json.loads(call("doctor", "--repair", *data).stdout)}
    assert again["repairs"]["text"] == "nothing had to be done"


def test_doctor_says_where_a_calendar_that_is_missing_belongs(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "data" / "calendars" / "ada@acme.example.ics").write_text(FLOATING, newline="")
    (tmp_path / "data" / "calendars" / "ben@acme.example.ics").write_text("nothing")
    found = json.loads(call("doctor", "--data", str(tmp_path / "data"), "--json").stdout)
    said = [row["text"] for row in found if row["name"] == "calendar"]
    assert len(said) == 2
    assert "person:ben: " in said[0] and "put it into" not in said[0]
    missing = "room:fuji: unknown: there is no calendar file fuji@acme.example.ics"
    assert said[1] == f"{missing}; put it into {tmp_path / 'data' / 'calendars'}"


def test_doctor_repairs_nothing_where_nothing_is_loaded(tmp_path: Path) -> None:
    assert call("doctor", "--repair", "--data", str(tmp_path / "data")).exit_code == 1


def test_a_demo_that_lost_it_makes_it_again(runtime: Runtime, tmp_path: Path) -> None:
    organizers(tmp_path).unlink()
    mark = demo.Mark(date(2026, 3, 9), 1, "s" * 32, datetime(2026, 3, 1, tzinfo=UTC))
    demo._company(runtime, mark, tmp_path / "data")
    assert organizers(tmp_path).exists()


def test_a_calendar_that_names_no_zone_has_its_owners(runtime: Runtime, tmp_path: Path) -> None:
    people = ("ada@acme.example", "ben@acme.example", "fuji@acme.example", "guest@acme.example")
    for address in people:
        (tmp_path / "data" / "calendars" / f"{address}.ics").write_text(FLOATING, newline="")
    accounts = {address: Account("local", address) for address in people}
    span = Span(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC))
    found = availability.read(runtime.app, accounts, span)
    starts = {who: state.busy[0].start.hour for who, state in found.items() if isinstance(state, Known)}
    assert starts == {"ada@acme.example": 13, "ben@acme.example": 8, "fuji@acme.example": 0}
    guest = found["guest@acme.example"]
    assert isinstance(guest, Unknown) and guest.code == "unknown_zone"


def test_zones_of_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    runtime = wiring.build(config.load(data=tmp_path / "data"))
    try:
        assert OwnerZones(runtime.app.db)("ada@acme.example") is None
    finally:
        runtime.close()
