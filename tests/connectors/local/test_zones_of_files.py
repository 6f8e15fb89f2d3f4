"""Which zone the times of a calendar file are in: its own, one that the file defines, never a guess."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.types import Known, Unknown
from tests.connectors.local.reading import OWNER, calendar, read, window

WINDOW = window("2026-10-19", "2026-11-02")

TIME = "DTSTART:20261020T090000Z\nDTEND:20261020T100000Z"
NINE = (datetime(2026, 10, 20, 9, tzinfo=UTC), datetime(2026, 10, 20, 10, tzinfo=UTC))


def berlin(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def busy(folder: Path, text: str, zone: str | None = None) -> list[tuple[datetime, datetime]]:
    found = read(folder, text, WINDOW, zone=zone)
    assert isinstance(found, Known), found
    return [(block.start, block.end) for block in found.busy]


CUSTOM = """BEGIN:VTIMEZONE
TZID:Our Office
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE"""


class TestZones:
    def test_a_zone_the_file_defines(self, tmp_path: Path) -> None:
        events = [
            "UID:1\nDTSTART;TZID=Our Office:20261023T090000\nDURATION:PT1H",
            "UID:2\nDTSTART;TZID=Our Office:20261027T090000\nDURATION:PT1H",
        ]
        found = busy(tmp_path, calendar(*events, zones=CUSTOM))
        assert [start for start, _ in found] == [berlin(10, 23, 9), berlin(10, 27, 9)]

    def test_a_zone_that_says_which_place_it_means(self, tmp_path: Path) -> None:
        zones = CUSTOM.replace("TZID:Our Office", "TZID:Our Office\nX-LIC-LOCATION:America/New_York")
        found = busy(
            tmp_path, calendar("UID:1\nDTSTART;TZID=Our Office:20261020T090000\nDURATION:PT1H", zones=zones)
        )
        assert found[0][0] == datetime(2026, 10, 20, 13, tzinfo=UTC)

    def test_the_name_counts_more_than_a_definition(self, tmp_path: Path) -> None:
        zones = CUSTOM.replace("TZID:Our Office", "TZID:America/New_York")
        event = "UID:1\nDTSTART;TZID=America/New_York:20261020T090000\nDURATION:PT1H"
        assert busy(tmp_path, calendar(event, zones=zones))[0][0] == datetime(2026, 10, 20, 13, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        [
            calendar("UID:1\nDTSTART;TZID=Mars/Olympus:20261020T090000"),
            calendar("UID:1\nDTSTART;TZID=localtime:20261020T090000"),
            calendar("UID:1\nDTSTART;TZID=Europe:20261020T090000"),
            calendar("UID:1\nDTSTART;TZID=../../etc/passwd:20261020T090000"),
            calendar('UID:1\nDTSTART;TZID="tzone://Microsoft/Custom":20261020T090000'),
            calendar(
                "UID:1\nDTSTART:20200101T090000Z", "UID:2\nDTSTART;TZID=Old:20261020T090000\nDURATION:PT1H"
            ),
            calendar("UID:1\nDTSTART:20261020T090000", head="X-WR-TIMEZONE:Nowhere"),
            calendar("UID:1\nDTSTART:20261020T090000", head=""),
            calendar("UID:1\nDTSTART;VALUE=DATE:20261020", head=""),
            calendar(
                "UID:1\nDTSTART;TZID=Our Office:20261020T090000",
                zones=CUSTOM.replace("FREQ=YEARLY;", "FREQ=SECONDLY;"),
            ),
            calendar(
                "UID:1\nDTSTART;TZID=Our Office:20261020T090000", zones=CUSTOM.replace("+0100", "north")
            ),
        ],
    )
    def test_an_unknown_zone_is_never_read_as_utc(self, tmp_path: Path, text: str) -> None:
        found = read(tmp_path, text, WINDOW)
        assert isinstance(found, Unknown)
        assert found.code == "unknown_zone"
        assert found.reason.startswith(f"{OWNER}.ics: ")

    def test_calendars_that_name_no_zone_get_the_one_of_the_settings(self, tmp_path: Path) -> None:
        text = calendar("UID:1\nDTSTART;VALUE=DATE:20261025", head="")
        assert busy(tmp_path, text, zone="Europe/Berlin") == [(berlin(10, 25), berlin(10, 26))]

    def test_a_file_with_only_utc_times_needs_no_zone(self, tmp_path: Path) -> None:
        assert busy(tmp_path, calendar(f"UID:1\n{TIME}\nRRULE:FREQ=DAILY;COUNT=2", head=""))[0] == NINE
