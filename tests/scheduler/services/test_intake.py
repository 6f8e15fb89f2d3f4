"""A delivery is worked on as a whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import DomainError, WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services import cancel, intake
from scheduler.services.app import App
from scheduler.storage.database import Tx
from scheduler.storage.loops import Loops
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
