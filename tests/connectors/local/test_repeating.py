"""Series as programs write them, by hand from RFC 5545: what no library is asked for, because libraries differ."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.types import Known
from tests.connectors.local.reading import calendar, read, told, window

WEEK = ("2026-12-05", "2026-12-14")
NINE = "UID:s\nDTSTART;TZID=Europe/Berlin:20261207T090000\nDTEND;TZID=Europe/Berlin:20261207T100000\n"
DAY = "UID:d\nDTSTART;VALUE=DATE:20261207\nDTEND;VALUE=DATE:20261208\n"


def nine(*days: int) -> list[str]:
    return [f"busy 12-{day:02} 09:00-10:00" for day in days]


def whole(*days: int) -> list[str]:
    return [f"busy 12-{day:02} 00:00-12-{day + 1:02} 00:00" for day in days]


def seen(folder: Path, *events: str, when: tuple[str, str] = WEEK, zone: str = "Europe/Berlin") -> list[str]:
    return told(read(folder, calendar(*events, head=f"X-WR-TIMEZONE:{zone}"), window(*when, zone)), zone)


class TestLeftOut:
    def test_one_cancelled_occurrence_takes_no_other_with_it(self, tmp_path: Path) -> None:
        """09:00 and 10:00 in Berlin: 09:00 in UTC is 10:00 there, and only clocks that read alike."""
        rule = NINE + "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=6\nEXDATE:20261208T080000Z"
        busy = nine(7, 9)
        busy[1:1] = ["busy 12-07 10:00-11:00", "busy 12-08 10:00-11:00"]
        assert seen(tmp_path, rule) == [*busy, "busy 12-09 10:00-11:00"]

    @pytest.mark.parametrize("other", ["Asia/Tokyo", "America/New_York", "Pacific/Auckland"])
    def test_clocks_of_two_zones_that_read_alike(self, tmp_path: Path, other: str) -> None:
        rule = NINE + f"RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID={other}:20261208T090000"
        assert seen(tmp_path, rule) == nine(7, 8, 9)

    def test_a_day_leaves_out_all_of_that_day_and_no_other(self, tmp_path: Path) -> None:
        rule = NINE + "RRULE:FREQ=DAILY;BYHOUR=9,15;COUNT=6\nEXDATE;VALUE=DATE:20261208"
        assert [line[5:16] for line in seen(tmp_path, rule)] == [
            "12-07 09:00", "12-07 15:00", "12-09 09:00", "12-09 15:00",
        ]  # fmt: skip

    def test_a_day_of_a_series_in_utc_is_the_calendars(self, tmp_path: Path) -> None:
        rule = "UID:u\nDTSTART:20261206T233000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20261208"
        assert seen(tmp_path, rule) == ["busy 12-07 00:30-01:00", "busy 12-09 00:30-01:00"]

    def test_a_time_without_a_zone_is_the_calendars(self, tmp_path: Path) -> None:
        rule = "UID:t\nDTSTART;TZID=Asia/Tokyo:20261207T170000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261208T{0}"
        assert seen(tmp_path, rule.format("090000")) == nine(7, 9)
        assert seen(tmp_path, rule.format("170000")) == nine(7, 9)  # or, where nothing is then, the event's
        assert seen(tmp_path, rule.format("120000")) == nine(7, 8, 9)

    @pytest.mark.parametrize(
        ("zone", "line"),
        [
            ("America/New_York", "EXDATE:20261209T050000Z"),  # midnight there
            ("America/New_York", "EXDATE:20261209T000000Z"),  # a bare date, in UTC
            ("Asia/Tokyo", "EXDATE:20261208T150000Z"),
            ("Asia/Tokyo", "EXDATE:20261209T000000Z"),
            ("America/New_York", "EXDATE;TZID=Asia/Tokyo:20261209T000000"),
            ("Europe/Berlin", "EXDATE:20261209T000000,20261220T000000"),
        ],
    )
    def test_a_time_in_a_series_of_whole_days_is_its_day(self, tmp_path: Path, zone: str, line: str) -> None:
        assert seen(tmp_path, DAY + f"RRULE:FREQ=DAILY;COUNT=4\n{line}", zone=zone) == whole(7, 8, 10)


class TestAdded:
    @pytest.mark.parametrize(
        ("line", "also"),
        [
            ("RDATE;TZID=Europe/Berlin:20261211T150000", "busy 12-11 15:00-16:00"),
            ("RDATE:20261211T140000Z", "busy 12-11 15:00-16:00"),
            ("RDATE;VALUE=PERIOD:20261211T140000Z/PT3H", "busy 12-11 15:00-18:00"),
            ("RDATE;VALUE=PERIOD:20261211T140000Z/20261211T143000Z", "busy 12-11 15:00-15:30"),
            ("RDATE;VALUE=DATE:20261211", "busy 12-11 09:00-10:00"),
        ],
    )
    def test_a_date_more(self, tmp_path: Path, line: str, also: str) -> None:
        assert seen(tmp_path, NINE + f"RRULE:FREQ=DAILY;COUNT=2\n{line}") == [*nine(7, 8), also]

    def test_what_the_rule_gives_already_is_told_once(self, tmp_path: Path) -> None:
        rule = (
            NINE + "RRULE:FREQ=DAILY;COUNT=3\nRDATE:20261208T080000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=2"
        )
        assert seen(tmp_path, rule) == nine(7, 8, 9)

    @pytest.mark.parametrize(
        "line", ["RDATE;VALUE=DATE:20261211", "RDATE:20261210T230000Z", "RDATE:20261211T093000"]
    )
    def test_a_day_more(self, tmp_path: Path, line: str) -> None:
        assert seen(tmp_path, DAY + f"RRULE:FREQ=DAILY;COUNT=2\n{line}") == whole(7, 8, 11)


class TestUntil:
    @pytest.mark.parametrize(
        ("zone", "until", "last"),
        [
            ("Europe/Berlin", "20261209", 9),
            ("Europe/Berlin", "20261208T230000Z", 9),
            ("Europe/Berlin", "20261208T225959Z", 8),
            ("Europe/Berlin", "20261209T000000Z", 9),
            ("Europe/Berlin", "20261209T000000", 9),
            ("Asia/Tokyo", "20261208T150000Z", 9),
            ("Asia/Tokyo", "20261208T145959Z", 8),
            ("America/New_York", "20261209T050000Z", 9),
            ("America/New_York", "20261210T045959Z", 9),
            ("America/New_York", "20261209T000000Z", 9),  # a bare date that a program put into UTC
        ],
    )
    def test_whole_days(self, tmp_path: Path, zone: str, until: str, last: int) -> None:
        rule = DAY + f"RRULE:FREQ=DAILY;UNTIL={until}"
        assert seen(tmp_path, rule, zone=zone) == whole(*range(7, last + 1))

    def test_for_ever(self, tmp_path: Path) -> None:
        assert seen(tmp_path, DAY + "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z")[-1:] == whole(13)


class TestChanged:
    MOVED = "UID:s\nRECURRENCE-ID{0}\nDTSTART;TZID=Europe/Berlin:20261208T150000\nDURATION:PT1H\n"

    @pytest.mark.parametrize(
        "which",
        [";TZID=Europe/Berlin:20261208T090000", ":20261208T080000Z", ":20261208T090000", ";VALUE=DATE:20261208",
         ";TZID=Asia/Tokyo:20261208T170000"],
    )  # fmt: skip
    def test_in_every_spelling(self, tmp_path: Path, which: str) -> None:
        found = seen(tmp_path, NINE + "RRULE:FREQ=DAILY;COUNT=3", self.MOVED.format(which))
        assert found == [*nine(7), "busy 12-08 15:00-16:00", *nine(9)]

    def test_of_two_a_day_one_is_moved(self, tmp_path: Path) -> None:
        rule = NINE + "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=4"
        found = seen(tmp_path, rule, self.MOVED.format(":20261208T080000Z"))
        assert [line[5:16] for line in found] == ["12-07 09:00", "12-07 10:00", "12-08 10:00", "12-08 15:00"]

    def test_a_time_that_reads_alike_elsewhere_is_another_occurrence(self, tmp_path: Path) -> None:
        found = seen(
            tmp_path, NINE + "RRULE:FREQ=DAILY;COUNT=3", self.MOVED.format(";TZID=Asia/Tokyo:20261208T090000")
        )
        assert found == [*nine(7, 8), "busy 12-08 15:00-16:00", *nine(9)]

    def test_moved_into_the_window_and_out_of_it(self, tmp_path: Path) -> None:
        far = self.MOVED.format(":20270308T080000Z")
        gone = self.MOVED.format(":20261209T080000Z").replace("20261208T15", "20270309T15")
        rule = NINE + "RRULE:FREQ=DAILY;UNTIL=20270401"
        found = seen(tmp_path, rule, far, gone)
        assert found == [*nine(7, 8), "busy 12-08 15:00-16:00", *nine(10, 11, 12, 13)]

    @pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
    def test_one_that_takes_no_time_is_gone_from_the_series(self, tmp_path: Path, line: str) -> None:
        change = self.MOVED.format(":20261208T080000Z") + line
        assert seen(tmp_path, NINE + "RRULE:FREQ=DAILY;COUNT=3", change) == nine(7, 9)

    def test_one_that_takes_time_of_a_series_that_takes_none(self, tmp_path: Path) -> None:
        found = seen(
            tmp_path,
            NINE + "RRULE:FREQ=DAILY;COUNT=3\nTRANSP:TRANSPARENT",
            self.MOVED.format(":20261208T080000Z"),
        )
        assert found == ["busy 12-08 15:00-16:00"]


class TestThisAndAllThatFollow:
    LATER = "UID:s\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261209T090000\n"
    AT_THREE = (
        LATER + "DTSTART;TZID=Europe/Berlin:20261209T150000\nDTEND;TZID=Europe/Berlin:20261209T153000\n"
    )
    RULE = NINE + "RRULE:FREQ=DAILY;COUNT=5\n"

    def test_another_time_and_length(self, tmp_path: Path) -> None:
        later = [f"busy 12-{day:02} 15:00-15:30" for day in (9, 10, 11)]
        assert seen(tmp_path, self.RULE, self.AT_THREE) == [*nine(7, 8), *later]

    def test_another_day(self, tmp_path: Path) -> None:
        change = self.LATER + "DTSTART;TZID=Europe/Berlin:20261210T090000\nDURATION:PT1H"
        assert seen(tmp_path, self.RULE, change) == nine(7, 8, 10, 11, 12)

    def test_with_one_of_them_left_out_and_one_moved_again(self, tmp_path: Path) -> None:
        rule = self.RULE + "EXDATE;TZID=Europe/Berlin:20261210T090000"
        again = "UID:s\nRECURRENCE-ID:20261211T080000Z\nDTSTART:20261211T180000Z\nDURATION:PT1H"
        found = seen(tmp_path, rule, self.AT_THREE, again)
        assert found == [*nine(7, 8), "busy 12-09 15:00-15:30", "busy 12-11 19:00-20:00"]

    def test_twice(self, tmp_path: Path) -> None:
        second = self.AT_THREE.replace("1209T", "1211T").replace("T1500", "T1700").replace("T1530", "T1800")
        assert seen(tmp_path, self.RULE, second, self.AT_THREE) == [
            *nine(7, 8), "busy 12-09 15:00-15:30", "busy 12-10 15:00-15:30", "busy 12-11 17:00-18:00",
        ]  # fmt: skip

    def test_called_off_from_here_on(self, tmp_path: Path) -> None:
        assert seen(tmp_path, self.RULE, self.AT_THREE + "STATUS:CANCELLED") == nine(7, 8)

    def test_keeps_its_clock_over_the_change(self, tmp_path: Path) -> None:
        found = seen(
            tmp_path,
            self.RULE.replace("COUNT=5", "COUNT=120"),
            self.AT_THREE,
            when=("2027-03-27", "2027-03-30"),
        )
        assert found == [f"busy 03-{day} 15:00-15:30" for day in (27, 28, 29)]

    def test_whole_days(self, tmp_path: Path) -> None:
        change = "UID:d\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261209\nDTSTART;VALUE=DATE:20261210"
        assert seen(tmp_path, DAY + "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", change) == whole(7, 10, 12)

    def test_a_range_that_nobody_defines_is_not_guessed(self, tmp_path: Path) -> None:
        change = self.AT_THREE.replace("THISANDFUTURE", "THISANDPRIOR")
        assert seen(tmp_path, self.RULE, change) == ["UNKNOWN unreadable"]


GAP = "UID:g\nDTSTART;TZID={0}\nDTEND;TZID={1}\nRRULE:FREQ=DAILY;COUNT=30"


class TestClocksChange:
    """Sections 3.3.5 and 3.8.5.3: what falls into the hour that is left out begins as much later; nothing
    loses its length, and nothing is left out. Where programs keep the end on the wall, that is blocked too."""

    @pytest.mark.parametrize(
        ("zone", "day", "start", "end", "expected"),
        [
            ("Europe/Berlin", "2027-03-28", "023000", "033000", "03:30-04:30"),
            ("Europe/Berlin", "2027-03-28", "023000", "030000", "03:30-04:00"),
            ("Europe/Berlin", "2027-03-28", "020000", "030000", "03:00-04:00"),
            ("Europe/Berlin", "2027-03-28", "013000", "023000", "01:30-03:30"),
            ("Europe/Berlin", "2027-03-28", "013000", "033000", "01:30-04:30"),
            ("Europe/Berlin", "2026-10-25", "013000", "033000", "01:30-03:30"),  # three hours there
            ("Africa/Cairo", "2027-04-30", "000000", "010000", "01:00-02:00"),
            ("Africa/Cairo", "2027-04-30", "003000", "010000", "01:30-02:00"),
            ("Asia/Jerusalem", "2027-03-26", "020000", "030000", "03:00-04:00"),
            ("America/New_York", "2027-03-14", "023000", "024500", "03:30-03:45"),
        ],
    )
    def test_an_occurrence_keeps_its_length(
        self, tmp_path: Path, zone: str, day: str, start: str, end: str, expected: str
    ) -> None:
        written = f"{date.fromisoformat(day) - timedelta(days=10):%Y%m%d}"
        event = GAP.format(f"{zone}:{written}T{start}", f"{zone}:{written}T{end}")
        found = seen(tmp_path, event, when=(day, _next(day)), zone=zone)
        assert found == [f"busy {day[5:]} {expected}"]

    @pytest.mark.parametrize(("end", "expected"), [("033000", "03:30-04:30"), ("030000", "03:30-04:00")])
    def test_a_single_event_there_too(self, tmp_path: Path, end: str, expected: str) -> None:
        event = f"UID:g\nDTSTART;TZID=Europe/Berlin:20270328T023000\nDTEND;TZID=Europe/Berlin:20270328T{end}"
        assert seen(tmp_path, event, when=("2027-03-28", "2027-03-29")) == [f"busy 03-28 {expected}"]

    @pytest.mark.parametrize(
        ("length", "day", "expected"),
        [
            ("DTEND;TZID=Europe/Berlin:20270311T060000", "2027-03-27", "busy 03-27 22:00-03-28 07:00"),
            ("DURATION:PT8H", "2027-03-27", "busy 03-27 22:00-03-28 07:00"),
            ("DURATION:P1D", "2027-03-27", "busy 03-27 22:00-03-28 22:00"),
            ("DURATION:P1DT1H", "2027-03-27", "busy 03-27 22:00-03-28 23:00"),
            ("DTEND;TZID=Europe/Berlin:20270311T060000", "2027-10-30", "busy 10-30 22:00-10-31 06:00"),
            ("DURATION:PT8H", "2027-10-30", "busy 10-30 22:00-10-31 05:00"),
            ("DURATION:P1D", "2027-10-30", "busy 10-30 22:00-10-31 22:00"),
        ],
    )  # fmt: skip
    def test_a_night_over_the_change(self, tmp_path: Path, length: str, day: str, expected: str) -> None:
        event = f"UID:n\nDTSTART;TZID=Europe/Berlin:20270310T220000\n{length}\nRRULE:FREQ=WEEKLY;BYDAY=WE,SA"
        assert seen(tmp_path, event, when=(day, _next(_next(day)))) == [expected]

    def test_an_end_in_another_zone_is_as_long_as_it_is(self, tmp_path: Path) -> None:
        event = (
            "UID:f\nDTSTART;TZID=Europe/Berlin:20270301T100000\nDTEND;TZID=America/New_York:20270301T120000\n"
            "RRULE:FREQ=WEEKLY"
        )
        assert seen(tmp_path, event, when=("2027-03-15", "2027-03-16")) == ["busy 03-15 10:00-18:00"]

    def test_by_the_hour_through_the_hour_that_comes_twice(self, tmp_path: Path) -> None:
        event = "UID:h\nDTSTART;TZID=Europe/Berlin:20261025T010000\nDURATION:PT1H\nRRULE:FREQ=HOURLY;COUNT=4"
        found = read(tmp_path, calendar(event), window("2026-10-25", "2026-10-26"))
        assert isinstance(found, Known)
        hours = [block.start.hour for block in found.busy]
        assert hours == [23, 0, 1, 2, 3]  # in UTC: nothing is free between


class TestVersions:
    """RFC 5546 section 2.1.5, and programs that give different events one UID."""

    AT = "UID:v\nSEQUENCE:{0}\nDTSTART:202612{1:02}T080000Z\nDURATION:PT1H\n"

    def at(self, sequence: int, day: int, more: str = "") -> str:
        return self.AT.format(sequence, day) + more

    def test_a_cancellation_with_a_higher_sequence(self, tmp_path: Path) -> None:
        gone = self.at(1, 7, "STATUS:CANCELLED")
        assert seen(tmp_path, gone, self.at(0, 7)) == []
        assert seen(tmp_path, self.at(2, 7), gone) == nine(7)

    def test_a_cancelled_series_takes_its_older_changes_with_it(self, tmp_path: Path) -> None:
        change = self.at(1, 9, "RECURRENCE-ID:20261208T080000Z")
        series = "RRULE:FREQ=DAILY;COUNT=2\nSTATUS:CANCELLED"
        assert seen(tmp_path, change, self.at(2, 7, series)) == []
        assert seen(tmp_path, change, self.at(0, 7, series)) == nine(9)

    def test_of_the_same_sequence_the_later_stamp(self, tmp_path: Path) -> None:
        old = self.at(0, 7, "DTSTAMP:20261101T000000Z")
        gone = self.at(0, 7, "DTSTAMP:20261102T000000Z\nSTATUS:CANCELLED")
        assert seen(tmp_path, gone, old) == []

    def test_different_events_of_one_uid_all_stay(self, tmp_path: Path) -> None:
        events = [
            self.at(0, 7, "RRULE:FREQ=WEEKLY;COUNT=1\nDTSTAMP:20261101T000000Z"),
            self.at(0, 8, "DTSTAMP:20261102T000000Z"),
            self.at(0, 9, "RRULE:FREQ=DAILY;COUNT=3"),
        ]
        assert seen(tmp_path, *events) == nine(7, 8, 9, 10, 11)

    def test_a_change_belongs_to_the_one_that_it_meets(self, tmp_path: Path) -> None:
        change = self.at(1, 12, "RECURRENCE-ID:20261210T080000Z")
        events = [self.at(0, 7), self.at(0, 9, "RRULE:FREQ=DAILY;COUNT=3")]
        assert seen(tmp_path, *events, change) == nine(7, 9, 11, 12)

    def test_versions_of_a_change_in_two_spellings(self, tmp_path: Path) -> None:
        change = "UID:d\nSEQUENCE:{0}\nRECURRENCE-ID{1}\nDTSTART;VALUE=DATE:202612{2}"
        found = seen(
            tmp_path,
            DAY + "RRULE:FREQ=DAILY;COUNT=2",
            change.format(2, ";VALUE=DATE:20261208", 10),
            change.format(1, ":20261207T230000Z", 12),
        )
        assert found == whole(7, 10)

    def test_numbers_that_are_none_count_as_the_first(self, tmp_path: Path) -> None:
        assert seen(tmp_path, self.at(0, 7).replace("SEQUENCE:0", "SEQUENCE:x"), self.at(1, 8)) == nine(8)


class TestWholeDays:
    @pytest.mark.parametrize(
        ("length", "last"),
        [("PT24H", 7), ("PT25H", 8), ("PT86400S", 7), ("P1DT12H", 8), ("PT1H", 7), ("P0D", 7), ("PT72H", 9), ("P2W", 20)],
    )  # fmt: skip
    def test_lengths(self, tmp_path: Path, length: str, last: int) -> None:
        event = f"UID:d\nDTSTART;VALUE=DATE:20261207\nDURATION:{length}"
        found = seen(tmp_path, event, when=("2026-12-05", "2026-12-25"))
        assert found == [f"busy 12-07 00:00-12-{last + 1:02} 00:00"]

    def test_lengths_of_a_series(self, tmp_path: Path) -> None:
        event = "UID:d\nDTSTART;VALUE=DATE:20261207\nDURATION:PT36H\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=2"
        assert seen(tmp_path, event) == ["busy 12-07 00:00-12-09 00:00", "busy 12-10 00:00-12-12 00:00"]

    def test_hours_in_the_rule_mean_nothing(self, tmp_path: Path) -> None:
        assert seen(tmp_path, DAY + "RRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0;COUNT=2") == whole(7, 8)


class TestRules:
    @pytest.mark.parametrize(
        "rule", ["RSCALE=GREGORIAN;FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3;RSCALE=gregorian;SKIP=FORWARD"]
    )
    def test_the_ordinary_calendar_by_its_name(self, tmp_path: Path, rule: str) -> None:
        assert seen(tmp_path, NINE + f"RRULE:{rule}") == nine(7, 8, 9)

    @pytest.mark.parametrize(
        "rule",
        [
            "RSCALE=HEBREW;FREQ=YEARLY",
            "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
            "FREQ=YEARLY;BYEASTER=1",
        ],
    )
    def test_what_is_not_counted_here_is_unknown(self, tmp_path: Path, rule: str) -> None:
        assert seen(tmp_path, NINE + f"RRULE:{rule}") == ["UNKNOWN unreadable"]

    def test_the_start_counts_also_where_the_rule_does_not_give_it(self, tmp_path: Path) -> None:
        assert seen(tmp_path, NINE + "RRULE:FREQ=WEEKLY;BYDAY=WE,FR;COUNT=2") == nine(7, 9, 11)


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
