"""What busy means, in one place: the same for the plan, the look before the booking, and the watch after it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.local.folder import Entry, Show, add_entries
from connectors.types import Verdict
from scheduler.domain.errors import Taken
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.policy import Policy
from scheduler.domain.subjects import Subject
from scheduler.services.booking import choose
from scheduler.services.planning.meaning import Claim, Meaning, meaning
from tests.house.tree import python_files, where
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask, look

ALLOWS = replace(Policy(), allow_focus=True)
HARD, SOFT = Meaning.HARD, Meaning.SOFT


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("mode", BookMode)
def test_a_room_holds_one_meeting(verdict: Verdict, mode: BookMode) -> None:
    assert meaning(verdict, mode, ALLOWS, Claim.ROOM) is HARD


@pytest.mark.parametrize("verdict", [Verdict.BUSY, Verdict.OUT_OF_OFFICE])
@pytest.mark.parametrize("mode", BookMode)
@pytest.mark.parametrize("claim", Claim)
def test_what_is_certain_is_hard_for_everybody(verdict: Verdict, mode: BookMode, claim: Claim) -> None:
    assert meaning(verdict, mode, ALLOWS, claim) is HARD


@pytest.mark.parametrize("verdict", [Verdict.TENTATIVE, Verdict.FOCUS, Verdict.UNANSWERED])
def test_where_nobody_watches_every_doubt_is_busy(verdict: Verdict) -> None:
    for mode in set(BookMode) - {BookMode.PROPOSE}:
        assert meaning(verdict, mode, ALLOWS, Claim.WANTED) is HARD


def test_where_somebody_watches_doubt_has_a_price() -> None:
    assert meaning(Verdict.TENTATIVE, BookMode.PROPOSE, Policy(), Claim.WANTED) is SOFT
    assert meaning(Verdict.FOCUS, BookMode.PROPOSE, Policy(), Claim.WANTED) is HARD
    assert meaning(Verdict.FOCUS, BookMode.PROPOSE, ALLOWS, Claim.WANTED) is SOFT
    assert meaning(Verdict.UNANSWERED, BookMode.PROPOSE, ALLOWS, Claim.WANTED) is HARD


@pytest.mark.parametrize("mode", BookMode)
def test_who_is_booked_is_not_driven_out_by_a_doubt(mode: BookMode) -> None:
    for verdict in (Verdict.TENTATIVE, Verdict.FOCUS):
        assert meaning(verdict, mode, Policy(), Claim.BOOKED) is SOFT
        assert meaning(verdict, mode, Policy(), Claim.ACCEPTED) is SOFT
    assert meaning(Verdict.UNANSWERED, mode, Policy(), Claim.BOOKED) is HARD
    assert meaning(Verdict.UNANSWERED, mode, Policy(), Claim.ACCEPTED) is SOFT


def _comes_between(kit: Kit, show: Show, mode: BookMode) -> LoopState:
    """An entry comes into an interviewer's calendar after the plan was made, then the plan is chosen."""
    loop = ask(kit, mode=BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        proposal = next(p for p in tx.proposals.of_loop(loop.id))
        tx.loops.change(loop.id, "test", "mode", kit.clock(), "mode", mode=mode)
    first = proposal.interviews[0]
    person = next(p for seat in first.people for p in seat)
    address = next(p.account.address for p in kit.company.people if p.id == person)
    add_entries(kit.folder, address, [Entry("Later", first.span.start, first.span.end, show=show)])
    kit.clock.forward(minutes=1)
    try:
        choose.choose(kit.app, proposal.id, "policy:book" if mode is BookMode.BOOK else "person:rolf")
    except Taken as taken:
        assert taken.subjects == (Subject.person(person),)
    return look(kit, loop.id).state


@pytest.mark.parametrize("show", [Show.TENTATIVE, Show.FOCUS, Show.BUSY])
def test_in_mode_book_a_doubt_that_comes_before_the_booking_is_not_booked_over(
    tmp_path: Path, show: Show
) -> None:
    assert _comes_between(make(tmp_path), show, BookMode.BOOK) is LoopState.PLANNING


@pytest.mark.parametrize(
    ("show", "state"),
    [(Show.TENTATIVE, LoopState.HELD), (Show.FOCUS, LoopState.PLANNING), (Show.BUSY, LoopState.PLANNING)],
)
def test_in_mode_propose_it_is_what_it_was_for_the_plan(tmp_path: Path, show: Show, state: LoopState) -> None:
    assert _comes_between(make(tmp_path), show, BookMode.PROPOSE) is state


def test_nobody_else_decides_what_a_verdict_means() -> None:
    """`availability` only asks for *out of office*, which is never an event of ours."""
    asks = {
        (where(path), node.attr)
        for path, tree in python_files("scheduler")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Verdict"
        if "planning/meaning.py" not in where(path) and node.attr in Verdict.__members__
    }
    assert asks == {
        ("scheduler/services/planning/availability.py", "OUT_OF_OFFICE"),
        ("scheduler/services/planning/diaries.py", "FOCUS"),
    }
