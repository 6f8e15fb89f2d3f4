"""What answers, rooms and `changes` promise, for every calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import CursorExpired
from connectors.types import (
    Attendee,
    Event,
    Reply,
    Role,
)
from tests.connectors.conformance_kit import (
    WINDOW,
    Base,
    at,
    covered,
    follow,
    known,
    make,
    replies,
)
from tests.connectors.harness import Foreign, Harness, Kind


class ReplyConformance(Base):
    @pytest.mark.parametrize("reply", [Reply.ACCEPTED, Reply.TENTATIVE, Reply.DECLINED])
    def test_an_answer_is_seen_in_the_organizers_event(self, harness: Harness, reply: Reply) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.answer(harness.people[0], booked.ref, reply, "on a train")
        event = harness.calendar.get(booked.ref)
        assert replies(event)[harness.people[0]] is reply
        assert replies(event)[harness.people[1]] is Reply.NEEDS_ACTION
        found = harness.calendar.find(harness.organizer, intent.key)
        assert found is not None
        assert replies(found) == replies(event)

    def test_an_answer_can_be_changed(self, harness: Harness) -> None:
        booked = harness.calendar.book(harness.organizer, make(harness))
        harness.answer(harness.people[0], booked.ref, Reply.DECLINED)
        assert replies(harness.calendar.get(booked.ref))[harness.people[0]] is Reply.DECLINED
        harness.answer(harness.people[0], booked.ref, Reply.ACCEPTED)
        assert replies(harness.calendar.get(booked.ref))[harness.people[0]] is Reply.ACCEPTED

    def test_who_declines_is_free_again(self, harness: Harness) -> None:
        booked = harness.calendar.book(harness.organizer, make(harness))
        harness.answer(harness.people[0], booked.ref, Reply.DECLINED)
        harness.settle()
        assert known(harness.calendar, harness.people[0]).busy == ()
        assert covered(known(harness.calendar, harness.people[1]), at(1, 10), at(1, 11))

    def test_a_free_room_accepts_and_a_taken_one_declines(self, harness: Harness) -> None:
        free, taken = harness.rooms[0], harness.rooms[1]
        harness.add(taken, Foreign(Kind.BUSY, at(1, 10, 30), at(1, 12)))
        people = make(harness).attendees
        guests = (*people, Attendee(free, role=Role.ROOM), Attendee(taken, role=Role.ROOM))
        booked = harness.calendar.book(harness.organizer, make(harness, attendees=guests))
        harness.settle()
        event = harness.calendar.get(booked.ref)
        assert replies(event)[free] is Reply.ACCEPTED
        assert replies(event)[taken] is Reply.DECLINED
        roles = {a.address.casefold(): a.role for a in event.attendees}
        assert (roles[free], roles[taken]) == (Role.ROOM, Role.ROOM)
        assert covered(known(harness.calendar, free), at(1, 10), at(1, 11))

    def test_one_room_is_not_given_to_two(self, harness: Harness) -> None:
        room = Attendee(harness.rooms[0], role=Role.ROOM)
        first = harness.calendar.book(harness.organizer, make(harness, "t/l/a/0", attendees=(room,)))
        harness.settle()
        second = harness.calendar.book(harness.organizer, make(harness, "t/l/b/0", attendees=(room,)))
        harness.settle()
        assert replies(harness.calendar.get(first.ref))[room.address] is Reply.ACCEPTED
        assert replies(harness.calendar.get(second.ref))[room.address] is Reply.DECLINED

    def test_rooms_are_in_the_directory(self, harness: Harness) -> None:
        rooms = {room.address.casefold(): room for room in harness.calendar.rooms()}
        assert set(harness.rooms) <= set(rooms)
        assert not set(harness.people) & set(rooms)
        assert all(room.name for room in rooms.values())


class ChangesConformance(Base):
    def test_the_first_round_is_everything_ours_in_the_window(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        harness.add(organizer, Foreign(Kind.BUSY, at(1, 10), at(1, 11)))
        booked = calendar.book(organizer, make(harness))
        outside = make(harness, "t/l/outside/0", start=at(40, 9), end=at(40, 10))
        calendar.book(organizer, outside)
        assert calendar.changes(organizer, None, WINDOW).reset
        events: dict[str, Event] = {}
        follow(calendar, organizer, None, events)
        assert set(events) == {booked.ref.id}
        assert events[booked.ref.id] == calendar.get(booked.ref)

    def test_nothing_happened_nothing_told(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        calendar.book(organizer, make(harness))
        cursor = follow(calendar, organizer, None, {})
        for _ in range(3):
            page = calendar.changes(organizer, cursor, WINDOW)
            assert (page.upserts, page.removals, page.more, page.reset) == ((), (), False, False)
            cursor = page.next

    def test_only_what_is_new(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        calendar.book(organizer, make(harness, "t/l/old/0"))
        cursor = follow(calendar, organizer, None, {})
        booked = calendar.book(organizer, make(harness, "t/l/new/0"))
        harness.settle()
        events: dict[str, Event] = {}
        follow(calendar, organizer, cursor, events)
        assert set(events) == {booked.ref.id}

    def test_foreign_events_are_no_news(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        cursor = follow(calendar, organizer, None, {})
        harness.add(organizer, Foreign(Kind.BUSY, at(1, 10), at(1, 11)))
        events: dict[str, Event] = {}
        follow(calendar, organizer, cursor, events)
        assert events == {}

    def test_an_answer_is_a_change(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        booked = calendar.book(organizer, make(harness))
        cursor = follow(calendar, organizer, None, {})
        harness.answer(harness.people[0], booked.ref, Reply.DECLINED, "on holiday")
        events: dict[str, Event] = {}
        follow(calendar, organizer, cursor, events)
        assert replies(events[booked.ref.id])[harness.people[0]] is Reply.DECLINED
        assert events[booked.ref.id].etag == calendar.get(booked.ref).etag != booked.etag

    def test_a_move_by_a_human_is_a_change(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        booked = calendar.book(organizer, make(harness))
        cursor = follow(calendar, organizer, None, {})
        harness.move(booked.ref, at(3, 9), at(3, 10))
        events: dict[str, Event] = {}
        follow(calendar, organizer, cursor, events)
        event = events[booked.ref.id]
        assert (event.start, event.end, event.key) == (at(3, 9), at(3, 10), make(harness).key)
        assert event.etag != booked.etag

    @pytest.mark.parametrize("who", ["us", "a human"])
    def test_an_event_that_went_away(self, harness: Harness, who: str) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        booked = calendar.book(organizer, make(harness))
        events: dict[str, Event] = {}
        cursor = follow(calendar, organizer, None, events)
        assert set(events) == {booked.ref.id}
        if who == "us":
            calendar.cancel(booked.ref)
        else:
            harness.delete(booked.ref)
        follow(calendar, organizer, cursor, events)
        assert events == {}
        fresh: dict[str, Event] = {}
        follow(calendar, organizer, None, fresh)
        assert fresh == {}

    def test_the_same_cursor_tells_the_same_again(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        cursor = follow(calendar, organizer, None, {})
        booked = calendar.book(organizer, make(harness))
        once: dict[str, Event] = {}
        twice: dict[str, Event] = {}
        follow(calendar, organizer, cursor, once)
        follow(calendar, organizer, cursor, twice)
        assert set(once) == {booked.ref.id}
        assert once == twice
        after = follow(calendar, organizer, cursor, once)
        assert once == twice
        assert calendar.changes(organizer, after, WINDOW).upserts == ()

    def test_a_cursor_outlives_a_restart(self, harness: Harness) -> None:
        organizer = harness.organizer
        harness.calendar.book(organizer, make(harness, "t/l/old/0"))
        cursor = follow(harness.calendar, organizer, None, {})
        booked = harness.calendar.book(organizer, make(harness, "t/l/new/0"))
        events: dict[str, Event] = {}
        follow(harness.restart(), organizer, cursor, events)
        assert set(events) == {booked.ref.id}

    def test_many_events_come_in_pages_each_once(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        refs = set()
        for n in range(12):
            start = at(1 + n % 5, 8 + n)
            intent = make(harness, f"t/l/{n}/0", start=start, end=start + timedelta(minutes=30))
            refs.add(calendar.book(organizer, intent).ref.id)
        events: dict[str, Event] = {}
        cursor = follow(calendar, organizer, None, events)
        assert set(events) == refs
        assert calendar.changes(organizer, cursor, WINDOW).upserts == ()

    def test_a_cursor_the_service_forgot_must_be_dropped(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        booked = calendar.book(organizer, make(harness))
        cursor = follow(calendar, organizer, None, {})
        harness.expire_cursors()
        with pytest.raises(CursorExpired):
            calendar.changes(organizer, cursor, WINDOW)
        events: dict[str, Event] = {}
        fresh = follow(calendar, organizer, None, events)
        assert set(events) == {booked.ref.id}
        assert calendar.changes(organizer, fresh, WINDOW).upserts == ()

    @pytest.mark.parametrize("cursor", ["", "nonsense", "ü\x00", "e30="])
    def test_a_cursor_nobody_gave_out(self, harness: Harness, cursor: str) -> None:
        with pytest.raises(CursorExpired):
            harness.calendar.changes(harness.organizer, cursor, WINDOW)
