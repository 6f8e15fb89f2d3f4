"""Our event in files that another program has saved: known by its UID when lines of ours are gone; its
organizer's name, its number, and the zone of a calendar that names none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.errors import Conflict
from connectors.local import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.local.store import STATE
from connectors.protocol import fingerprint
from connectors.types import Attendee, EventRef, Known, Reply, Role, Unknown, Verdict, Window
from tests.connectors.conformance_kit import WINDOW, at, blocks, known, make, replies
from tests.connectors.local_harness import ORGANIZER, PEOPLE, ROOMS, LocalHarness, program, the_event

ADA, BEN, CEM = PEOPLE


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path, monkeypatch)


def export(harness: LocalHarness, address: str, change: Callable[[icalendar.Event], None] = str) -> None:
    """A program saves the file and drops every line and parameter that begins with ``X-``."""

    def changed(calendar: icalendar.Calendar) -> None:
        for event in calendar.walk("VEVENT"):
            for name in [name for name in event if name.startswith("X-")]:
                del event[name]
            guests = event.get("ATTENDEE", [])
            for guest in guests if isinstance(guests, list) else [guests]:
                for name in [n for n in guest.params if n.startswith("X-") or n == "SCHEDULE-STATUS"]:
                    del guest.params[name]
            change(event)

    program(harness.path(address), changed)
    assert "X-LOOPWRIGHT-KEY" not in harness.path(address).read_text()


class TestAnAttendeesCopy:
    @pytest.mark.parametrize("reply", [Reply.ACCEPTED, Reply.TENTATIVE, Reply.DECLINED])
    def test_its_answer_is_read(self, harness: LocalHarness, reply: Reply) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, reply, "as said")
        export(harness, ADA)
        event = harness.calendar.get(booked.ref)
        assert replies(event)[ADA] is reply
        assert next(a.comment for a in event.attendees if a.address == ADA) == "as said"
        assert harness.live_in(ADA, make(harness).key) == 1, "no second copy beside it"
        assert replies(harness.restart().get(booked.ref))[ADA] is reply

    def test_it_goes_with_the_event(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        export(harness, ADA)
        harness.calendar.cancel(booked.ref)
        assert known(harness.calendar, ADA).busy == ()
        assert harness.live_in(ADA, make(harness).key) == 0

    def test_it_goes_when_the_event_was_cancelled_before(self, harness: LocalHarness) -> None:
        """The file was away while the event was cancelled, and comes back as an export."""
        booked = harness.calendar.book(ORGANIZER, make(harness))
        export(harness, ADA)
        saved = harness.path(ADA).read_bytes()
        harness.path(ADA).write_text("BEGIN:VCALENDAR")
        harness.calendar.cancel(booked.ref)
        harness.path(ADA).write_bytes(saved)
        harness.calendar.changes(ORGANIZER, None, WINDOW)
        assert known(harness.calendar, ADA).busy == ()

    def test_its_block_carries_our_key(self, harness: LocalHarness) -> None:
        intent = make(harness)
        harness.calendar.book(ORGANIZER, intent)
        export(harness, ADA)
        (block,) = known(harness.restart(), ADA).busy
        assert (block.start, block.end, block.key) == (intent.start, intent.end, intent.key)

    def test_without_any_memory_it_is_somebody_elses_block(self, harness: LocalHarness) -> None:
        intent = make(harness)
        harness.calendar.book(ORGANIZER, intent)
        export(harness, ADA)
        shutil.rmtree(harness.folder / STATE)
        (block,) = known(harness.restart(), ADA).busy
        assert (block.start, block.end, block.key) == (intent.start, intent.end, None)
        assert not (harness.folder / STATE).exists(), "looking writes nothing"

    def test_a_room_does_not_refuse_its_own_event(self, harness: LocalHarness) -> None:
        room = Attendee(ROOMS[0], "Room", Role.ROOM)
        intent = make(harness)
        intent = replace(intent, attendees=(*intent.attendees, room))
        booked = harness.calendar.book(ORGANIZER, intent)
        export(harness, ROOMS[0])
        longer = replace(intent, end=intent.end + timedelta(minutes=15))
        harness.calendar.reschedule(booked.ref, longer, booked.etag)
        assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.ACCEPTED

    def test_a_uid_like_ours_is_nobody_elses_trouble(self, harness: LocalHarness) -> None:
        """Other events at `@loopwright`, and a pasted copy of ours under another UID, are foreign."""
        booked = harness.calendar.book(ORGANIZER, make(harness))

        def paste(calendar: icalendar.Calendar) -> None:
            for uid in ("meeting@loopwright", "z" * 26 + "@loopwright", "0" * 26 + "@loopwright"):
                copy = icalendar.Event.from_ical(the_event(calendar, booked.ref.id).to_ical())
                del copy["UID"]
                copy.add("UID", uid)
                calendar.add_component(copy)

        program(harness.path(ADA), paste)
        assert len(known(harness.calendar, ADA).busy) == 4
        harness.calendar.cancel(booked.ref)
        assert len(known(harness.calendar, ADA).busy) == 3


class TestTheOrganizersEvent:
    def test_it_is_still_ours(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        harness.calendar.get(booked.ref)
        export(harness, ORGANIZER)
        event = harness.restart().get(booked.ref)
        assert (event.key, event.fingerprint, event.zone) == (intent.key, fingerprint(intent), intent.zone)
        assert replies(event)[ADA] is Reply.ACCEPTED
        assert harness.live_in(ADA, intent.key) == 1
        assert [e.key for e in harness.calendar.find_all(ORGANIZER, WINDOW)] == [intent.key]
        assert harness.calendar.book(ORGANIZER, intent).ref == booked.ref
        assert harness.path(ORGANIZER).read_text().count("X-LOOPWRIGHT-KEY:") == 1, "and says so again"

    def test_a_move_in_the_same_program_is_told(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        harness.calendar.get(booked.ref)

        def move(event: icalendar.Event) -> None:
            for name, moment in (("DTSTART", at(3, 9)), ("DTEND", at(3, 10))):
                del event[name]
                event.add(name, moment)

        export(harness, ORGANIZER, move)
        event = harness.calendar.get(booked.ref)
        assert (event.start, replies(event)[ADA]) == (at(3, 9), Reply.NEEDS_ACTION)
        assert [b[:2] for b in blocks(known(harness.calendar, ADA))] == [
            (at(3, 9).astimezone(UTC), at(3, 10).astimezone(UTC))
        ]

    def test_it_can_be_changed_and_cancelled(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        export(harness, ORGANIZER)
        etag = harness.calendar.get(booked.ref).etag
        swapped = replace(intent, attendees=(Attendee(CEM, "Cem"),))
        harness.calendar.reschedule(booked.ref, swapped, etag)
        assert set(replies(harness.calendar.get(booked.ref))) == {CEM}
        export(harness, ORGANIZER)
        harness.calendar.cancel(booked.ref)
        assert [known(harness.calendar, who).busy for who in (ORGANIZER, ADA, CEM)] == [(), (), ()]
        with pytest.raises(Conflict):
            harness.calendar.book(ORGANIZER, intent)


def number(harness: LocalHarness, address: str, ref: EventRef) -> tuple[int, str, str]:
    """SEQUENCE, the organizer's name, and ada's answer in somebody's file."""
    calendar = icalendar.Calendar.from_ical(harness.path(address).read_bytes())
    event = the_event(calendar, ref.id)  # type: ignore[arg-type]
    guests = event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]]
    answer = next(g.params["PARTSTAT"] for g in guests if str(g) == f"mailto:{ADA}")
    return int(event["SEQUENCE"]), str(event["ORGANIZER"].params.get("CN", "")), answer


