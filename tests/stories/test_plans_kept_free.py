"""A plan is kept free by hand: others are planned around it until its time ends, or until it is let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import BookMode
from scheduler.domain.proposals import Proposal
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.asking import keep
from scheduler.services.booking import choose
from scheduler.services.planning.together import offers
from tests.scheduler.kit import Kit, make
from tests.stories.test_offers_are_kept_free import offered
from tests.stories.test_together import want

PROPOSE = BookMode.PROPOSE
LATER = (("2026-03-16T09:00", "2026-03-16T17:00"),)
ROLF = "person:rolf"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def standing(kit: Kit) -> dict[str, bool]:
    """What takes time by being on offer, and whether like a booking."""
    with kit.app.db.read() as tx:
        found = offers.standing(tx, kit.clock(), tx.company.policy())
    return {one.id: one.leads for one in found}


def kept(kit: Kit, loop: str, plan: str) -> Proposal:
    with kit.app.db.write() as tx:
        return keep.keep(kit.app, tx, loop, plan, ROLF)


def facts(kit: Kit, loop: str) -> list[Fact]:
    with kit.app.db.read() as tx:
        return [f for f in tx.facts.of(f"loop:{loop}") if f.what in (keep.KEPT, keep.LET_GO)]


def times(plan: Proposal) -> list[tuple[Subject, Span]]:
    return [(Subject.person(p), i.span) for i in plan.interviews for seat in i.people for p in seat]


def test_a_further_plan_is_kept_like_a_booking_until_it_is_let_go(kit: Kit) -> None:
    loop = want(kit, 0, PROPOSE, LATER).id
    kit.run()
    first, second = offered(kit, loop)[:2]
    assert standing(kit)[first.id] and not standing(kit)[second.id]
    until = kept(kit, loop, second.id).kept_until
    assert until == kit.clock() + timedelta(hours=48) and standing(kit)[second.id]
    other = want(kit, 1, PROPOSE, LATER).id
    kit.run()
    mine = [*times(first), *times(second)]
    for who, span in times(offered(kit, other)[0]):
        assert not any(one == who and span.overlaps(there) for one, there in mine), who
    with kit.app.db.write() as tx:
        assert keep.let_go(kit.app, tx, loop, second.id, ROLF).kept_until is None
        keep.let_go(kit.app, tx, loop, second.id, ROLF)
    assert not standing(kit)[second.id]
    assert [(f.what, f.data["proposal"]) for f in facts(kit, loop)] == [
        (keep.KEPT, second.id),
        (keep.LET_GO, second.id),
    ]


def test_it_outlasts_the_offer_and_ends_by_the_clock(kit: Kit) -> None:
    loop = want(kit, 0, PROPOSE, LATER).id
    kit.run()
    (plan, *_) = offered(kit, loop)
    kit.clock.forward(hours=47)
    until = kept(kit, loop, plan.id).kept_until
    assert until is not None
    kit.clock.forward(hours=20)
    assert list(standing(kit)) == [plan.id]
    kit.clock.forward(hours=28)
    assert kit.clock() == until and standing(kit) == {}


def test_nothing_is_kept_beyond_its_first_interview(kit: Kit) -> None:
    loop = want(kit, 0, PROPOSE, (("2026-03-10T09:00", "2026-03-10T17:00"),)).id
    kit.run()
    plan = offered(kit, loop)[0]
    begins: datetime = min(i.span.start for i in plan.interviews)
    assert kept(kit, loop, plan.id).kept_until == begins


def test_only_what_waits_for_a_yes_is_kept(kit: Kit) -> None:
    loop = want(kit, 0, PROPOSE, LATER).id
    kit.run()
    plans = offered(kit, loop)
    choose.choose(kit.app, plans[0].id, ROLF)
    kit.run()
    with pytest.raises(WrongState):
        kept(kit, loop, plans[1].id)
    with pytest.raises(Missing):
        kept(kit, "lp_none", plans[1].id)
    with pytest.raises(Missing):
        kept(kit, loop, "pr_none")
    assert standing(kit) == {}
