"""What the lines of a calendar file mean for its owner's time: verdicts, zones, days, series."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.local import LocalCalendar
from connectors.types import Busy, Known, Place, Unknown, Verdict, Window

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)
WINDOW = Window(datetime(2026, 10, 19, tzinfo=BERLIN), datetime(2026, 11, 2, tzinfo=BERLIN))
OWNER = "ada@acme.example"

TIME = "DTSTART:20261020T090000Z\nDTEND:20261020T100000Z"
NINE = (datetime(2026, 10, 20, 9, tzinfo=UTC), datetime(2026, 10, 20, 10, tzinfo=UTC))


def me(answer: str, address: str = OWNER) -> str:
    return f"ORGANIZER:mailto:boss@acme.example\nATTENDEE;CN=Ada;PARTSTAT={answer}:mailto:{address}"


def file(
    *events: str, head: str = "X-WR-TIMEZONE:Europe/Berlin", kind: str = "VEVENT", zones: str = ""
) -> str:
    body = "\n".join(f"BEGIN:{kind}\n{event.strip()}\nEND:{kind}" for event in events)
    text = "\n".join(
        part for part in ("BEGIN:VCALENDAR\nVERSION:2.0", head, zones, body, "END:VCALENDAR\n") if part
    )
    return text.replace("\n", "\r\n")


@pytest.fixture
def calendar(tmp_path: Path) -> LocalCalendar:
    return LocalCalendar(tmp_path, clock=lambda: NOW)


def read(folder: Path, text: str, window: Window = WINDOW, zone: str | None = None) -> Known | Unknown:
    (folder / f"{OWNER}.ics").write_text(text, newline="")
    return LocalCalendar(folder, zone=zone, clock=lambda: NOW).availability([OWNER], window)[OWNER]


def busy(
    folder: Path, text: str, window: Window = WINDOW, zone: str | None = None
) -> list[tuple[datetime, datetime]]:
    found = read(folder, text, window, zone)
    assert isinstance(found, Known), found
    return [(block.start, block.end) for block in found.busy]


def berlin(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


FREE = None


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ("", Verdict.BUSY),
        ("TRANSP:OPAQUE", Verdict.BUSY),
        ("TRANSP:TRANSPARENT", FREE),
        ("transp:transparent", FREE),
        ("STATUS:CONFIRMED", Verdict.BUSY),
        ("STATUS:CANCELLED", FREE),
        ("STATUS:TENTATIVE", Verdict.TENTATIVE),
        ("CLASS:PRIVATE", Verdict.BUSY),
        ("CLASS:PRIVATE\nTRANSP:TRANSPARENT", FREE),
        ("CLASS:CONFIDENTIAL\nSTATUS:TENTATIVE", Verdict.TENTATIVE),
        (me("ACCEPTED"), Verdict.BUSY),
        (me("DECLINED"), FREE),
        (me("TENTATIVE"), Verdict.TENTATIVE),
        (me("NEEDS-ACTION"), Verdict.UNANSWERED),
        (f"ORGANIZER:mailto:boss@acme.example\nATTENDEE:MAILTO:{OWNER.upper()}", Verdict.UNANSWERED),
        (f"ATTENDEE;X-NUM-GUESTS=0:mailto:{OWNER}", Verdict.BUSY),  # a feed of busy times asks nobody
        (f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{OWNER}", Verdict.UNANSWERED),
        (f"ATTENDEE;PARTSTAT=DECLINED;EMAIL={OWNER}:urn:uuid:1", FREE),
        (me("DELEGATED"), FREE),
        (me("ACCEPTED").replace("CN=Ada", "DELEGATED-FROM=\"mailto:boss@acme.example\""), Verdict.BUSY),
        *[(me(answer).replace("boss@acme.example", f"{OWNER.upper()}"), Verdict.BUSY)
          for answer in ("NEEDS-ACTION", "TENTATIVE", "DECLINED", "ACCEPTED")],  # they organize it
        (f"ORGANIZER;EMAIL={OWNER}:urn:uuid:1\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{OWNER}", Verdict.BUSY),
        (me("DECLINED", "ben@acme.example"), Verdict.BUSY),
        (me("NEEDS-ACTION") + "\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", Verdict.UNANSWERED),
        (me("ACCEPTED") + "\nSTATUS:CANCELLED", FREE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", Verdict.BUSY),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", FREE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", Verdict.TENTATIVE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:oof", Verdict.OUT_OF_OFFICE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF\nTRANSP:TRANSPARENT", Verdict.OUT_OF_OFFICE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF\nSTATUS:TENTATIVE", Verdict.OUT_OF_OFFICE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF\n" + me("DECLINED"), FREE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", FREE),
        ("X-GOOGLE-EVENT-TYPE:outOfOffice", Verdict.OUT_OF_OFFICE),
        ("X-GOOGLE-EVENT-TYPE:focusTime", Verdict.FOCUS),
        ("X-GOOGLE-EVENT-TYPE:focusTime\nTRANSP:TRANSPARENT", FREE),
        ("X-GOOGLE-EVENT-TYPE:workingLocation", FREE),
        ("X-GOOGLE-EVENT-TYPE:birthday", Verdict.BUSY),
        ("CATEGORIES:Team,Out of office", Verdict.OUT_OF_OFFICE),
        ("CATEGORIES:Vacation\nTRANSP:TRANSPARENT", FREE),
        ("CATEGORIES:Out of office\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", FREE),
        ("CATEGORIES:FOCUS TIME", Verdict.FOCUS),
        ("SUMMARY:Out of office, focus time, cancelled", Verdict.BUSY),
    ],
)  # fmt: skip
def test_the_verdict_table(tmp_path: Path, lines: str, verdict: Verdict | None) -> None:
    found = read(tmp_path, file(f"UID:1\n{TIME}\n{lines}"))
    assert isinstance(found, Known)
    assert found.busy == (() if verdict is None else (Busy(*NINE, verdict),))


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ("X-GOOGLE-EVENT-TYPE:workingLocation\nX-GOOGLE-WORKING-LOCATION:homeOffice", "home"),
        ("X-GOOGLE-EVENT-TYPE:workingLocation\nX-GOOGLE-WORKING-LOCATION:officeLocation", "office"),
        ("X-GOOGLE-EVENT-TYPE:workingLocation\nX-GOOGLE-WORKING-LOCATION:Berlin\\, Mitte", "Berlin, Mitte"),
        ("X-GOOGLE-EVENT-TYPE:workingLocation\nSUMMARY:Home", "home"),
        ("X-GOOGLE-EVENT-TYPE:workingLocation\nSUMMARY:At my therapist", "elsewhere"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\nSUMMARY:At my therapist", "elsewhere"),
    ],
)
def test_places(tmp_path: Path, lines: str, where: str) -> None:
    found = read(tmp_path, file(f"UID:1\n{TIME}\n{lines}"))
    assert isinstance(found, Known)
    assert found.places == (Place(*NINE, where),)


def test_published_free_busy_counts(tmp_path: Path) -> None:
    lines = (
        "FREEBUSY:20261020T090000Z/20261020T100000Z,20261021T090000Z/PT30M\n"
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261022T090000Z/PT1H\n"
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261023T090000Z/P1D\n"
        "FREEBUSY;FBTYPE=FREE:20261024T090000Z/PT1H\n"
        "FREEBUSY;FBTYPE=X-NEW:20261025T090000Z/PT1H"
    )
    found = read(tmp_path, file(lines, kind="VFREEBUSY"))
    assert isinstance(found, Known)
    assert [(b.start.day, b.end - b.start, b.verdict) for b in found.busy] == [
        (20, timedelta(hours=1), Verdict.BUSY),
        (21, timedelta(minutes=30), Verdict.BUSY),
        (22, timedelta(hours=1), Verdict.TENTATIVE),
        (23, timedelta(days=1), Verdict.OUT_OF_OFFICE),
        (25, timedelta(hours=1), Verdict.BUSY),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DTSTART:20261020T090000\nDTEND:20261020T100000", (berlin(10, 20, 9), berlin(10, 20, 10))),
        ("DTSTART;TZID=America/New_York:20261020T090000\nDURATION:PT90M", (berlin(10, 20, 15), berlin(10, 20, 16, 30))),
        ("DTSTART;TZID=Eastern Standard Time:20261020T090000\nDURATION:PT1H", (berlin(10, 20, 15), berlin(10, 20, 16))),
        ('DTSTART;TZID="W. Europe Standard Time":20261020T090000\nDURATION:PT1H', (berlin(10, 20, 9), berlin(10, 20, 10))),
        ("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Paris:20261020T090000\nDURATION:PT1H",
         (berlin(10, 20, 9), berlin(10, 20, 10))),
        ("DTSTART;TZID=europe/berlin:20261020T090000\nDURATION:PT1H", (berlin(10, 20, 9), berlin(10, 20, 10))),
        # 02:30 twice: the first; a day by the wall clock is 25 hours there, 24 hours are 24 hours
        ("DTSTART:20261025T023000\nDURATION:PT30M", (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))),
        ("DTSTART:20261024T120000\nDURATION:P1D", (berlin(10, 24, 12), berlin(10, 25, 12))),
        ("DTSTART:20261024T120000\nDURATION:PT24H", (berlin(10, 24, 12), berlin(10, 25, 11))),
        ("DTSTART;VALUE=DATE:20261021", (berlin(10, 21), berlin(10, 22))),
        ("DTSTART;VALUE=DATE:20261021\nDTEND;VALUE=DATE:20261021", (berlin(10, 21), berlin(10, 22))),
        ("DTSTART;VALUE=DATE:20261021\nDTEND;VALUE=DATE:20261024", (berlin(10, 21), berlin(10, 24))),
        ("DTSTART;VALUE=DATE:20261025\nDURATION:P1D", (berlin(10, 25), berlin(10, 26))),
        ("DTSTART;VALUE=DATE:20261021\nDTEND:20261021T100000Z", (berlin(10, 21), berlin(10, 21, 12))),
    ],
)  # fmt: skip
def test_when(tmp_path: Path, lines: str, expected: tuple[datetime, datetime]) -> None:
    found = busy(tmp_path, file(f"UID:1\n{lines}"))
    assert found == [expected]
    assert found[0][1] - found[0][0] == expected[1].astimezone(UTC) - expected[0].astimezone(UTC)


@pytest.mark.parametrize(
    "lines", ["DTSTART:20261020T090000Z", "DTSTART:20261020T090000Z\nDTEND:20261020T090000Z"]
)
def test_an_instant_takes_no_time(tmp_path: Path, lines: str) -> None:
    assert busy(tmp_path, file(f"UID:1\n{lines}")) == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2027, 3, 28), 23),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # clocks jumped over midnight
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Pacific/Apia", date(2026, 10, 25), 24),
    ],
)
def test_a_whole_day_is_the_local_day(tmp_path: Path, zone: str, day: date, hours: float) -> None:
    text = file(f"UID:1\nDTSTART;VALUE=DATE:{day:%Y%m%d}", head=f"X-WR-TIMEZONE:{zone}")
    middle = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    ((start, end),) = busy(tmp_path, text, Window(middle - timedelta(days=3), middle + timedelta(days=3)))
    assert end - start == timedelta(hours=hours)
    local = start.astimezone(ZoneInfo(zone))
    assert local.date() == day
    assert (start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day - timedelta(days=1)


SERIES = "UID:s\nDTSTART;TZID=Europe/Berlin:20261019T090000\nDTEND;TZID=Europe/Berlin:20261019T093000\n"


def starts(folder: Path, *events: str, window: Window = WINDOW) -> list[datetime]:
    return [start.astimezone(BERLIN) for start, _ in busy(folder, file(*events), window)]


class TestSeries:
    def test_wall_clock_over_the_change(self, tmp_path: Path) -> None:
        found = starts(tmp_path, SERIES + "RRULE:FREQ=WEEKLY;BYDAY=MO,FR")
        assert found == [berlin(10, 19, 9), berlin(10, 23, 9), berlin(10, 26, 9), berlin(10, 30, 9)]

    def test_left_out_and_moved(self, tmp_path: Path) -> None:
        found = starts(
            tmp_path,
            SERIES + "RRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20261020T090000",
            "UID:s\nRECURRENCE-ID;TZID=Europe/Berlin:20261021T090000\n"
            "DTSTART;TZID=Europe/Berlin:20261021T150000\nDURATION:PT1H",
            "UID:s\nRECURRENCE-ID:20261022T070000Z\nSTATUS:CANCELLED\nDTSTART:20261022T070000Z\nDURATION:PT30M",
        )
        assert found == [berlin(10, 19, 9), berlin(10, 21, 15), berlin(10, 23, 9)]

    def test_one_declined_one_tentative(self, tmp_path: Path) -> None:
        exception = "UID:s\nRECURRENCE-ID;TZID=Europe/Berlin:202610{0}T090000\nDTSTART;TZID=Europe/Berlin:202610{0}T090000\nDURATION:PT30M\n"
        text = file(
            SERIES + "RRULE:FREQ=DAILY;COUNT=4\n" + me("ACCEPTED"),
            exception.format(20) + me("DECLINED"),
            exception.format(21) + me("TENTATIVE"),
        )
        found = read(tmp_path, text)
        assert isinstance(found, Known)
        assert [(b.start.day, b.verdict) for b in found.busy] == [
            (19, Verdict.BUSY), (21, Verdict.TENTATIVE), (22, Verdict.BUSY),
        ]  # fmt: skip

    def test_this_and_all_that_follow(self, tmp_path: Path) -> None:
        found = starts(
            tmp_path,
            SERIES + "RRULE:FREQ=DAILY;COUNT=5",
            "UID:s\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261021T090000\n"
            "DTSTART;TZID=Europe/Berlin:20261021T110000\nDURATION:PT1H",
        )
        assert found == [
            berlin(10, 19, 9), berlin(10, 20, 9), berlin(10, 21, 11), berlin(10, 22, 11), berlin(10, 23, 11),
        ]  # fmt: skip

    def test_added_dates_and_periods(self, tmp_path: Path) -> None:
        text = SERIES + "RDATE;TZID=Europe/Berlin:20261024T120000\nRDATE;VALUE=PERIOD:20261027T100000Z/PT3H"
        found = busy(tmp_path, file(text))
        assert [start for start, _ in found] == [berlin(10, 19, 9), berlin(10, 24, 12), berlin(10, 27, 11)]
        assert found[2][1] - found[2][0] == timedelta(hours=3)

    def test_an_occurrence_without_its_series(self, tmp_path: Path) -> None:
        event = "UID:s\nRECURRENCE-ID:20261021T070000Z\nDTSTART:20261021T080000Z\nDURATION:PT1H"
        assert starts(tmp_path, event) == [berlin(10, 21, 10)]

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20261022", 22),
            ("20261022T070000Z", 22),
            ("20261022T065959Z", 21),
            ("20261022T090000", 22),
            ("99991231", 30),
        ],
    )
    def test_until_in_every_spelling(self, tmp_path: Path, until: str, last: int) -> None:
        assert starts(tmp_path, SERIES + f"RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL={until}")[
            -1
        ] == berlin(10, last, 9)

    def test_whole_days(self, tmp_path: Path) -> None:
        found = busy(
            tmp_path, file("UID:d\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261025")
        )
        assert found == [(berlin(10, 25), berlin(10, 26))]

    def test_a_long_occurrence_that_began_before_the_window(self, tmp_path: Path) -> None:
        event = (
            "UID:l\nDTSTART;TZID=Europe/Berlin:20240102T090000\nDURATION:P20D\nRRULE:FREQ=WEEKLY;INTERVAL=52"
        )
        window = Window(berlin(1, 5), berlin(1, 6))
        assert busy(tmp_path, file(event), window) == [(berlin(1, 5), berlin(1, 6))]

    def test_earlier_and_later_windows_of_one_file(self, tmp_path: Path) -> None:
        event = (
            "UID:s\nDTSTART;TZID=Europe/Berlin:20200106T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY;INTERVAL=2"
        )
        (tmp_path / f"{OWNER}.ics").write_text(file(event))
        calendar = LocalCalendar(tmp_path)
        for year in (2030, 2026, 2020, 2028):
            window = Window(datetime(year, 5, 1, tzinfo=BERLIN), datetime(year, 7, 1, tzinfo=BERLIN))
            found = calendar.availability([OWNER], window)[OWNER]
            assert isinstance(found, Known)
            first = datetime(2020, 1, 6, 9, tzinfo=BERLIN)
            expected = [first + timedelta(weeks=2 * n) for n in range(400)]
            assert [b.start for b in found.busy] == [t for t in expected if window.start <= t < window.end]

    @given(
        days=st.integers(-900, 5),
        minutes=st.integers(1, 60 * 50),
        frequency=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
        interval=st.integers(1, 9),
        weekdays=st.sets(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), max_size=3),
        wkst=st.sampled_from(["MO", "SU"]),
        zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
    )
    @settings(max_examples=120)
    def test_moving_on_changes_nothing(
        self, tmp_path_factory: pytest.TempPathFactory, days: int, minutes: int, frequency: str, interval: int,
        weekdays: set[str], wkst: str, zone: str,
    ) -> None:  # fmt: skip
        start = datetime(2026, 10, 20, 9, 15, tzinfo=ZoneInfo(zone)) + timedelta(days=days)
        event = icalendar.Event()
        event.add("UID", "s")
        event.add("DTSTART", start)
        event.add("DTEND", start + timedelta(minutes=minutes))
        rule: dict[str, object] = {"FREQ": frequency, "INTERVAL": interval, "WKST": wkst}
        if weekdays:
            rule["BYDAY"] = sorted(weekdays)
        event.add("RRULE", rule)
        plain = icalendar.Calendar()
        plain.add_component(event)
        wide = recurring_ical_events.of(plain).between(
            WINDOW.start.astimezone(ZoneInfo(zone)) - timedelta(days=4),
            WINDOW.end.astimezone(ZoneInfo(zone)) + timedelta(days=4),
        )
        expected = sorted(
            (max(begin, WINDOW.start), min(end, WINDOW.end))
            for e in wide
            for begin, end in [(e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC))]
            if begin < WINDOW.end and WINDOW.start < end
        )
        text = plain.to_ical().decode().replace("BEGIN:VEVENT", "X-WR-TIMEZONE:UTC\r\nBEGIN:VEVENT", 1)
        assert busy(tmp_path_factory.mktemp("c"), text) == expected


class TestStaleness:
    def test_an_edit_is_seen_at_once_whatever_the_clock_of_the_file_says(
        self, tmp_path: Path, calendar: LocalCalendar
    ) -> None:
        path = tmp_path / f"{OWNER}.ics"
        path.write_text(file(f"UID:1\n{TIME}"))
        known = path.stat()
        one = calendar.availability([OWNER], WINDOW)[OWNER]
        with path.open("r+") as same:  # in place: same inode, same size, and then the same time stamps
            same.write(file(f"UID:1\n{TIME}".replace("T09", "T08")))
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
        two = calendar.availability([OWNER], WINDOW)[OWNER]
        assert isinstance(one, Known)
        assert isinstance(two, Known)
        assert (one.busy[0].start.hour, two.busy[0].start.hour) == (9, 8)

    def test_as_of_is_the_clock(self, tmp_path: Path) -> None:
        found = read(tmp_path, file(f"UID:1\n{TIME}"))
        assert isinstance(found, Known)
        assert found.as_of == NOW
        assert found.typed
