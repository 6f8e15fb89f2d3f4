"""The last change by hand is undone as long as nothing came after it; otherwise it is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.types import Reply
from scheduler.domain.bookings import Hold, Reservation
from scheduler.domain.errors import NotAllowed, WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.proposals import ByHand, Proposal, ProposalState
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import SeatKind, SeatSpec
from scheduler.services.booking import further
from scheduler.services.changing import applying, asked, undoing
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Change
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, booked, events, look, replied
from tests.stories.test_changing import ORGANIZER, ROLF, applied, confirmed, everything, later, sound, tried
from tests.stories.test_changing_windows import FRIDAY

NEXT_WEEK = (("2026-03-18T09:00", "2026-03-18T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def plan(kit: Kit, loop: Loop) -> dict[str, object]:
    """Times, people and rooms of what is booked."""
    return {
        id: (i.span, sorted((s.person, s.number) for s in i.seats), i.room)
        for id, i in booked(kit, loop.id).items()
    }


def undone(kit: Kit, loop: Loop) -> Loop:
    undoing.undo(kit.app, loop.id, "person:hana")
    kit.run()
    return look(kit, loop.id)


def offers(kit: Kit, loop: Loop) -> list[Proposal]:
    with kit.app.db.read() as tx:
        found = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
    return sorted(found, key=lambda p: p.id)


@pytest.mark.parametrize(
    "changes",
    [
        (asked.Move("manager", "2026-03-11T13:30"),),
        (FRIDAY,),
        (asked.Remove("lunch"),),
        (asked.AddSeat("manager", SeatSpec(SeatKind.CO_INTERVIEWER, person="nora")),),
        (asked.Move("manager", "2026-03-11T13:30"), asked.Lock("manager", time=True)),
    ],
)
def test_a_booked_loop_is_again_what_it_was(kit: Kit, changes: tuple[Change, ...]) -> None:
    loop = confirmed(kit)
    before = plan(kit, loop)
    found = tried(kit, loop, *changes)
    assert found.verdict == "allowed", found.refused
    changed = applied(kit, loop, found, *changes)
    assert plan(kit, loop) != before
    kit.clock.forward(minutes=5)
    done = undone(kit, changed)
    assert plan(kit, loop) == before and ByHand.of(done) == ByHand.of(loop)
    assert (done.state, done.generation) == (LoopState.CONFIRMED, changed.generation + 1)
    starts = {e.start for e in events(kit, ORGANIZER)}
    assert {i.span.start for i in booked(kit, loop.id).values()} <= starts
    with kit.app.db.read() as tx:
        (fact,) = [f for f in tx.facts.of(f"loop:{loop.id}", limit=500) if f.what == undoing.UNDONE]
    assert (fact.actor, fact.data["by"]) == ("person:hana", ROLF)
    sound(kit)
    with pytest.raises(WrongState) as twice:
        undoing.undo(kit.app, loop.id, ROLF)
    assert "nothing of it was changed by hand that could be undone" in twice.value.text


def test_a_lock_alone_is_undone_without_a_booking(kit: Kit) -> None:
    loop = confirmed(kit)
    lock = asked.Lock("tech", time=True)
    locked = applied(kit, loop, tried(kit, loop, lock), lock)
    done = undone(kit, locked)
    assert (done.locks, done.generation) == ((), loop.generation)


def test_what_was_on_offer_is_on_offer_again(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    then = offers(kit, loop)
    for changes in ((asked.Move("panel", "2026-03-11T13:00"),), (asked.Remove("talk"),)):
        found = tried(kit, loop, *changes)
        assert found.verdict == "allowed", found.refused
        applied(kit, loop, found, *changes)
        assert offers(kit, loop) != then
        done = undone(kit, loop)
        assert offers(kit, loop) == then and ByHand.of(done) == ByHand.of(loop)
        sound(kit)


def test_a_plan_whose_times_are_somebody_elses_by_now_is_not_offered_again(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    then = offers(kit, loop)
    assert len(then) > 1
    found = tried(kit, loop, asked.Remove("talk"))
    applied(kit, loop, found, asked.Remove("talk"))
    last = max(then, key=lambda p: p.rank)
    taken = last.interviews[0]
    other = ask(kit, "short", BookMode.PROPOSE, NEXT_WEEK, replace(MARA, id="app-2")).id
    with kit.app.db.write() as tx:
        row = Reservation(
            Subject.person(taken.people[0][0]), taken.span, other, f"{other}:talk", Hold.CONFIRMED, None
        )
        tx.reservations.take([row])
    undone(kit, loop)
    assert {p.id for p in offers(kit, loop)} == {p.id for p in then if p.id != last.id}


def test_where_no_plan_holds_any_more_nothing_is_undone(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    applied(kit, loop, tried(kit, loop, asked.Remove("talk")), asked.Remove("talk"))
    monkeypatch.setattr(further, "free", lambda *_: False)
    assert "plan it anew" in refused(kit, loop, WrongState)
    assert offers(kit, loop) != []


def test_what_a_colleague_changes_while_calendars_are_asked_is_not_written_over(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = moved(kit)
    looks = applying.free

    def meanwhile(*asked_of: Any) -> Any:
        found = looks(*asked_of)
        monkeypatch.setattr(applying, "free", looks)
        move = asked.Move("manager", later(booked(kit, loop.id)["manager"], 30))
        applied(kit, look(kit, loop.id), tried(kit, look(kit, loop.id), move), move)
        return found

    monkeypatch.setattr(applying, "free", meanwhile)
    with pytest.raises(WrongState, match="has changed since"):
        undoing.undo(kit.app, loop.id, "person:hana")


def moved(kit: Kit) -> Loop:
    """A booked loop whose manager's interview was moved by half an hour."""
    loop = confirmed(kit)
    move = asked.Move("manager", later(booked(kit, loop.id)["manager"], 30))
    return applied(kit, loop, tried(kit, loop, move), move)


