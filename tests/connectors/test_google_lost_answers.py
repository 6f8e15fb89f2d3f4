"""What the Google connector does when answers are lost, events doubled or their details forgotten."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import (
    Conflict,
    Gone,
    StaleWrite,
    Transient,
)
from tests.connectors.conformance_kit import WINDOW, at, follow, make
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, google


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestLostAnswers:
    def test_a_booking_whose_answer_was_lost_is_found(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", lose=True)
        booked = harness.calendar.book(ORGANIZER, make(harness))
        assert harness.calendar.get(booked.ref).key == make(harness).key
        assert [n.rsplit(".", 1)[1] for n, _, _ in harness.server.world.log] == ["insert", "get", "get"]

    def test_a_booking_that_never_arrived_is_written_again(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", drop=True)
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        names = [n.rsplit(".", 1)[1] for n, _, _ in harness.server.world.log]
        assert names == ["insert", "get", "list", "insert"]

    def test_a_write_is_sent_once_however_the_connection_ends(self, harness: GoogleHarness) -> None:
        """The transport must not repeat it behind our back, not even on a kept connection."""
        harness.calendar.find_all(ORGANIZER, WINDOW)  # leaves a kept connection behind
        harness.server.world.accepts_duplicates = True
        harness.server.world.fail(on="insert", lose=True)
        harness.calendar.book(ORGANIZER, make(harness))
        assert len(harness.server.calls("insert")) == 1
        assert harness.live(make(harness).key) == 1

    def test_after_an_outage_the_next_try_looks_before_it_writes(self, harness: GoogleHarness) -> None:
        harness.server.world.accepts_duplicates = True
        harness.lose_next_answer()
        with pytest.raises(Transient):
            harness.calendar.book(ORGANIZER, make(harness))
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        assert len(harness.server.calls("insert")) == 1

    def test_a_change_whose_answer_was_lost_is_success(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        moved = replace(intent, start=at(2, 9), end=at(2, 10))
        harness.server.world.fail(on="patch", lose=True)
        again = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert harness.calendar.get(booked.ref).start == at(2, 9)
        assert again.etag == harness.calendar.get(booked.ref).etag
        assert len(harness.server.calls("patch")) == 1

    def test_a_change_may_be_repeated_with_the_old_etag(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        moved = replace(intent, start=at(2, 9), end=at(2, 10))
        first = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert harness.calendar.reschedule(booked.ref, moved, booked.etag) == first

    def test_a_change_that_never_arrived_is_not_called_done(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.fail(on="patch", drop=True)
        with pytest.raises(Transient):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)

    def test_an_event_that_goes_between_our_read_and_our_write(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.fail(on="patch", status=404, reason="notFound")
        with pytest.raises(Gone):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)

    def test_somebody_faster_wins(self, harness: GoogleHarness) -> None:
        """The event changes between our read and our write: the service's own condition refuses."""
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.fail(on="patch", status=412, reason="conditionNotMet")
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)

    def test_a_cancellation_whose_answer_was_lost(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.world.fail(on="delete", lose=True)
        harness.calendar.cancel(booked.ref)
        assert harness.live(make(harness).key) == 0
        assert len([m for m in harness.server.world.mails if m[0] == "cancel"]) == 2

    def test_a_read_on_a_connection_that_went_stale(self, harness: GoogleHarness) -> None:
        harness.calendar.find_all(ORGANIZER, WINDOW)
        harness.server.world.fail(on="list", drop=True)
        assert harness.calendar.find_all(ORGANIZER, WINDOW) == ()


class TestDoubles:
    def test_an_event_the_service_took_twice_is_reported_and_can_be_undone(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        world = harness.server.world
        world.put(ORGANIZER, world.find(ORGANIZER, booked.ref.id)[0].body)
        assert len(harness.calendar.find_all(ORGANIZER, WINDOW)) == 2
        harness.calendar.cancel(booked.ref)
        assert len(harness.calendar.find_all(ORGANIZER, WINDOW)) == 1
        assert harness.live(intent.key) == 1
        assert harness.calendar.get(booked.ref).key == intent.key

    def test_a_copy_under_another_id_is_found_by_its_key(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An import or a restore gives new ids; the key stays."""
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        world = harness.server.world
        body = world.find(ORGANIZER, booked.ref.id)[0].body
        world.events.clear()
        world.put(ORGANIZER, {**body, "id": "v" * 20})
        world.put(ORGANIZER, {**body, "id": "u" * 20})
        with caplog.at_level(logging.WARNING):
            found = harness.calendar.find(ORGANIZER, intent.key)
        assert found is not None
        assert found.ref.id in ("v" * 20, "u" * 20)
        assert "2 live events carry the key" in caplog.text

    def test_the_id_is_taken_by_somebody_else(self, harness: GoogleHarness) -> None:
        from connectors.protocol import event_id

        intent = make(harness)
        body = {"id": event_id(intent.key), "start": {"date": "2026-10-21"}, "end": {"date": "2026-10-22"}}
        other = {"extendedProperties": {"private": {"loopwright_key": "t/other/1/0"}}}
        harness.server.world.put(ORGANIZER, body | other)
        with pytest.raises(Conflict):
            harness.calendar.book(ORGANIZER, intent)


class TestEventsThatLostSomething:
    def test_a_deleted_event_may_have_nothing_left_but_its_id(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.forgets_details = True
        harness.calendar.cancel(booked.ref)
        found = harness.calendar.find(ORGANIZER, intent.key)
        assert found is not None
        assert (found.cancelled, found.key) == (True, intent.key)
        with pytest.raises(Conflict, match="burnt"):
            harness.calendar.book(ORGANIZER, intent)

    def test_a_human_makes_our_event_all_day(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        world = harness.server.world
        stored = world.find(ORGANIZER, booked.ref.id)[0]
        world.touch(stored, start={"date": "2026-10-25"}, end={"date": "2026-10-26"})
        event = harness.calendar.get(booked.ref)
        assert event.end - event.start == timedelta(hours=25)
        (told,) = harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts
        assert told == event

    def test_an_exception_taken_out_of_a_series_is_a_removal(self, harness: GoogleHarness) -> None:
        """Somebody makes our event repeat, then takes one day out: only its id comes."""
        booked = harness.calendar.book(ORGANIZER, make(harness))
        world = harness.server.world
        stored = world.find(ORGANIZER, booked.ref.id)[0]
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        world.touch(stored, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
        gone = {
            "id": f"{booked.ref.id}_20261028T090000Z",
            "status": "cancelled",
            "recurringEventId": booked.ref.id,
            "originalStartTime": {"dateTime": "2026-10-28T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        }
        world.put(ORGANIZER, gone)
        page = harness.calendar.changes(ORGANIZER, cursor, WINDOW)
        assert [e.ref.id for e in page.upserts] == [booked.ref.id]
        assert page.removals == (gone["id"],)
        full = harness.calendar.changes(ORGANIZER, None, WINDOW)
        assert [e.ref.id for e in full.upserts] == [booked.ref.id]
        assert full.removals == ()

    def test_a_moved_event_leaves_the_window_and_is_told(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        harness.move(booked.ref, at(300, 9), at(300, 10))
        (event,) = harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts
        assert event.start == at(300, 9)
