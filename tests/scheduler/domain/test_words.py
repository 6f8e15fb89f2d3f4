"""What the small values of the domain promise by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing, Taken, WrongState
from scheduler.domain.facts import Fact, chained
from scheduler.domain.loops import ENDED, MOVES, LoopState
from scheduler.domain.people import Pool, Standing
from scheduler.domain.policy import Policy, StageRule
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind, InterviewSpec, LoopTemplate, Modality, SeatSpec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FACT = Fact(NOW, "person:anna", "loop_moved", "loop:1", "held", "booking", "p-1", {"n": 1, "names": ["a"]})


def test_every_state_says_where_it_leads_and_ended_ones_lead_nowhere() -> None:
    assert MOVES.keys() == set(LoopState)
    assert {state for state, to in MOVES.items() if not to} == ENDED
    reached = {LoopState.DRAFT}
    while fresh := {to for state in reached for to in MOVES[state]} - reached:
        reached |= fresh
    assert reached == set(LoopState)


@pytest.mark.parametrize("state", sorted(set(LoopState) - ENDED - {LoopState.DRAFT}))
def test_from_every_open_state_a_loop_can_be_cancelled(state: LoopState) -> None:
    """A draft leaves that state in the transaction that makes it."""
    assert MOVES[state] & {LoopState.CANCELLED, LoopState.CANCELLING}


def test_whatever_does_not_wait_for_a_human_yet_can_be_handed_to_one() -> None:
    waiting = {LoopState.AWAITING_CANDIDATE, LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION}
    assert {s for s, to in MOVES.items() if LoopState.NEEDS_ATTENTION in to} == set(
        LoopState
    ) - waiting - ENDED


def test_a_booking_confirms_and_what_needed_attention_may_be_whole_again() -> None:
    whole = [LoopState.BOOKING, LoopState.NEEDS_ATTENTION]
    assert [s for s, to in MOVES.items() if LoopState.CONFIRMED in to] == whole


def test_a_hash_depends_on_the_one_before_and_on_every_word() -> None:
    seen = {chained("", FACT), chained("x", FACT)}
    for name, other in {
        "at": NOW + timedelta(microseconds=1),
        "actor": "system",
        "what": "loop_changed",
        "subject": "loop:2",
        "before": "",
        "after": "",
        "cause": "",
        "data": {"n": 1, "names": ["b"]},
    }.items():
        values = {field: getattr(FACT, field) for field in Fact.__dataclass_fields__}
        seen.add(chained("", Fact(**{**values, name: other})))
    assert len(seen) == 10


def test_a_hash_does_not_depend_on_the_order_of_keys_nor_on_seq() -> None:
    values = {field: getattr(FACT, field) for field in Fact.__dataclass_fields__}
    turned = Fact(**{**values, "data": {"names": ["a"], "n": 1}, "seq": 7, "hash": "f"})
    assert chained("", turned) == chained("", FACT)


def test_words_cannot_be_moved_between_fields_under_the_same_hash() -> None:
    one = Fact(NOW, "a", "b", "c", "d", "e")
    other = Fact(NOW, "a", "b", "cd", "", "e")
    assert chained("", one) != chained("", other)


def test_a_rule_for_the_job_comes_before_one_for_every_job() -> None:
    for_all, for_job = StageRule("onsite", "general"), StageRule("onsite", "special", job="j-1")
    for stages in ((for_all, for_job), (for_job, for_all)):
        policy = Policy(stages=stages)
        assert policy.rule_for("j-1", "onsite") is for_job
        assert policy.rule_for("j-2", "onsite") is for_all
        assert policy.rule_for("j-1", "phone") is None


def test_a_pool_names_its_people_by_standing() -> None:
    pool = Pool("p", "P", {"cleo": Standing.QUALIFIED, "anna": Standing.QUALIFIED, "bob": Standing.TRAINEE})
    assert pool.of(Standing.QUALIFIED) == ["anna", "cleo"]
    assert pool.of(Standing.TRAINEE, Standing.QUALIFIED) == ["anna", "bob", "cleo"]
    assert pool.of() == []


def test_an_open_step_is_reported_with_what_it_lacks() -> None:
    someone = (SeatSpec(person="anna"),)
    steps = (
        InterviewSpec("a", "Phone", 30, seats=someone),
        InterviewSpec("b", "Questions", None, open=True),
        InterviewSpec("c", "Talk", None, seats=someone),
        InterviewSpec("d", "Exercise", None, InterviewKind.TAKE_HOME),
        InterviewSpec("e", "Exercise 2", None, InterviewKind.TAKE_HOME, due_days=3),
    )
    assert LoopTemplate("t", "T", steps).incomplete == [
        "the step 'Questions' has no duration and no people",
        "the step 'Talk' has no duration",
        "the step 'Exercise' has no due date",
    ]


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (InterviewSpec("a", "A", 30), True),
        (InterviewSpec("a", "A", 30, modality=Modality.VIDEO), False),
        (InterviewSpec("a", "A", 30, modality=Modality.VIDEO, room=True), True),
        (InterviewSpec("a", "A", 30, room=False), False),
        (InterviewSpec("a", "A", 30, InterviewKind.LUNCH), False),
    ],
)
def test_a_room_follows_the_modality_unless_said(step: InterviewSpec, needed: bool) -> None:
    assert step.needs_room is needed


def test_every_error_is_one_line_with_what_to_do() -> None:
    faults = [BadInput("a.b", "is odd", "make it even"), BadInput("c", "is missing")]
    assert [f.text for f in faults] == ["a.b: is odd; make it even", "c: is missing"]
    assert str(BadInputs(faults)) == "a.b: is odd; make it even\nc: is missing"
    assert str(Missing("loop", "x")) == "no loop 'x'"
    assert str(WrongState("loop", "x", "held", "cancel it first")) == "loop x is held: cancel it first"
    assert (
        str(Taken([Subject.person("anna"), Subject.room("oak")])) == "no longer free: person:anna, room:oak"
    )
    codes = {kind.code for kind in (BadInput, Missing, WrongState, Taken, DomainError)}
    assert len(codes) == 5
