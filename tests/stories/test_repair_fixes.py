"""A repair that failed carries what would help as data: with the plan that was tried, applied for a reason, asked for, or done by hand."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.errors import BadInput, DomainError, WrongState
from scheduler.domain.fixes.fix import Fix, FixState, How
from scheduler.domain.loops import Loop, LoopState
from scheduler.services.afterwards import conflicts, repair
from scheduler.services.asking import fixing
from scheduler.services.attention import care
from scheduler.services.attention.care import Wanted
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look, replied

ROLF = "person:rolf"
TEXT = COMPANY.read_text(encoding="utf-8")
TWO = TEXT.replace("qualified: [anna, ben, cleo, dirk]", "qualified: [cleo, dirk]")


def fixes(kit: Kit, loop: Loop) -> list[Fix]:
    with kit.app.db.read() as tx:
        return fixing.of_loop(tx, loop.id)


def carried(kit: Kit, loop: Loop, fix: Fix, reason: str | None = "agreed") -> fixing.Done:
    with kit.app.db.write() as tx:
        done = fixing.carry_out_in(kit.app, tx, loop.id, fix.id, ROLF, reason, "a word")
    kit.run()
    return done


def busy(kit: Kit, person: str, start: datetime, hours: float) -> None:
    add_entries(
        kit.folder, f"{person}@testwerk.example", [Entry("Fair", start, start + timedelta(hours=hours))]
    )


def free(kit: Kit, person: str) -> None:
    """The fair is off."""
    file = kit.folder / f"{person}@testwerk.example.ics"
    calendar = icalendar.Calendar.from_ical(file.read_bytes())
    calendar.subcomponents = [c for c in calendar.subcomponents if c.get("SUMMARY") != "Fair"]
    file.write_bytes(calendar.to_ical())


def answered(kit: Kit, loop: Loop, fix: Fix) -> None:
    with kit.app.db.write() as tx:
        assert fixing.answer_in(kit.app, tx, loop.id, fix.id, ROLF, agreed=True).applied
    kit.run()


def later(kit: Kit) -> None:
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    kit.run()


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


@pytest.fixture
def failed(tmp_path: Path) -> tuple[Kit, Loop]:
    """Whoever gives the talk declines; who else could is busy as long as the candidate is there."""
    kit = make(tmp_path, TWO)
    loop = ask(kit, "short", windows=(("2026-03-11T09:00", "2026-03-11T12:30"),))
    talk = booked(kit, loop.id)["talk"]
    (lead,) = (s.person for s in talk.seats if s.person in ("cleo", "dirk"))
    other = "dirk" if lead == "cleo" else "cleo"
    busy(kit, other, datetime(2026, 3, 11, 7, tzinfo=UTC), 5)
    replied(kit, talk, lead, Reply.DECLINED)
    return kit, look(kit, loop.id)


def of(kit: Kit, loop: Loop, how: How) -> Fix:
    return next(fix for fix in fixes(kit, loop) if fix.how is how)


def test_a_failed_repair_says_what_would_help_and_shows_it(failed: tuple[Kit, Loop]) -> None:
    kit, loop = failed
    assert (loop.state, loop.reasons[-1].kind) == (LoopState.NEEDS_ATTENTION, "no_repair")
    found = fixes(kit, loop)
    assert tuple(fix.text for fix in found) == loop.fixes
    assert [fix.effort for fix in found] == sorted(fix.effort for fix in found)
    there = {id: i.span for id, i in booked(kit, loop.id).items()}
    assert all({p.interview for p in fix.plan} == set(there) for fix in found)
    for fix in (of(kit, loop, How.ASK_PEOPLE), of(kit, loop, How.BY_HAND)):
        stays = {p.interview for p in fix.plan if p.span == there[p.interview]}
        assert {"talk", "panel"} <= stays, "what the candidate knows"
    asked = of(kit, loop, How.ASK_PEOPLE)
    assert "could make time" in asked.text and len(asked.people) == 1
    with pytest.raises(WrongState, match="add a seat for somebody"):
        carried(kit, loop, of(kit, loop, How.BY_HAND))
    with kit.app.db.read() as tx:
        (shown,) = care.look(kit.app, tx, Wanted())
    assert [way.part for way in shown.ways if way.part] == [
        fix.id for fix in found if fix.how is not How.BY_HAND
    ]


def test_who_is_asked_and_agrees_takes_it_over_once_their_calendar_allows(failed: tuple[Kit, Loop]) -> None:
    kit, loop = failed
    fix = of(kit, loop, How.ASK_PEOPLE)
    assert carried(kit, loop, fix).mails == 1
    assert {f.id: f.state for f in fixes(kit, loop)}[fix.id] is FixState.ASKED
    with pytest.raises(WrongState, match="they were asked at"):
        carried(kit, loop, fix)
    answered(kit, loop, fix)
    now = look(kit, loop.id)
    assert (now.state, now.reasons[-1].kind) == (LoopState.NEEDS_ATTENTION, "no_repair"), "still at the fair"
    assert fixes(kit, loop)
    (person,) = fix.people
    free(kit, person)
    repair.request(kit.app, loop.id, ROLF)
    assert fixes(kit, loop) == [] and look(kit, loop.id).fixes == ()
    kit.run()
    now = look(kit, loop.id)
    assert (now.state, now.fixes, fixes(kit, loop)) == (LoopState.CONFIRMED, (), [])
    assert person in {s.person for s in booked(kit, loop.id)["talk"].seats}
    sound(kit)


@pytest.fixture
def too_short(tmp_path: Path) -> tuple[Kit, Loop]:
    """The loop was to be over on the first of two days, and everybody is away on that one since."""
    kit = make(tmp_path)
    loop = ask(kit, "short", horizon=("2026-03-09T00:00", "2026-03-12T00:00"))
    for p in ("anna", "ben", "cleo", "dirk", "hana"):
        busy(kit, p, datetime(2026, 3, 11, 6, tzinfo=UTC), 14)
    later(kit)
    return kit, look(kit, loop.id)


def test_a_rule_that_a_repair_is_let_off_takes_a_reason_and_is_kept_with_it(
    too_short: tuple[Kit, Loop],
) -> None:
    kit, loop = too_short
    assert loop.state is LoopState.NEEDS_ATTENTION, loop.reasons
    fix = of(kit, loop, How.APPLY)
    assert [c.kind for c in fix.changes] == ["horizon"]
    with pytest.raises(BadInput, match="a rule is overridden for a reason"):
        carried(kit, loop, fix, None)
    assert look(kit, loop.id) == loop
    assert carried(kit, loop, fix).loop.state is LoopState.REPAIRING
    now = look(kit, loop.id)
    assert (now.state, now.fixes, fixes(kit, loop)) == (LoopState.CONFIRMED, (), [])
    assert {p.interview: p.span for p in fix.plan} == {
        id: i.span for id, i in booked(kit, loop.id).items()
    }, "the plan that was shown"
    with kit.app.db.read() as tx:
        (kept,) = tx.exemptions.of_loop(loop.id)
        told = {f.what: f for f in tx.facts.of(f"loop:{loop.id}")}
    assert (kept.fix, kept.reason, kept.note) == (fix.id, "agreed", "a word")
    assert told["fix_applied"].data["reason"] == "agreed"
    sound(kit)


def test_of_two_who_carry_it_out_at_once_one_does(too_short: tuple[Kit, Loop]) -> None:
    kit, loop = too_short
    fix, barrier = of(kit, loop, How.APPLY), threading.Barrier(2, timeout=30)

    def one(_: int) -> str:
        barrier.wait()
        try:
            with kit.app.db.write() as tx:
                fixing.carry_out_in(kit.app, tx, loop.id, fix.id, ROLF, "agreed")
            return "done"
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["done", "wrong_state"]
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    sound(kit)


def test_a_cause_that_goes_takes_its_fixes_along(failed: tuple[Kit, Loop]) -> None:
    """Who declined comes after all: nothing is left to be carried out."""
    kit, loop = failed
    fix = of(kit, loop, How.ASK_PEOPLE)
    talk = booked(kit, loop.id)["talk"]
    (lead,) = (s.person for s in talk.seats if s.person in ("cleo", "dirk"))
    replied(kit, talk, lead, Reply.ACCEPTED)
    now = look(kit, loop.id)
    assert (now.state, now.fixes, fixes(kit, loop)) == (LoopState.CONFIRMED, (), [])
    with pytest.raises(DomainError):
        carried(kit, loop, fix)
