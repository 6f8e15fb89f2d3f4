"""The checker finds each thing it promises to find, and nothing in a sound database."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.domain.bookings import Hold, InterviewState, Reservation, Seat, SeatState, Write
from scheduler.domain.loops import LoopState
from scheduler.domain.templates import InterviewKind, SeatKind
from scheduler.storage import Database, invariants
from scheduler.storage.invariants import check
from scheduler.storage.tables import reservations
from tests.scheduler.storage.samples import NOW, hold, interview, minutes, span, with_loops, write


def found(database: Database, now: int = 0) -> list[str]:
    with database.read() as tx:
        return check(tx, minutes(now))


@pytest.fixture
def booked(database: Database) -> Database:
    """A held loop as it should be: interview, reservations with a buffer, ledger, facts."""
    with_loops(database, "loop-1", "loop-2", state=LoopState.HELD)
    with database.write() as tx:
        tx.interviews.put_all([interview("i-1")])
        tx.reservations.take([hold("person:anna", 60, 115), hold("room:oak", 60, 105)])
        tx.ledger.add_all([write("w-1")], NOW)
    return database


def test_a_sound_database_has_nothing_to_say(booked: Database) -> None:
    assert found(booked) == []
    assert found(booked, 15) == []
    with booked.read() as tx:
        assert check(tx) != []  # by the clock of today the hold and the write are long overdue


def test_a_row_that_was_taken_out_of_the_ledger_is_found(booked: Database) -> None:
    with booked.write() as tx:
        tx.ledger.add_all([write("w-2"), write("w-3")], NOW)
    with booked.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM lw_ledger WHERE id = 'w-2'")
    assert found(booked) == ["the write w-2 of loop loop-1 was noted and is no longer in the ledger"]


def test_an_overlap_behind_the_constraint_is_found(booked: Database) -> None:
    row = {
        "subject": "room:oak",
        "loop": "loop-2",
        "interview": "i-9",
        "state": "confirmed",
        "expires_at": None,
    }
    wall = {
        "postgresql": "ALTER TABLE lw_reservations DROP CONSTRAINT ex_lw_reservations_no_overlap",
        "sqlite": "DROP TRIGGER tr_lw_reservations_no_overlap_insert",
    }
    rows = [
        {**row, "start_at": minutes(104), "end_at": minutes(110)},
        {**row, "start_at": minutes(110), "end_at": minutes(120)},
    ]
    with pytest.raises(ZeroDivisionError), booked.write() as tx:
        tx.connection.exec_driver_sql(wall[booked.dialect])
        tx.connection.execute(sa.insert(reservations), rows)
        lines = check(tx, NOW)
        raise ZeroDivisionError  # the wall stands again
    assert lines == ["room:oak is taken twice at 2026-03-02 10:00Z: loop-1 and loop-2"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [hold("person:anna", 60, 104)],
        [hold("person:anna", 61, 115)],
        [hold("person:anna", 60, 115, interview="i-9")],
        [hold("person:bob", 60, 115)],
    ],
)
def test_a_required_seat_without_its_time_is_found(booked: Database, rows: list[Reservation]) -> None:
    with booked.write() as tx:
        tx.reservations.swap("loop-1", ["i-1"], rows)
    assert found(booked) == ["anna has a seat in i-1 of loop loop-1 whose time is not reserved"]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": InterviewState.CANCELLED},
        {"kind": InterviewKind.TAKE_HOME},
        {"seats": (Seat("anna", SeatKind.LEAD, SeatState.DECLINED),)},
        {"seats": (Seat("anna", SeatKind.LEAD, SeatState.REPLACED),)},
        {"seats": (Seat("anna", SeatKind.OPTIONAL, required=False),)},
    ],
)
def test_who_need_not_be_there_needs_no_time(booked: Database, changes: dict[str, object]) -> None:
    with booked.write() as tx:
        tx.reservations.release("loop-1")
        tx.interviews.update("i-1", **changes)
    assert found(booked) == []


def test_a_write_that_waits_too_long_is_found(booked: Database) -> None:
    assert found(booked, 15) == []
    assert found(booked, 16) == ["the book of i-1 (w-1, loop loop-1) is overdue: not tried"]
    with booked.write() as tx:
        tx.ledger.failed_attempt("w-1", "no answer", minutes(20))
    assert found(booked, 35) == []
    assert found(booked, 36) == ["the book of i-1 (w-1, loop loop-1) is overdue: no answer"]


def test_a_write_left_behind_by_its_loop_is_found(booked: Database) -> None:
    with booked.write() as tx:
        tx.ledger.add_all([write("w-2", write=Write.CANCEL)], NOW)
        tx.loops.change("loop-1", "a", "c", NOW, "loop_rebooked", generation=1)
    assert found(booked) == [
        "the write w-1 of loop loop-1 is of a generation that has passed and was not dropped"
    ]
    with booked.write() as tx:
        tx.ledger.drop("loop-1", ids=["w-1"])
    assert found(booked) == []


def test_a_hold_past_its_time_is_found(booked: Database) -> None:
    with booked.write() as tx:
        tx.ledger.done("w-1", {})
    assert found(booked, 61) == []
    assert found(booked, 62) == [
        "the hold on person:anna at 2026-03-02 10:00Z (loop loop-1) is past its time",
        "the hold on room:oak at 2026-03-02 10:00Z (loop loop-1) is past its time",
    ]
    with booked.write() as tx:
        tx.reservations.confirm("loop-1")
    assert found(booked, 62) == []


def test_time_that_a_cancelled_loop_still_takes_is_found(database: Database) -> None:
    with_loops(database, state=LoopState.CANCELLED)
    confirmed = replace(hold("room:oak", 0, 30), state=Hold.CONFIRMED, expires_at=None)
    with database.write() as tx:
        tx.reservations.take([confirmed])
        tx.interviews.put_all([interview("i-1", span=span(0, 30))])
    assert found(database) == ["loop loop-1 is cancelled and still takes 1 times"]


def test_a_guard_that_was_taken_out_is_named(database: Database) -> None:
    with database.read() as tx:
        assert invariants.missing_walls(tx) == []
    gone = {
        "sqlite": ("DROP TRIGGER tr_lw_facts_only_added_delete", "tr_lw_facts_only_added_delete"),
        "postgresql": (
            "ALTER TABLE lw_facts DISABLE TRIGGER tr_lw_facts_only_added",
            "tr_lw_facts_only_added",
        ),
    }[database.dialect]
    with pytest.raises(Undone), database.write() as tx:
        tx.connection.exec_driver_sql(gone[0])
        assert invariants.missing_walls(tx) == [gone[1]]
        raise Undone


class Undone(Exception):
    """Nothing of the transaction is kept."""
