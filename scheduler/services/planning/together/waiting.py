"""Whatever waits to be planned is planned at once, by whoever comes first.

The job is that of one loop, and stays so: whoever has the lease plans that loop together with all others that
wait, and their jobs find nothing left to do. Should it be killed, each loop still waits as it did, with a job
of its own that comes back.

Told by `tests/stories/test_together.py` and `tests/stories/test_killed_together.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from datetime import datetime

from scheduler.domain.loops import Loop, LoopState, Queued, last_of
from scheduler.domain.proposals import BatchState
from scheduler.services import jobs
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.failpoints import failpoint
from scheduler.services.lease import LASTS, Lease, held
from scheduler.services.planning.picture import gather_all
from scheduler.services.planning.together import offers
from scheduler.services.planning.together.keeping import keep
from scheduler.services.planning.together.packing import packed
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.planning")

NAME = "planning"
"""The lease: one batch is planned at a time, so that none has to guess what the other gives away."""
MOST = 40
"""Loops of one batch: the next urgent one never waits for more than these."""
ROUNDS = 8
"""Batches that one job plans; then the next one goes on, so that no job lasts for ever."""
_LOOK, _LOOKS = 0.1, 10
"""Where several wait, more are just coming: look again after so many seconds, at most so often."""


def plan(app: App, loop_id: str) -> float | None:
    """Plan a loop that is in state *planning*, and whatever else is; in any other state there is nothing to do.

    Returns the seconds after which to look again, where somebody else is planning now.
    """
    failed: dict[str, Exception] = {}
    if not _waits(app, loop_id):
        return None
    for _ in range(ROUNDS):
        if loop_id in failed or not _waiting(app, failed):
            break
        try:
            with held(app, NAME) as mine:
                failed |= _batch(app, mine, failed)
        except Again:
            return LASTS.total_seconds() if _waits(app, loop_id) else None
    if loop_id in failed:
        raise failed[loop_id]
    _hand_on(app, failed)
    return None


def _waits(app: App, loop_id: str) -> bool:
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
        waits = loop is not None and loop.state is LoopState.PLANNING
        return waits and loop_id not in _in_batches(tx)


def _waiting(app: App, leave_out: Collection[str]) -> list[Queued]:
    """All loops that wait to be planned, the most urgent first: whose time to take place ends soonest."""
    with app.db.read() as tx:
        found = tx.loops.queue(LoopState.PLANNING)
        kept = {*leave_out, *_in_batches(tx)} if found else set()
    return sorted((loop for loop in found if loop.id not in kept), key=urgency)


def _in_batches(tx: Tx) -> set[str]:
    """The loops that a batch is being planned for: they are its job's."""
    return {id for batch in tx.batches.list({BatchState.PLANNING}) for id in batch.loops}


def urgency(loop: Loop | Queued) -> tuple[datetime, datetime, str]:
    """What is served first: whose last possible hour comes first, then who asked first."""
    return last_of(loop.horizon, loop.windows), loop.created_at, loop.id


def _gathered(app: App, leave_out: Collection[str]) -> list[Loop]:
    """What waits now. Who is alone goes at once; where several wait, until no more come."""
    found = _waiting(app, leave_out)
    for _ in range(_LOOKS):
        if not 1 < len(found) < MOST:
            break
        time.sleep(_LOOK)
        before, found = len(found), _waiting(app, leave_out)
        if len(found) == before:
            break
    first = [loop.id for loop in found[:MOST]]
    with app.db.read() as tx:
        return sorted(tx.loops.of_ids(first), key=urgency)


def _batch(app: App, mine: Lease, leave_out: Collection[str]) -> dict[str, Exception]:
    """Plan what waits, once; returns what went wrong, by loop."""
    loops = _gathered(app, leave_out)
    if not loops:
        return {}
    pictures, failed = gather_all(app, loops)
    failpoint("K2")
    if not pictures:
        return failed
    served = [pictures[loop.id] for loop in loops if loop.id in pictures]
    with app.db.read() as tx:
        there = offers.standing(tx, served[0].now, served[0].policy, pictures.keys())
    outcomes, broken = packed(app, served, there)
    failpoint("B1")
    mine.extend()
    again = keep(app, outcomes, {o.id for o in there})
    failpoint("B2")
    if len(loops) > 1 or again:
        log.info("%d loops planned together, %d of them once more", len(loops), len(again))
    return failed | broken


def _hand_on(app: App, failed: Collection[str]) -> None:
    """What still waits gets a job of now: its own may come back much later."""
    left = _waiting(app, failed)
    if left:
        with app.db.write() as tx:
            first = tx.loops.get(left[0].id)
            if first is not None:
                jobs.plan_next(app, tx, first)
