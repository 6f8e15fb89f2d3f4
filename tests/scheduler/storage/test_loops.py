"""Loops: one per stage visit, moved by compare-and-set, one fact per change."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.loops import MOVES, Accommodation, BookMode, Loop, LoopState, Reason
from scheduler.domain.proposals import ProposalState
from scheduler.domain.subjects import Subject
from scheduler.storage import Database
from tests.scheduler.storage.samples import (
    NOW,
    application,
    loop,
    minutes,
    proposal,
    span,
    template,
    with_loops,
)


def in_state(database: Database, state: LoopState) -> Loop:
    with_loops(database, state=state)
    with database.read() as tx:
        found = tx.loops.get("loop-1")
    assert found is not None
    return found


def test_applications_come_back_equal_and_in_pages(database: Database) -> None:
    special = application("app-2", accommodation=Accommodation(25, 50, 300, frozenset({"ramp"}), ("ines",)))
    with database.write() as tx:
        for value in (special, application("app-1"), application("app-3", coordinator="cleo", stage="s")):
            tx.applications.put(value)
        tx.applications.put(application("app-1", job="other"))
    with database.read() as tx:
        assert tx.applications.get("app-2") == special
        assert tx.applications.get("app-1") == application("app-1", job="other")
        assert tx.applications.get("app-9") is None
        assert [a.id for a in tx.applications.list(limit=2)] == ["app-1", "app-2"]
        assert [a.id for a in tx.applications.list(limit=2, after="app-2")] == ["app-3"]


def test_applications_are_found_by_whose_they_are(database: Database) -> None:
    mara = replace(application().candidate, email="Mara.Lind@Example.org")
    with database.write() as tx:
        for value in (
            application("app-1", candidate=mara),
            application("app-2", candidate=mara),
            application("app-3"),
        ):
            tx.applications.put(value)
    with database.read() as tx:
        found = tx.applications.of_candidate({"mara.lind@example.org", "nobody@example.org"})
    assert [a.id for a in found] == ["app-1", "app-2"]


def test_a_loop_comes_back_equal_with_the_fact_that_it_was_requested(database: Database) -> None:
    full = loop(
        template=template(min_break=5, different_day=(("a", "b"),)),
        reasons=(Reason("no_time", "nobody", ("anna",), ("talk",)),),
        fixes=("ask bob",),
        unknown=("cleo",),
        chosen="p-1",
        blocked=((Subject.person("anna"), span(0, 30)),),
        declined=(("anna", "talk"),),
        labels={"team": "search"},
        mode=BookMode.BOOK,
        site=None,
    )
    with database.write() as tx:
        tx.applications.put(application())
        tx.loops.add(full, actor="webhook:1", cause="delivery-1")
    with database.read() as tx:
        assert tx.loops.get("loop-1") == full
        assert tx.loops.by_visit("app-1", "visit-of-loop-1") == full
        assert tx.loops.by_visit("app-1", "other") is None
        (fact,) = tx.facts.of("loop:loop-1")
    assert (fact.what, fact.actor, fact.cause, fact.before, fact.after) == (
        "loop_requested",
        "webhook:1",
        "delivery-1",
        "",
        "draft",
    )
    assert fact.data == {"application": "app-1", "stage_visit": "visit-of-loop-1", "template": "onsite"}


def test_a_stage_visit_has_one_loop(database: Database) -> None:
    with_loops(database, stage_visit="visit-1")
    for again in (loop("loop-2", stage_visit="visit-1"), loop("loop-1", stage_visit="visit-2")):
        with (
            pytest.raises(WrongState, match="loop-1 is draft: a stage visit has one loop"),
            database.write() as tx,
        ):
            tx.loops.add(again, actor="a", cause="c")
    with pytest.raises(Missing, match="no application 'app-9'"), database.write() as tx:
        tx.loops.add(loop("loop-3", application="app-9"), actor="a", cause="c")
    with database.read() as tx:
        assert [found.id for found in tx.loops.list()] == ["loop-1"]
        assert len(tx.facts.list()) == 1


def test_of_many_that_ask_at_once_one_makes_the_loop(database: Database) -> None:
    with database.write() as tx:
        tx.applications.put(application())
    barrier, outcomes = threading.Barrier(8, timeout=30), []

    def ask(number: int) -> None:
        barrier.wait()
        try:
            with database.write() as tx:
                tx.loops.add(loop(f"loop-{number}", stage_visit="visit-1"), actor="a", cause=str(number))
            outcomes.append("made")
        except WrongState:
            with database.read() as tx:
                assert tx.loops.by_visit("app-1", "visit-1") is not None
            outcomes.append("there")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["there"] * 7
    with database.read() as tx:
        assert len(tx.loops.list()) == len(tx.facts.list()) == 1


def test_a_move_sets_fields_and_leaves_one_fact(database: Database) -> None:
    before = in_state(database, LoopState.PROPOSED)
    with database.write() as tx:
        moved = tx.loops.move(
            "loop-1",
            LoopState.HELD,
            expect={LoopState.PROPOSED},
            actor="person:anna",
            cause="p-1",
            at=minutes(3),
            chosen="p-1",
            generation=1,
            blocked=((Subject.room("oak"), span(0, 5)),),
            template=template("adjusted"),
        )
    assert moved.state is LoopState.HELD
    assert (moved.chosen, moved.generation, moved.updated_at) == ("p-1", 1, minutes(3))
    assert moved.created_at == before.created_at
    with database.read() as tx:
        assert tx.loops.get("loop-1") == moved
        _, fact = tx.facts.of("loop:loop-1")
    assert (fact.what, fact.before, fact.after, fact.actor, fact.cause, fact.at) == (
        "loop_moved",
        "proposed",
        "held",
        "person:anna",
        "p-1",
        minutes(3),
    )
    assert fact.data["chosen"] == "p-1"
    assert fact.data["template"] == "changed"


@pytest.mark.parametrize("start", sorted(LoopState))
def test_a_loop_goes_only_where_its_state_leads(sqlite_database: Database, start: LoopState) -> None:
    with_loops(sqlite_database, *LoopState, state=start)
    with sqlite_database.write() as tx:
        for to in LoopState:
            arguments = {"expect": set(LoopState), "actor": "a", "cause": "c", "at": NOW}
            if to in MOVES[start]:
                assert tx.loops.move(to, to, **arguments).state is to
            else:
                with pytest.raises(WrongState, match=f"loop {to} is {start}: it cannot become {to}"):
                    tx.loops.move(to, to, **arguments)


def test_a_move_from_an_unexpected_state_changes_nothing(database: Database) -> None:
    before = in_state(database, LoopState.PLANNING)
    wanted = {"expect": {LoopState.PROPOSED, LoopState.HELD}, "actor": "a", "cause": "c", "at": NOW}
    line = "loop-1 is planning: it would have to be held or proposed"
    with pytest.raises(WrongState, match=line), database.write() as tx:
        tx.loops.move("loop-1", LoopState.CANCELLED, **wanted, generation=9)
    with database.read() as tx:
        assert tx.loops.get("loop-1") == before
        assert len(tx.facts.list()) == 1


def test_an_unknown_loop_is_missing(database: Database) -> None:
    with pytest.raises(Missing, match="no loop 'x'"), database.write() as tx:
        tx.loops.move("x", LoopState.PLANNING, expect=set(LoopState), actor="a", cause="c", at=NOW)
    with pytest.raises(Missing, match="no loop 'x'"), database.write() as tx:
        tx.loops.change("x", "a", "c", NOW, "loop_labelled", labels={})
    with database.read() as tx:
        assert tx.loops.get("x") is None


def test_a_change_keeps_the_state_and_tells_what_was_changed(database: Database) -> None:
    in_state(database, LoopState.CONFIRMED)
    with database.write() as tx:
        changed = tx.loops.change(
            "loop-1", "person:anna", "mail-1", minutes(1), "person_declined", declined=(("anna", "talk"),)
        )
    with database.read() as tx:
        assert tx.loops.get("loop-1") == changed
        fact = tx.facts.of("loop:loop-1")[-1]
    assert (changed.state, changed.declined, changed.updated_at) == (
        LoopState.CONFIRMED,
        (("anna", "talk"),),
        minutes(1),
    )
    assert (fact.what, fact.before, fact.after) == ("person_declined", "confirmed", "confirmed")
    assert fact.data == {"declined": [["anna", "talk"]]}


@pytest.mark.parametrize(
    "name", ["id", "application", "state", "stage_visit", "created_at", "updated_at", "colour"]
)
def test_what_makes_a_loop_itself_cannot_be_changed(sqlite_database: Database, name: str) -> None:
    in_state(sqlite_database, LoopState.DRAFT)
    with pytest.raises(TypeError, match=name), sqlite_database.write() as tx:
        tx.loops.change("loop-1", "a", "c", NOW, "loop_changed", **{name: "x"})


def test_of_two_that_move_a_loop_at_once_one_wins(database: Database) -> None:
    in_state(database, LoopState.PROPOSED)
    barrier, outcomes = threading.Barrier(6, timeout=30), []

    def choose(number: int) -> None:
        barrier.wait()
        try:
            with database.write() as tx:
                tx.loops.move(
                    "loop-1",
                    LoopState.HELD,
                    expect={LoopState.PROPOSED},
                    actor="a",
                    cause=str(number),
                    at=NOW,
                    chosen=str(number),
                )
            outcomes.append(number)
        except WrongState as fault:
            assert fault.state == "held"

    threads = [threading.Thread(target=choose, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        found = tx.loops.get("loop-1")
        assert len(tx.facts.list()) == 2
    assert found is not None
    assert [found.chosen] == [str(n) for n in outcomes]


def test_loops_are_listed_in_the_order_they_were_asked_for(database: Database) -> None:
    with database.write() as tx:
        tx.applications.put(application())
        tx.applications.put(application("app-2"))
        for id, at, state, app in [
            ("c", 0, LoopState.DRAFT, "app-1"),
            ("a", 1, LoopState.PLANNING, "app-2"),
            ("b", 1, LoopState.DRAFT, "app-1"),
            ("d", 2, LoopState.HELD, "app-1"),
        ]:
            tx.loops.add(loop(id, created_at=minutes(at), state=state, application=app), actor="a", cause="c")
    with database.read() as tx:
        assert [found.id for found in tx.loops.list()] == ["c", "a", "b", "d"]
        assert [found.id for found in tx.loops.list(limit=2)] == ["c", "a"]
        assert [found.id for found in tx.loops.list(limit=2, after="a")] == ["b", "d"]
        assert [
            found.id for found in tx.loops.list({LoopState.DRAFT, LoopState.HELD}, "app-1", after="c")
        ] == ["b", "d"]
        assert tx.loops.list(set()) == []
        assert tx.loops.list(after="no such loop") == []


def test_proposals_come_back_equal_newest_generation_first(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    kept = [
        proposal("p-1", rank=1),
        proposal("p-2", rank=0, unknown=()),
        proposal("p-3", generation=1, bound=-3),
        proposal("p-4", loop="loop-2"),
    ]
    with database.write() as tx:
        tx.proposals.add_all(kept)
        tx.proposals.add_all([])
    with database.read() as tx:
        assert tx.proposals.get("p-3") == kept[2]
        assert tx.proposals.get("p-9") is None
        assert [p.id for p in tx.proposals.of_loop("loop-1")] == ["p-3", "p-2", "p-1"]
        assert [p.id for p in tx.proposals.of_loop("loop-1", generation=0)] == ["p-2", "p-1"]


def test_choosing_one_proposal_makes_the_others_stale(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    with database.write() as tx:
        tx.proposals.add_all(
            [proposal("p-1"), proposal("p-2"), proposal("p-3"), proposal("p-4", loop="loop-2")]
        )
        tx.proposals.set_state("p-3", ProposalState.STALE)
        assert tx.proposals.make_stale("loop-1", except_id="p-1") == 1
        tx.proposals.set_state("p-1", ProposalState.CHOSEN)
    with database.read() as tx:
        states = {p.id: p.state for p in tx.proposals.of_loop("loop-1") + tx.proposals.of_loop("loop-2")}
    assert states == {
        "p-1": ProposalState.CHOSEN,
        "p-2": ProposalState.STALE,
        "p-3": ProposalState.STALE,
        "p-4": ProposalState.OFFERED,
    }
    with pytest.raises(Missing, match="no proposal 'p-9'"), database.write() as tx:
        tx.proposals.set_state("p-9", ProposalState.STALE)
