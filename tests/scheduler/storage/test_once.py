"""What a transaction reads and locks once, and what is only glanced at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from scheduler.domain.bookings import WriteState
from scheduler.domain.loops import LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.domain.subjects import Subject
from scheduler.storage import Database
from tests.scheduler.storage.samples import (
    NOW,
    application,
    hold,
    interview,
    proposal,
    span,
    with_loops,
    write,
)

ANNA = Subject.person("anna")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(database.engine, "before_cursor_execute", note)


def test_a_loop_is_claimed_once_and_follows_what_becomes_of_it(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2", state=LoopState.PROPOSED)
    with database.write() as tx, statements(database) as found:
        tx.loops.claim("loop-1")
        tx.loops.move(
            "loop-1", LoopState.HELD, expect={LoopState.PROPOSED}, actor="a", cause="c", at=NOW, generation=1
        )
        again = tx.loops.claim("loop-1")
        assert again is not None and (again.state, again.generation) == (LoopState.HELD, 1)
        tx.interviews.put_all([interview()])
        tx.reservations.release("loop-1")
        locks = [s for s in found if s.startswith("SELECT lw_loops")]
        assert len(locks) == 1
        tx.loops.claim("loop-2")
        assert len([s for s in found if s.startswith("SELECT lw_loops")]) == 2
    with database.write() as tx, statements(database) as found:
        tx.loops.claim("loop-1")
        assert [s for s in found if s.startswith("SELECT lw_loops")], "each transaction for itself"


def test_a_loop_that_somebody_changed_meanwhile_is_not_the_one_that_was_claimed_before(
    database: Database,
) -> None:
    with_loops(database, state=LoopState.PROPOSED)
    for generation in (1, 2):
        with database.write() as tx:
            seen = tx.loops.claim("loop-1")
            assert seen is not None and seen.generation == generation - 1
            tx.loops.change("loop-1", "a", "c", NOW, "counted", generation=generation)


def test_a_glance_tells_how_a_plan_stands_and_what_of_it_is_gone(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2", state=LoopState.PROPOSED)
    with database.write() as tx:
        tx.proposals.add_all([proposal("p-1", loop="loop-1")])
        tx.reservations.take([hold("person:anna", 10, 20, loop="loop-2")])
    wanted = [(ANNA, span(0, 11)), (ANNA, span(20, 30)), (Subject.person("ben"), span(10, 20))]
    with database.glance() as glance:
        (plan,) = glance.contenders(["p-1", "p-9"])
        assert (plan.loop, plan.loop_state) == ("loop-1", LoopState.PROPOSED)
        assert plan.state is ProposalState.OFFERED
        assert plan.candidate == application().candidate.subject
        assert plan.interviews == proposal().interviews
        gone = glance.taken([("loop-1", wanted), ("loop-2", wanted), ("loop-1", [])])
        assert gone == [[(ANNA, span(0, 11))], [], []], "one's own times are in nobody's way"
        assert glance.taken([]) == []
        assert glance.taken([("loop-1", [])]) == [[]]
    with database.write() as tx:
        assert tx.reservations.release("loop-2") == 1, "a glance leaves nothing open"


def test_a_row_is_wanted_as_it_and_its_loop_stand(database: Database) -> None:
    with_loops(database, state=LoopState.BOOKING)
    with database.write() as tx:
        tx.ledger.add_all([write()])
        assert tx.ledger.wanted("w-1") == (WriteState.TODO, LoopState.BOOKING)
        assert tx.ledger.wanted("w-9") is None
        assert not tx.ledger.done("w-9", {}, "loop-1"), "no such row"
        assert tx.ledger.done("w-1", {}, "loop-1") and not tx.ledger.done("w-1", {}, "loop-1")
