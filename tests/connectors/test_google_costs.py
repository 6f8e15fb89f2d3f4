"""The Google connector asks as few requests as the service allows, whatever the number of people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from connectors.types import Known, Unknown, Window
from tests.connectors.conformance_kit import WINDOW, at, follow, make
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, google

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def crowd(harness: GoogleHarness, number: int, **about: str) -> list[str]:
    people = [f"p{n}@example.com" for n in range(number)]
    for person in people:
        harness.server.world.add_calendar(person, **about)
    return people


@pytest.mark.parametrize("number", [1, 12, 50, 51, 200])
def test_busy_times_cost_one_request_per_fifty_people(number: int) -> None:
    with google("free_busy") as harness:
        people = crowd(harness, number)
        answers = harness.calendar.availability(people, WINDOW)
        assert len(harness.server.world.log) == ceil(number / 50)
        assert all(isinstance(answers[p], Known) and not answers[p].typed for p in people)
        assert max(len(c["body"]["items"]) for c in harness.server.calls("query")) <= 50
        assert harness.server.accounts.asked == 1


def test_the_same_person_is_asked_about_once() -> None:
    with google("free_busy") as harness:
        asked = ["ada@example.com", "ADA@example.com", "Ada@Example.com"]
        assert set(harness.calendar.availability(asked, WINDOW)) == set(asked)
        (call,) = harness.server.calls("query")
        assert call["body"]["items"] == [{"id": "ada@example.com"}]


def test_typed_events_cost_one_request_per_person_and_page() -> None:
    with google() as harness:
        people = crowd(harness, 12)
        harness.calendar.availability(people, WINDOW)
        assert [name for name, _, _ in harness.server.world.log] == ["calendar.events.list"] * 12
        assert harness.server.accounts.asked == 1


def test_who_shows_busy_times_only_is_listed_once_and_then_asked_by_fifties() -> None:
    with google() as harness:
        people = crowd(harness, 60, seen="freeBusyReader")
        for _ in range(3):
            answers = harness.calendar.availability(people, WINDOW)
            assert all(isinstance(answers[p], Known) and not answers[p].typed for p in people)
        assert len(harness.server.calls("events.list")) == 60
        assert len(harness.server.calls("query")) == 3 * 2


def test_acting_for_every_person_costs_one_token_each_and_no_second_one() -> None:
    with google(impersonate=True) as harness:
        for _ in range(3):
            harness.calendar.availability(harness.people, WINDOW)
        assert harness.server.accounts.asked == 3
        assert {who for _, who, _ in harness.server.world.log} == set(harness.people)


@pytest.mark.parametrize(("days", "pieces"), [(14, 1), (60, 1), (90, 2)])
def test_a_long_window_is_asked_about_in_pieces(days: int, pieces: int) -> None:
    with google("free_busy") as harness:
        window = Window(at(0, 0), at(0, 0) + timedelta(days=days))
        person = harness.people[0]
        for day in (1, 59, 60, 89):
            start = window.start + timedelta(days=day, hours=9)
            harness.add(person, Foreign(Kind.BUSY, start, start + timedelta(hours=20)))
        answer = harness.calendar.availability([person], window)[person]
        assert isinstance(answer, Known)
        assert len(harness.server.calls("query")) == pieces
        inside = [b for b in answer.busy if b.end > window.start]
        total = sum((b.end - b.start for b in inside), timedelta())
        expected = sum(
            (
                max(timedelta(), min(timedelta(hours=20), timedelta(days=days - day, hours=-9)))
                for day in (1, 59, 60, 89)
            ),
            timedelta(),
        )
        assert total == expected


def test_half_a_long_window_is_not_known() -> None:
    with google("free_busy") as harness:
        harness.server.world.fail(on="query", status=400, reason="invalid")
        window = Window(at(0, 0), at(90, 0))
        (answer,) = harness.calendar.availability([harness.people[0]], window).values()
        assert isinstance(answer, Unknown)


def test_a_loop_of_k_interviews_is_k_writes() -> None:
    with google("free_busy") as harness:
        for n in range(5):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0", conference=True))
        assert [name for name, _, _ in harness.server.world.log] == ["calendar.events.insert"] * 5


def test_what_each_verb_costs() -> None:
    with google() as harness:
        calendar, log = harness.calendar, harness.server.world.log
        intent = make(harness)
        booked = calendar.book(ORGANIZER, intent)

        def cost(act: object) -> list[str]:
            log.clear()
            act()  # type: ignore[operator]
            return [name.rsplit(".", 1)[1] for name, _, _ in log]

        assert cost(lambda: calendar.get(booked.ref)) == ["get"]
        assert cost(lambda: calendar.find(ORGANIZER, intent.key)) == ["get"]
        assert cost(lambda: calendar.find(ORGANIZER, "t/l/none/0")) == ["get", "list"]
        assert cost(lambda: calendar.find_all(ORGANIZER, WINDOW)) == ["list"]
        assert cost(lambda: calendar.book(ORGANIZER, intent)) == ["insert", "get"]
        assert cost(lambda: calendar.changes(ORGANIZER, None, WINDOW)) == ["list"]
        cursor = follow(calendar, ORGANIZER, None, {})
        assert cost(lambda: calendar.changes(ORGANIZER, cursor, WINDOW)) == ["list"]
        assert cost(lambda: calendar.reschedule(booked.ref, intent, booked.etag)) == ["get", "patch"]
        assert cost(lambda: calendar.cancel(booked.ref)) == ["delete"]
        assert cost(calendar.rooms) == ["list"]
        assert cost(calendar.rooms) == []


def test_a_calendar_of_many_events_costs_one_request_per_page() -> None:
    with google() as harness:
        harness.server.world.page_size = 10
        for n in range(35):
            start = at(1, 0) + timedelta(minutes=n)
            harness.add(harness.people[0], Foreign(Kind.BUSY, start, start + timedelta(minutes=1)))
        (answer,) = harness.calendar.availability([harness.people[0]], WINDOW).values()
        assert isinstance(answer, Known)
        assert len(answer.busy) == 35
        assert len(harness.server.calls("list")) == 4
