"""What is decided on is what stands when it is written, not what stood when somebody looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from connectors.types import Reply
from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.afterwards import repair
from scheduler.services.asking import requests
from scheduler.services.booking import cancel, choose, reconcile
from scheduler.services.planning import plan as planning
from solver.problem.plan import Plan
from solver.problem.values import Problem
from solver.questions.repair import Repair
from tests.scheduler.kit import InProcess, Kit, make
from tests.scheduler.services.between import before_the_next_write
from tests.stories.kit import ask, booked, look, replied


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_two_changes_at_once_both_count(kit: Kit) -> None:
    loop = ask(kit, "onsite", BookMode.PROPOSE)

    def other() -> None:
        requests.change(kit.app, loop.id, "person:hana", leave_out=["lunch"])
        kit.run()

    slow = before_the_next_write(kit.app, other)
    requests.change(slow, loop.id, "person:rolf", leave_out=["manager"])
    assert {i.id for i in look(kit, loop.id).template.interviews} == {"tech", "deep"}


def test_a_change_of_a_loop_that_was_booked_meanwhile_is_refused(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        offer = tx.proposals.of_loop(loop.id)[0]

    def other() -> None:
        choose.choose(kit.app, offer.id, "person:hana")
        kit.run()

    slow = before_the_next_write(kit.app, other)
    with pytest.raises(WrongState, match="only a loop without bookings"):
        requests.change(slow, loop.id, "person:rolf", offered=[("2026-03-12T09:00", "2026-03-12T17:00")])
    found = look(kit, loop.id)
    assert found.state is LoopState.CONFIRMED and found.windows == loop.windows


def test_a_loop_nobody_knows_is_missing(kit: Kit) -> None:
    with pytest.raises(Missing):
        requests.change(kit.app, "lp_0", "person:rolf")
    with pytest.raises(Missing):
        planning.replan(kit.app, "lp_0", actor="person:rolf", cause="asked")


def declined(kit: Kit, loop: str, spec: str) -> tuple[str, Span]:
    """Somebody whose seat is required declines while the loop waits for its repair: who, and when."""
    interview = booked(kit, loop)[spec]
    person = next(s.person for s in interview.seats if s.required)
    with kit.app.db.write() as tx:
        tx.loops.move(
            loop, LoopState.REPAIRING, expect={LoopState.CONFIRMED}, actor="t", cause="t", at=kit.clock()
        )
    replied(kit, interview, person, Reply.DECLINED)
    return person, interview.span


@pytest.mark.parametrize("spec", ["tech", "manager"])
def test_a_repair_of_a_loop_cancelled_meanwhile_changes_nothing(kit: Kit, spec: str) -> None:
    """Whether somebody could take over (``tech``) or a human would have been asked (``manager``)."""
    loop = ask(kit, "onsite")
    declined(kit, loop.id, spec)
    repair.repair(
        before_the_next_write(kit.app, lambda: cancel.cancel(kit.app, loop.id, "person:rolf")), loop.id
    )
    kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED


@dataclass(frozen=True)
class Slow(InProcess):
    """A solver during whose repair something happens."""

    event: Callable[[Repair], None] = lambda _: None

    def repair(self, problem: Problem, plan: Plan, declined: Sequence[tuple[str, str]]) -> Repair:
        found = super().repair(problem, plan, declined)
        self.event(found)
        return found


def test_a_repair_that_is_tried_again_keeps_what_was_noted_meanwhile(kit: Kit) -> None:
    loop = ask(kit)
    lead, span = declined(kit, loop.id, "deep")
    other = {"anna": "ben", "ben": "anna"}[lead]
    lost = (Subject.room("elm"), span)

    def meanwhile(_: Repair) -> None:
        add_entries(kit.folder, f"{other}@testwerk.example", [Entry("Just now", span.start, span.end)])
        with kit.app.db.write() as tx:
            tx.loops.change(loop.id, "t", "t", kit.clock(), "room_lost", blocked=(lost,))

    repair.repair(replace(kit.app, solver=Slow(event=meanwhile)), loop.id)
    assert set(look(kit, loop.id).blocked) == {lost, (Subject.person(other), span)}


def test_a_loop_moved_to_a_later_day_is_not_completed(kit: Kit) -> None:
    loop = ask(kit, "short")
    last = max(i.span.end for i in booked(kit, loop.id).values())
    kit.clock.now = last
    kit.clock.forward(minutes=1)

    def other() -> None:
        with kit.app.db.write() as tx:
            for interview in tx.interviews.of_loop(loop.id):
                day = timedelta(days=1)
                later = Span(interview.span.start + day, interview.span.end + day)
                tx.interviews.update(interview.id, span=later)

    reconcile.complete(before_the_next_write(kit.app, other))
    assert look(kit, loop.id).state is LoopState.CONFIRMED
