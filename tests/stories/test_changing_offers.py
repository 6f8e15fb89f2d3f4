"""Plans on offer changed by hand, what is locked kept by new plans, and interviews and seats that come and go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.domain.templates import InterviewSpec, Modality, SeatKind, SeatSpec
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import choose
from scheduler.services.changing import applying, asked
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked
from scheduler.services.planning import plan as planning
from scheduler.workers.tasks import tasks
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, events, look
from tests.stories.test_changing import ORGANIZER, ROLF, applied, confirmed, sound, tried


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def offers(kit: Kit, loop: Loop) -> list[str]:
    with kit.app.db.read() as tx:
        found = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
    return [p.id for p in sorted(found, key=lambda p: p.rank)]


def test_a_plan_on_offer_is_changed_and_takes_the_place_of_the_old_one(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    was = offers(kit, loop)
    with kit.app.db.read() as tx:
        old = tx.proposals.get(was[0])
    assert old is not None
    panel = next(p for p in old.interviews if p.interview == "panel")
    move = asked.Move("panel", (panel.span.start + timedelta(minutes=60)).isoformat())
    found = tried(kit, loop, move)
    assert found.verdict == "allowed", found.refused
    done = applied(kit, loop, found, move)
    assert done.state is LoopState.PROPOSED
    now = offers(kit, loop)
    assert was[0] not in now and len(now) == len(was)
    with kit.app.db.read() as tx:
        new = tx.proposals.get(now[0])
    assert new is not None and set(new.interviews) == set(found.planned)
    assert (new.rank, new.cost) == (old.rank, old.cost + sum(found.price.values()))
    choose.choose(kit.app, new.id, ROLF)
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert booked(kit, loop.id)["panel"].span.start == panel.span.start + timedelta(minutes=60)
    sound(kit)


def booked_later(kit: Kit, undo_minutes: int) -> Loop:
    """A loop that is booked by itself unless somebody undoes it in time; no job waits."""
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.BOOK, undo_minutes=undo_minutes)
    loop = requests.ask(kit.app, request, ROLF)
    name, payload, _ = kit.jobs.waiting.pop(0)
    tasks(kit.app)[name](payload)
    kit.jobs.waiting.clear()
    return look(kit, loop.id)


def moved_panel(kit: Kit, loop: Loop, minutes: int) -> asked.Move:
    with kit.app.db.read() as tx:
        old = tx.proposals.get(offers(kit, loop)[0])
    assert old is not None
    panel = next(p for p in old.interviews if p.interview == "panel")
    return asked.Move("panel", (panel.span.start + timedelta(minutes=minutes)).isoformat())


def test_a_changed_offer_is_booked_after_the_loops_own_time_to_undo(kit: Kit) -> None:
    loop = booked_later(kit, 120)
    move = moved_panel(kit, loop, 60)
    found = tried(kit, loop, move)
    applying.apply(kit.app, loop.id, Asked((move,)), found.version, Why(), ROLF)
    assert [(name, delay) for name, _, delay in kit.jobs.waiting] == [("book", 120 * 60)]


def test_an_offer_in_which_a_wish_was_overridden_waits_for_a_person(tmp_path: Path) -> None:
    hana = "id: hana, name: Hana Maier,"
    text = COMPANY.read_text(encoding="utf-8").replace(hana, f'{hana} avoid: "mon-fri 15:00-18:00",')
    kit = make(tmp_path, text)
    loop = booked_later(kit, 0)
    move = asked.Move("panel", "2026-03-11T15:00")
    found = tried(kit, loop, move)
    assert {o.rule for o in found.overrides} == {"focus"}, (found.verdict, found.refused)
    done = applied(kit, loop, found, move, why=Why(override="agreed"))
    assert (done.state, done.mode) == (LoopState.PROPOSED, BookMode.PROPOSE)


def test_a_new_plan_keeps_what_is_locked(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        old = tx.proposals.get(offers(kit, loop)[0])
    assert old is not None
    talk = next(p for p in old.interviews if p.interview == "talk")
    later = (talk.span.start + timedelta(hours=2)).isoformat()
    changes = (asked.Move("talk", later), asked.Lock("talk", time=True, people=True))
    found = tried(kit, loop, *changes)
    assert found.verdict == "allowed", found.refused
    applied(kit, loop, found, *changes)
    with kit.app.db.read() as tx:
        kept = [tx.proposals.get(id) for id in offers(kit, loop)]
    assert [p.interviews == found.planned for p in kept if p] == [True], "the others do not keep the lock"
    planning.replan(kit.app, loop.id, actor=ROLF, cause="asked")
    kit.run()
    again = look(kit, loop.id)
    assert again.state is LoopState.PROPOSED and again.locks
    with kit.app.db.read() as tx:
        plans = [tx.proposals.get(id) for id in offers(kit, again)]
    assert plans
    for plan in plans:
        assert plan is not None
        now = next(p for p in plan.interviews if p.interview == "talk")
        assert (now.span.start.isoformat(), now.people) == (later, talk.people)


def test_a_lock_that_time_has_passed_is_told(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    lock = asked.Lock("talk", time=True)
    applied(kit, loop, tried(kit, loop, lock), lock)
    kit.clock.forward(days=2, hours=7)
    planning.replan(kit.app, loop.id, actor=ROLF, cause="asked")
    kit.run()
    found = look(kit, loop.id)
    assert found.state is LoopState.INFEASIBLE
    assert [r.kind for r in found.reasons] == ["locked"] or "availability" in {r.kind for r in found.reasons}


def test_what_is_neither_on_offer_nor_booked_is_not_changed_by_hand(kit: Kit) -> None:
    loop = ask(kit, "short", windows=())
    with pytest.raises(WrongState):
        tried(kit, loop, asked.Remove("talk"))


# -- interviews and seats ---------------------------------------------------------------------------


def test_an_interview_is_taken_out_and_another_one_added(kit: Kit) -> None:
    loop = confirmed(kit)
    spec = InterviewSpec(
        "values", "Values", 30, modality=Modality.VIDEO, seats=(SeatSpec(pools=("engineers",)),)
    )
    changes = (asked.Remove("lunch"), asked.Add(spec))
    found = tried(kit, loop, *changes)
    assert found.verdict == "allowed", found.refused
    assert {(s.interview, s.what) for s in found.steps} >= {("lunch", "removed"), ("values", "added")}
    done = applied(kit, loop, found, *changes)
    assert done.state is LoopState.CONFIRMED
    after = booked(kit, loop.id)
    assert "lunch" not in after and after["values"].span.minutes == 30
    assert not [e for e in events(kit, ORGANIZER) if str(e["SUMMARY"]).startswith("Team lunch")]
    sound(kit)


def test_a_seat_is_added_for_somebody_and_taken_out_again(kit: Kit) -> None:
    loop = confirmed(kit, "short")
    add = asked.AddSeat("panel", SeatSpec(SeatKind.CO_INTERVIEWER, person="dirk"))
    found = tried(kit, loop, add)
    assert found.verdict == "allowed", found.refused
    loop = applied(kit, loop, found, add)
    before = booked(kit, loop.id)["panel"]
    assert "dirk" in {s.person for s in before.seats}
    kit.clock.forward(minutes=1)
    out = asked.RemoveSeat("panel", 0)
    found = tried(kit, loop, out)
    assert found.verdict == "allowed", found.refused
    applied(kit, loop, found, out)
    after = booked(kit, loop.id)["panel"]
    gone = next(s.person for s in before.seats if s.number == 0)
    assert {s.person for s in after.seats} == {s.person for s in before.seats} - {gone}
    assert after.span == before.span
    sound(kit)
