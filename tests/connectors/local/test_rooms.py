"""Rooms of a folder of calendar files: when they accept, and what the directory says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.types import Attendee, Reply, Role
from tests.connectors.conformance_kit import at, known, make, replies
from tests.connectors.harness import Foreign, Kind
from tests.connectors.local_harness import ORGANIZER, PEOPLE, ROOMS, LocalHarness

ROOM = Attendee(ROOMS[0], role=Role.ROOM)


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHarness:
    return LocalHarness(tmp_path / "calendars", monkeypatch)


@pytest.mark.parametrize("kind", [Kind.FREE, Kind.CANCELLED, Kind.DECLINED])
def test_what_takes_no_time_does_not_take_the_room(harness: LocalHarness, kind: Kind) -> None:
    harness.add(ROOMS[0], Foreign(kind, at(1, 10), at(1, 11)))
    booked = harness.calendar.book(ORGANIZER, make(harness, attendees=(ROOM,)))
    assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.ACCEPTED


def test_back_to_back_is_free(harness: LocalHarness) -> None:
    harness.add(ROOMS[0], Foreign(Kind.BUSY, at(1, 9), at(1, 10)))
    harness.add(ROOMS[0], Foreign(Kind.BUSY, at(1, 11), at(1, 12)))
    booked = harness.calendar.book(ORGANIZER, make(harness, attendees=(ROOM,)))
    assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.ACCEPTED


def test_a_move_asks_the_room_again(harness: LocalHarness) -> None:
    harness.add(ROOMS[0], Foreign(Kind.BUSY, at(2, 10), at(2, 11)))
    intent = make(harness, attendees=(ROOM, Attendee(PEOPLE[0])))
    booked = harness.calendar.book(ORGANIZER, intent)
    moved = replace(intent, start=at(2, 10), end=at(2, 11))
    again = harness.calendar.reschedule(booked.ref, moved, booked.etag)
    assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.DECLINED
    assert harness.live_in(ROOMS[0], intent.key) == 0
    slightly = replace(intent, start=at(1, 10, 15), end=at(1, 11, 15))
    harness.calendar.reschedule(booked.ref, slightly, again.etag)
    assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.ACCEPTED
    assert known(harness.calendar, ROOMS[0]).busy[0].key == intent.key


def test_a_move_by_a_few_minutes_is_not_blocked_by_itself(harness: LocalHarness) -> None:
    intent = make(harness, attendees=(ROOM,))
    booked = harness.calendar.book(ORGANIZER, intent)
    harness.move(booked.ref, at(1, 10, 30), at(1, 11, 30))
    assert replies(harness.calendar.get(booked.ref))[ROOMS[0]] is Reply.ACCEPTED
    busy = known(harness.calendar, ROOMS[0]).busy
    assert [(b.start, b.end) for b in busy] == [(at(1, 10, 30), at(1, 11, 30))]


def test_a_room_becomes_free_when_the_event_is_cancelled(harness: LocalHarness) -> None:
    first = harness.calendar.book(ORGANIZER, make(harness, "t/l/1/0", attendees=(ROOM,)))
    harness.calendar.cancel(first.ref)
    second = harness.calendar.book(ORGANIZER, make(harness, "t/l/2/0", attendees=(ROOM,)))
    assert replies(harness.calendar.get(second.ref))[ROOMS[0]] is Reply.ACCEPTED


def test_the_directory_says_what_the_files_say(harness: LocalHarness) -> None:
    first = harness.calendar.rooms()[0]
    assert (first.address, first.name, first.capacity, first.building) == (ROOMS[0], "Room 1", 4, "HQ")
    harness.path(ROOMS[0]).write_bytes(harness.path(ROOMS[0]).read_bytes()[:-15])
    assert harness.calendar.rooms()[0] == first, "a damaged room is still a room"
