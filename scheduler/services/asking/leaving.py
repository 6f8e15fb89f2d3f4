"""A candidate who leaves a stage, or whose application is closed: what was asked for there ends.

What is not booked is cancelled at once. What is booked is never cancelled without a human: it gets a
label that asks. Loops that a person asked for are that person's to end, until the application is closed.

Told by `tests/scheduler/services/asking/test_intake.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from scheduler.domain.bookings import InterviewState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Loop, LoopState
from scheduler.domain.templates import InterviewKind
from scheduler.services.app import App
from scheduler.services.booking import cancel
from scheduler.storage.database import Tx

STAGE, LEFT, CLOSED = "stage", "left", "closed"
"""Labels of a loop: the stage that asked for it; that its candidate left the stage; that the application
was closed."""
CLOSING = "webhook:closed"
"""Who ends the loops of an application that is closed."""
ENTERED = "stage_entered"
"""What the fact is called that an application has reached a stage."""
GATE = "gate:"
"""How the visit, and the cause, of what was asked for by a decision here begin."""
_MOST = 1000


def opened(tx: Tx, application: str, stage: str) -> list[Loop]:
    """The loops of a stage that was opened here, before the hiring system said the same; called off ones left out."""
    return [
        loop
        for loop in tx.loops.list(application=application, limit=_MOST)
        if loop.stage_visit.startswith(GATE)
        and loop.labels.get(STAGE) == stage
        and loop.state not in (LoopState.CANCELLING, LoopState.CANCELLED)
    ]


def untold(tx: Tx, application: str, stage: str) -> Loop | None:
    """The loop of a stage that was opened here and that no message has told of since: the first one that does means it."""
    told = [
        f.at
        for f in tx.facts.of(f"application:{application}")
        if f.what == ENTERED and f.after == stage and not f.cause.startswith(GATE)
    ]
    found = opened(tx, application, stage) if stage else []
    return next((loop for loop in found if not any(at >= loop.created_at for at in told)), None)


def superseded(tx: Tx, application: str, occurred_at: datetime | None) -> bool:
    """Whether a stage change that happened later is known already. Without a time in the message it
    happened when it came."""
    if occurred_at is None:
        return False
    known = [
        f.data.get("occurred_at") for f in tx.facts.of(f"application:{application}") if f.what == ENTERED
    ]
    return any(isinstance(t, str) and datetime.fromisoformat(t) > occurred_at for t in known)


def entered(
    app: App,
    tx: Tx,
    application: str,
    stage: str,
    event: str,
    occurred_at: datetime | None,
    counts: Collection[str] = (),
    *,
    passed: bool = False,
) -> None:
    """The candidate is in this stage now: what another stage asked for ends, but for what is booked and ``counts``
    (titles, folded). Nothing ends where the stage was ``passed`` here already."""
    at = app.clock()
    data: Mapping[str, Any] = {"occurred_at": occurred_at.isoformat()} if occurred_at else {}
    tx.facts.add(Fact(at, "webhook:stage", ENTERED, f"application:{application}", "", stage, event, data))
    for id, asked_by in [] if passed else _loops(tx, application):
        if stage and asked_by and asked_by != stage and not _counts(tx, id, counts):
            text = f"the candidate left the stage {asked_by} for {stage}: cancel this loop?"
            _end(app, tx, id, "webhook:stage", event, "stage_left", {LEFT: text})


def closed(app: App, tx: Tx, application: str, event: str) -> None:
    """Rejected or withdrawn: everything ends."""
    text = "the application was closed: cancel this loop?"
    for id, _ in _loops(tx, application):
        _end(app, tx, id, CLOSING, event, "application_closed", {CLOSED: text})


def reopened(app: App, tx: Tx, application: str, event: str) -> None:
    """Not closed after all: nobody is asked any more whether what is booked is to be cancelled."""
    for id, _ in _loops(tx, application):
        loop = tx.loops.claim(id)
        if loop is not None and loop.state not in ENDED and CLOSED in loop.labels:
            labels = {name: text for name, text in loop.labels.items() if name != CLOSED}
            tx.loops.change(id, "webhook:reopened", event, app.clock(), "application_reopened", labels=labels)


def pivoted(app: App, tx: Tx, application: str, job: str, counts: Collection[str]) -> None:
    """The application goes on for another job: what was asked for ends, but for what is booked and counts there
    (``counts``: titles, folded)."""
    text = f"the application goes on for {job}, which does not ask for all of this: cancel it?"
    for id, _ in _loops(tx, application):
        if not _counts(tx, id, counts):
            _end(app, tx, id, "process:pivot", "pivot", "stage_left", {LEFT: text})


def _counts(tx: Tx, loop: str, titles: Collection[str]) -> bool:
    """Whether it is booked, and each of its interviews is of one of these titles."""
    live = tx.interviews.of_loop(loop) if titles else []
    said = [i.title.casefold() in titles for i in live if i.kind is not InterviewKind.DEBRIEF]
    return bool(said) and all(said)


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
