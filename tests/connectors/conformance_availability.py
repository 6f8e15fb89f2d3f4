"""What `availability` promises, for every calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import Invalid
from connectors.types import (
    Known,
    Unknown,
    Verdict,
    Window,
)
from tests.connectors.conformance_kit import (
    BERLIN,
    EXPECTED,
    HARD,
    UNTYPED,
    WINDOW,
    Base,
    at,
    blocks,
    covered,
    known,
    make,
)
from tests.connectors.harness import CANARY, Foreign, Harness, Kind


class AvailabilityConformance(Base):
    def test_every_address_gets_an_answer(self, harness: Harness) -> None:
        asked = [*harness.people, *harness.rooms, harness.organizer, *harness.unreadable]
        answers = harness.calendar.availability(asked, WINDOW)
        assert set(answers) == set(asked)
        for address in harness.people:
            answer = answers[address]
            assert isinstance(answer, Known)
            assert answer.busy == ()
            assert answer.as_of.tzinfo is not None

    def test_what_cannot_be_read_is_unknown_and_says_why(self, harness: Harness) -> None:
        assert harness.unreadable
        answers = harness.calendar.availability([*harness.unreadable, harness.people[0]], WINDOW)
        for address, code in harness.unreadable.items():
            answer = answers[address]
            assert isinstance(answer, Unknown)
            assert answer.code == code
            assert answer.reason.strip()
            assert "\n" not in answer.reason
        assert isinstance(answers[harness.people[0]], Known)

    def test_nobody_asked_nobody_answered(self, harness: Harness) -> None:
        assert dict(harness.calendar.availability([], WINDOW)) == {}

    def test_an_address_is_the_same_in_any_case(self, harness: Harness) -> None:
        harness.add(harness.people[0], Foreign(Kind.BUSY, at(0, 9), at(0, 10)))
        asked = harness.people[0].upper()
        answers = harness.calendar.availability([asked], WINDOW)
        answer = answers[asked]
        assert isinstance(answer, Known)
        assert covered(answer, at(0, 9), at(0, 10))

    def test_more_people_than_one_call_of_the_service_takes(self, harness: Harness) -> None:
        crowd = [f"nobody-{n}@nowhere.invalid" for n in range(60)]
        answers = harness.calendar.availability([*crowd, harness.people[0]], WINDOW)
        assert set(answers) == {*crowd, harness.people[0]}
        assert all(isinstance(answers[address], Unknown) for address in crowd)
        assert isinstance(answers[harness.people[0]], Known)

    @pytest.mark.parametrize("kind", sorted(EXPECTED))
    def test_what_takes_time(self, harness: Harness, kind: Kind) -> None:
        harness.add(harness.people[0], Foreign(kind, at(0, 9), at(0, 10)))
        answer = known(harness.calendar, harness.people[0])
        assert [(b.start, b.end) for b in answer.busy] == [(at(0, 9), at(0, 10))]
        expected = EXPECTED[kind] if answer.typed else UNTYPED.get(kind, HARD)
        assert answer.busy[0].verdict in expected
        assert answer.busy[0].key is None

    @pytest.mark.parametrize("kind", [Kind.FREE, Kind.DECLINED, Kind.CANCELLED, Kind.ELSEWHERE])
    def test_what_takes_no_time(self, harness: Harness, kind: Kind) -> None:
        harness.add(harness.people[0], Foreign(kind, at(0, 9), at(0, 10)))
        assert known(harness.calendar, harness.people[0]).busy == ()

    def test_a_working_location_tells_the_place(self, harness: Harness) -> None:
        harness.add(harness.people[0], Foreign(Kind.ELSEWHERE, at(0, 9), at(0, 17)))
        answer = known(harness.calendar, harness.people[0])
        if answer.typed:
            assert [(p.start, p.end) for p in answer.places] == [(at(0, 9), at(0, 17))]
            assert answer.places[0].where
        else:
            assert answer.places == ()

    def test_blocks_are_clipped_to_the_window_and_sorted(self, harness: Harness) -> None:
        person = harness.people[0]
        harness.add(person, Foreign(Kind.BUSY, at(0, 13), at(0, 14)))
        harness.add(person, Foreign(Kind.BUSY, at(0, 8), at(0, 10)))
        harness.add(person, Foreign(Kind.BUSY, at(0, 16), at(0, 18)))
        answer = known(harness.calendar, person, Window(at(0, 9), at(0, 17)))
        assert [(b.start, b.end) for b in answer.busy] == [
            (at(0, 9), at(0, 10)),
            (at(0, 13), at(0, 14)),
            (at(0, 16), at(0, 17)),
        ]

    def test_ends_are_exclusive(self, harness: Harness) -> None:
        person = harness.people[0]
        harness.add(person, Foreign(Kind.BUSY, at(0, 8), at(0, 9)))
        harness.add(person, Foreign(Kind.BUSY, at(0, 10), at(0, 11)))
        assert known(harness.calendar, person, Window(at(0, 9), at(0, 10))).busy == ()

    @pytest.mark.parametrize(
        ("day", "hours"),
        [(date(2026, 10, 21), 24), (date(2026, 10, 25), 25)],
        ids=["an ordinary day", "the day the clocks go back"],
    )
    def test_all_day_is_the_whole_local_day(self, harness: Harness, day: date, hours: int) -> None:
        person = harness.people[0]
        harness.add(person, Foreign(Kind.BUSY, day, day + timedelta(days=1)))
        answer = known(harness.calendar, person)
        midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
        assert blocks(answer) == [(midnight, midnight + timedelta(hours=hours), Verdict.BUSY)]

    def test_a_series_keeps_its_wall_clock_and_its_exceptions(self, harness: Harness) -> None:
        person = harness.people[0]
        harness.add(person, Foreign(Kind.BUSY, at(-7, 9), at(-7, 9, 30), weekly=4, skip=(1,)))
        answer = known(harness.calendar, person, Window(at(-8, 0), at(30, 0)))
        assert [(b.start, b.end) for b in answer.busy] == [
            (at(-7, 9), at(-7, 9, 30)),
            (at(7, 9), at(7, 9, 30)),
            (at(14, 9), at(14, 9, 30)),
        ]

    def test_no_text_of_a_foreign_event_comes_out(self, harness: Harness) -> None:
        person = harness.people[0]
        for hour, kind in enumerate(Kind):
            harness.add(person, Foreign(kind, at(0, 6 + hour), at(0, 7 + hour)))
            harness.add(harness.organizer, Foreign(kind, at(0, 6 + hour), at(0, 7 + hour)))
        told = [
            harness.calendar.availability([person, harness.organizer], WINDOW),
            harness.calendar.changes(harness.organizer, None, WINDOW),
            harness.calendar.find_all(harness.organizer, WINDOW),
        ]
        assert CANARY not in repr(told)

    def test_our_own_events_are_told_by_their_key(self, harness: Harness) -> None:
        intent = make(harness)
        harness.calendar.book(harness.organizer, intent)
        harness.settle()
        answer = known(harness.calendar, harness.people[0])
        assert covered(answer, intent.start, intent.end)
        assert {b.key for b in answer.busy} == ({intent.key} if harness.keyed else {None})

    def test_a_window_that_ends_before_it_starts_is_refused(self, harness: Harness) -> None:
        with pytest.raises(Invalid):
            harness.calendar.availability([harness.people[0]], Window(at(1, 9), at(1, 8)))
