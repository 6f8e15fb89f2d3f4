"""Invitations into people's files and answers out of them: what a calendar server would do."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.errors import Conflict, Gone, Invalid, StaleWrite
from connectors.local import LocalCalendar
from connectors.local.folder import create_calendar
from connectors.types import Attendee, Busy, Reply, Role, Unknown, Verdict
from tests.connectors.conformance_kit import WINDOW, at, known, make, replies
from tests.connectors.harness import ZONE, Foreign, Kind
from tests.connectors.local_harness import NOW, ORGANIZER, PEOPLE, ROOMS, LocalHarness, program, the_event

ADA, BEN, CEM = PEOPLE

FOREIGN = (
    "BEGIN:VEVENT\r\nUID:odd@elsewhere\r\nX-ODD;X=\"a;b\":va\\,lue\\;  \r\n"
    "DTSTART;TZID=Europe/Berlin:20261020T090000\r\nDTEND;TZID=Europe/Berlin:20261020T093000\r\n"
    "SUMMARY:Trennung mitten im Wort: Donaudampfschiff\r\n ahrt\r\n\tsgesellschaft\r\n"
    "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Müllerstraße:geo:52.5,13.4\r\n"
    "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
)  # fmt: skip


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


def text(harness: LocalHarness, address: str) -> str:
    return harness.path(address).read_bytes().decode()


def put(harness: LocalHarness, address: str, event: str) -> None:
    harness.path(address).write_bytes(
        text(harness, address).replace("END:VCALENDAR", event + "END:VCALENDAR").encode()
    )


def own_copy(harness: LocalHarness, address: str, id_: str) -> icalendar.Component:
    calendar = icalendar.Calendar.from_ical(harness.path(address).read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    return the_event(calendar, id_)


def comments(harness: LocalHarness, key: str) -> dict[str, str]:
    event = harness.calendar.find(ORGANIZER, key)
    assert event is not None
    return {a.address: a.comment for a in event.attendees}


class TestWhatIsWritten:
    def test_a_copy_is_an_invitation_any_program_understands(self, harness: LocalHarness) -> None:
        intent = make(harness, reminders=(10,), location="Room 1", description="Line 1\nLine 2")
        booked = harness.calendar.book(ORGANIZER, intent)
        copy = own_copy(harness, ADA, booked.ref.id)
        assert str(copy["ORGANIZER"]) == f"mailto:{ORGANIZER}"
        assert {str(a): str(a.params["PARTSTAT"]) for a in copy["ATTENDEE"]} == {
            f"mailto:{ADA}": "NEEDS-ACTION",
            f"mailto:{BEN}": "NEEDS-ACTION",
        }
        assert [str(a.params["ROLE"]) for a in copy["ATTENDEE"]] == ["REQ-PARTICIPANT", "OPT-PARTICIPANT"]
        assert (copy["DTSTART"].dt, copy["DTEND"].dt) == (intent.start, intent.end)
        assert [str(copy[name]) for name in ("SUMMARY", "DESCRIPTION", "LOCATION", "STATUS")] == [
            "Technical interview", "Line 1\nLine 2", "Room 1", "CONFIRMED",
        ]  # fmt: skip
        assert [alarm["TRIGGER"].dt for alarm in copy.walk("VALARM")] == [timedelta(minutes=-10)]
        assert "X-LOOPWRIGHT-FINGERPRINT" not in copy
        assert "X-LOOPWRIGHT-TAG" not in copy

    def test_foreign_bytes_survive_everything_we_do(self, harness: LocalHarness) -> None:
        for address in (ORGANIZER, ADA, BEN):
            put(harness, address, FOREIGN)
        before = {address: text(harness, address) for address in (ORGANIZER, ADA, BEN)}
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        assert all(FOREIGN in text(harness, address) for address in before)
        again = harness.calendar.reschedule(
            booked.ref, replace(intent, start=at(2, 9), end=at(2, 10)), booked.etag
        )
        harness.calendar.cancel(again.ref)
        assert text(harness, ADA) == before[ADA]
        assert text(harness, BEN) == before[BEN]
        tombstone = text(harness, ORGANIZER)
        start, end = tombstone.index("BEGIN:VEVENT\r\nATTENDEE"), tombstone.rindex("END:VCALENDAR")
        assert tombstone[:start] + tombstone[end:] == before[ORGANIZER]

    def test_a_file_keeps_its_line_breaks(self, harness: LocalHarness) -> None:
        harness.path(ADA).write_bytes(harness.path(ADA).read_bytes().replace(b"\r\n", b"\n"))
        harness.calendar.book(ORGANIZER, make(harness))
        assert b"\r" not in harness.path(ADA).read_bytes()
        assert b"\n" not in harness.path(BEN).read_bytes().replace(b"\r\n", b"")

    def test_nothing_is_written_where_nothing_changed(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.calendar.get(booked.ref)
        files = sorted(path for path in harness.folder.rglob("*") if path.is_file())
        before = [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
        for _ in range(2):
            harness.calendar.get(booked.ref)
            harness.calendar.find_all(ORGANIZER, WINDOW)
            harness.calendar.book(ORGANIZER, make(harness))
            harness.calendar.changes(ORGANIZER, None, WINDOW)
        assert [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in files] == before

    def test_the_organizer_is_not_asked(self, harness: LocalHarness) -> None:
        guests = (Attendee(ORGANIZER), Attendee(ADA))
        booked = harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        assert replies(harness.calendar.get(booked.ref)) == {
            ORGANIZER: Reply.ACCEPTED,
            ADA: Reply.NEEDS_ACTION,
        }
        assert text(harness, ORGANIZER).count("BEGIN:VEVENT") == 1

    def test_addresses_are_found_in_any_case(self, harness: LocalHarness) -> None:
        guests = (Attendee("Ada@ACME.example"),)
        booked = harness.calendar.book(ORGANIZER.upper(), make(harness, attendees=guests))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        (guest,) = harness.calendar.get(booked.ref).attendees
        assert (guest.address, guest.reply) == ("Ada@ACME.example", Reply.ACCEPTED)

    def test_names_and_comments_with_quotes_and_commas(self, harness: LocalHarness) -> None:
        guests = (Attendee(ADA, 'Ada "Countess", Lovelace; Dr.\r\nX:1'),)
        booked = harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        harness.answer(ADA, booked.ref, Reply.DECLINED, 'away, "really"; sorry\nsee you')
        (guest,) = harness.calendar.get(booked.ref).attendees
        assert guest.name == "Ada 'Countess', Lovelace; Dr. X:1"
        assert guest.comment == "away, 'really'; sorry see you"
        assert harness.calendar.get(booked.ref).attendees == (guest,)


class TestAnswers:
    def test_throwing_the_invitation_away_declines(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.throw_away(ADA, booked.ref)
        assert replies(harness.calendar.get(booked.ref)) == {ADA: Reply.DECLINED, BEN: Reply.NEEDS_ACTION}
        assert harness.live_in(ADA, make(harness).key) == 0
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live_in(ADA, make(harness).key) == 0, "who declined is not invited again by a retry"

    def test_cancelling_the_own_copy_declines(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))

        def cancelled(calendar: icalendar.Calendar) -> None:
            the_event(calendar, booked.ref.id)["STATUS"] = icalendar.vText("CANCELLED")

        program(harness.path(ADA), cancelled)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.DECLINED

    def test_tidying_up_after_the_event_is_no_answer(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        harness.calendar.get(booked.ref)
        harness.now = at(30, 0)
        harness.throw_away(ADA, booked.ref)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.ACCEPTED

    def test_putting_it_back_counts_again(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        kept = harness.path(ADA).read_bytes()
        harness.throw_away(ADA, booked.ref)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.DECLINED
        harness.path(ADA).write_bytes(kept)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.ACCEPTED

    def test_an_answer_stays_when_the_file_becomes_unreadable_or_goes(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        harness.calendar.get(booked.ref)
        harness.path(ADA).write_text("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.ACCEPTED
        harness.path(ADA).unlink()
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.ACCEPTED

    def test_an_attendee_cannot_move_the_event(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)

        def dragged(calendar: icalendar.Calendar) -> None:
            event = the_event(calendar, booked.ref.id)
            del event["DTSTART"]
            event.add("DTSTART", intent.start - timedelta(hours=3))

        program(harness.path(ADA), dragged)
        event = harness.calendar.get(booked.ref)
        assert event.start == intent.start
        assert replies(event)[ADA] is Reply.NEEDS_ACTION, "a yes to another time is no yes"
        assert own_copy(harness, ADA, booked.ref.id)["DTSTART"].dt == intent.start

    def test_two_copies_become_one(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        copy = own_copy(harness, ADA, booked.ref.id).to_ical().decode()
        put(harness, ADA, copy)
        harness.calendar.get(booked.ref)
        assert harness.live_in(ADA, make(harness).key) == 1

    def test_a_pasted_copy_is_not_ours(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        copy = own_copy(harness, ADA, booked.ref.id).to_ical().decode()
        put(harness, CEM, copy.replace(f"UID:{booked.ref.id}", "UID:pasted"))
        assert [b.key for b in known(harness.calendar, CEM).busy] == [None]
        assert [b.key for b in known(harness.calendar, ADA).busy] == [make(harness).key]


class TestUndeliverable:
    def test_it_is_said_and_the_file_is_not_touched(self, harness: LocalHarness) -> None:
        broken = harness.path("broken@acme.example").read_bytes()
        guests = (Attendee(ADA), Attendee("broken@acme.example"), Attendee("guest@outside.example"))
        booked = harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        event = harness.calendar.get(booked.ref)
        assert set(replies(event).values()) == {Reply.NEEDS_ACTION}
        said = {a.address: a.comment for a in event.attendees}
        assert said[ADA] == ""
        assert said["broken@acme.example"].startswith("not delivered: broken@acme.example.ics: ")
        assert said["guest@outside.example"].startswith("not delivered: there is no calendar file")
        assert harness.path("broken@acme.example").read_bytes() == broken
        assert not harness.path("guest@outside.example").exists()

    def test_it_is_delivered_once_the_file_is_repaired(self, harness: LocalHarness) -> None:
        guests = (Attendee("broken@acme.example"), Attendee("new@acme.example"))
        key = make(harness).key
        booked = harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        harness.path("broken@acme.example").unlink()
        for address in ("broken@acme.example", "new@acme.example"):
            create_calendar(harness.folder, address, "X", ZONE)
        assert set(comments(harness, key).values()) == {""}
        assert harness.live_in("broken@acme.example", key) == harness.live_in("new@acme.example", key) == 1
        assert harness.calendar.get(booked.ref).etag != booked.etag

    def test_a_person_whose_zone_is_unknown_is_invited_all_the_same(self, harness: LocalHarness) -> None:
        guests = (Attendee("mars@acme.example"),)
        harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        assert harness.live_in("mars@acme.example", make(harness).key) == 1

    def test_a_room_that_cannot_be_read_is_not_taken(self, harness: LocalHarness) -> None:
        put(harness, ROOMS[0], "BEGIN:VEVENT\r\nDTSTART;TZID=Mars:20261020T090000\r\nEND:VEVENT\r\n")
        guests = (Attendee(ROOMS[0], role=Role.ROOM),)
        booked = harness.calendar.book(ORGANIZER, make(harness, attendees=guests))
        (room,) = harness.calendar.get(booked.ref).attendees
        assert room.reply is Reply.NEEDS_ACTION
        assert room.comment.startswith("not delivered: ")
        assert "Mars" in room.comment
        assert harness.live_in(ROOMS[0], make(harness).key) == 0


class TestHumans:
    def test_a_move_reaches_the_copies_and_asks_everybody_again(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED, "fine")
        harness.throw_away(BEN, booked.ref)
        harness.calendar.get(booked.ref)
        harness.move(booked.ref, at(3, 9), at(3, 10))
        event = harness.calendar.get(booked.ref)
        assert replies(event) == {ADA: Reply.NEEDS_ACTION, BEN: Reply.NEEDS_ACTION}
        assert {a.comment for a in event.attendees} == {""}
        for address in (ADA, BEN):
            copy = own_copy(harness, address, booked.ref.id)
            assert (copy["DTSTART"].dt, copy["SEQUENCE"]) == (at(3, 9), 1)

    def test_cancelling_in_a_program_frees_everybody(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))

        def cancelled(calendar: icalendar.Calendar) -> None:
            the_event(calendar, booked.ref.id)["STATUS"] = icalendar.vText("CANCELLED")

        program(harness.path(ORGANIZER), cancelled)
        with pytest.raises(Gone):
            harness.calendar.get(booked.ref)
        assert known(harness.calendar, ADA).busy == ()
        with pytest.raises(Conflict):
            harness.calendar.book(ORGANIZER, make(harness))

    def test_deleting_in_a_program_withdraws_and_burns_the_key(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.delete(booked.ref)
        with pytest.raises(Conflict):
            harness.calendar.book(ORGANIZER, intent)
        found = harness.calendar.find(ORGANIZER, intent.key)
        assert found is not None
        assert (found.cancelled, found.key, found.start) == (True, intent.key, intent.start)
        harness.calendar.changes(ORGANIZER, None, WINDOW)
        assert known(harness.calendar, ADA).busy == ()

    def test_a_human_adds_somebody(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))

        def invited(calendar: icalendar.Calendar) -> None:
            the_event(calendar, booked.ref.id).add("ATTENDEE", icalendar.vCalAddress(f"mailto:{CEM}"))

        program(harness.path(ORGANIZER), invited)
        event = harness.calendar.get(booked.ref)
        assert replies(event)[CEM] is Reply.NEEDS_ACTION
        assert known(harness.calendar, CEM).busy[0].verdict is Verdict.UNANSWERED
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(booked.ref, make(harness, title="New"), booked.etag)


class TestReschedule:
    def test_who_was_dropped_while_unreadable_is_told_later(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        good = harness.path(BEN).read_bytes()
        harness.path(BEN).write_bytes(good[:-20])
        without = replace(intent, attendees=(intent.attendees[0],))
        harness.calendar.reschedule(booked.ref, without, booked.etag)
        assert harness.path(BEN).read_bytes() == good[:-20]
        harness.path(BEN).write_bytes(good)
        assert harness.live_in(BEN, intent.key) == 1
        harness.calendar.get(booked.ref)
        assert harness.live_in(BEN, intent.key) == 0

    def test_who_was_dropped_can_come_back(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        without = replace(intent, attendees=(intent.attendees[0],))
        dropped = harness.calendar.reschedule(booked.ref, without, booked.etag)
        harness.calendar.reschedule(booked.ref, intent, dropped.etag)
        assert harness.live_in(BEN, intent.key) == 1
        assert known(harness.calendar, BEN).busy == (
            Busy(intent.start, intent.end, Verdict.UNANSWERED, intent.key),
        )

    def test_an_answer_in_the_meantime_makes_the_etag_stale(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.DECLINED)
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(booked.ref, make(harness, title="New"), booked.etag)

    def test_another_key_is_refused(self, harness: LocalHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        with pytest.raises(Invalid, match="key"):
            harness.calendar.reschedule(booked.ref, make(harness, "t/l/other/0"), booked.etag)

    def test_who_declined_by_deleting_is_asked_again_only_at_a_new_time(self, harness: LocalHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.throw_away(ADA, booked.ref)
        etag = harness.calendar.get(booked.ref).etag
        same_time = replace(intent, title="New title")
        again = harness.calendar.reschedule(booked.ref, same_time, etag)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.DECLINED
        assert harness.live_in(ADA, intent.key) == 0
        harness.calendar.reschedule(booked.ref, replace(same_time, start=at(2, 9), end=at(2, 10)), again.etag)
        assert replies(harness.calendar.get(booked.ref))[ADA] is Reply.NEEDS_ACTION
        assert harness.live_in(ADA, intent.key) == 1


def test_two_organizers_share_people_but_not_events(harness: LocalHarness) -> None:
    other = "debriefs@acme.example"
    create_calendar(harness.folder, other, "Debriefs", ZONE)
    guests = (Attendee(ADA), Attendee(ORGANIZER))
    one = harness.calendar.book(ORGANIZER, make(harness, "t/l/1/0", attendees=guests))
    two = harness.calendar.book(other, make(harness, "t/l/2/0", attendees=guests))
    assert [e.ref for e in harness.calendar.find_all(ORGANIZER, WINDOW)] == [one.ref]
    assert [e.ref for e in harness.calendar.find_all(other, WINDOW)] == [two.ref]
    assert harness.calendar.find(other, "t/l/1/0") is None
    assert replies(harness.calendar.get(two.ref))[ORGANIZER] is Reply.NEEDS_ACTION
    harness.calendar.cancel(two.ref)
    assert [e.ref for e in harness.calendar.find_all(ORGANIZER, WINDOW)] == [one.ref]


def test_names_of_files_never_collide_with_state(harness: LocalHarness) -> None:
    names = {path.name for path in harness.folder.iterdir() if path.is_dir()}
    harness.calendar.book(ORGANIZER, make(harness))
    assert names | {".loopwright"} == {path.name for path in harness.folder.iterdir() if path.is_dir()}
    fresh = LocalCalendar(harness.folder, zone=ZONE, clock=lambda: NOW)
    for name in (".loopwright", "lock"):
        assert isinstance(fresh.availability([name], WINDOW)[name], Unknown)


def test_the_same_calls_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for name in ("one", "two"):
        harness = LocalHarness(tmp_path / name, monkeypatch)
        harness.add(ADA, Foreign(Kind.BUSY, at(0, 9), at(0, 10)))
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.answer(ADA, booked.ref, Reply.ACCEPTED)
        harness.calendar.get(booked.ref)
        content = b"".join(path.read_bytes() for path in sorted(harness.folder.glob("*.ics")))
        digests.add(hashlib.sha256(content).hexdigest())
    assert len(digests) == 1
