"""What programs write a little beside the standard, and several other readers understand: read as they do, and
never as free where one of them sees the time taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.local.reading import calendar, read, told, window

DECEMBER = window("2026-12-05", "2026-12-14")
NINE = "DTSTART:20261207T080000Z\nDTEND:20261207T090000Z"
BUSY = ["busy 12-07 09:00-10:00"]
FREE: list[str] = []
MONDAY = ["busy 12-07 00:00-12-08 00:00"]
TWO_DAYS = ["busy 12-07 00:00-12-09 00:00"]


def seen(folder: Path, *events: str) -> list[str]:
    return told(read(folder, calendar(*(f"UID:{n}\n{event}" for n, event in enumerate(events))), DECEMBER))


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("DTSTART;VALUE=DATE:20261207T000000", MONDAY),
        ("DTSTART;VALUE=DATE:20261207T000000Z", MONDAY),
        ("DTSTART;VALUE=DATE:20261206T230000Z", MONDAY),  # midnight in Berlin
        ("DTSTART;value=date:20261207T090000", MONDAY),
        ("DTSTART;VALUE=DATE:20261207T000000\nDTEND;VALUE=DATE:20261208T000000", MONDAY),
        ("DTSTART;VALUE=DATE:20261207T000000\nDTEND;VALUE=DATE:20261209", TWO_DAYS),
        ("DTSTART;VALUE=DATE:20261207T220000\nDTEND;VALUE=DATE:20261208T010000", TWO_DAYS),
        ("DTSTART;VALUE=DATE:20261207T090000\nDURATION:P2D", TWO_DAYS),
        ("DTSTART;VALUE=DATE-TIME:20261207T090000\nDURATION:PT1H", BUSY),
        ("DTSTART;VALUE=DATE:20261207T000000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261208T000000", MONDAY),
        ("DTSTART;VALUE=DATE:20261207T000000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261208", MONDAY),
    ],
)  # fmt: skip
def test_what_is_called_a_date_lasts_its_day(tmp_path: Path, lines: str, right: list[str]) -> None:
    assert seen(tmp_path, lines) == right


def test_one_occurrence_of_such_days_is_changed(tmp_path: Path) -> None:
    day = "UID:x\nDTSTART;VALUE=DATE:20261207T000000\nRRULE:FREQ=DAILY;COUNT=2"
    moved = "UID:x\nRECURRENCE-ID;VALUE=DATE:20261208T000000\nDTSTART;VALUE=DATE:20261210T000000\nSEQUENCE:1"
    older = "UID:x\nRECURRENCE-ID:20261207T230000Z\nDTSTART;VALUE=DATE:20261211T000000"
    found = told(read(tmp_path, calendar(day, moved, older), DECEMBER))
    assert found == [*MONDAY, "busy 12-10 00:00-12-11 00:00"]


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("DTSTART:20261207T230000\nDTEND:20261207T240000", ["busy 12-07 23:00-12-08 00:00"]),
        ("DTSTART:20261207T240000\nDURATION:PT1H", ["busy 12-08 00:00-01:00"]),
        ("DTSTART:20261207T230000\nDTEND:20261207T240100", ["UNKNOWN unreadable"]),
        ("DTSTART:20261212T080000Z\nDTEND:99991231T235959Z", ["busy 12-12 09:00-12-14 00:00"]),
        ("DTSTART;VALUE=DATE:20261212\nDTEND;VALUE=DATE:99991231", ["busy 12-12 00:00-12-14 00:00"]),
    ],
)
def test_the_last_moment_of_a_day_and_of_all_days(tmp_path: Path, lines: str, right: list[str]) -> None:
    assert seen(tmp_path, lines) == right


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE:",
        "RDATE:",
        "EXDATE;TZID=Europe/Berlin:20261208T090000,",
        "EXDATE:,20261208T080000Z",
        "RDATE:,",
    ],
)
def test_a_list_with_nothing_in_it_says_nothing(tmp_path: Path, line: str) -> None:
    gone = "20261208" in line
    days = ["busy 12-08 09:00-10:00"] if not gone else []
    assert seen(tmp_path, f"{NINE}\nRRULE:FREQ=DAILY;COUNT=2\n{line}") == BUSY + days


def test_a_start_with_nothing_in_it_is_unknown(tmp_path: Path) -> None:
    assert seen(tmp_path, "DTSTART:\nDURATION:PT1H") == ["UNKNOWN unreadable"]


def test_parts_of_a_rule_that_are_a_program_s_own_say_nothing(tmp_path: Path) -> None:
    assert seen(tmp_path, f"{NINE}\nRRULE:FREQ=WEEKLY;COUNT=1;X-EVOLUTION-ENDDATE=20261207T080000Z") == BUSY
    assert seen(tmp_path, f"{NINE}\nRRULE:FREQ=WEEKLY;COUNT=1;BYEASTER=1") == ["UNKNOWN unreadable"]


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("TRANSP:TRANSPARENT\nTRANSP:OPAQUE", BUSY),
        ("TRANSP:OPAQUE\nTRANSP:TRANSPARENT", BUSY),
        ("TRANSP:TRANSPARENT\nTRANSP:TRANSPARENT", FREE),
        ("STATUS:CANCELLED\nSTATUS:CONFIRMED", BUSY),
        ("STATUS:CANCELLED\nSTATUS:cancelled", FREE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", BUSY),
    ],
)
def test_of_two_that_differ_the_one_that_takes_time_counts(
    tmp_path: Path, lines: str, right: list[str]
) -> None:
    assert seen(tmp_path, f"{NINE}\n{lines}") == right


@pytest.mark.parametrize("answers", [("DECLINED", "ACCEPTED"), ("ACCEPTED", "DECLINED")])
def test_of_two_answers_of_one_person_the_one_that_takes_time_counts(
    tmp_path: Path, answers: tuple[str, str]
) -> None:
    lines = [f"ATTENDEE;PARTSTAT={answer}:mailto:ada@acme.example" for answer in answers]
    asked = "\n".join([NINE, "ORGANIZER:mailto:boss@acme.example", *lines])
    assert seen(tmp_path, asked) == BUSY
    assert seen(tmp_path, asked.replace("ACCEPTED", "DECLINED")) == FREE
    assert seen(tmp_path, asked.replace("ACCEPTED", "TENTATIVE")) == ["tentative 12-07 09:00-10:00"]


class TestCalendarsInOneFile:
    def nested(self, inside: str) -> str:
        return calendar(f"UID:1\n{NINE}").replace("END:VCALENDAR", f"{inside}END:VCALENDAR")

    def test_a_calendar_inside_a_calendar_counts(self, tmp_path: Path) -> None:
        inside = calendar(
            "UID:2\nDTSTART:20261208T090000\nDURATION:PT1H", head="X-WR-TIMEZONE:America/New_York"
        )
        text = self.nested(inside).replace(
            "END:VCALENDAR\nEND", "END:VCALENDAR\nBEGIN:VEVENT\nUID:3\nDTSTART:20261209T090000\n"
            "DURATION:PT1H\nEND:VEVENT\nEND"
        )  # fmt: skip
        found = told(read(tmp_path, text, DECEMBER))
        assert found == [*BUSY, "busy 12-08 15:00-16:00", "busy 12-09 09:00-10:00"]

    def test_so_does_an_event_in_a_wrapping_that_nobody_knows(self, tmp_path: Path) -> None:
        wrapped = (
            f"BEGIN:X-GROUP\nBEGIN:VEVENT\nUID:2\n{NINE.replace('1207', '1208')}\nEND:VEVENT\nEND:X-GROUP\n"
        )
        assert told(read(tmp_path, self.nested(wrapped), DECEMBER)) == [*BUSY, "busy 12-08 09:00-10:00"]

    def test_files_put_one_behind_another_with_their_byte_order_marks(self, tmp_path: Path) -> None:
        files = ["\ufeff" + calendar(f"UID:{day}\n{NINE.replace('1207', day)}") for day in ("1207", "1208")]
        assert told(read(tmp_path, "".join(files), DECEMBER)) == [*BUSY, "busy 12-08 09:00-10:00"]


class TestBytesOfAnOldWindows:
    """Whose words are in no UTF-8 is still busy: the words are not needed."""

    @pytest.mark.parametrize("code", ["latin-1", "cp1252", "cp1251"])
    def test_titles_and_names(self, tmp_path: Path, code: str) -> None:
        words = {"latin-1": "Müller", "cp1252": "„Müller“ €", "cp1251": "Встреча"}[code]
        lines = f"SUMMARY:{words}\nORGANIZER:mailto:boss@acme.example\nATTENDEE;CN={words};PARTSTAT=DECLINED:mailto:"
        text = calendar(f"UID:1\n{NINE}\n{lines}bob@acme.example", f"UID:2\n{NINE}\n{lines}ada@acme.example")
        assert told(read(tmp_path, text.encode(code), DECEMBER)) == BUSY

    def test_names_of_zones(self, tmp_path: Path) -> None:
        rules = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD"
        zone = f"BEGIN:VTIMEZONE\nTZID:Westeuropäische Zeit\n{rules}\nEND:VTIMEZONE"
        event = "UID:1\nDTSTART;TZID=Westeuropäische Zeit:20261207T130000\nDURATION:PT1H"
        assert told(read(tmp_path, calendar(event, zones=zone).encode("latin-1"), DECEMBER)) == BUSY
        other = calendar(event.replace("ä", "ö"), zones=zone).encode("latin-1")
        assert told(read(tmp_path, other, DECEMBER)) == ["UNKNOWN unknown_zone"]

    def test_what_decides_is_not_guessed(self, tmp_path: Path) -> None:
        text = calendar(f"UID:1\n{NINE}\nTRANSP:TRANSPARENT\xe4").encode("latin-1")
        assert told(read(tmp_path, text, DECEMBER)) == BUSY
        assert told(read(tmp_path, text.replace(b"T080000Z", b"T08000\xb2Z"), DECEMBER)) == [
            "UNKNOWN unreadable"
        ]
