"""Interviews and their seats: put as a whole, changed in part, answered one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from scheduler.domain.bookings import Interview, InterviewState, Seat, SeatState
from scheduler.domain.errors import Missing
from scheduler.domain.templates import SeatKind
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, interview, minutes, span, with_loops


def put(database: Database, *values: Interview) -> None:
    with database.write() as tx:
        tx.interviews.put_all(values)


def test_interviews_come_back_equal_by_start(database: Database) -> None:
    with_loops(database)
    late = interview("i-2", span=span(200, 260), seats=(), room=None, etag="e", revision=2, flag="moved")
    gone = interview("i-3", span=span(10, 20), state=InterviewState.CANCELLED)
    put(database, late, interview("i-1"), gone)
    with database.read() as tx:
        assert tx.interviews.get("i-1") == interview("i-1")
        assert tx.interviews.get("i-9") is None
        assert tx.interviews.of_loop("loop-1") == [interview("i-1"), late]
        assert tx.interviews.of_loop("loop-1", live=False) == [gone, interview("i-1"), late]
        assert tx.interviews.of_loop("loop-2") == []


def test_putting_again_replaces_the_seats_too(database: Database) -> None:
    with_loops(database)
    again = interview("i-1", seats=(Seat("cleo", SeatKind.LEAD, SeatState.INVITED, 0),), title="Other")
    put(database, interview("i-1"))
    put(database, again)
    put(database)
    with database.read() as tx:
        assert tx.interviews.of_loop("loop-1") == [again]


def test_the_same_person_may_come_back_after_being_replaced_but_sits_once(database: Database) -> None:
    with_loops(database)
    old = Seat("anna", SeatKind.LEAD, SeatState.REPLACED, 0)
    back = interview("i-1", seats=(old, old, Seat("anna", SeatKind.LEAD, number=0)))
    put(database, back)
    with database.read() as tx:
        assert tx.interviews.get("i-1") == back
    with pytest.raises(IntegrityError):
        put(database, interview("i-2", seats=(Seat("bob", SeatKind.LEAD), Seat("bob", SeatKind.OPTIONAL))))


def test_an_interview_is_found_by_its_event(database: Database) -> None:
    with_loops(database)
    booked = interview("i-1", calendar="org@example.org", event_id="ev-1")
    put(database, booked, interview("i-2"), interview("i-3"))  # two without an event are no clash
    with database.read() as tx:
        assert tx.interviews.by_event("org@example.org", "ev-1") == booked
        assert tx.interviews.by_event("other@example.org", "ev-1") is None
        assert tx.interviews.by_event("", "") is None
    with pytest.raises(IntegrityError):
        put(database, interview("i-4", calendar="org@example.org", event_id="ev-1"))


def test_an_update_changes_what_is_named(database: Database) -> None:
    with_loops(database)
    put(database, interview("i-1"))
    seats = (Seat("cleo", SeatKind.LEAD),)
    with database.write() as tx:
        tx.interviews.update(
            "i-1", event_id="ev", calendar="c", span=span(0, 45), state=InterviewState.CONFIRMED
        )
        changed = tx.interviews.update("i-1", seats=seats)
    with database.read() as tx:
        assert tx.interviews.get("i-1") == changed
    assert changed == replace(
        interview("i-1"),
        event_id="ev",
        calendar="c",
        span=span(0, 45),
        state=InterviewState.CONFIRMED,
        seats=seats,
    )
    with pytest.raises(Missing, match="no interview 'i-9'"), database.write() as tx:
        tx.interviews.update("i-9", etag="x")
    with pytest.raises(TypeError), database.write() as tx:
        tx.interviews.update("i-1", colour="red")


def test_an_answer_is_noted_once(database: Database) -> None:
    with_loops(database)
    put(database, interview("i-1"))
    with database.write() as tx:
        assert tx.interviews.set_seat(
            "i-1", "anna", SeatState.ACCEPTED, "person:anna", "calendar", minutes(1)
        )
        assert not tx.interviews.set_seat(
            "i-1", "anna", SeatState.ACCEPTED, "person:anna", "calendar", minutes(2)
        )
    with database.write() as tx:
        assert not tx.interviews.set_seat(
            "i-1", "anna", SeatState.ACCEPTED, "person:anna", "calendar", minutes(3)
        )
        assert tx.interviews.set_seat(
            "i-1", "anna", SeatState.DECLINED, "person:anna", "calendar", minutes(4)
        )
    with database.read() as tx:
        found = tx.interviews.get("i-1")
        facts = tx.facts.of("loop:loop-1")[1:]
    assert found is not None
    assert [(s.person, s.state) for s in found.seats] == [("anna", "declined"), ("bob", "assigned")]
    assert [(f.what, f.before, f.after, f.actor) for f in facts] == [
        ("seat_accepted", "assigned", "accepted", "person:anna"),
        ("seat_declined", "accepted", "declined", "person:anna"),
    ]
    assert facts[0].data == {"interview": "i-1", "person": "anna"}


def test_a_seat_that_was_given_away_cannot_answer(database: Database) -> None:
    with_loops(database)
    seats = (Seat("anna", SeatKind.LEAD, SeatState.REPLACED, 0), Seat("bob", SeatKind.LEAD, number=0))
    put(database, interview("i-1", seats=seats))
    for person in ("anna", "zoe"):
        with pytest.raises(Missing, match=f"no seat 'i-1/{person}'"), database.write() as tx:
            tx.interviews.set_seat("i-1", person, SeatState.ACCEPTED, "a", "c", NOW)
    with pytest.raises(Missing, match="no interview 'i-9'"), database.write() as tx:
        tx.interviews.set_seat("i-9", "anna", SeatState.ACCEPTED, "a", "c", NOW)


def test_a_person_sees_what_they_still_have_a_seat_in(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    declined = (Seat("anna", SeatKind.LEAD, SeatState.DECLINED), Seat("bob", SeatKind.LEAD))
    replaced = (Seat("anna", SeatKind.LEAD, SeatState.REPLACED),)
    put(
        database,
        interview("before", span=span(0, 60)),
        interview("into", span=span(30, 61)),
        interview("inside", span=span(70, 80), loop="loop-2"),
        interview("out-of", span=span(119, 150)),
        interview("after", span=span(120, 130)),
        interview("declined", span=span(70, 80), seats=declined),
        interview("replaced", span=span(70, 80), seats=replaced),
        interview("cancelled", span=span(70, 80), state=InterviewState.CANCELLED),
    )
    with database.read() as tx:
        window = span(60, 120)
        assert [i.id for i in tx.interviews.upcoming("anna", window)] == ["into", "inside", "out-of"]
        assert [i.id for i in tx.interviews.of_people(["anna", "bob"], window)] == [
            "into",
            "declined",
            "inside",
            "out-of",
        ]
        assert [i.id for i in tx.interviews.of_people(["bob"], window, except_loop="loop-1")] == ["inside"]
        assert tx.interviews.of_people([], window) == []