def refused(kit: Kit, loop: Loop, kind: type[Exception]) -> str:
    """The line with which undoing is refused; nothing has changed."""
    then = everything(kit)
    with pytest.raises(kind) as told:
        undoing.undo(kit.app, loop.id, ROLF)
    assert everything(kit) == then
    text: str = told.value.text  # type: ignore[attr-defined]
    assert "\n" not in text
    return text


def test_nothing_is_undone_that_was_not_changed(kit: Kit) -> None:
    text = refused(kit, confirmed(kit), WrongState)
    assert "nothing of it was changed by hand" in text


def test_a_decline_in_between_is_in_the_way(kit: Kit) -> None:
    loop = moved(kit)
    kit.clock.forward(minutes=1)
    tech = booked(kit, loop.id)["tech"]
    (now,) = [s.person for s in tech.seats if s.number == 0]
    replied(kit, tech, now, Reply.DECLINED)
    text = refused(kit, loop, WrongState)
    assert "it has changed since: " in text and "change it by hand instead" in text


def test_what_a_colleague_changed_after_it_is_undone_first(kit: Kit) -> None:
    loop = moved(kit)
    kit.clock.forward(minutes=1)
    lock = asked.Lock("tech", time=True)
    found = tried(kit, loop, lock)
    applying.apply(kit.app, loop.id, Asked((lock,)), found.version, Why(), "person:hana")
    at = booked(kit, loop.id)["manager"].span
    assert undone(kit, loop).locks == ()
    assert booked(kit, loop.id)["manager"].span == at, "the last change, and no other"


def test_what_has_begun_is_too_late(kit: Kit) -> None:
    loop = moved(kit)
    manager = booked(kit, loop.id)["manager"].span.start
    kit.clock.forward(minutes=int((manager - kit.clock()).total_seconds() // 60) - 20)
    text = refused(kit, loop, WrongState)
    assert "it is too late: Manager, Wednesday 11 March 13:00" in text and "has begun" in text


def test_a_time_that_was_given_away_names_the_rule_and_the_person(kit: Kit) -> None:
    loop = moved(kit)
    start = booked(kit, loop.id)["manager"].span.start
    occupy(kit, "hana@testwerk.example", (start - timedelta(minutes=30)).isoformat(), start.isoformat())
    text = refused(kit, loop, NotAllowed)
    assert "Hana Maier is busy then" in text
