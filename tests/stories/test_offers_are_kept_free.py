"""A plan that waits for somebody's yes is kept free: others are planned around it, at a price."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from scheduler.domain.errors import Taken
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services.booking import choose
from scheduler.services.planning import plan as planning
from scheduler.services.planning.together import offers as together
from scheduler.services.planning.together.waiting import plan
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import DAYS, look
from tests.stories.test_together import states, want

PROPOSE, BOOK = BookMode.PROPOSE, BookMode.BOOK
WEDNESDAY = DAYS[:1]
NARROW = (("2026-03-11T09:00", "2026-03-11T11:00"),)
"""Room for one panel with Hana."""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def offered(kit: Kit, loop: str) -> list[Proposal]:
    with kit.app.db.read() as tx:
        return [p for p in tx.proposals.of_loop(loop) if p.state is ProposalState.OFFERED]


def yes(kit: Kit, loop: str) -> None:
    choose.choose(kit.app, offered(kit, loop)[0].id, "person:rolf")
    kit.run()


def test_a_day_of_candidates_is_approved_one_after_the_other_without_a_no(kit: Kit) -> None:
    """Asked for one by one, as far apart as people ask; each best plan stays what it was."""
    loops = []
    for n in range(3):
        loops.append(want(kit, n, PROPOSE, WEDNESDAY).id)
        kit.run()
    before = [offered(kit, loop)[0].id for loop in loops]
    for loop in reversed(loops):
        yes(kit, loop)
    assert states(kit) == {"confirmed": 3}
    assert [look(kit, loop).chosen for loop in loops] == before


def test_without_it_the_second_yes_comes_too_late(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown above is shown by this guard alone."""
    monkeypatch.setattr(together, "standing", lambda *_: [])
    loops = []
    for n in range(2):
        loops.append(want(kit, n, PROPOSE, WEDNESDAY).id)
        kit.run()
    yes(kit, loops[0])
    with pytest.raises(Taken):
        yes(kit, loops[1])


def test_it_ends_by_the_clock(tmp_path: Path) -> None:
    kit = make(tmp_path, COMPANY.read_text().replace("undo_minutes: 0", "undo_minutes: 0\n  offer_hours: 2"))
    first = want(kit, 1, PROPOSE, NARROW).id
    kit.run()
    kit.clock.forward(hours=1)
    second = want(kit, 2, BOOK, NARROW).id
    kit.run()
    assert look(kit, second).state is LoopState.PROPOSED, "it is still kept free"
    kit.clock.forward(hours=2)
    third = want(kit, 3, BOOK, NARROW).id
    kit.run()
    assert look(kit, third).state is LoopState.CONFIRMED
    assert offered(kit, first), "nobody took the offer back; who says yes now may be told that it is gone"


def test_it_never_makes_another_loop_impossible(kit: Kit) -> None:
    """Both are offered the only hours there are, and whoever says yes first gets them."""
    loops = []
    for n in range(2):
        loops.append(want(kit, n, PROPOSE, NARROW).id)
        kit.run()
    assert [look(kit, loop).state for loop in loops] == [LoopState.PROPOSED] * 2
    assert [r.kind for r in look(kit, loops[1]).reasons] == ["on_offer"]
    assert offered(kit, loops[1])[0].price["tentative"] > 0, "at a price"
    yes(kit, loops[1])
    with pytest.raises(Taken):
        yes(kit, loops[0])
    kit.run()
    assert states(kit) == {"confirmed": 1, "infeasible": 1}


def test_policy_books_nothing_over_what_a_person_was_offered(kit: Kit) -> None:
    first = want(kit, 1, PROPOSE, NARROW).id
    kit.run()
    second = want(kit, 2, BOOK, NARROW).id
    kit.run()
    asked = look(kit, second)
    assert (asked.state, asked.mode) == (LoopState.PROPOSED, PROPOSE), "now a person says who gets it"
    assert [r.kind for r in asked.reasons] == ["on_offer"]
    yes(kit, first)
    assert look(kit, first).state is LoopState.CONFIRMED


def test_what_policy_will_book_is_as_good_as_taken(tmp_path: Path) -> None:
    """Somebody may still undo it; until then nobody is offered the same hours."""
    kit = make(tmp_path, COMPANY.read_text().replace("undo_minutes: 0", "undo_minutes: 10"))
    loops = [want(kit, n, BOOK, NARROW).id for n in range(2)]
    kit.jobs.waiting = [job for job in kit.jobs.waiting if job[0] == "plan"]
    for _, payload, _ in list(kit.jobs.waiting):
        plan(kit.app, payload["loop"])
    assert {look(kit, loop).state for loop in loops} == {LoopState.PROPOSED, LoopState.INFEASIBLE}


def test_it_ends_where_the_loop_is_planned_anew_or_chosen(kit: Kit) -> None:
    first = want(kit, 1, PROPOSE, WEDNESDAY).id
    kit.run()
    with kit.app.db.read() as tx:
        there = together.standing(tx, kit.clock(), tx.company.policy())
        assert {o.loop.id for o in there} == {first}
    yes(kit, first)
    second = want(kit, 2, PROPOSE, WEDNESDAY).id
    kit.run()
    planning.replan(kit.app, second, actor="person:rolf", cause="asked")
    with kit.app.db.read() as tx:
        assert together.standing(tx, kit.clock(), tx.company.policy()) == []


def test_further_plans_cost_a_price_and_the_first_is_kept(kit: Kit) -> None:
    """Three plans of one loop would fill the day: only the best is like a booking to others."""
    first = want(kit, 1, PROPOSE, WEDNESDAY).id
    kit.run()
    assert len(offered(kit, first)) == 3
    others = [want(kit, n, PROPOSE, WEDNESDAY).id for n in (2, 3)]
    kit.run()
    assert all(look(kit, loop).reasons == () for loop in others)
    for loop in (*others, first):
        yes(kit, loop)
    assert states(kit) == {"confirmed": 3}


def test_what_is_on_offer_is_read_at_once_however_many_loops_offer_it(kit: Kit) -> None:
    for n in range(3):
        want(kit, n, PROPOSE, WEDNESDAY)
        kit.run()
    asked: list[str] = []
    event.listen(kit.app.db.engine, "before_cursor_execute", lambda _c, _u, text, *_: asked.append(text))
    with kit.app.db.read() as tx:
        policy = tx.company.policy()
        asked.clear()
        there = together.standing(tx, kit.clock(), policy)
        assert len(asked) == 2
        assert len({o.loop.id for o in there}) == 3
        for one in there:
            assert one.loop == tx.loops.get(one.loop.id)
            its, plan = tx.applications.get(one.loop.application), tx.proposals.get(one.id)
            assert one == together.offer(plan.id, one.loop, plan.rank, its, plan.interviews)
