"""Zones of a file: whose definition counts, how names are written, and what a VTIMEZONE says."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical

from connectors.local.recurrence.vtimezone import built
from connectors.local.text import parse
from connectors.vtimezone import vtimezone
from tests.connectors.local.reading import calendar, read, told, window

JUNE = window("2027-06-05", "2027-06-14")


def zone(name: str, standard: int = 1, summer: bool = True) -> str:
    """A definition in the manner of Exchange: hours east of UTC, with or without a European summer."""
    rule = "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH={0}\n" if summer else ""
    now, then = (f"{hours:+03}00" for hours in (standard, standard + 1 if summer else standard))
    return (
        f"BEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:{then}\n"
        f"TZOFFSETTO:{now}\n{rule.format(10)}END:STANDARD\n"
        + (
            f"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:{now}\nTZOFFSETTO:{then}\n"
            f"{rule.format(3)}END:DAYLIGHT\n"
            if summer
            else ""
        )
        + "END:VTIMEZONE"
    )


def at_nine(tmp_path: Path, parameter: str, zones: str) -> list[str]:
    event = f"UID:z\nDTSTART;TZID={parameter}:20270607T090000\nDURATION:PT1H"
    return [line[5:16] for line in told(read(tmp_path, calendar(event, zones=zones), JUNE))]


class TestWhoseDefinitionCounts:
    @pytest.mark.parametrize(
        "name",
        ["EST", "MST", "HST", "GMT", "EST5EDT", "UTC+01:00", "UTC", "Etc/GMT-3", "W. Europe Standard Time"],
    )
    def test_the_files_own_before_a_well_known_name(self, tmp_path: Path, name: str) -> None:
        quoted = f'"{name}"' if ":" in name else name
        assert at_nine(tmp_path, quoted, zone(name, standard=4, summer=False)) == ["06-07 07:00"]

    @pytest.mark.parametrize(
        ("name", "hour"), [("EST", 16), ("GMT", 11), ("UTC+01:00", 10), ("Tokyo Standard Time", 2)]
    )
    def test_the_well_known_name_where_the_file_defines_none(
        self, tmp_path: Path, name: str, hour: int
    ) -> None:
        quoted = f'"{name}"' if ":" in name else name
        assert at_nine(tmp_path, quoted, zone("Another")) == [f"06-07 {hour:02}:00"]

    @pytest.mark.parametrize("name", ["Asia/Tokyo", "asia/tokyo", "/example.org/20070129_1/Asia/Tokyo"])
    def test_a_places_full_name_before_the_file(self, tmp_path: Path, name: str) -> None:
        assert at_nine(tmp_path, name, zone(name, standard=4, summer=False)) == ["06-07 02:00"]

    def test_a_definition_that_says_nothing_is_no_reason_to_guess(self, tmp_path: Path) -> None:
        broken = zone("EST").replace("TZOFFSETTO:+0100", "TZOFFSETTO:west")
        event = "UID:z\nDTSTART;TZID=EST:20270607T090000\nDURATION:PT1H"
        assert told(read(tmp_path, calendar(event, zones=broken), JUNE)) == ["UNKNOWN unknown_zone"]


EXCHANGE = "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"


class TestNames:
    """TZID is TEXT (section 3.8.3.1) in a VTIMEZONE and a parameter (section 3.2.19) elsewhere."""

    @pytest.mark.parametrize("defined", [EXCHANGE, EXCHANGE.replace(",", "\\,"), f'"{EXCHANGE}"'])
    @pytest.mark.parametrize("named", [f'"{EXCHANGE}"', '"' + EXCHANGE.replace(",", "\\,") + '"', EXCHANGE])
    def test_a_display_name_in_every_spelling(self, tmp_path: Path, defined: str, named: str) -> None:
        assert at_nine(tmp_path, named, zone(defined, standard=4)) == ["06-07 06:00"]

    def test_a_semicolon_and_a_backslash(self, tmp_path: Path) -> None:
        assert at_nine(tmp_path, '"A; B\\\\C"', zone("A\\; B\\\\C", standard=4)) == ["06-07 06:00"]

    def test_a_display_name_that_nobody_defines_is_unknown(self, tmp_path: Path) -> None:
        event = f'UID:z\nDTSTART;TZID="{EXCHANGE}":20270607T090000\nDURATION:PT1H'
        assert told(read(tmp_path, calendar(event), JUNE)) == ["UNKNOWN unknown_zone"]


class TestSeveralCalendars:
    EVENT = "UID:{0}\nDTSTART;TZID=Customized Time Zone:20270607T090000\nDURATION:PT1H"

    def test_each_has_its_own_definitions(self, tmp_path: Path) -> None:
        first = calendar(self.EVENT.format(1), zones=zone("Customized Time Zone", 4, summer=False))
        second = calendar(self.EVENT.format(2), zones=zone("Customized Time Zone", 9, summer=False))
        assert [t[5:16] for t in told(read(tmp_path, first + second, JUNE))] == ["06-07 02:00", "06-07 07:00"]

    def test_each_has_its_own_zone_for_whole_days_and_times_without_one(self, tmp_path: Path) -> None:
        events = ["UID:{0}a\nDTSTART;VALUE=DATE:20270607", "UID:{0}b\nDTSTART:20270609T090000\nDURATION:PT1H"]
        text = "".join(
            calendar(*(event.format(name) for event in events), head=f"X-WR-TIMEZONE:{name}")
            for name in ("Asia/Tokyo", "Europe/Berlin")
        )
        assert told(read(tmp_path, text, JUNE)) == [
            "busy 06-06 17:00-06-07 17:00", "busy 06-07 00:00-06-08 00:00",
            "busy 06-09 02:00-03:00", "busy 06-09 09:00-10:00",
        ]  # fmt: skip

    def test_one_that_names_none_follows_the_settings_and_then_the_others(self, tmp_path: Path) -> None:
        event = "UID:1\nDTSTART:20270609T090000\nDURATION:PT1H"
        named = calendar(head="X-WR-TIMEZONE:Asia/Tokyo")
        plain = calendar(event, head="")
        assert told(read(tmp_path, plain + named, JUNE)) == ["busy 06-09 02:00-03:00"]
        for text in (plain, plain + named):
            assert told(read(tmp_path, text, JUNE, zone="Europe/Berlin")) == ["busy 06-09 09:00-10:00"]
        assert told(read(tmp_path, plain, JUNE)) == ["UNKNOWN unknown_zone"]

    def test_a_name_that_only_another_one_defines(self, tmp_path: Path) -> None:
        other = calendar(zones=zone("Customized Time Zone", 4, summer=False))
        assert told(read(tmp_path, other + calendar(self.EVENT.format(1)), JUNE)) == [
            "busy 06-07 07:00-08:00"
        ]
        third = calendar(zones=zone("Customized Time Zone", 9, summer=False))
        two_that_differ = other + third + calendar(self.EVENT.format(1))
        assert told(read(tmp_path, two_that_differ, JUNE)) == ["UNKNOWN unknown_zone"]


PLACES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Pacific/Apia",
]


class TestRules:
    """A zone of our own against the place it was written from, and against another reader of VTIMEZONE."""

    @pytest.mark.parametrize("name", PLACES)
    def test_it_says_what_the_place_says(self, name: str) -> None:
        made = built(
            next(parse(f"BEGIN:VCALENDAR\n{vtimezone(name)}END:VCALENDAR\n").components("VTIMEZONE"))
        )
        place, chance = ZoneInfo(name), random.Random(name)
        assert made is not None
        for _ in range(3000):
            instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
                minutes=chance.randrange(60 * 24 * 365 * 6)
            )
            assert instant.astimezone(made).replace(tzinfo=None) == instant.astimezone(place).replace(
                tzinfo=None
            )
            assert instant.astimezone(made).astimezone(UTC) == instant
            for fold in (0, 1):
                clock = instant.replace(tzinfo=None, fold=fold)
                assert clock.replace(tzinfo=made).utcoffset() == clock.replace(tzinfo=place).utcoffset()

    def test_the_hours_around_a_change(self) -> None:
        made = built(next(parse(f"BEGIN:VCALENDAR\n{zone('Z')}\nEND:VCALENDAR\n").components("VTIMEZONE")))
        place = ZoneInfo("Europe/Berlin")
        assert made is not None
        for begin in (datetime(2027, 3, 27, 20, tzinfo=UTC), datetime(2027, 10, 30, 20, tzinfo=UTC)):
            for minutes in range(0, 60 * 12, 7):
                instant = begin + timedelta(minutes=minutes)
                ours, theirs = instant.astimezone(made), instant.astimezone(place)
                assert (ours.replace(tzinfo=None), ours.fold) == (theirs.replace(tzinfo=None), theirs.fold)

    def test_another_reader_sees_the_same(self, tmp_path: Path) -> None:
        text = zone("Z", 3).replace("16010101", "19700101")
        (tmp_path / "zone.ics").write_text(f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n")
        theirs = tzical(str(tmp_path / "zone.ics")).get()
        made = built(next(parse(f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n").components("VTIMEZONE")))
        assert theirs is not None
        for day in range(0, 2000, 3):
            clock = datetime(2020, 1, 1, 12, tzinfo=UTC).replace(tzinfo=None) + timedelta(days=day)
            assert clock.replace(tzinfo=made).utcoffset() == clock.replace(tzinfo=theirs).utcoffset()

    @pytest.mark.parametrize(
        "wrong",
        [("FREQ=YEARLY", "FREQ=DAILY"), ("TZOFFSETFROM:+0100", "X:1"), ("DTSTART:16010101T030000", "X:1"),
         ("DTSTART:16010101T030000", "DTSTART:noon"), ("BYMONTH=10", "BYMONTH=13"), ("TZOFFSETTO:+0200", "TZOFFSETTO:+9900")],
    )  # fmt: skip
    def test_what_it_does_not_say_is_not_guessed(self, wrong: tuple[str, str]) -> None:
        text = zone("Z").replace(*wrong)
        assert built(next(parse(f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n").components("VTIMEZONE"))) is None

    def test_changes_that_are_listed(self) -> None:
        text = (
            "BEGIN:VTIMEZONE\nTZID:Z\nBEGIN:STANDARD\nDTSTART:20260101T000000\nRDATE:20270101T000000,20270201T000000\n"
            "TZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20261201T000000\n"
            "RDATE;VALUE=PERIOD:20270115T000000/PT1H\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0000\nEND:DAYLIGHT\nEND:VTIMEZONE"
        )
        made = built(next(parse(f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n").components("VTIMEZONE")))
        days = [(2025, 6, 1), (2026, 6, 1), (2026, 12, 15), (2027, 1, 10), (2027, 1, 20), (2027, 3, 1)]
        hours = [datetime(*day, tzinfo=made).utcoffset() for day in days]
        assert hours == [timedelta(hours=h) for h in (0, 1, 0, 1, 0, 1)]
