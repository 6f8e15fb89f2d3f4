"""What needs a person, and what is said of it, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.attention.matters import Care
from scheduler.domain.bookings import InterviewState, SeatState, Write
from scheduler.domain.fixes.fix import Change, Exemption, Fix, FixState, How
from scheduler.domain.loops import LoopState, Reason
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.storage import Database
from scheduler.storage.repositories.attention.found import Ahead, Waits
from tests.scheduler.storage.samples import NOW, interview, loop, minutes, proposal, span, with_loops, write

WAITS = Waits(NOW, NOW)
CARE = Care("loop_infeasible:loop-1", "c", NOW, NOW, "person:rolf")


def test_loops_that_wait_are_found_with_their_next_interview(database: Database) -> None:
    with_loops(
        database, "loop-1", state=LoopState.NEEDS_ATTENTION, reasons=(Reason("left", "gone", ("anna",)),)
    )
    later = interview("i-2", loop="loop-1", spec="second", span=span(120, 165), event_id="e2")
    with database.write() as tx:
        tx.loops.add(loop("loop-2", state=LoopState.CONFIRMED, stage_visit="b"), actor="system", cause="test")
        labelled = loop("loop-3", state=LoopState.CONFIRMED, stage_visit="c", labels={"left": "cancel?"})
        tx.loops.add(labelled, actor="system", cause="test")
        tx.interviews.add_all([interview("i-1", loop="loop-1", span=span(60, 105)), later])
        tx.proposals.add_all([proposal("p-1", loop="loop-1")])
    with database.read() as tx:
        found = {row.id: row for row in tx.found_matters.loops(WAITS)}
        assert set(found) == {"loop-1", "loop-3"}
        assert found["loop-1"].reasons == (Reason("left", "gone", ("anna",)),)
        assert found["loop-3"].labels == {"left": "cancel?"}
        assert [row.id for row in tx.found_matters.loops(WAITS, "loop-3")] == ["loop-3"]
        assert tx.found_matters.ahead(WAITS, NOW) == {"loop-1": Ahead("i-1", minutes(60))}
        assert tx.found_matters.ahead_of(["loop-1"], minutes(60)) == {"loop-1": Ahead("i-2", minutes(120))}
        assert tx.found_matters.about(["loop-1"])["loop-1"].offered == ("p-1",)
        assert tx.found_matters.owners(set(LoopState)) == [found["loop-1"].owner]


def test_since_when_a_loop_is_where_it_is(database: Database) -> None:
    with_loops(database, state=LoopState.PLANNING)
    with database.write() as tx:
        at = minutes(5)
        tx.loops.move(
            "loop-1", LoopState.INFEASIBLE, expect={LoopState.PLANNING}, actor="system", cause="x", at=at
        )
        tx.loops.change("loop-1", "system", "y", minutes(9), "noted", labels={"left": "?"})
    with database.read() as tx:
        assert [row.since for row in tx.found_matters.loops(WAITS)] == [at]


def test_invitations_without_an_answer(database: Database) -> None:
    with_loops(database, state=LoopState.CONFIRMED)
    made = interview("i-1", state=InterviewState.CONFIRMED, event_id="e1", span=span(60, 105))
    made = replace(made, seats=tuple(replace(s, state=SeatState.INVITED) for s in made.seats))
    with database.write() as tx:
        tx.interviews.add_all([made])
    with database.read() as tx:
        rows = tx.found_matters.unanswered(Span(NOW, minutes(60)))
        assert [row.person for row in rows] == [s.person for s in made.seats]
        assert tx.found_matters.unanswered(Span(NOW, minutes(59))) == []
        assert tx.found_matters.unanswered(Span(NOW, minutes(60)), "i-2") == []


def test_mails_that_a_later_one_made_good_are_no_matter(database: Database) -> None:
    with_loops(database)
    mails = [
        write(f"w-{n}", write=Write.MAIL, interview="i-1", generation=0, order=n, key=f"k{n}") for n in (1, 2)
    ]
    with database.write() as tx:
        tx.ledger.add_all(mails[:1], at=NOW)
        tx.ledger.give_up("w-1", "refused")
    with database.read() as tx:
        (row,) = tx.found_matters.unsent(NOW - timedelta(days=1))
        assert (row.loop, row.what, row.error) == ("loop-1", "i-1", "refused")
        assert tx.found_matters.unsent(NOW - timedelta(days=1), "loop-2") == []
    with database.write() as tx:
        tx.ledger.add_all(mails[1:], at=minutes(5))
        tx.ledger.done("w-2", {})
    with database.read() as tx:
        assert tx.found_matters.unsent(NOW - timedelta(days=1)) == []
    with database.write() as tx:
        assert [r.id for r in tx.ledger.again("loop-1", NOW)] == ["w-1"]
        assert tx.ledger.again("loop-1", NOW) == []


def test_dead_letters_are_found_and_opened_again(database: Database) -> None:
    with database.write() as tx:
        made, _ = tx.inbox.receive("webhook", "m-1", "d", b"{}", NOW)
        tx.inbox.finish(made.id, "dead_letter: no person", at=NOW)
    with database.write() as tx:
        (row,) = tx.found_matters.dead_letters(NOW - timedelta(days=1))
        assert (row.id, row.outcome) == (made.id, "dead_letter: no person")
        assert tx.inbox.reopen(made.id, "dead_letter")
        assert not tx.inbox.reopen(made.id, "dead_letter")
        assert tx.found_matters.dead_letters(NOW - timedelta(days=1)) == []


def test_what_was_said_is_one_persons_at_a_time(database: Database) -> None:
    gate, found = threading.Barrier(2), list[str]()

    def one(person: str) -> None:
        gate.wait()
        with database.write() as tx:
            care = tx.cares.claim(replace(CARE, actor=person))
            found.append(care.taken_by)
            tx.cares.put(replace(care, taken_by=person, taken_at=NOW))

    threads = [threading.Thread(target=one, args=(person,)) for person in ("hana", "rolf")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and found[0] == "" and found[1] in ("hana", "rolf"), "the second sees the first"
    with database.write() as tx:
        assert tx.cares.takers() == {"hana", "rolf"} - {found[1]}
        assert tx.cares.forget(NOW) == 0
        assert tx.cares.forget(minutes(1)) == 1
        assert tx.cares.all() == {}


def test_calendars_that_cannot_be_read(database: Database) -> None:
    fault = CalendarFault(Subject.person("anna"), "forbidden", "no", NOW, NOW)
    with database.write() as tx:
        tx.calendar_faults.note([fault])
        tx.calendar_faults.note([replace(fault, seen_at=minutes(60))])
        assert tx.calendar_faults.all() == [replace(fault, seen_at=minutes(60))]
        tx.calendar_faults.over([fault.subject, Subject.room("oak")])
        assert tx.calendar_faults.all() == []


def test_a_digest_of_a_day_is_claimed_once(database: Database) -> None:
    day = date(2026, 3, 9)
    with database.write() as tx:
        assert tx.digests.claim("anna", day, NOW)
        assert not tx.digests.claim("anna", day, NOW)
        assert not tx.digests.claim("anna", day - timedelta(days=1), NOW)
        assert tx.digests.claim("anna", day + timedelta(days=1), NOW)
        assert tx.digests.last() == {"anna": day + timedelta(days=1)}


def test_fixes_keep_what_was_asked_and_exemptions_their_order(database: Database) -> None:
    with_loops(database)
    changes = (
        Change("caps", people=("anna",), limits=(("max_day", 2),)),
        Change("window", ("talk",), spans=(span(0, 30),)),
    )
    one, other = (Fix(id, id, n, How.APPLY, changes) for n, id in enumerate(("fx_1", "fx_2")))
    with database.write() as tx:
        tx.fixes.replace("loop-1", [one, other, one])
        tx.fixes.change("loop-1", "fx_2", state=FixState.ASKED, actor="person:rolf", at=NOW)
        asked = replace(other, state=FixState.ASKED, actor="person:rolf", at=NOW)
        assert tx.fixes.of_loop("loop-1") == [one, asked]
        tx.fixes.replace("loop-1", [other])
        assert tx.fixes.of_loop("loop-1") == [asked]
        given = [Exemption("loop-1", "fx_1", c, "person:rolf", "agreed", "", NOW) for c in changes]
        tx.exemptions.add(given)
        tx.exemptions.add(given)
        assert tx.exemptions.of_loop("loop-1") == tuple(given)


@pytest.mark.parametrize("id", ["loop_infeasible:x", "webhook_dead_letter:%", "a'b"])
def test_nothing_was_said_of_what_nobody_spoke_of(database: Database, id: str) -> None:
    with database.read() as tx:
        assert tx.cares.get(id) is None
