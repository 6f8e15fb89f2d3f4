"""An application is read as it is now, and what its stage asks for is done: once per visit, whatever told of it.

Told by `tests/scheduler/services/hiring/test_arriving.py`.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from connectors.errors import Gone, NotFound
from connectors.hiring.types import Application, Standing
from scheduler.domain.hiring.connections import Advance, AdvanceState, Connection, Reading
from scheduler.domain.loops import Loop
from scheduler.services.app import App
from scheduler.services.asking import leaving, requests
from scheduler.services.asking.intake import ERASED
from scheduler.services.hiring import automating, matching
from scheduler.storage.database import Tx


def look(app: App, connection: Connection, theirs: str, cause: str) -> tuple[str, str | None]:
    """Read an application and act; what became of it in words, and the loop.

    Raises `connectors.errors.ConnectorError` where it cannot be read: then nothing was done, and it is worth
    another try. What a stage asks for and cannot have waits with its reason, and nothing of it is done.
    """
    ats = app.systems.ats(connection.id, connection.system, connection.credentials)
    if ats is None:
        return f"ignored: {connection.system} cannot be read; give the connection its credentials", None
    began = app.clock()
    try:
        found = ats.application(theirs)
    except (NotFound, Gone):
        found = None
    try:
        with app.db.write() as tx:
            return _act(app, tx, connection, theirs, found, began, cause)
    except automating.Waits as waits:
        with app.db.write() as tx:
            return _act(app, tx, connection, theirs, found, began, cause, waits.why)


def _act(
    app: App,
    tx: Tx,
    connection: Connection,
    theirs: str,
    found: Application | None,
    began: datetime,
    cause: str,
    why: str = "",
) -> tuple[str, str | None]:
    """``why`` says what was in the way when this was tried a moment ago."""
    ours = connection.application(theirs)
    requests.claim(tx, ours)
    if tx.erasures.knows(ours):
        tx.inbox.empty(cause)
        return ERASED, None
    before = tx.advances.reading(connection.id, theirs)
    if before is not None and before.began_at > began:
        return "superseded: it was read again since", None
    visit = found.visit if found is not None else None
    standing = found.standing if found is not None else Standing.GONE
    entered = visit.entered_at if visit else None
    reading = Reading(connection.id, theirs, began, standing, visit.id if visit else "", entered)
    tx.advances.read(reading)
    if found is None or standing is not Standing.ACTIVE:
        _end(tx, connection, theirs, "")
        if before is None or before.standing == Standing.ACTIVE:
            leaving.closed(app, tx, ours, cause)
        return f"closed: {standing.value}", None
    matching.keep(tx, connection, [m.user for m in found.team])
    if visit is None:
        return "ignored: the application is in no stage", None
    known = matching.known(tx, connection, found)
    if before is not None and before.standing != Standing.ACTIVE:
        leaving.reopened(app, tx, ours, cause)
        _reopen(tx, connection, theirs, visit.id)
    if before is None or before.visit != visit.id:
        kept = tx.applications.get(ours)
        passed = kept is not None and kept.stage != known.stage and automating.opened(tx, ours, known.stage)
        leaving.entered(app, tx, ours, known.stage, cause, entered, passed=bool(passed))
        _end(tx, connection, theirs, visit.id)
    advance = tx.advances.add(_noted(app, connection, found, known))
    return _start(app, tx, connection, advance, found, known, cause, why)


def _start(
    app: App,
    tx: Tx,
    connection: Connection,
    advance: Advance,
    found: Application,
    known: matching.Known,
    cause: str,
    why: str,
) -> tuple[str, str | None]:
    if advance.state is not AdvanceState.WAITING:
        return f"known: this visit was worked on ({advance.state.value})", advance.loop
    if advance.entered_at < connection.created_at:
        text = "the candidate was there before the hiring system was connected"
        tx.advances.change(advance.id, state=AdvanceState.NOTHING, why=text)
        return f"no_loop: {text}", None
    if why:
        tx.advances.change(advance.id, why=why)
        return f"waits: {why}", None
    made = automating.begin(app, tx, connection, advance, found, known, cause)
    tx.advances.change(
        advance.id,
        state=made.state,
        why=made.why,
        missing=made.missing,
        automation=made.automation,
        loop=made.loop,
        job=known.job,
        stage=known.stage,
    )
    words = {AdvanceState.STARTED: "loop", AdvanceState.NOTHING: "no_loop"}.get(made.state, "waits")
    return (f"{words}: {made.why}" if made.why else words), made.loop


def _noted(app: App, connection: Connection, found: Application, known: matching.Known) -> Advance:
    assert found.visit is not None
    return Advance(
        id=f"adv_{secrets.token_hex(8)}",
        connection=connection.id,
        application=found.id,
        visit=found.visit.id,
        job=known.job,
        stage=known.stage,
        entered_at=found.visit.entered_at,
        noted_at=app.clock(),
        state=AdvanceState.WAITING,
    )


def _reopen(tx: Tx, connection: Connection, theirs: str, visit: str) -> None:
    """The visit goes on: what the closing ended, and it alone, is asked for anew. What waited may begin, and so may
    what was called off before it was booked."""
    known = tx.advances.of_visit(connection.id, theirs, visit)
    if known is None:
        return
    loop = tx.loops.get(known.loop) if known.loop else None
    waited = known.state is AdvanceState.ENDED
    called_off = known.state is AdvanceState.STARTED and loop is not None and _by_closing(tx, loop)
    if waited or called_off:
        at = max(known.entered_at, known.noted_at)
        tx.advances.change(
            known.id,
            state=AdvanceState.WAITING,
            why="the application was opened again",
            loop=None,
            entered_at=at,
        )


def _by_closing(tx: Tx, loop: Loop) -> bool:
    """Whether it was the closing that called the loop off, and no person."""
    moves = [f for f in tx.facts.of(f"loop:{loop.id}") if f.after in automating.OVER]
    return loop.state in automating.OVER and bool(moves) and moves[0].actor == leaving.CLOSING


def _end(tx: Tx, connection: Connection, theirs: str, visit: str) -> None:
    """What waited for another visit waits no more."""
    for advance in tx.advances.waiting_of(connection.id, theirs):
        if advance.visit != visit:
            tx.advances.change(advance.id, state=AdvanceState.ENDED, why="the candidate is elsewhere by now")
