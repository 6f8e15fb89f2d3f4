"""The ledger: noted, due, marked once, and never by whoever comes too late."""

from __future__ import annotations

import pytest

from scheduler.domain.bookings import Write, WriteState
from scheduler.domain.errors import Missing
from scheduler.domain.loops import LoopState
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, minutes, with_loops, write


def raise_generation(database: Database, to: int) -> None:
    with database.write() as tx:
        tx.loops.change("loop-1", "a", "c", NOW, "loop_rebooked", generation=to)


def test_rows_come_back_equal_in_their_order(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    rows = [
        write("w-2", order=1, payload={"a": [1, None, {"b": "c"}]}),
        write("w-1", order=2, due_at=minutes(5), key="shared"),
        write("w-3", generation=1, write=Write.CANCEL, key="shared"),
        write("w-4", loop="loop-2", state=WriteState.DONE, attempts=3, error="x", result={"event": "e"}),
    ]
    with database.write() as tx:
        tx.ledger.add_all(rows, NOW)
        tx.ledger.add_all([])
    with database.read() as tx:
        assert tx.ledger.of_loop("loop-1") == rows[:3]
        assert tx.ledger.of_loop("loop-2", {WriteState.DONE, WriteState.FAILED}) == [rows[3]]
        assert tx.ledger.of_loop("loop-2", {WriteState.TODO}) == []
        assert tx.ledger.get("w-1") == rows[1]
        assert tx.ledger.get("w-9") is None


def test_what_is_due_comes_longest_waiting_first(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    with database.write() as tx:
        tx.ledger.add_all([write("later", due_at=minutes(30)), write("soon", due_at=minutes(10))], NOW)
        tx.ledger.add_all(
            [write("second", order=1, loop="loop-2"), write("first", loop="loop-2")], minutes(5)
        )
        tx.ledger.add_all([write("done", state=WriteState.DONE), write("old", generation=-1)], NOW)
        tx.ledger.add_all([write("cancel", write=Write.CANCEL, generation=-1)], minutes(6))
    with database.read() as tx:
        assert [r.id for r in tx.ledger.due(minutes(10))] == ["first", "second", "cancel", "soon"]
        assert [r.id for r in tx.ledger.due(minutes(9))] == ["first", "second", "cancel"]
        assert [r.id for r in tx.ledger.due(minutes(30), limit=1)] == ["first"]


def test_a_row_is_done_once(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.ledger.add_all([write("w-1")], NOW)
        assert tx.ledger.failed_attempt("w-1", "timeout", minutes(1))
        assert tx.ledger.failed_attempt("w-1", "timeout again", minutes(2))
        row = tx.ledger.get("w-1")
        assert row is not None
        assert (row.state, row.attempts, row.error, row.due_at) == ("todo", 2, "timeout again", minutes(2))
        assert tx.ledger.done("w-1", {"event": "e-1"})
        assert not tx.ledger.done("w-1", {"event": "e-2"})
        assert not tx.ledger.failed_attempt("w-1", "late", None)
        assert not tx.ledger.give_up("w-1", "late")
        row = tx.ledger.get("w-1")
        assert row is not None
        assert (row.state, row.attempts, row.error, row.result) == ("done", 2, "", {"event": "e-1"})
        with pytest.raises(Missing, match="no ledger row 'w-9'"):
            tx.ledger.done("w-9", {})


def test_a_row_given_up_counts_its_attempt_and_is_not_due(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.ledger.add_all([write("w-1")], NOW)
        assert tx.ledger.give_up("w-1", "forbidden")
        row = tx.ledger.get("w-1")
        assert row is not None
        assert (row.state, row.attempts, row.error) == ("failed", 1, "forbidden")
        assert tx.ledger.due(minutes(99)) == []


@pytest.mark.parametrize("mark", ["done", "failed_attempt", "give_up"])
def test_whoever_works_on_an_older_generation_marks_nothing(database: Database, mark: str) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.ledger.add_all([write("w-1")], NOW)
    raise_generation(database, 1)
    with database.write() as tx:
        marked = {
            "done": lambda: tx.ledger.done("w-1", {"event": "late"}),
            "failed_attempt": lambda: tx.ledger.failed_attempt("w-1", "x", NOW),
            "give_up": lambda: tx.ledger.give_up("w-1", "x"),
        }[mark]()
        assert marked is False
        assert tx.ledger.get("w-1") == write("w-1")
        assert tx.ledger.due(minutes(99)) == []


def test_a_cancel_is_never_too_late(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.ledger.add_all([write("w-1", write=Write.CANCEL)], NOW)
    raise_generation(database, 3)
    with database.write() as tx:
        assert [r.id for r in tx.ledger.due(minutes(1))] == ["w-1"]
        assert tx.ledger.done("w-1", {})


def test_what_is_no_longer_wanted_is_dropped(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")

    def states(loop: str = "loop-1") -> dict[str, str]:
        with database.read() as tx:
            return {r.id: str(r.state) for r in tx.ledger.of_loop(loop)}

    with database.write() as tx:
        tx.ledger.add_all([write("a"), write("b", generation=1), write("c", generation=2)], NOW)
        tx.ledger.add_all([write("d", state=WriteState.DONE), write("e", loop="loop-2")], NOW)
        assert tx.ledger.drop("loop-1", below_generation=1) == 1
    assert states() == {"a": "dropped", "b": "todo", "c": "todo", "d": "done"}
    with database.write() as tx:
        assert tx.ledger.drop("loop-1", ids=[]) == 0
        assert tx.ledger.drop("loop-1", ids=["c", "d", "e"]) == 1
    assert states() == {"a": "dropped", "b": "todo", "c": "dropped", "d": "done"}
    with database.write() as tx:
        assert tx.ledger.drop("loop-1") == 1
        assert not tx.ledger.done("b", {})
    assert states("loop-2") == {"e": "todo"}


def test_rows_and_the_move_that_notes_them_are_kept_together(database: Database) -> None:
    with_loops(database, state=LoopState.HELD)
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        tx.loops.move("loop-1", LoopState.BOOKING, expect={LoopState.HELD}, actor="a", cause="c", at=NOW)
        tx.ledger.add_all([write("w-1")], NOW)
        raise ZeroDivisionError
    with database.read() as tx:
        found = tx.loops.get("loop-1")
        assert found is not None
        assert found.state is LoopState.HELD
        assert tx.ledger.of_loop("loop-1") == []
        assert len(tx.facts.list()) == 1
