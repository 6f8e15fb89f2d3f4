"""What a candidate's page is made of: plans that differ in time, people by name, and where it stands."""

from __future__ import annotations

from scheduler.domain.guests.links import CANDIDATE, Purpose
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services import opening
from scheduler.services.booking import cancel
from scheduler.services.links.candidate import Stage, Standing, standing
from tests.scheduler.kit import Kit
from tests.stories.kit import ask, look


def stands(kit: Kit, loop_id: str, purpose: Purpose = Purpose.CHOOSE) -> Standing:
    with kit.app.db.write() as tx:
        _, path = opening.make(kit.app, tx, purpose, "person:rolf", loop=loop_id)
        link = opening.opened(kit.app, tx, path.rpartition("/")[2], CANDIDATE)
        assert link is not None
        found = standing(tx, link)
    assert found is not None
    return found


def test_without_windows_the_times_are_waited_for(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, ())
    found = stands(kit, loop.id)
    assert (found.stage, found.may_give_times) == (Stage.TIMES, True)
    assert found.contact is not None and found.contact.id == "rolf"
    assert found.company == "Testwerk"


def test_plans_that_look_alike_to_the_candidate_are_one(kit: Kit) -> None:
    loop = ask(kit, "onsite", BookMode.PROPOSE)
    found = stands(kit, loop.id)
    assert len({c.starts for c in found.choices}) == len(found.choices) >= 2
    first = found.choices[0]
    assert [m.id for m in first.meetings] == ["tech", "deep", "lunch", "manager"]
    tech = first.meetings[0]
    assert tech.zone == "Europe/Berlin" and tech.place
    assert tech.people and tech.observers and set(tech.observers).isdisjoint(n for n, _ in tech.people)


def test_what_is_booked_and_what_is_over(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    found = stands(kit, loop.id)
    assert (found.stage, found.may_give_times) == (Stage.BOOKED, False)
    assert [m.id for m in found.meetings] == ["tech", "deep", "lunch", "manager"]
    with kit.app.db.write() as tx:
        claimed = tx.loops.claim(loop.id)
        assert claimed is not None
        cancel.cancel_in(kit.app, tx, claimed, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED
    found = stands(kit, loop.id)
    assert (found.stage, found.meetings) == (Stage.CANCELLED, ())
