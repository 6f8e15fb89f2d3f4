"""A change by hand that is refused carries what would help: shown by a plan, carried out by its version, or refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput, Overtaken, WrongState
from scheduler.domain.fixes.fix import Fix, FixState, How
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.asking import fixing
from scheduler.services.changing import applying, asked, ground
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Change
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.fixes import granted
from scheduler.services.changing.fixes.found import Help
from scheduler.services.changing.posing import Posed, pose
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, booked, look
from tests.stories.test_changing import ROLF, confirmed, everything, later, sound, tried

URGENT = Why(None, "urgent", "agreed with Hana")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def busy_afternoon(kit: Kit, loop: Loop) -> asked.Move:
    """Hana is busy when the manager's interview is to be an hour later."""
    start = booked(kit, loop.id)["manager"].span.start + timedelta(hours=1)
    occupy(kit, "hana@testwerk.example", start.isoformat(), (start + timedelta(hours=2)).isoformat())
    return asked.Move("manager", start.isoformat())


def helped(kit: Kit, loop: Loop, how: How, *changes: Change) -> Help:
    found = tried(kit, loop, *changes)
    assert found.verdict == "refused" and not found.helps.cut
    efforts = [one.fix.effort for one in found.helps.found]
    assert efforts == sorted(efforts)
    return next(one for one in found.helps.found if one.fix.how is how)


def carried(
    kit: Kit, loop: Loop, one: Help, *changes: Change, why: Why = URGENT, id: str = ""
) -> fixing.Done:
    done = granted.carry_out(kit.app, loop.id, id or one.fix.id, Asked(changes), one.version, why, ROLF)
    kit.run()
    return done


def planned(kit: Kit, loop: Loop) -> dict[str, object]:
    return {id: (i.span, i.room) for id, i in booked(kit, loop.id).items()}


def test_a_refused_try_leaves_no_trace_and_shows_each_fix_by_a_plan(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)
    then = everything(kit)
    found = tried(kit, loop, move)
    assert everything(kit) == then
    assert {one.fix.how for one in found.helps.found} == {How.APPLY, How.ASK_PEOPLE, How.BY_HAND}
    assert all({p.interview for p in one.fix.plan} == set(booked(kit, loop.id)) for one in found.helps.found)


def test_another_start_is_done_as_it_was_shown(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)
    one = helped(kit, loop, How.APPLY, move)
    assert one.fix.text.startswith("It would fit at another time: Manager Wednesday 11 March 13:15")
    done = carried(kit, loop, one, move, why=Why())
    assert (done.applied, done.mails) == (True, 0)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert planned(kit, loop) == {p.interview: (p.span, p.room) for p in one.fix.plan}
    with kit.app.db.read() as tx:
        assert tx.exemptions.of_loop(loop.id) == (), "nothing was let off"
    sound(kit)


BEFORE = (asked.Move("tech", "2026-03-11T13:00"), asked.Move("manager", "2026-03-11T09:00"))
"""The manager's interview before the one that it has to come after."""


def test_a_rule_that_the_loop_is_let_off_takes_a_reason_and_is_kept_with_it(kit: Kit) -> None:
    loop = confirmed(kit)
    one = helped(kit, loop, How.APPLY, *BEFORE)
    assert {c.kind for c in one.fix.changes} == {"order"} and one.fix.people == ()
    with pytest.raises(BadInput) as refused:
        carried(kit, loop, one, *BEFORE, why=Why())
    assert refused.value.field == "reason" and "for a reason" in refused.value.fault
    done = carried(kit, loop, one, *BEFORE)
    assert done.applied and look(kit, loop.id).state is LoopState.CONFIRMED
    assert planned(kit, loop) == {p.interview: (p.span, p.room) for p in one.fix.plan}
    with kit.app.db.read() as tx:
        kept = tx.exemptions.of_loop(loop.id)
        base = ground.read(tx, loop.id, kit.clock())
    assert {(k.actor, k.reason, k.note) for k in kept} == {(ROLF, "urgent", "agreed with Hana")}
    posed = pose(kit.app, draft(base, ()))
    assert isinstance(posed, Posed) and posed.broken(posed.before) == ()
    sound(kit)


