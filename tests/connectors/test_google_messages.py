"""What the Google connector writes into events, and whom it lets Google tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.errors import (
    Invalid,
    Transient,
)
from connectors.types import Attendee, Reply, Role
from tests.connectors.conformance_kit import at, make, replies
from tests.connectors.servers.google_harness import ORGANIZER, SWIFT, GoogleHarness, google


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestMessages:
    def test_everybody_is_told(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)
        harness.calendar.cancel(booked.ref)
        mails = harness.server.world.mails
        assert [what for what, _, _ in mails] == ["invite"] * 2 + ["change"] * 2 + ["cancel"] * 2
        assert {to for _, _, to in mails} == set(harness.people[:2])

    def test_the_message_stands_before_the_text_when_the_event_goes(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.calendar.cancel(booked.ref, "The position is filled")
        (stored,) = harness.server.world.find(ORGANIZER, booked.ref.id)
        assert stored.cancelled
        assert stored.body["description"] == "The position is filled\n\nAgenda"
        assert [c["query"]["sendUpdates"] for c in harness.server.calls("patch")] == [["none"]]

    def test_a_message_is_not_written_twice(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.world.fail(on="delete", drop=True, times=SWIFT.attempts)
        with pytest.raises(Transient):
            harness.calendar.cancel(booked.ref, "Sorry")
        harness.calendar.cancel(booked.ref, "Sorry")
        (stored,) = harness.server.world.find(ORGANIZER, booked.ref.id)
        assert stored.body["description"] == "Sorry\n\nAgenda"
        harness.calendar.cancel(booked.ref, "Sorry")

    def test_a_meet_link_at_once_and_one_that_takes_a_while(self, harness: GoogleHarness) -> None:
        at_once = harness.calendar.book(ORGANIZER, make(harness, "t/l/1/0", conference=True))
        assert at_once.join_url is not None
        assert at_once.join_url.startswith("https://meet.google.com/")
        harness.server.world.pending_conferences = True
        later = harness.calendar.book(ORGANIZER, make(harness, "t/l/2/0", conference=True))
        assert (later.join_url, later.join_pending) == (None, True)
        harness.settle()
        assert harness.calendar.get(later.ref).join_url
        assert harness.calendar.book(ORGANIZER, make(harness, "t/l/3/0")).join_pending is False

    def test_a_link_is_added_and_taken_away(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        booked = harness.calendar.reschedule(booked.ref, replace(intent, conference=True), booked.etag)
        url = booked.join_url
        assert url
        moved = replace(intent, conference=True, start=at(2, 9), end=at(2, 10))
        booked = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert booked.join_url == url
        assert harness.calendar.reschedule(booked.ref, intent, booked.etag).join_url is None

    def test_what_goes_over_the_wire(self, harness: GoogleHarness) -> None:
        intent = make(
            harness,
            reminders=(10, 60),
            location="Room 1",
            attendees=(
                Attendee(harness.people[0], "Ada"),
                Attendee(harness.people[1], role=Role.OPTIONAL),
                Attendee(harness.rooms[0], role=Role.ROOM),
            ),
        )
        booked = harness.calendar.book(ORGANIZER, intent)
        (call,) = harness.server.calls("insert")
        body = call["body"]
        assert call["query"]["sendUpdates"] == ["all"]
        assert call["query"]["conferenceDataVersion"] == ["1"]
        assert body["id"] == booked.ref.id
        assert len(body["id"]) == 26
        assert body["start"] == {"dateTime": "2026-10-21T10:00:00+02:00", "timeZone": "Europe/Berlin"}
        assert [(a["email"], a.get("optional"), a.get("resource")) for a in body["attendees"]] == [
            (harness.people[0], None, None),
            (harness.people[1], True, None),
            (harness.rooms[0], None, True),
        ]
        assert body["reminders"] == {
            "useDefault": False,
            "overrides": [{"method": "popup", "minutes": 10}, {"method": "popup", "minutes": 60}],
        }
        properties = body["extendedProperties"]["private"]
        assert properties["loopwright_key"] == intent.key
        assert properties["loop"] == "loop-1"
        assert "conferenceData" not in body

    @pytest.mark.parametrize(
        "change",
        [
            {"reminders": (5,) * 6},
            {"reminders": (-1,)},
            {"reminders": (40_321,)},
            {"tags": (("loopwright_key", "other"),)},
            {"tags": (("x" * 45, "1"),)},
            {"tags": (("x", "1" * 1025),)},
            {"attendees": (Attendee("nobody"),)},
            {"attendees": (Attendee("a@example.com"), Attendee("A@example.com"))},
            {"key": "x" * 501},
            {"key": "a\nb"},
            {"end": at(30, 0)},
        ],
        ids=repr,
    )
    def test_what_google_would_refuse_is_refused_here_with_its_name(
        self, harness: GoogleHarness, change: dict[str, object]
    ) -> None:
        with pytest.raises(Invalid) as caught:
            harness.calendar.book(ORGANIZER, make(harness, **change))
        assert any(name in str(caught.value) for name in change)
        assert harness.server.world.log == []

    def test_a_rooms_answer_and_a_comment_are_seen(self, harness: GoogleHarness) -> None:
        room = Attendee(harness.rooms[0], role=Role.ROOM)
        intent = make(harness, attendees=(Attendee(harness.people[0]), room))
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.settle()
        harness.answer(harness.people[0], booked.ref, Reply.TENTATIVE, "maybe a little late")
        event = harness.calendar.get(booked.ref)
        assert replies(event) == {harness.people[0]: Reply.TENTATIVE, room.address: Reply.ACCEPTED}
        assert event.attendees[0].comment == "maybe a little late"
        kept = harness.calendar.reschedule(booked.ref, replace(intent, title="New"), event.etag)
        event = harness.calendar.get(kept.ref)
        assert event.attendees[0].comment == "maybe a little late"
        assert replies(event) == {harness.people[0]: Reply.TENTATIVE, room.address: Reply.ACCEPTED}
