"""What cannot matter never makes somebody unknown, and what can always does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.local.recurrence import reach
from connectors.local.text import parse
from tests.connectors.local.reading import calendar, read, told, window

DECEMBER = window("2026-12-05", "2026-12-14")
GOOD = "UID:y\nDTSTART:20261209T080000Z\nDURATION:PT1H"
BUSY = ["busy 12-09 09:00-10:00"]
UNKNOWN = ["UNKNOWN unreadable"]

NOW = {
    "an end before the start": "DTSTART:20261208T100000Z\nDTEND:20261208T090000Z",
    "a length that is none": "DTSTART:20261208T100000Z\nDURATION:an hour",
    "an endless rule": "DTSTART:20261208T100000Z\nDURATION:PT1M\nRRULE:FREQ=SECONDLY",
    "a rule that is none": "DTSTART:20261208T100000Z\nDURATION:PT1H\nRRULE:FREQ=NEVER",
    "no start": "DURATION:PT1H",
    "a day that does not exist": "DTSTART;VALUE=DATE:20261232",
    "a length that is none, since a year": "DTSTART:20251220T100000Z\nDURATION:an hour",
    "a rule that began long ago": "DTSTART:20120101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=XX",
    "a rule that lasts till now": "DTSTART:20120101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=XX;UNTIL=20261206",
    "a length that lasts till now": "DTSTART:20261120T100000Z\nDURATION:P3W\nEXDATE:never",
    "a date added now": "DTSTART:20120101T100000Z\nDURATION:PT1H\nRDATE:20120102T100000Z,20261207T100000Z\nEXDATE:x",
    "a change of all that follow": "RECURRENCE-ID;RANGE=THISANDFUTURE:20120101T100000Z\nDTSTART:20120101T120000Z\nDURATION:x",
    "a count of none": "DTSTART:20120101T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=0",
}  # fmt: skip
FREE = ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ORGANIZER:mailto:boss@acme.example\nATTENDEE;PARTSTAT=DECLINED:mailto:ada@acme.example"]  # fmt: skip


def seen(folder: Path, event: str, when: str = "") -> list[str]:
    return told(read(folder, calendar(f"UID:x\n{event}", GOOD), DECEMBER))


@pytest.mark.parametrize("what", NOW)
class TestNow:
    def test_it_makes_its_owner_unknown(self, tmp_path: Path, what: str) -> None:
        assert seen(tmp_path, NOW[what]) == UNKNOWN

    @pytest.mark.parametrize("line", FREE)
    def test_unless_it_takes_no_time(self, tmp_path: Path, what: str, line: str) -> None:
        assert seen(tmp_path, f"{NOW[what]}\n{line}") == BUSY


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20120508T100000Z\nDTEND:20120508T090000Z",
        "DTSTART;TZID=Nowhere:20120508T100000\nDTEND;TZID=Nowhere:20120508T110000",
        "DTSTART;VALUE=DATE:20120508\nDURATION:P1D\nRRULE:FREQ=WEEKLY;BYDAY=XX;UNTIL=20130101",
        "DTSTART:20120508T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=0;UNTIL=20130101T000000Z",
        "DTSTART;TZID=Nowhere:20120508T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=10",
        "DTSTART:20120508T100000Z\nDURATION:PT1H\nRDATE:20120509T100000Z\nEXDATE:tomorrow",
        "DTSTART;TZID=Nowhere:20300508T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY",
        "DTSTART:20300508T100000Z\nDTEND:20300508T090000Z\nRRULE:FREQ=SECONDLY",
        "RECURRENCE-ID:20261209T100000Z\nDTSTART;TZID=Nowhere:20120508T100000\nDURATION:PT1H",
        "DTSTART:20120508T100000Z\nDURATION:an hour",
        "DTSTART:20120508T100000Z\nDTEND:",
        "DTSTART:99900101T000000Z\nDURATION:P999999D",
        "DTSTART:20120508T100000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;UNTIL=20120509T100000Z;BYHOUR=30",
    ],
)
def test_an_error_of_another_time_says_nothing_of_now(tmp_path: Path, event: str) -> None:
    assert seen(tmp_path, event) == BUSY


def test_it_says_so_when_that_time_is_asked_for(tmp_path: Path) -> None:
    text = calendar("UID:x\nDTSTART:20120508T100000Z\nDTEND:20120508T090000Z")
    for first, last, says in [
        ("2012-05-01", "2012-05-09", UNKNOWN),
        ("2012-05-08", "2012-05-31", UNKNOWN),
        ("2012-04-01", "2012-05-05", []),
        ("2012-05-12", "2012-05-31", []),
    ]:
        assert told(read(tmp_path, text, window(first, last))) == says


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("FREEBUSY:20120508T100000Z/PT1", []),
        ("FREEBUSY:20120508T100000Z/20120508T110000", []),
        ("FREEBUSY:20261208T100000Z/PT1", UNKNOWN),
        ("FREEBUSY;FBTYPE=FREE:20261208T100000Z/PT1", []),
        ("FREEBUSY:now", UNKNOWN),
        ("FREEBUSY:20120508T100000Z/PT1H,20261208T100000Z", UNKNOWN),
    ],
)
def test_published_times(tmp_path: Path, value: str, says: list[str]) -> None:
    text = calendar(head="").replace(
        "END:VCALENDAR", f"BEGIN:VFREEBUSY\n{value}\nEND:VFREEBUSY\nEND:VCALENDAR"
    )
    assert told(read(tmp_path, text, DECEMBER)) == says


def test_an_older_version_that_cannot_be_read_does_not_matter(tmp_path: Path) -> None:
    old = "UID:v\nSEQUENCE:0\nDTSTART;TZID=Nowhere:20261208T090000\nDURATION:PT1H"
    new = "UID:v\nSEQUENCE:1\nDTSTART:20261209T080000Z\nDURATION:PT1H"
    assert told(read(tmp_path, calendar(old, new), DECEMBER)) == BUSY


@given(
    start=st.integers(0, 4000),
    length=st.integers(0, 90),
    rule=st.sampled_from(["", "FREQ=DAILY;COUNT=7", "FREQ=YEARLY;COUNT=3", "FREQ=MONTHLY;UNTIL=20200101", "FREQ=WEEKLY;INTERVAL=9;COUNT=30"]),
    zone=st.sampled_from(["Pacific/Kiritimati", "America/Adak", "Europe/Berlin"]),
)  # fmt: skip
@settings(max_examples=25)
def test_all_that_can_be_read_lies_within_its_reach(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, rule: str, zone: str
) -> None:
    day = f"{datetime.fromordinal(733_000 + start):%Y%m%d}"
    event = f"UID:r\nDTSTART;TZID={zone}:{day}T233000\nDURATION:P{length}DT1H" + (
        f"\nRRULE:{rule}" if rule else ""
    )
    text = calendar(event)
    first, last = reach(next(parse(text).components("VEVENT")))
    folder = tmp_path_factory.mktemp("c")
    for year in range(2007, 2040, 3):
        looked_at = window(f"{year}-01-01", f"{year + 1}-01-01")
        found = read(folder, text, looked_at)
        for block in found.busy:  # type: ignore[union-attr]
            assert first < block.start.astimezone(UTC)
            assert block.end.astimezone(UTC) < last


class TestBytes:
    """Lines are joined before they are decoded (section 3.1): a fold may cut a character in two."""

    def folded(self, text: str, line: str, at: int) -> bytes:
        data, target = text.replace("\n", "\r\n").encode(), line.encode()
        assert target in data
        return data.replace(target, target[:at] + b"\r\n " + target[at:])

    @pytest.mark.parametrize("letter", ["ü", "日", "🗓", "e\u0301"])
    def test_every_cut_through_a_character(self, tmp_path: Path, letter: str) -> None:
        line = f"ATTENDEE;CN={letter}da;PARTSTAT=DECLINED:mailto:ada@acme.example"
        text = calendar(GOOD + f"\nORGANIZER:mailto:boss@acme.example\n{line}")
        for at in range(8, 20):
            assert told(read(tmp_path, self.folded(text, line, at), DECEMBER)) == []

    def test_a_line_that_is_not_utf8_once_it_is_joined_is_still_a_line(self, tmp_path: Path) -> None:
        text = calendar(GOOD + "\nSUMMARY:x").encode()
        for wrong in (b"\xc3", b"\xc3\r\n a", b"\xff", "ü".encode("latin-1")):
            found = read(tmp_path, text.replace(b"SUMMARY:x", b"SUMMARY:" + wrong), DECEMBER)
            assert told(found) == BUSY
