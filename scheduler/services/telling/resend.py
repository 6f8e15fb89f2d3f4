"""Mails that could not be sent, sent again once somebody has seen to what was in the way; and those that were sent, once
more for a candidate who cannot find them.

Told by `tests/scheduler/services/attention/test_machines.py` and `tests/scheduler/web/test_mails.py`.
"""

from __future__ import annotations

from dataclasses import replace

from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import InterviewState, LedgerRow, Write, WriteState
from scheduler.domain.errors import WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.telling.notices import AGENDA, told_last
from scheduler.storage import codec
from scheduler.storage.database import Tx

ACTION = "mails_sent_again"


def resend_in(app: App, tx: Tx, loop: Loop, actor: str) -> Loop:
    """Queue what of a loop's mails was given up, in an open transaction in which the loop is claimed. Raises
    `WrongState` where nothing was."""
    now = app.clock()
    rows = tx.ledger.again(loop.id, now)
    if not rows:
        raise WrongState("loop", loop.id, loop.state.value, "none of its mails could not be sent")
    about = {row.interview for row in rows}
    left = tuple(r for r in loop.reasons if r.kind != "write_failed" or not about & set(r.interviews))
    if left != loop.reasons:
        loop = tx.loops.change(loop.id, actor, "sent again", now, "reason_gone", reasons=left)
    jobs.mail_again(app, tx, loop, rows[0])
    tx.facts.add(Fact(now, actor, ACTION, f"loop:{loop.id}", data={"messages": len(rows)}))
    return loop


def once_more_in(app: App, tx: Tx, loop: Loop, actor: str) -> Loop:
    """Send the candidate what they were told last of each interview that stands, and their agenda, as it was, in an open
    transaction in which the loop is claimed: the same invitation twice is one in their calendar (RFC 5546 section
    3.2.2). Raises `WrongState` where there is nothing, or mails are still on their way."""
    rows = [row for row in tx.ledger.of_loop(loop.id) if row.write is Write.MAIL]
    if any(row.state is WriteState.TODO and row.generation == loop.generation for row in rows):
        raise WrongState("loop", loop.id, loop.state.value, "mails of it are on their way; wait for them")
    standing = {i.id for i in tx.interviews.of_loop(loop.id) if i.state is not InterviewState.CANCELLED}
    last = (
        [row for what, row in told_last(loop, rows).items() if what in standing | {AGENDA}]
        if standing
        else []
    )
    if not last:
        raise WrongState("loop", loop.id, loop.state.value, "the candidate was told nothing of it yet")
    stamp = app.clock().timestamp()
    again = [_copy(app, loop, row, 1000 + len(rows) + n, stamp) for n, row in enumerate(last)]
    tx.ledger.add_all(again, app.clock())
    jobs.mail(app, tx, loop, again[0])
    tx.facts.add(Fact(app.clock(), actor, ACTION, f"loop:{loop.id}", data={"messages": len(again)}))
    return loop


def _copy(app: App, loop: Loop, row: LedgerRow, order: int, stamp: float) -> LedgerRow:
    """The same mail under a name of its own: each name is sent once."""
    was = codec.decode(Message, row.payload["message"])
    message = replace(
        was, id=event_id(f"{app.deployment}/{loop.id}/{row.interview}/again/{order}/{stamp:.6f}")
    )
    payload = {**row.payload, "message": codec.encode(message)}
    return LedgerRow.noted(loop, row.interview, Write.MAIL, key=message.id, payload=payload, order=order)
