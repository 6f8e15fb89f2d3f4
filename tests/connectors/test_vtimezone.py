"""The rules of zones that we write, read by programs that are not ours and know the zone by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from connectors.errors import UnknownZone
from connectors.local.folder import Entry, add_entries, create_calendar
from connectors.vtimezone import vtimezone

ADDRESS = "ada@acme.example"
ZONES = (
    "Europe/Berlin",
    "America/Vancouver",  # stays on summer time from 2026 on
    "Australia/Sydney",  # summer begins in October
    "Asia/Kolkata",  # never changes
    "Africa/Casablanca",  # by the moon, and no more from 2026 on
    "Africa/Cairo",  # the night after a last Thursday, which is not a last Friday every year
    "Asia/Jerusalem",  # the Friday on or after the 23rd
    "Europe/Dublin",  # calls winter the exception
    "America/Santiago",  # the Sunday on or after the 2nd
)
DAYS = [
    datetime(year, month, day, 9, 30)  # noqa: DTZ001 - a wall clock
    for year in (2019, 2025, 2026, 2027, 2030, 2036)
    for month, day in ((1, 15), (3, 28), (4, 7), (7, 15), (10, 27), (11, 3))
]


def _icalendar(text: str) -> Iterator[datetime]:
    for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
        yield event["DTSTART"].dt


def _vobject(text: str) -> Iterator[datetime]:
    for event in vobject.readOne(text).vevent_list:
        yield event.dtstart.value


def _ical(text: str) -> Iterator[datetime]:
    for event in IcsCalendarStream.calendar_from_ics(text).events:
        assert isinstance(event.dtstart, datetime)
        yield event.dtstart


READERS = {"icalendar": _icalendar, "vobject": _vobject, "ical": _ical}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("zone", ZONES)
def test_programs_that_trust_the_rules_see_the_right_instants(
    tmp_path: Path, zone: str, reader: Callable[[str], Iterator[datetime]]
) -> None:
    tz = ZoneInfo(zone)
    path = create_calendar(tmp_path, ADDRESS, "Ada", zone)
    entries = [
        Entry("Standup", day.replace(tzinfo=tz), day.replace(tzinfo=tz) + timedelta(hours=1)) for day in DAYS
    ]
    add_entries(tmp_path, ADDRESS, entries)
    text = path.read_bytes().decode()
    assert f"DTSTART;TZID={zone}:" in text
    # a name of its own for each zone: libraries remember by name what they once read
    nameless = text.replace(zone, f"The clocks of {zone.replace('/', ' ')}")
    found = sorted(moment.astimezone(UTC) for moment in reader(nameless))
    assert found == sorted(entry.start.astimezone(UTC) for entry in entries)


def test_two_rules_where_rules_fit() -> None:
    lines = vtimezone("Europe/Berlin").splitlines()
    assert [line for line in lines if line.startswith(("RRULE", "RDATE", "BEGIN:S", "BEGIN:D"))] == [
        "BEGIN:DAYLIGHT",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "BEGIN:STANDARD",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    ]
    onsets = [line.rpartition("T")[2] for line in lines if line.startswith("DTSTART")]
    assert onsets == ["020000", "030000"], "onsets stand in the offset that holds before them"


@pytest.mark.parametrize("zone", ZONES)
def test_one_date_a_line(zone: str) -> None:
    dates = [line for line in vtimezone(zone).splitlines() if line.startswith("RDATE")]
    assert not [line for line in dates if "," in line]
    if zone == "Africa/Casablanca":
        assert len(dates) > 10


def test_a_rule_of_the_past_ends() -> None:
    """Samoa gave summer time up in 2021; Cairo's autumn is a last Friday for some years only."""
    assert "COUNT=" in vtimezone("Pacific/Apia")
    autumn = [line for line in vtimezone("Africa/Cairo").splitlines() if "BYMONTH=10" in line]
    assert autumn
    assert all("COUNT=" in line for line in autumn)


def test_a_zone_that_nobody_knows() -> None:
    with pytest.raises(UnknownZone):
        vtimezone("Mars/Olympus")


def test_utc_and_windows_names(tmp_path: Path) -> None:
    utc = create_calendar(tmp_path, "utc@acme.example", "Utc", "UTC")
    assert "VTIMEZONE" not in utc.read_text()
    windows = create_calendar(tmp_path, "win@acme.example", "Win", "W. Europe Standard Time")
    assert "TZID:Europe/Berlin" in windows.read_text()
