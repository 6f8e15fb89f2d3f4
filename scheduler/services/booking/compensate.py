"""Undoes a booking that cannot be finished: what was written is cancelled, what was held is freed.

Told by `tests/stories/test_afterwards.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scheduler.domain.bookings import Interview, InterviewState, LedgerRow, Write, WriteState
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import jobs, meters
from scheduler.services.app import App
from scheduler.services.booking.layout import event_key
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

ACTOR = "system:booking"
_HOLD_EXPIRED = "the booking took longer than its hold lasts, so the times were freed"
_REPAIR_EXPIRED = "the changes took longer to be written than their times are held; the new times are kept, and the events stand where they were"
_WRITING = frozenset({LoopState.HELD, LoopState.BOOKING})


def undo(app: App, loop_id: str, reason: Reason, blocked: Sequence[tuple[Subject, Span]]) -> None:
    """Free everything and plan again with the taken times kept out; after too many rounds, or when
    waiting will not help, a human is asked. A loop that was booked before is not torn down: its
    repair failed, and a human sees why."""
    with app.db.write() as tx:
        undone = undo_in(app, tx, loop_id, reason, blocked)
    if undone:
        meters.BOOKINGS.labels("undone").inc()


def undo_in(app: App, tx: Tx, loop_id: str, reason: Reason, blocked: Sequence[tuple[Subject, Span]]) -> bool:
    """`undo` inside a transaction that is already open; whether there was something to undo."""
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state not in _WRITING:
        return False
    if _was_booked(app, tx, loop):
        _hand_over(app, tx, loop, reason)
        return True
    moved = _next(app, tx, loop, reason, blocked)
    release(app, tx, moved)
    notices.queue(app, tx, moved, tx.interviews.of_loop(loop_id, live=False))
    if moved.state is LoopState.PLANNING:
        jobs.plan(app, tx, moved)
    return True


def expired_in(app: App, tx: Tx, loop_id: str) -> None:
    """`undo` for a loop whose holds are past their time, inside a transaction that is already open."""
    loop = tx.loops.claim(loop_id)
    repair = loop is not None and _was_booked(app, tx, loop)
    undo_in(app, tx, loop_id, Reason("hold_expired", _REPAIR_EXPIRED if repair else _HOLD_EXPIRED), ())


def _was_booked(app: App, tx: Tx, loop: Loop) -> bool:
    """Whether an earlier round booked it: then what is being written is a repair."""
    keys = {event_key(app.deployment, i) for i in tx.interviews.of_loop(loop.id) if i.event_id}
    return any(
        r.key in keys and r.state is WriteState.DONE and r.generation < loop.generation
        for r in tx.ledger.of_loop(loop.id)
        if r.write in (Write.BOOK, Write.RESCHEDULE)
    )


def _hand_over(app: App, tx: Tx, loop: Loop, reason: Reason) -> None:
    """Stop writing events and keep every time that is taken: the next repair begins from here."""
    events = (Write.BOOK, Write.RESCHEDULE)
    open_rows = [r for r in tx.ledger.of_loop(loop.id, {WriteState.TODO}) if r.write in events]
    tx.ledger.drop(loop.id, ids=[r.id for r in open_rows])
    tx.reservations.confirm(loop.id)
    tx.loops.move(
        loop.id,
        LoopState.NEEDS_ATTENTION,
        expect=_WRITING,
        actor=ACTOR,
        cause=reason.kind,
        at=app.clock(),
        reasons=(reason,),
    )


def _next(app: App, tx: Tx, loop: Loop, reason: Reason, blocked: Sequence[tuple[Subject, Span]]) -> Loop:
    """The loop moved on: to planning while another plan may help, else to a human."""
    again = bool(blocked) and loop.overtaken < tx.company.policy().max_replans
    changes: dict[str, Any] = {"reasons": () if again else (reason,)}
    return tx.loops.move(
        loop.id,
        LoopState.PLANNING if again else LoopState.NEEDS_ATTENTION,
        expect=_WRITING,
        actor=ACTOR,
        cause=reason.kind,
        at=app.clock(),
        generation=loop.generation + 1,
        replans=loop.replans + 1,
        overtaken=loop.overtaken + again,
        blocked=(*loop.blocked, *blocked),
        chosen=None,
        **changes,
    )


def release(app: App, tx: Tx, loop: Loop, message: str = "") -> None:
    """Cancel every interview of the loop: time freed at once, events by ledger rows that follow."""
    tx.ledger.drop(
        loop.id,
        ids=[r.id for r in tx.ledger.of_loop(loop.id, {WriteState.TODO}) if r.write is not Write.CANCEL],
    )
    live = tx.interviews.of_loop(loop.id)
    tx.ledger.add_all(_cancels(app, loop, live, message), app.clock())
    tx.interviews.put_all([replace(i, state=InterviewState.CANCELLED) for i in live])
    tx.reservations.release(loop.id)
    jobs.perform(app, tx, loop)


def _cancels(app: App, loop: Loop, live: Sequence[Interview], message: str) -> list[LedgerRow]:
    """One cancel per interview, written or not: an answer may have been lost, so each is looked up."""
    rows: list[LedgerRow] = []
    for interview in live:
        payload = {"message": message, "event": interview.event_id, "calendar": interview.calendar}
        key = event_key(app.deployment, interview)
        rows.append(
            LedgerRow.noted(loop, interview.id, Write.CANCEL, key=key, payload=payload, order=len(rows))
        )
    return rows
