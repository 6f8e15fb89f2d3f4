"""What people say of a matter: mine, not now, done; and what becomes of that when its cause changes, or two say it."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.attention.matters import Kind, Standing
from scheduler.domain.errors import BadInput, Missing, Stale, WrongState
from scheduler.domain.loops import BookMode, Loop
from scheduler.services.asking import requests
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown, Wanted
from scheduler.services.planning import plan as planning
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.attention.kit import EVERY, only, shown
from tests.stories.kit import DAYS, ask

NIGHT = (("2026-03-11T02:00", "2026-03-11T05:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def loop(kit: Kit) -> Loop:
    return ask(kit, "short", BookMode.PROPOSE, windows=NIGHT)


def _id(loop: Loop) -> str:
    return f"loop_infeasible:{loop.id}"


def _take(kit: Kit, loop: Loop, person: str, before: care.Before | None = None) -> Shown:
    with kit.app.db.write() as tx:
        return care.take(kit.app, tx, _id(loop), person, f"person:{person}", before)


def _close(kit: Kit, loop: Loop) -> Shown:
    with kit.app.db.write() as tx:
        return care.close(kit.app, tx, _id(loop), "as_it_should_be", "person:rolf", "they come in May")


def _snooze(kit: Kit, loop: Loop, **by: float) -> Shown:
    with kit.app.db.write() as tx:
        return care.snooze(kit.app, tx, _id(loop), kit.clock() + timedelta(**by), "person:rolf")


def test_who_takes_it_over_has_it(kit: Kit, loop: Loop) -> None:
    assert only(shown(kit, Wanted(owner="rolf"))).kept.standing is Standing.OPEN
    taken = _take(kit, loop, "hana")
    assert (taken.kept.standing, taken.kept.owner) == (Standing.TAKEN, "hana")
    assert shown(kit, Wanted(owner="rolf")) == []
    assert only(shown(kit, Wanted(owner="hana"))) == taken
    with kit.app.db.read() as tx:
        (fact,) = [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == "attention_taken"]
    assert (fact.actor, fact.before, fact.after) == ("person:hana", "open", "taken")
    assert fact.data == {"attention": _id(loop), "person": "hana"}


def test_what_somebody_has_is_taken_by_who_has_seen_that(kit: Kit, loop: Loop) -> None:
    _take(kit, loop, "hana")
    with pytest.raises(
        WrongState, match="is with hana: since 2026-03-09 07:00 UTC; to take it over all the same"
    ):
        _take(kit, loop, "rolf")
    assert _take(kit, loop, "hana").kept.owner == "hana", "said twice"
    assert _take(kit, loop, "rolf", lambda _: None).kept.owner == "rolf"


def test_of_two_who_take_it_at_once_one_is_told(kit: Kit, loop: Loop) -> None:
    seen = only(shown(kit))
    gate, results = threading.Barrier(2), list[str]()

    def unchanged(now: Shown) -> None:
        if now != seen:
            raise Stale("matter", _id(loop), [], "")

    def one(person: str) -> None:
        gate.wait()
        try:
            results.append(_take(kit, loop, person, unchanged).kept.owner)
        except Stale:
            results.append("late")

    threads = [threading.Thread(target=one, args=(person,)) for person in ("hana", "rolf")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [r for r in results if r != "late"]
    assert sorted(results) == sorted([winner, "late"])
    assert only(shown(kit)).kept.owner == winner


def test_snoozed_it_is_back_in_time(kit: Kit, loop: Loop) -> None:
    _snooze(kit, loop, hours=2)
    assert shown(kit) == []
    assert only(shown(kit, EVERY)).kept.standing is Standing.SNOOZED
    kit.clock.forward(hours=2)
    assert only(shown(kit)).kept.standing is Standing.OPEN


def test_a_cause_that_heals_while_it_is_snoozed_is_gone_and_the_next_one_is_new(kit: Kit, loop: Loop) -> None:
    _take(kit, loop, "hana")
    _snooze(kit, loop, days=5)
    requests.change(kit.app, loop.id, "person:rolf", offered=DAYS)
    kit.run()
    assert shown(kit, EVERY) == []
    with pytest.raises(Missing, match="no matter"):
        _take(kit, loop, "hana")
    kit.clock.forward(hours=1)
    requests.change(kit.app, loop.id, "person:rolf", offered=NIGHT)
    kit.run()
    new = only(shown(kit))
    assert (new.kept.standing, new.kept.owner) == (Standing.OPEN, "rolf"), "nothing of before counts"


def test_closed_it_is_back_when_its_cause_changes_and_not_before(kit: Kit, loop: Loop) -> None:
    _close(kit, loop)
    assert shown(kit) == []
    kit.clock.forward(days=1)
    assert only(shown(kit, EVERY)).kept.standing is Standing.CLOSED
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    assert only(shown(kit)).kept.standing is Standing.OPEN


def test_why_it_was_closed_is_counted(kit: Kit, loop: Loop) -> None:
    _close(kit, loop)
    with kit.app.db.read() as tx:
        facts = [f for f in tx.facts.of(f"loop:{loop.id}") if f.what == "reason_given"]
    assert [(f.before, f.after) for f in facts] == [("close", "as_it_should_be")]


def test_everything_is_taken_back(kit: Kit, loop: Loop) -> None:
    before = only(shown(kit))
    _take(kit, loop, "hana")
    _close(kit, loop)
    with kit.app.db.write() as tx:
        again = care.reopen(kit.app, tx, _id(loop), "person:hana")
    assert (again.kept.standing, again.kept.owner) == (Standing.OPEN, "rolf")
    assert only(shown(kit)).kept.matter == before.kept.matter


def test_what_cannot_be_said_changes_nothing(kit: Kit, loop: Loop) -> None:
    before = shown(kit, EVERY)
    with pytest.raises(BadInput, match="person: no person 'x'"):
        _take(kit, loop, "x")
    with pytest.raises(BadInput, match="until: is not ahead"):
        _snooze(kit, loop, hours=0)
    with pytest.raises(BadInput, match="until: lies more than 90 days ahead"):
        _snooze(kit, loop, days=91)
    for code, words in (("nothing", "no reason 'nothing'"), ("illness", "'illness' is no reason for close")):
        with pytest.raises(BadInput, match=words), kit.app.db.write() as tx:
            care.close(kit.app, tx, _id(loop), code, "person:rolf")
    assert shown(kit, EVERY) == before
    with kit.app.db.read() as tx:
        assert tx.cares.all() == {}


def test_what_was_said_long_ago_is_forgotten(kit: Kit, loop: Loop) -> None:
    _close(kit, loop)
    kit.clock.forward(days=181)
    assert care.forget(kit.app) == 1
    assert [one.kept.matter.kind for one in shown(kit)] == [Kind.INFEASIBLE]