def test_who_is_needed_is_asked_and_after_a_yes_the_change_is_allowed_where_the_calendar_agrees(
    kit: Kit,
) -> None:
    loop = confirmed(kit)
    early = asked.Windows((("2026-03-11T07:00", "2026-03-11T17:00"),), "Europe/Berlin")
    move = asked.Move("tech", "2026-03-11T07:30")
    one = helped(kit, loop, How.ASK_PEOPLE, early, move)
    before = planned(kit, loop)
    done = carried(kit, loop, one, early, move)
    assert not done.applied and done.mails == len(one.fix.people) > 0
    assert planned(kit, loop) == before and look(kit, loop.id).state is LoopState.CONFIRMED
    with kit.app.db.read() as tx:
        assert [fix.state for fix in fixing.of_loop(tx, loop.id)] == [FixState.ASKED]
    with pytest.raises(WrongState) as again:
        carried(kit, loop, one, early, move)
    assert "they were asked at" in again.value.text
    with kit.app.db.write() as tx:
        yes = fixing.answer_in(kit.app, tx, loop.id, one.fix.id, ROLF, agreed=True)
    assert yes.applied and planned(kit, loop) == before
    allowed = tried(kit, look(kit, loop.id), early, move)
    assert allowed.verdict == "allowed", allowed.refused
    with kit.app.db.read() as tx:
        assert fixing.of_loop(tx, loop.id) == []


def test_the_candidate_is_asked_for_a_time_and_what_they_agree_to_is_offered(kit: Kit) -> None:
    loop = confirmed(kit)
    short = asked.Windows((("2026-03-11T13:00", "2026-03-11T17:00"),), "Europe/Berlin")
    one = helped(kit, loop, How.ASK_CANDIDATE, short)
    done = carried(kit, loop, one, short)
    assert (done.applied, done.mails) == (False, 1)
    with kit.app.db.write() as tx:
        no = fixing.answer_in(kit.app, tx, loop.id, one.fix.id, ROLF, agreed=False)
    assert no.fix.state is FixState.REFUSED
    with pytest.raises(WrongState):
        carried(kit, loop, one, short)


def test_what_people_have_to_do_is_said(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)
    one = helped(kit, loop, How.BY_HAND, move)
    with pytest.raises(WrongState) as refused:
        carried(kit, loop, one, move)
    assert "name more people for the step" in refused.value.text


def test_who_comes_second_is_told_what_has_changed(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)
    one, people = helped(kit, loop, How.APPLY, move), helped(kit, loop, How.ASK_PEOPLE, move)
    other = asked.Lock("tech", time=True)
    version = tried(kit, loop, other).version
    kit.clock.forward(minutes=1)
    applying.apply(kit.app, loop.id, Asked((other,)), version, Why(), "person:hana")
    then = everything(kit)
    for late in (one, people):
        with pytest.raises(Overtaken) as told:
            carried(kit, loop, late, move)
        assert "by person:hana at " in told.value.text
    assert everything(kit) == then


def test_a_version_is_of_its_fix_and_its_changes_and_of_this_deployment(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)
    one = helped(kit, loop, How.APPLY, move)
    for bad in (
        lambda: carried(kit, loop, one, move, id="fx_other"),
        lambda: carried(kit, loop, one, asked.Move("manager", later(booked(kit, loop.id)["manager"], 15))),
        lambda: carried(kit, loop, Help(one.fix, one.version[:-9] + "AAAAAAA=="), move),
        lambda: carried(kit, loop, Help(one.fix, ""), move),
    ):
        with pytest.raises(BadInput) as refused:
            bad()
        assert refused.value.field == "version" and refused.value.fix


def test_a_horizon_that_was_too_short_is_made_longer(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    short = asked.Horizon("2026-03-09T09:00", "2026-03-10T09:00", "Europe/Berlin")
    one = helped(kit, loop, How.APPLY, short)
    assert [c.kind for c in one.fix.changes] == ["horizon"]
    done = carried(kit, loop, one, short)
    assert done.loop.horizon.end == max(w.end for w in loop.windows)
    with kit.app.db.read() as tx:
        offered = [p for p in tx.proposals.of_loop(loop.id) if p.state.value == "offered"]
    assert [p.interviews for p in offered] == [one.fix.plan]


def test_a_fix_is_the_same_whenever_it_is_found(kit: Kit) -> None:
    loop = confirmed(kit)
    move = busy_afternoon(kit, loop)

    def ids() -> list[tuple[str, str]]:
        found = tried(kit, loop, move).helps.found
        fixes: list[Fix] = [one.fix for one in found]
        return [(fix.id, fix.text) for fix in fixes]

    assert ids() == ids()
