"""A candidate who leaves a stage, or whose application is closed: what was asked for there ends.

What is not booked is cancelled at once. What is booked is never cancelled without a human: it gets a
label that asks. Loops that a person asked for are that person's to end, until the application is closed.

Told by `tests/scheduler/services/asking/test_intake.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.domain.bookings import InterviewState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Loop, LoopState
from scheduler.services.app import App
from scheduler.services.booking import cancel
from scheduler.storage.database import Tx

STAGE, LEFT, CLOSED = "stage", "left", "closed"
"""Labels of a loop: the stage that asked for it; that its candidate left the stage; that the application
was closed."""
_ENTERED = "stage_entered"
_MOST = 1000


def superseded(tx: Tx, application: str, occurred_at: datetime | None) -> bool:
    """Whether a stage change that happened later is known already. Without a time in the message it
    happened when it came."""
    if occurred_at is None:
        return False
    known = [
        f.data.get("occurred_at") for f in tx.facts.of(f"application:{application}") if f.what == _ENTERED
    ]
    return any(isinstance(t, str) and datetime.fromisoformat(t) > occurred_at for t in known)


def entered(app: App, tx: Tx, application: str, stage: str, event: str, occurred_at: datetime | None) -> None:
    """The candidate is in this stage now: what another stage asked for ends."""
    at = app.clock()
    data: Mapping[str, Any] = {"occurred_at": occurred_at.isoformat()} if occurred_at else {}
    tx.facts.add(Fact(at, "webhook:stage", _ENTERED, f"application:{application}", "", stage, event, data))
    for id, asked_by in _loops(tx, application):
        if stage and asked_by and asked_by != stage:
            text = f"the candidate left the stage {asked_by} for {stage}: cancel this loop?"
            _end(app, tx, id, "webhook:stage", event, "stage_left", {LEFT: text})


def closed(app: App, tx: Tx, application: str, event: str) -> None:
    """Rejected or withdrawn: everything ends."""
    text = "the application was closed: cancel this loop?"
    for id, _ in _loops(tx, application):
        _end(app, tx, id, "webhook:closed", event, "application_closed", {CLOSED: text})


def _loops(tx: Tx, application: str) -> list[tuple[str, str]]:
    """Id and stage of the application's loops, by id: the order in which several are locked."""
    found = tx.loops.list(application=application, limit=_MOST)
    return sorted((loop.id, loop.labels.get(STAGE, "")) for loop in found)


def _end(app: App, tx: Tx, loop_id: str, actor: str, cause: str, what: str, label: Mapping[str, str]) -> None:
    loop: Loop | None = tx.loops.claim(loop_id)
    if loop is None or loop.state in ENDED or loop.state is LoopState.CANCELLING:
        return
    if not any(i.state is InterviewState.CONFIRMED for i in tx.interviews.of_loop(loop_id)):
        cancel.cancel_in(app, tx, loop, actor)
        return
    labels = {**loop.labels, **label}
    if labels != loop.labels:
        tx.loops.change(loop_id, actor, cause, app.clock(), what, labels=labels)
