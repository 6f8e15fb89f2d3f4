"""Settles a loop whose writes are done: it is confirmed and told of, or its cancellation is finished.

Told by `tests/stories/test_killed.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.bookings import Hold, Interview, LedgerRow, WriteState
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.subjects import Whose
from scheduler.services import meters
from scheduler.services.app import App
from scheduler.services.booking import compensate, holes, layout
from scheduler.services.failpoints import failpoint
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

ACTOR = "system:booking"


def settle(app: App, loop_id: str) -> None:
    """Everything is written: confirm the loop (and queue the mails), or finish its cancellation.

    Nothing happens while a write is still to do, nor where the loop has moved on. A loop whose hold was
    lost is undone: its times may be somebody else's by now.
    """
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        assert loop is not None
        rows = tx.ledger.of_loop(loop_id)
        if any(row.state is WriteState.TODO for row in rows):
            return
        if loop.state is LoopState.CANCELLING:
            failed = any(r.kind == "write_failed" for r in loop.reasons)
            to = LoopState.NEEDS_ATTENTION if failed else LoopState.CANCELLED
            tx.loops.move(
                loop_id, to, expect={LoopState.CANCELLING}, actor=ACTOR, cause="cancelled", at=app.clock()
            )
            failpoint("C5")
            outcome = "failed" if failed else "cancelled"
        elif loop.state is not LoopState.BOOKING:
            return
        else:
            outcome = _booked(app, tx, loop, rows)
    meters.BOOKINGS.labels(outcome).inc()
    if outcome == "confirmed":
        failpoint("K10")


def _booked(app: App, tx: Tx, loop: Loop, rows: Sequence[LedgerRow]) -> str:
    """Confirm the loop, or undo it; what came of it."""
    application = tx.applications.get(loop.application)
    assert application is not None
    interviews = tx.interviews.of_loop(loop.id)
    if not _still_held(tx, loop, application, interviews):
        compensate.expired_in(app, tx, loop.id)
        return "expired"
    _confirm(app, tx, loop, application, interviews, rows)
    failpoint("K9")
    return "confirmed"


def _still_held(tx: Tx, loop: Loop, application: Application, interviews: Sequence[Interview]) -> bool:
    """Whether every time of the loop is still ours: a hold that expired may be somebody else's now."""
    wanted = layout.taken(loop, application, interviews, Hold.CONFIRMED, None)
    held = {(r.subject, r.interview) for r in tx.reservations.of_loop(loop.id)}
    return {(r.subject, r.interview) for r in wanted} <= held


def _confirm(
    app: App,
    tx: Tx,
    loop: Loop,
    application: Application,
    interviews: Sequence[Interview],
    rows: Sequence[LedgerRow],
) -> None:
    tx.reservations.confirm(loop.id)
    confirmed = tx.interviews.confirm(loop.id, interviews, actor=ACTOR, cause=loop.id, at=app.clock())
    moved = tx.loops.move(
        loop.id,
        LoopState.CONFIRMED,
        expect={LoopState.BOOKING},
        actor=ACTOR,
        cause=loop.chosen or "",
        at=app.clock(),
        reasons=(),
        fixes=(),
        # a room that has refused would refuse again
        blocked=tuple(b for b in loop.blocked if b[0].kind is Whose.ROOM),
        replans=0,
    )
    roster = layout.roster(tx, confirmed)
    notices.queue(app, tx, moved, confirmed, known=(application, roster, rows))
    if holes.mend(app, tx, loop.id, "declined while it was being booked", confirmed, roster) is None:
        holes.show_flags(app, tx, moved, confirmed)
