"""A delivery is worked on as a whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import BadInputs, DomainError, WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.services.booking import cancel, reconcile
from scheduler.storage.database import Tx
from scheduler.storage.repositories.loops import Loops
from tests.scheduler.api.client import APPLICATION, event
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def deliver(kit: Kit, told: dict[str, Any], id: str) -> str:
    """Store a delivery and work on it; what became of it."""
    delivery, _ = intake.receive(kit.app, id, json.dumps(told).encode())
    kit.run()
    with kit.app.db.read() as tx:
        found = tx.inbox.get(delivery)
    assert found is not None
    return found.outcome


def test_an_advance_that_fails_half_way_leaves_no_half(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Loops, loop_id: str, *args: object, **more: object) -> Loop:
        raise WrongState("loop", loop_id, "draft", "not now")

    monkeypatch.setattr(Loops, "move", refuse)
    assert deliver(kit, event(), "m1").startswith("dead_letter: loop lp_")
    with kit.app.db.read() as tx:
        assert not tx.loops.list()
        assert not tx.applications.list()


def test_a_closed_application_ends_all_its_loops_or_none(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = [ask(kit, "short", BookMode.PROPOSE), ask(kit, "round-2", BookMode.PROPOSE)]
    real, refused = cancel.cancel_in, max(loop.id for loop in loops)

    def refuse(app: App, tx: Tx, loop: Loop, actor: str, message: str = "") -> Loop:
        if loop.id == refused:
            raise DomainError("not this one")
        return real(app, tx, loop, actor, message)

    monkeypatch.setattr(cancel, "cancel_in", refuse)
    closed = {"id": "e2", "type": "application.closed", "data": {"application": APPLICATION}}
    assert deliver(kit, closed, "m2") == "dead_letter: not this one"
    assert {look(kit, loop.id).state for loop in loops} == {LoopState.PROPOSED}
    monkeypatch.undo()
    assert deliver(kit, closed, "m3") == "closed"
    assert {look(kit, loop.id).state for loop in loops} == {LoopState.CANCELLED}


def test_a_job_given_up_notes_its_delivery_and_nothing_else(kit: Kit) -> None:
    other = ask(kit, "short", BookMode.PROPOSE, application=replace(MARA, id="app-2"))
    delivery, _ = intake.receive(kit.app, "m4", json.dumps(event()).encode())
    kit.give_up("intake", {"delivery": delivery}, "RuntimeError: boom")
    with kit.app.db.read() as tx:
        found = tx.inbox.get(delivery)
    assert found is not None and found.outcome.startswith("dead_letter: ")
    assert look(kit, other.id).state is LoopState.PROPOSED


def advance(kit: Kit, stage: str, id: str, **more: Any) -> str:
    return deliver(kit, {**event(stage=stage, stage_visit=f"app-1/{stage}"), "id": id, **more}, f"m-{id}")


def loops_of(kit: Kit) -> dict[str, Loop]:
    """The application's loops by the stage that asked for them."""
    with kit.app.db.read() as tx:
        return {loop.labels.get("stage", ""): loop for loop in tx.loops.list(application="app-1")}


def test_what_a_stage_asked_for_ends_when_the_candidate_leaves_it(kit: Kit) -> None:
    advance(kit, "Talks", "e1")
    assert loops_of(kit)["Talks"].state is LoopState.PROPOSED
    assert advance(kit, "On-site", "e2") == "loop"
    assert loops_of(kit)["Talks"].state is LoopState.CANCELLED
    assert loops_of(kit)["On-site"].state is LoopState.CONFIRMED


def test_a_stage_that_asks_for_nothing_ends_it_as_well(kit: Kit) -> None:
    advance(kit, "Talks", "e1")
    assert advance(kit, "Offer", "e2").startswith("no_template")
    assert loops_of(kit)["Talks"].state is LoopState.CANCELLED


def test_what_is_booked_is_marked_for_a_human_once(kit: Kit) -> None:
    advance(kit, "On-site", "e1")
    before = loops_of(kit)["On-site"]
    advance(kit, "Talks", "e2")
    advance(kit, "Talks", "e3")
    after = loops_of(kit)["On-site"]
    assert (before.state, after.state) == (LoopState.CONFIRMED, LoopState.CONFIRMED)
    assert after.labels["left"] == "the candidate left the stage On-site for Talks: cancel this loop?"
    with kit.app.db.read() as tx:
        assert sum(f.what == "stage_left" for f in tx.facts.of(f"loop:{after.id}")) == 1
        assert len(tx.interviews.of_loop(after.id)) == 5


def test_the_same_stage_told_again_and_what_a_person_asked_for_stay(kit: Kit) -> None:
    by_hand = ask(kit, "short", BookMode.PROPOSE)
    advance(kit, "Talks", "e1")
    advance(kit, "Talks", "e2")
    assert loops_of(kit)["Talks"].state is LoopState.PROPOSED
    advance(kit, "Offer", "e3")
    assert look(kit, by_hand.id).state is LoopState.PROPOSED


def test_an_older_stage_change_that_comes_late_changes_nothing(kit: Kit) -> None:
    advance(kit, "On-site", "e2", occurred_at="2026-03-09T08:00:00Z")
    outcome = advance(kit, "Talks", "e1", occurred_at="2026-03-09T08:30:00+01:00")
    assert outcome == "superseded: a later stage change of this application came before this one"
    assert set(loops_of(kit)) == {"On-site"}
    assert "left" not in loops_of(kit)["On-site"].labels
    assert advance(kit, "Talks", "e3", occurred_at="2026-03-09T10:00:00+01:00") == "loop"


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-09T08:00:00", 5, "0001-01-01T00:00:00+14:00"])
def test_a_moment_without_its_offset_is_refused(moment: object) -> None:
    with pytest.raises(BadInputs, match="occurred_at: is not an instant; write it as 2026-03-09T07:00:00Z"):
        intake.parse(json.dumps({**event(), "occurred_at": moment}).encode())


def test_a_completed_loop_is_not_asked_about_when_the_application_is_closed(kit: Kit) -> None:
    advance(kit, "On-site", "e1")
    kit.clock.forward(days=10)
    reconcile.complete(kit.app)
    deliver(kit, {"id": "e2", "type": "application.closed", "data": {"application": APPLICATION}}, "m-e2")
    assert loops_of(kit)["On-site"].state is LoopState.COMPLETED
    assert "closed" not in loops_of(kit)["On-site"].labels


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"candidate": {"name": "Mara\nBcc: all@example.org"}}, "data.application.candidate.name"),
        ({"candidate": {"zone": "Europe/Berlin\u2028x"}}, "data.application.candidate.zone"),
        ({"job": "Engineer\x00"}, "data.application.job"),
        ({"recruiter": "rolf\x1b[2J"}, "data.application.recruiter"),
    ],
)
def test_names_from_the_hiring_system_pass_the_border_of_the_api(told: dict[str, Any], field: str) -> None:
    """They end up in the heads of mails and events, wherever they come from."""
    candidate = {"name": "Mara Lind", "email": "mara@example.org", "zone": "UTC"} | told.pop("candidate", {})
    application = {"id": "a", "job": "j", "hiring_manager": "hana", "recruiter": "rolf"} | told
    event = {"id": "e", "type": "x", "data": {"application": application | {"candidate": candidate}}}
    with pytest.raises(BadInputs) as refused:
        intake.parse(json.dumps(event).encode())
    assert [f.field for f in refused.value.faults] == [field]
    assert "\x1b" not in str(refused.value)
