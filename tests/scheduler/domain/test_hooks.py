"""What a fact is told as: types, and nothing but ids."""

from __future__ import annotations

import json

import pytest

from scheduler.domain.facts import Fact
from scheduler.domain.hooks import Hook, HookState, said
from tests.scheduler.kit import NOW


def _types(what: str, before: str = "", after: str = "", cause: str = "") -> list[str]:
    return [m.type for m in said(Fact(NOW, "system", what, "loop:l", before, after, cause))]


@pytest.mark.parametrize(
    ("what", "before", "after", "types"),
    [
        ("loop_requested", "", "draft", ["loop.requested"]),
        ("loop_moved", "planning", "proposed", ["loop.moved", "proposal.offered"]),
        ("loop_moved", "proposed", "held", ["loop.moved", "proposal.chosen"]),
        ("loop_moved", "booking", "confirmed", ["loop.moved", "booking.confirmed"]),
        ("loop_moved", "cancelling", "cancelled", ["loop.moved", "booking.cancelled"]),
        ("loop_moved", "planning", "cancelled", ["loop.moved"]),
        ("loop_moved", "planning", "needs_attention", ["loop.moved", "attention.needed"]),
        (
            "loop_moved",
            "needs_attention",
            "confirmed",
            ["loop.moved", "booking.confirmed", "attention.ended"],
        ),
        ("loop_moved", "needs_attention", "needs_attention", ["loop.moved", "attention.needed"]),
        ("seat_declined", "invited", "declined", ["seat.declined"]),
        ("attention_snoozed", "", "", ["attention.snoozed"]),
        ("loop_change_undone", "2026-03-01T09:00:00+00:00", "", ["loop.change_undone"]),
        ("changed_by_hand", "anna", "ben", ["interview.changed_by_hand"]),
        ("override_given", "", "tentative", ["loop.override_given"]),
        ("reason_given", "cancel", "position_filled", ["loop.reason_given"]),
        ("fix_applied", "", "", ["fix.applied"]),
        ("fix_asked", "", "", ["fix.asked"]),
        ("fix_refused", "", "", ["fix.refused"]),
        ("further_plan_added", "", "pr_2", ["proposal.added"]),
        ("conflict_found", "confirmed", "confirmed", ["loop.conflict_found"]),
        ("candidate_cannot", "", "", ["loop.candidate_cannot"]),
        ("job_given_up", "", "", []),
        ("hook_added", "", "", []),
        ("loop", "", "", []),
    ],
)
def test_facts_have_types(what: str, before: str, after: str, types: list[str]) -> None:
    assert _types(what, before, after) == types


def test_a_proposal_is_named_by_its_id_alone() -> None:
    offered = list(said(Fact(NOW, "system", "loop_moved", "loop:l", "planning", "proposed", "pr_1")))[1]
    assert offered.data["proposal"] == "pr_1"
    assert (
        "proposal" not in list(said(Fact(NOW, "system", "loop_moved", "loop:l", "", "held", "asked")))[1].data
    )


def test_what_somebody_wrote_stays_here() -> None:
    data = {
        "person": "anna",
        "interview": "Mara Lind <mara@example.org>",
        "comment": "I am ill",
        "reasons": [{"text": "Mara"}],
        "application": ["app-1"],
        "name": "Mara",
    }
    (message,) = said(
        Fact(NOW, "person:anna", "seat_declined", "loop:l", "invited", "It is Mara", data=data, seq=7)
    )
    assert dict(message.data) == {"loop": "l", "before": "invited", "person": "anna", "fact": 7}
    assert "Mara" not in json.dumps(dict(message.data))


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("time", "2026-03-11T09:00:00+00:00", "2026-03-11T14:00:00+00:00"),
        ("people", "anna; ben, cleo", "dirk; ben, cleo"),
        ("room", "", "blue"),
    ],
)
def test_a_change_by_hand_says_what_it_was_and_is(what: str, before: str, after: str) -> None:
    data = {"interview": "talk", "what": what, "asked": True, "note": "Mara called"}
    (message,) = said(
        Fact(NOW, "api:token", "changed_by_hand", "loop:l", before, after, "urgent", data, seq=8)
    )
    stood = {name: value for name, value in (("before", before), ("after", after)) if value}
    assert dict(message.data) == {"loop": "l", "interview": "l:talk", "what": what, "fact": 8, **stood}


def test_a_fix_is_named_with_whom_it_is_about_and_nothing_that_was_written() -> None:
    data = {"fix": "fx_1", "kinds": ["person"], "people": ["hana", "Mara Lind"], "text": "Mara called"}
    (message,) = said(Fact(NOW, "api:token", "fix_asked", "loop:l", "", "", "fx_1", data, seq=9))
    assert dict(message.data) == {"loop": "l", "fix": "fx_1", "people": ["hana"], "fact": 9}


def test_a_reason_that_is_no_loops_is_told_as_nothing() -> None:
    assert not [*said(Fact(NOW, "api:token", "reason_given", "hook:hk_1", "close", "elsewhere"))]


@pytest.mark.parametrize(
    ("types", "kind", "wanted"),
    [
        ((), "seat.declined", True),
        (("seat.declined",), "seat.declined", True),
        (("seat.declined",), "seat.accepted", False),
        (("seat.*",), "seat.accepted", True),
        (("seat.*",), "seats.accepted", False),
    ],
)
def test_a_hook_says_what_it_wants(types: tuple[str, ...], kind: str, wanted: bool) -> None:
    assert Hook("hk", "https://x.example", types, HookState.ACTIVE, NOW, "whsec_x").wants(kind) is wanted


def test_a_hook_never_prints_its_secret() -> None:
    assert "whsec_x" not in repr(Hook("hk", "https://x.example", (), HookState.ACTIVE, NOW, "whsec_x"))