class TestWhatProgramsRead:
    def test_a_swap_keeps_number_and_answer_and_a_move_does_not(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        etag = harness.calendar.get(booked.ref).etag
        swapped = replace(intent, attendees=(intent.attendees[0], Attendee(CEM, "Cem")))
        again = harness.calendar.reschedule(booked.ref, swapped, etag)
        for file in (ORGANIZER, ADA):
            assert number(harness, file, booked.ref) == (0, "Interviews", "ACCEPTED")
        moved = replace(swapped, start=at(2, 9), end=at(2, 10))
        last = harness.calendar.reschedule(booked.ref, moved, again.etag)
        for file in (ORGANIZER, ADA):
            assert number(harness, file, booked.ref) == (1, "Interviews", "NEEDS-ACTION")
        assert last.etag != again.etag


class TestZoneOfItsOwner:
    """A calendar without `X-WR-TIMEZONE`, as most exports are."""

    FLOATING = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART:20261020T090000\r\nDTEND:20261020T100000\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261021\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    WINDOW = Window(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC))

    def busy(self, calendar: LocalCalendar, address: str) -> list[tuple[datetime, datetime, Verdict]]:
        found = calendar.availability([address], self.WINDOW)[address]
        assert isinstance(found, Known), found
        return blocks(found)

    def test_each_owner_has_their_own(self, tmp_path: Path) -> None:
        zones = {ADA: "Asia/Tokyo", BEN: "America/New_York"}
        for address in (ADA, BEN, CEM):
            (tmp_path / f"{address}.ics").write_text(self.FLOATING, newline="")
        calendar = LocalCalendar(tmp_path, zone=zones.get)
        assert self.busy(calendar, ADA)[0][0] == datetime(2026, 10, 20, 0, tzinfo=UTC)
        assert self.busy(calendar, "BEN@acme.example")[0][0] == datetime(2026, 10, 20, 13, tzinfo=UTC)
        assert [str(end - start) for start, end, _ in self.busy(calendar, ADA)] == [
            "1:00:00",
            "1 day, 0:00:00",
        ]
        unknown = calendar.availability([CEM], self.WINDOW)[CEM]
        assert isinstance(unknown, Unknown)
        assert unknown.code == "unknown_zone"

    def test_who_moves_is_read_anew(self, tmp_path: Path) -> None:
        zones = {ADA: "Asia/Tokyo"}
        (tmp_path / f"{ADA}.ics").write_text(self.FLOATING, newline="")
        calendar = LocalCalendar(tmp_path, zone=zones.get)
        assert self.busy(calendar, ADA)[0][0].hour == 0
        zones[ADA] = "Europe/Lisbon"
        assert self.busy(calendar, ADA)[0][0].hour == 8

    def test_what_the_file_says_counts_first(self, tmp_path: Path) -> None:
        asked: list[str] = []

        def zone(address: str) -> str | None:
            asked.append(address)
            return "Asia/Tokyo"

        create_calendar(tmp_path, ADA, "Ada", "Europe/Berlin")
        calendar = LocalCalendar(tmp_path, zone=zone)
        assert self.busy(calendar, ADA) == []
        text = self.FLOATING.replace("VERSION:2.0\r\n", "VERSION:2.0\r\nX-WR-TIMEZONE:Europe/Berlin\r\n")
        (tmp_path / f"{ADA}.ics").write_text(text, newline="")
        assert self.busy(calendar, ADA)[0][0].hour == 7
        assert asked == []
