"""Setting up a folder and playing its people: what the demo uses, read back through the calendar and
through a plain iCalendar reader."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from connectors.errors import Gone, Invalid, NotFound, Unreadable
from connectors.local import LocalCalendar
from connectors.local.folder import Entry, Show, add_entries, answer, create_calendar, throw_away
from connectors.types import Attendee, EventIntent, Known, Reply, RoomInfo, Verdict, Window

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
WINDOW = Window(datetime(2026, 10, 19, tzinfo=BERLIN), datetime(2026, 11, 2, tzinfo=BERLIN))
ADA, BEN, HUB = "ada@acme.example", "ben@acme.example", "interviews@acme.example"


def at(day: int, hour: int, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=zone)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "calendars"
    create_calendar(folder, ADA, "Ada Byron", "Europe/Berlin")
    create_calendar(folder, BEN, "Ben Q.", "Asia/Tokyo")
    create_calendar(folder, HUB, "Interviews", "Europe/Berlin")
    return folder


def read(folder: Path, address: str = ADA) -> Known:
    found = LocalCalendar(folder).availability([address], WINDOW)[address]
    assert isinstance(found, Known), found
    return found


def plain(folder: Path, address: str = ADA) -> icalendar.Calendar:
    calendar = icalendar.Calendar.from_ical((folder / f"{address}.ics").read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    return calendar


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        (Entry("Review", at(20, 9), at(20, 10)), Verdict.BUSY),
        (Entry("Review", at(20, 9), at(20, 10), private=True), Verdict.BUSY),
        (Entry("Lunch?", at(20, 9), at(20, 10), Show.FREE), None),
        (Entry("Maybe", at(20, 9), at(20, 10), Show.TENTATIVE), Verdict.TENTATIVE),
        (Entry("Away", at(20, 9), at(20, 10), Show.OUT_OF_OFFICE), Verdict.OUT_OF_OFFICE),
        (Entry("Quiet", at(20, 9), at(20, 10), Show.FOCUS), Verdict.FOCUS),
        (Entry("Home", at(20, 9), at(20, 10), Show.HOME), None),
        (Entry("Off", at(20, 9), at(20, 10), cancelled=True), None),
        (Entry("Invited", at(20, 9), at(20, 10), reply=Reply.NEEDS_ACTION), Verdict.UNANSWERED),
        (Entry("Invited", at(20, 9), at(20, 10), reply=Reply.TENTATIVE), Verdict.TENTATIVE),
        (Entry("Invited", at(20, 9), at(20, 10), reply=Reply.DECLINED), None),
        (Entry("Invited", at(20, 9), at(20, 10), reply=Reply.ACCEPTED), Verdict.BUSY),
    ],
)
def test_entries_mean_what_they_say(folder: Path, entry: Entry, verdict: Verdict | None) -> None:
    add_entries(folder, ADA, [entry])
    busy = read(folder).busy
    assert [(b.start, b.end, b.verdict) for b in busy] == (
        [(at(20, 9), at(20, 10), verdict)] if verdict else []
    )


@pytest.mark.parametrize(("show", "where"), [(Show.HOME, "home"), (Show.OFFICE, "office")])
def test_working_locations(folder: Path, show: Show, where: str) -> None:
    add_entries(folder, ADA, [Entry("Where", date(2026, 10, 20), date(2026, 10, 21), show)])
    (place,) = read(folder).places
    assert (place.start, place.end, place.where) == (at(20, 0), at(21, 0), where)


def test_a_stand_up_with_exceptions(folder: Path) -> None:
    entry = Entry(
        "Stand-up", at(19, 9), at(19, 9) + timedelta(minutes=15),
        rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=6",
        skip=(at(20, 9),),
        moved=((at(21, 9), at(21, 14), at(21, 15)),),
    )  # fmt: skip
    add_entries(folder, ADA, [entry])
    expected = [at(19, 9), at(21, 14), at(22, 9), at(23, 9), at(26, 9)]
    assert [b.start for b in read(folder).busy] == expected
    theirs = recurring_ical_events.of(plain(folder)).between(WINDOW.start, WINDOW.end)
    assert sorted(e["DTSTART"].dt for e in theirs) == expected


def test_any_program_can_open_it(folder: Path) -> None:
    add_entries(folder, ADA, [Entry("Call", at(20, 9, TOKYO), at(20, 10, TOKYO), rule="FREQ=DAILY;COUNT=2")])
    add_entries(
        folder,
        ADA,
        [
            Entry("Call 2", at(21, 9, TOKYO), at(21, 10, TOKYO)),
            Entry("Utc", at(20, 9).astimezone(UTC), at(20, 10).astimezone(UTC)),
        ],
    )
    calendar = plain(folder)
    assert sorted(str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")) == ["Asia/Tokyo", "Europe/Berlin"]
    assert len({str(event["UID"]) for event in calendar.walk("VEVENT")}) == 3
    assert calendar["X-WR-CALNAME"] == "Ada Byron"
    assert calendar.errors == []


def test_whole_days_are_those_of_the_owner(folder: Path) -> None:
    holiday = Entry("Holiday", date(2026, 10, 26), date(2026, 10, 27), Show.OUT_OF_OFFICE)
    add_entries(folder, ADA, [holiday])
    add_entries(folder, BEN, [holiday])
    assert read(folder, ADA).busy[0].start == at(26, 0)
    assert read(folder, BEN).busy[0].start == at(26, 0, TOKYO)


def test_rooms(folder: Path) -> None:
    room = RoomInfo("aquarium@acme.example", "", 6, "Berlin, Mitte", ("whiteboard", "video"))
    create_calendar(folder, room.address, "Aquarium", "Europe/Berlin", room)
    assert LocalCalendar(folder).rooms() == (
        RoomInfo(room.address, "Aquarium", 6, "Berlin, Mitte", ("video", "whiteboard")),
    )


class TestAnswering:
    @pytest.fixture
    def calendar(self, folder: Path) -> LocalCalendar:
        calendar = LocalCalendar(folder, clock=lambda: at(12, 8))
        guests = (Attendee(ADA, "Ada"), Attendee(BEN, "Ben"))
        calendar.book(HUB, EventIntent("k/1/0", "Interview", at(20, 9), at(20, 10), "Europe/Berlin", guests))
        return calendar

    @pytest.mark.parametrize("reply", list(Reply))
    def test_an_answer_arrives_with_its_comment(
        self, folder: Path, calendar: LocalCalendar, reply: Reply
    ) -> None:
        answer(folder, ADA.upper(), "k/1/0", reply, "see\nyou")
        event = calendar.find(HUB, "k/1/0")
        assert event is not None
        assert {a.address: (a.reply, a.comment) for a in event.attendees} == {
            ADA: (reply, "see you"), BEN: (Reply.NEEDS_ACTION, ""),
        }  # fmt: skip
        (mine,) = plain(folder).walk("VEVENT")
        assert [a.params["PARTSTAT"] for a in mine["ATTENDEE"]] == [
            reply.value.upper().replace("_", "-"), "NEEDS-ACTION",
        ]  # fmt: skip

    def test_a_later_answer_replaces_the_first(self, folder: Path, calendar: LocalCalendar) -> None:
        answer(folder, ADA, "k/1/0", Reply.DECLINED, "away")
        answer(folder, ADA, "k/1/0", Reply.ACCEPTED)
        event = calendar.find(HUB, "k/1/0")
        assert event is not None
        assert (event.attendees[0].reply, event.attendees[0].comment) == (Reply.ACCEPTED, "")

    def test_throwing_away(self, folder: Path, calendar: LocalCalendar) -> None:
        throw_away(folder, ADA, "k/1/0")
        event = calendar.find(HUB, "k/1/0")
        assert event is not None
        assert event.attendees[0].reply is Reply.DECLINED

    def test_who_was_not_invited_cannot_answer(self, folder: Path, calendar: LocalCalendar) -> None:
        with pytest.raises(Gone):
            answer(folder, ADA, "k/2/0", Reply.ACCEPTED)
        with pytest.raises(Gone):
            answer(folder, HUB, "k/1/0", Reply.ACCEPTED)
        with pytest.raises(NotFound):
            answer(folder, "nobody@acme.example", "k/1/0", Reply.ACCEPTED)


class TestRefused:
    @pytest.mark.parametrize(
        ("address", "zone", "field"),
        [
            ("", "Europe/Berlin", "address"),
            ("ada", "Europe/Berlin", "address"),
            ("x" * 300 + "@acme.example", "Europe/Berlin", "address"),
            ("new@acme.example", "Berlin", "zone"),
            (ADA.upper(), "Europe/Berlin", "already there"),
        ],
    )
    def test_calendars(self, folder: Path, address: str, zone: str, field: str) -> None:
        before = sorted(path.name for path in folder.glob("*.ics"))
        with pytest.raises(Invalid, match=field):
            create_calendar(folder, address, "X", zone)
        assert sorted(path.name for path in folder.glob("*.ics")) == before

    def test_entries(self, folder: Path) -> None:
        naive = datetime(2026, 10, 20, 9)  # noqa: DTZ001 - the naive value is the point
        with pytest.raises(Invalid, match="start"):
            add_entries(folder, ADA, [Entry("X", naive, naive)])
        with pytest.raises(NotFound):
            add_entries(folder, "nobody@acme.example", [Entry("X", at(20, 9), at(20, 10))])
        (folder / f"{ADA}.ics").write_text("BEGIN:VCALENDAR\n")
        with pytest.raises(Unreadable):
            add_entries(folder, ADA, [Entry("X", at(20, 9), at(20, 10))])


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        create_calendar(tmp_path / name, ADA, "Ada", "Europe/Berlin")
        add_entries(
            tmp_path / name, ADA, [Entry("A", at(20, 9), at(20, 10)), Entry("A", at(20, 9), at(20, 10))]
        )
    one, two = ((tmp_path / name / f"{ADA}.ics").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.count(b"BEGIN:VEVENT") == 2


NINE = datetime(2026, 10, 26, 9, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 10, 26, 9, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 10, 26, 9, tzinfo=timezone(timedelta(hours=-5, minutes=-30))),
        datetime(2026, 10, 26, 9, tzinfo=timezone(timedelta(hours=2), "CEST")),
        datetime(2026, 10, 26, 9, tzinfo=UTC),
        NINE,
        NINE.astimezone(ZoneInfo("Asia/Kathmandu")),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=0),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
    ids=str,
)
def test_an_entry_lies_at_its_instant_however_that_is_said(folder: Path, start: datetime) -> None:
    """Two ends in two zones, a mere offset, an hour that comes twice or never: the instants stand."""
    instant = start.astimezone(UTC)
    for end in (instant + timedelta(hours=1), (instant + timedelta(hours=1)).astimezone(start.tzinfo)):
        add_entries(folder, "ada@acme.example", [Entry("x", start, end)])
        answer = LocalCalendar(folder).availability(
            ["ada@acme.example"], Window(instant - timedelta(days=1), instant + timedelta(days=1))
        )["ada@acme.example"]
        assert isinstance(answer, Known), answer
        assert (answer.busy[-1].start, answer.busy[-1].end) == (instant, instant + timedelta(hours=1))


def test_what_repeats_needs_the_clock_of_a_place(folder: Path) -> None:
    start = NINE.astimezone(timezone(timedelta(hours=1)))
    with pytest.raises(Invalid, match="start: what repeats"):
        add_entries(
            folder, "ada@acme.example", [Entry("x", start, start + timedelta(hours=1), rule="FREQ=DAILY")]
        )
    skipped = (NINE + timedelta(days=1)).astimezone(timezone(timedelta(hours=1)))
    entry = Entry("x", NINE, NINE + timedelta(hours=1), rule="FREQ=DAILY;COUNT=3", skip=(skipped,))
    add_entries(folder, "ada@acme.example", [entry])
    window = Window(NINE - timedelta(days=1), NINE + timedelta(days=9))
    found = LocalCalendar(folder).availability(["ada@acme.example"], window)["ada@acme.example"]
    assert isinstance(found, Known), found
    assert [b.start for b in found.busy] == [NINE, NINE + timedelta(days=2)]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NINE.replace(tzinfo=None), NINE, "start"),
        (NINE, NINE.replace(hour=10, tzinfo=None), "end"),
        (NINE, date(2026, 10, 27), "end"),
        (NINE, NINE, "end"),
        (date(2026, 10, 27), date(2026, 10, 27), "end"),
    ],
)
def test_an_entry_that_makes_no_sense(
    folder: Path, start: datetime | date, end: datetime | date, field: str
) -> None:
    with pytest.raises(Invalid, match=f"^{field}: "):
        add_entries(folder, "ada@acme.example", [Entry("x", start, end)])
