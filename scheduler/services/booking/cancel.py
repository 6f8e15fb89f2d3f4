"""Ends a loop before its time: time is freed at once, events and invitations follow."""

from __future__ import annotations

from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.loops import ENDED, Loop, LoopState
from scheduler.domain.reasons import Deed
from scheduler.services import reasons
from scheduler.services.app import App
from scheduler.services.booking import compensate
from scheduler.services.failpoints import failpoint
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

_BOOKED = frozenset({LoopState.HELD, LoopState.BOOKING, LoopState.CONFIRMED, LoopState.REPAIRING})


def cancel(app: App, loop_id: str, actor: str, message: str = "", reason: str | None = None) -> Loop:
    """Cancel a loop; asking again for one that is cancelled or being cancelled is success. ``reason`` is a code.

    Raises `Missing`, `WrongState` for a loop that is completed, `BadInput` for a reason that the company has not.
    """
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        moved = cancel_in(app, tx, loop, actor, message, reason)
    failpoint("C1")
    return moved


def cancel_in(app: App, tx: Tx, loop: Loop, actor: str, message: str = "", reason: str | None = None) -> Loop:
    """`cancel` inside a transaction that is already open."""
    if loop.state in (LoopState.CANCELLED, LoopState.CANCELLING):
        return loop
    if loop.state in ENDED:
        raise WrongState("loop", loop.id, loop.state.value, "it is over and cannot be cancelled")
    reasons.note(app, tx, loop, Deed.CANCEL, reason, actor)
    tx.proposals.make_stale(loop.id)
    live = tx.interviews.of_loop(loop.id)
    booked = loop.state in _BOOKED or bool(live)
    moved = tx.loops.move(
        loop.id,
        LoopState.CANCELLING if booked else LoopState.CANCELLED,
        expect={loop.state},
        actor=actor,
        cause="cancelled",
        at=app.clock(),
        generation=loop.generation + 1,
        reasons=(),
        fixes=(),
    )
    if booked:
        compensate.release(app, tx, moved, message)
        notices.queue(app, tx, moved, tx.interviews.of_loop(loop.id, live=False), message)
    return moved
