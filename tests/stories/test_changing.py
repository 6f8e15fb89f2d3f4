"""A loop is changed by hand: tried with an answer in words, then done exactly so, or told what has changed meanwhile."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, Show, add_entries
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import BadInput, Overtaken
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.afterwards import replies
from scheduler.services.changing import applying, asked, trying
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Change
from scheduler.services.changing.trying import Tried
from scheduler.storage import invariants
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, events, look, replied

ORGANIZER = "interviews@testwerk.example"
ROLF = "person:rolf"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def confirmed(kit: Kit, template: str = "onsite") -> Loop:
    loop = ask(kit, template)
    replies.sync(kit.app)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    return look(kit, loop.id)


def tried(kit: Kit, loop: Loop, *changes: Change) -> Tried:
    return trying.look(kit.app, loop.id, Asked(changes))


def applied(kit: Kit, loop: Loop, found: Tried, *changes: Change, why: Why | None = None) -> Loop:
    """The loop once what was tried is done, and everything that follows."""
    applying.apply(kit.app, loop.id, Asked(changes), found.version, why or Why(), ROLF)
    kit.run()
    return look(kit, loop.id)


def later(interview: Interview, minutes: int) -> str:
    return (interview.span.start + timedelta(minutes=minutes)).isoformat()


def everything(kit: Kit) -> list[str]:
    """All that the database holds, as text."""
    with sqlite3.connect(kit.folder.parent / "loopwright.sqlite3") as connection:
        return list(connection.iterdump())


def files(kit: Kit) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(kit.folder.glob("*.ics"))}


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def test_a_booked_interview_is_moved_and_everybody_is_told(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    move = asked.Move("manager", later(before["manager"], 30))
    then, written = everything(kit), files(kit)
    found = tried(kit, loop, move)
    assert found.verdict == "allowed", found.refused
    assert everything(kit) == then and files(kit) == written, "a try leaves no trace"
    (step,) = [s for s in found.steps if s.interview == "manager"]
    assert (step.what, step.asked, step.seen) == ("time", True, True)
    assert step.text.startswith("Manager moves from ")
    assert sum(found.price.values()) > 0
    done = applied(kit, loop, found, move, why=Why("candidate_asked"))
    assert (done.state, done.generation) == (LoopState.CONFIRMED, loop.generation + 1)
    after = booked(kit, loop.id)
    assert after["manager"].span.start == before["manager"].span.start + timedelta(minutes=30)
    assert {s: i.span for s, i in after.items() if s != "manager" and s != "debrief"} == {
        s: i.span for s, i in before.items() if s != "manager" and s != "debrief"
    }
    assert after["debrief"].span.start >= after["manager"].span.end
    (event,) = [e for e in events(kit, ORGANIZER) if str(e["SUMMARY"]).startswith("Manager")]
    assert event.start == after["manager"].span.start
    sound(kit)


def test_every_step_is_a_fact_with_who_before_after_and_why(kit: Kit) -> None:
    loop = confirmed(kit)
    manager = booked(kit, loop.id)["manager"]
    move = asked.Move("manager", later(manager, 30))
    applied(kit, loop, tried(kit, loop, move), move, why=Why("candidate_asked"))
    with kit.app.db.read() as tx:
        facts = [f for f in tx.facts.of(f"loop:{loop.id}", limit=500) if f.what == applying.CHANGED]
        (given,) = [f for f in tx.facts.of(f"loop:{loop.id}", limit=500) if f.what == "reason_given"]
    first = next(f for f in facts if f.data["interview"] == "manager")
    assert (first.actor, first.cause) == (ROLF, "candidate_asked")
    assert (first.before, first.after) == (manager.span.start.isoformat(), later(manager, 30))
    assert (given.before, given.after) == ("reschedule", "candidate_asked")


def test_what_is_refused_names_the_rule_and_the_person(kit: Kit) -> None:
    loop = confirmed(kit)
    lunch = booked(kit, loop.id)["manager"]
    busy = lunch.span.start + timedelta(minutes=60)
    occupy(kit, "hana@testwerk.example", busy.isoformat(), (busy + timedelta(hours=2)).isoformat())
    found = tried(kit, loop, asked.Move("manager", later(lunch, 60)))
    assert (found.verdict, found.version, found.planned) == ("refused", "", ())
    first = found.refused[0]
    assert (first.rule, first.interview, first.people) == ("busy", "manager", ("hana",))
    assert "Hana Maier is busy then" in first.text and first.fix


def test_a_time_that_the_candidate_does_not_offer_needs_other_windows(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    move = asked.Move("panel", "2026-03-13T10:00")
    found = tried(kit, loop, move)
    assert found.refused[0].rule == "availability"
    windows = asked.Windows(
        (("2026-03-11T09:00", "2026-03-11T17:00"), ("2026-03-13T09:00", "2026-03-13T17:00")), "Europe/Berlin"
    )
    again = tried(kit, loop, windows, move)
    assert again.verdict == "allowed", again.refused
    done = applied(kit, loop, again, windows, move)
    assert done.windows[-1].start.isoformat() == "2026-03-13T08:00:00+00:00"
    assert booked(kit, loop.id)["panel"].span.start.isoformat() == "2026-03-13T09:00:00+00:00"
    sound(kit)


def test_a_seat_is_given_to_somebody_else_at_the_same_time(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    (now,) = [s.person for s in before["deep"].seats if s.number == 0]
    other = {"anna": "ben", "ben": "anna"}[now]
    give = asked.Give("deep", other)
    found = tried(kit, loop, give)
    assert found.verdict == "allowed", found.refused
    applied(kit, loop, found, give)
    after = booked(kit, loop.id)
    assert [s.person for s in after["deep"].seats if s.number == 0] == [other]
    assert after["deep"].span == before["deep"].span
    assert other in {s.person for s in after["debrief"].seats} and now not in {
        s.person for s in after["debrief"].seats
    } | {s.person for s in after["tech"].seats if s.person == other}
    sound(kit)


def test_somebody_outside_the_pool_is_refused_by_name(kit: Kit) -> None:
    loop = confirmed(kit)
    found = tried(kit, loop, asked.Give("deep", "dirk"))
    assert found.verdict == "refused"
    assert (found.refused[0].rule, found.refused[0].people) == ("seats", ("dirk",))
    assert "Dirk Dahl is not among those who may take this seat" in found.refused[0].text


def test_two_people_change_places(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    seated = {
        spec: next(s.person for s in i.seats if s.number == 0)
        for spec, i in before.items()
        if spec in ("tech", "deep")
    }
    if seated["tech"] not in ("anna", "ben"):
        give = asked.Give("tech", "anna" if seated["deep"] == "ben" else "ben")
        found = tried(kit, loop, give)
        assert found.verdict == "allowed", found.refused
        loop = applied(kit, loop, found, give)
        seated["tech"] = give.person
    swap = asked.Swap("tech", seated["tech"], "deep", seated["deep"])
    found = tried(kit, loop, swap)
    assert found.verdict == "allowed", found.refused
    assert {s.what for s in found.steps if s.interview in ("tech", "deep")} == {"people"}
    applied(kit, loop, found, swap)
    after = booked(kit, loop.id)
    assert [s.person for s in after["tech"].seats if s.number == 0] == [seated["deep"]]
    assert [s.person for s in after["deep"].seats if s.number == 0] == [seated["tech"]]
    sound(kit)


def test_who_is_freed_is_replaced_with_the_least_change(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    (now,) = [s.person for s in before["tech"].seats if s.number == 0]
    free = asked.Free("tech", now)
    found = tried(kit, loop, free)
    assert found.verdict == "allowed", found.refused
    assert [s.interview for s in found.steps if s.what == "time"] in ([], ["debrief"])
    applied(kit, loop, found, free)
    after = booked(kit, loop.id)
    assert now not in {s.person for s in after["tech"].seats}
    assert after["tech"].span == before["tech"].span
    sound(kit)


def test_a_lock_is_kept_by_the_repair(kit: Kit) -> None:
    loop = confirmed(kit)
    lock = asked.Lock("deep", people=True)
    loop = applied(kit, loop, tried(kit, loop, lock), lock)
    assert [(held.interview, held.start) for held in loop.locks] == [("deep", None)]
    deep = booked(kit, loop.id)["deep"]
    (now,) = [s.person for s in deep.seats if s.number == 0]
    replied(kit, deep, now, Reply.DECLINED)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert any(r.kind == "declined" and r.people == (now,) for r in found.reasons)
    unlock = asked.Unlock("deep", people=True)
    free = tried(kit, found, unlock)
    assert free.verdict == "allowed", free.refused
    done = applied(kit, found, free, unlock)
    assert (done.state, done.locks) == (LoopState.CONFIRMED, ())
    assert now not in {s.person for s in booked(kit, loop.id)["deep"].seats}
    sound(kit)


def test_a_locked_time_is_moved_by_nobody(kit: Kit) -> None:
    loop = confirmed(kit)
    lock = asked.Lock("manager", time=True)
    loop = applied(kit, loop, tried(kit, loop, lock), lock)
    manager = booked(kit, loop.id)["manager"]
    with pytest.raises(BadInput) as refused:
        tried(kit, loop, asked.Move("manager", later(manager, 30)))
    assert refused.value.field == "changes[0].to"
    assert "Manager is locked to" in refused.value.fault and "unlock" in refused.value.fix


def test_a_decline_between_try_and_apply_is_told(kit: Kit) -> None:
    loop = confirmed(kit)
    before = booked(kit, loop.id)
    move = asked.Move("manager", later(before["manager"], 30))
    found = tried(kit, loop, move)
    kit.clock.forward(minutes=1)
    (now,) = [s.person for s in before["tech"].seats if s.number == 0]
    replied(kit, before["tech"], now, Reply.DECLINED)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    then = everything(kit)
    with pytest.raises(Overtaken) as told:
        applying.apply(kit.app, loop.id, Asked((move,)), found.version, Why(), ROLF)
    assert everything(kit) == then
    assert any(c.field == "tech" and "Technical is now given by" in c.fault for c in told.value.changes)
    assert any("seat_replaced" in c.fault or "loop_moved" in c.fault for c in told.value.changes)


def test_of_two_recruiters_the_second_is_told_what_the_first_did(kit: Kit) -> None:
    loop = confirmed(kit)
    manager = booked(kit, loop.id)["manager"]
    one, other = asked.Move("manager", later(manager, 30)), asked.Move("manager", later(manager, 45))
    first, second = tried(kit, loop, one), tried(kit, loop, other)
    kit.clock.forward(minutes=1)
    applied(kit, loop, first, one)
    with pytest.raises(Overtaken) as told:
        applying.apply(kit.app, loop.id, Asked((other,)), second.version, Why(), "person:hana")
    assert any(c.field == "manager" and "Manager is now" in c.fault for c in told.value.changes)


def test_a_calendar_that_filled_meanwhile_is_told(kit: Kit) -> None:
    loop = confirmed(kit)
    manager = booked(kit, loop.id)["manager"]
    move = asked.Move("manager", later(manager, 60))
    found = tried(kit, loop, move)
    assert found.verdict == "allowed", found.refused
    new = manager.span.start + timedelta(minutes=60)
    occupy(kit, "hana@testwerk.example", new.isoformat(), (new + timedelta(minutes=30)).isoformat())
    with pytest.raises(Overtaken) as told:
        applying.apply(kit.app, loop.id, Asked((move,)), found.version, Why(), ROLF)
    assert "Hana Maier is busy then" in told.value.text
    assert booked(kit, loop.id)["manager"] == manager


def test_what_is_soft_is_taken_with_a_reason_only(kit: Kit) -> None:
    loop = confirmed(kit)
    manager = booked(kit, loop.id)["manager"]
    new = manager.span.start + timedelta(minutes=80)
    tentative(kit, "hana@testwerk.example", new.isoformat(), (new + timedelta(minutes=20)).isoformat())
    move = asked.Move("manager", later(manager, 60))
    found = tried(kit, loop, move)
    assert [(o.rule, o.interview, o.people) for o in found.overrides] == [("tentative", "manager", ("hana",))]
    assert found.price["tentative"] == 300
    with pytest.raises(BadInput) as refused:
        applying.apply(kit.app, loop.id, Asked((move,)), found.version, Why("conflict"), ROLF)
    assert refused.value.field == "override" and "Hana Maier may be busy then" in refused.value.fault
    done = applied(kit, loop, found, move, why=Why("conflict", "agreed", "she said yes"))
    assert (done.state, done.mode) == (LoopState.CONFIRMED, BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        facts = tx.facts.of(f"loop:{loop.id}", limit=500)
    (over,) = [f for f in facts if f.what == applying.OVERRIDDEN]
    assert (over.actor, over.after, over.cause, over.data["people"]) == (
        ROLF,
        "tentative",
        "agreed",
        ["hana"],
    )
    assert {(f.before, f.after) for f in facts if f.what == "reason_given"} == {
        ("reschedule", "conflict"),
        ("override", "agreed"),
    }
    sound(kit)


def tentative(kit: Kit, address: str, start: str, end: str) -> None:
    span = [datetime.fromisoformat(t) for t in (start, end)]
    add_entries(kit.folder, address, [Entry("Maybe", span[0], span[1], Show.TENTATIVE)])
