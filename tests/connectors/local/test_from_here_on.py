"""A change of this occurrence and all that follow: the occurrence may be named in any form (RFC 5545 section
3.8.4.4), what follows moves by what a clock at the place of the series shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.local.reading import calendar, read, told, window

WEEKS = window("2026-12-05", "2027-01-12")
SERIES = "UID:x\nDTSTART;TZID=Europe/Berlin:20261207T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4"
LATER = ["busy 12-07 09:00-10:00", "busy 12-14 12:00-13:00", "busy 12-21 12:00-13:00", "busy 12-28 12:00-13:00"]  # fmt: skip


def seen(folder: Path, *events: str, zone: str = "Europe/Berlin") -> list[str]:
    return told(read(folder, calendar(*events, head=f"X-WR-TIMEZONE:{zone}"), WEEKS))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "named",
    [
        ";TZID=Europe/Berlin:20261214T090000",
        ":20261214T080000Z",
        ";TZID=America/New_York:20261214T030000",
        ";VALUE=DATE:20261214",
        ":20261214T090000",  # of no zone: the calendar's, or where nothing happens then, the event's
    ],
)
def test_the_occurrence_is_named_in_any_form(tmp_path: Path, named: str, zone: str) -> None:
    change = f"UID:x\nRECURRENCE-ID;RANGE=THISANDFUTURE{named}\nDTSTART;TZID=Europe/Berlin:20261214T120000\nDURATION:PT1H"
    assert seen(tmp_path, SERIES, change, zone=zone) == LATER


def test_the_new_time_is_told_in_another_zone(tmp_path: Path) -> None:
    change = (
        "UID:x\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261214T080000Z\nDTSTART:20261214T110000Z\nDURATION:PT1H"
    )
    assert seen(tmp_path, SERIES, change) == LATER
    there = change.replace(":20261214T110000Z", ";TZID=Asia/Tokyo:20261214T200000")
    assert seen(tmp_path, SERIES, there) == LATER


def test_the_second_change_counts_from_the_series_too(tmp_path: Path) -> None:
    changes = [
        f"UID:x\nRECURRENCE-ID;RANGE=THISANDFUTURE:{day}T080000Z\nDTSTART;TZID=Europe/Berlin:{day}T{hour}0000\nDURATION:PT1H"
        for day, hour in (("20261214", 12), ("20261228", 15))
    ]
    assert seen(tmp_path, SERIES, *changes) == [*LATER[:3], "busy 12-28 15:00-16:00"]


def test_days_are_named_by_an_instant(tmp_path: Path) -> None:
    days = "UID:x\nDTSTART;VALUE=DATE:20261207\nRRULE:FREQ=WEEKLY;COUNT=3"
    for named in (":20261213T230000Z", ":20261214T000000Z", ";VALUE=DATE:20261214"):
        change = f"UID:x\nRECURRENCE-ID;RANGE=THISANDFUTURE{named}\nDTSTART;VALUE=DATE:20261215"
        found = seen(tmp_path, days, change)
        assert found == [f"busy {a}-{b} 00:00" for a, b in (("12-07 00:00", "12-08"), ("12-15 00:00", "12-16"), ("12-22 00:00", "12-23"))]  # fmt: skip
