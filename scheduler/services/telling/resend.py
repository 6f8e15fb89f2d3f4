"""Mails that could not be sent, sent again once somebody has seen to what was in the way.

Told by `tests/scheduler/services/attention/test_machines.py`.
"""

from __future__ import annotations

from scheduler.domain.errors import WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop
from scheduler.services import jobs
from scheduler.services.app import App
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
