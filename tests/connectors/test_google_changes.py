"""How the Google connector keeps its place in a calendar's changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import (
    CursorExpired,
    Invalid,
)
from connectors.types import Event, Window
from tests.connectors.conformance_kit import WINDOW, at, follow, make
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestCursors:
    def test_every_page_is_asked_for_the_same(self, harness: GoogleHarness) -> None:
        """A window with microseconds, pages of one event, an empty page first: the server insists
        that all pages of a round have the parameters of the first."""
        harness.server.world.page_size, harness.server.world.empty_pages = 1, True
        refs = {harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0")).ref.id for n in range(4)}
        window = Window(WINDOW.start + timedelta(microseconds=7), WINDOW.end + timedelta(microseconds=9))
        events: dict[str, Event] = {}
        cursor = follow(harness.calendar, ORGANIZER, None, events, window)
        assert set(events) == refs
        assert harness.calendar.changes(ORGANIZER, cursor, window).upserts == ()

    def test_only_the_first_page_resets(self, harness: GoogleHarness) -> None:
        """So that a round resumed in its middle adds to what was saved before."""
        harness.server.world.page_size = 2
        for n in range(5):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        cursor, resets = None, []
        while True:
            page = harness.restart().changes(ORGANIZER, cursor, WINDOW)
            resets.append(page.reset)
            cursor = page.next
            if not page.more:
                break
        assert resets == [True, False, False]

    def test_what_changes_while_pages_are_read_is_told_in_the_next_round(
        self, harness: GoogleHarness
    ) -> None:
        harness.server.world.page_size = 2
        for n in range(4):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        first = harness.calendar.changes(ORGANIZER, None, WINDOW)
        late = harness.calendar.book(ORGANIZER, make(harness, "t/l/late/0"))
        events: dict[str, Event] = {}
        cursor = follow(harness.calendar, ORGANIZER, first.next, events)
        follow(harness.calendar, ORGANIZER, cursor, events)
        assert late.ref.id in events

    def test_a_window_that_slides_with_the_days_keeps_its_cursor(self, harness: GoogleHarness) -> None:
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        later = Window(WINDOW.start + timedelta(days=7), WINDOW.end + timedelta(days=7))
        assert harness.calendar.changes(ORGANIZER, cursor, later).reset is False
        far = Window(WINDOW.start, WINDOW.end + timedelta(days=11))
        with pytest.raises(CursorExpired, match="window moved"):
            harness.calendar.changes(ORGANIZER, cursor, far)
        before = Window(WINDOW.start - timedelta(days=1), WINDOW.end)
        with pytest.raises(CursorExpired, match="window moved"):
            harness.calendar.changes(ORGANIZER, cursor, before)

    @pytest.mark.parametrize("keeps", [False, True])
    def test_whether_or_not_changes_keep_to_the_window_of_the_first_round(
        self, harness: GoogleHarness, keeps: bool
    ) -> None:
        """It is not documented; what happens inside the window is told either way."""
        harness.server.world.delta_keeps_window = keeps
        booked = harness.calendar.book(ORGANIZER, make(harness))
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        harness.calendar.book(ORGANIZER, make(harness, "t/l/far/0", start=at(100, 9), end=at(100, 10)))
        harness.move(booked.ref, at(5, 9), at(5, 10))
        events: dict[str, Event] = {}
        cursor = follow(harness.calendar, ORGANIZER, cursor, events)
        assert events[booked.ref.id].start == at(5, 9)
        assert len(events) == (1 if keeps else 2)
        harness.delete(booked.ref)
        follow(harness.calendar, ORGANIZER, cursor, events)
        assert booked.ref.id not in events

    def test_a_cursor_belongs_to_one_calendar(self, harness: GoogleHarness) -> None:
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        with pytest.raises(CursorExpired, match="another calendar"):
            harness.calendar.changes(harness.people[0], cursor, WINDOW)

    def test_everything_is_read_afresh_about_once_a_week(self, harness: GoogleHarness) -> None:
        now = datetime(2026, 10, 1, tzinfo=UTC)
        clock = [now]
        calendar = connect(harness.server, now=lambda: clock[0])
        cursor = follow(calendar, ORGANIZER, None, {})
        clock[0] = now + timedelta(days=6, hours=23)
        cursor = calendar.changes(ORGANIZER, cursor, WINDOW).next
        clock[0] = now + timedelta(days=8, minutes=1)
        with pytest.raises(CursorExpired, match="older than 7 days"):
            calendar.changes(ORGANIZER, cursor, WINDOW)
        calendar.close()

    def test_a_page_token_google_forgot(self, harness: GoogleHarness) -> None:
        harness.server.world.page_size = 1
        for n in range(3):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        page = harness.calendar.changes(ORGANIZER, None, WINDOW)
        harness.server.world.expire_tokens()
        with pytest.raises(CursorExpired):
            harness.calendar.changes(ORGANIZER, page.next, WINDOW)

    def test_a_full_round_that_is_refused_is_a_bug_and_not_a_reason_to_start_again(
        self, harness: GoogleHarness
    ) -> None:
        harness.server.world.fail(on="list", status=400, reason="invalid")
        with pytest.raises(Invalid):
            harness.calendar.changes(ORGANIZER, None, WINDOW)
