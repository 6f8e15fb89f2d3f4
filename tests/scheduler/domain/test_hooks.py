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
