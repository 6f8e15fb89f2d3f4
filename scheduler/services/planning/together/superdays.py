"""A batch that somebody asked for: one plan for all its loops, and for each that is left out the reason.

The job is that of the batch; its loops wait in *planning*, where the job of each lets them be. Killed, it starts
anew. What becomes of the loops is kept as for any others, see `keeping`; a batch that was cancelled or planned
again meanwhile keeps nothing.

Told by `tests/stories/test_superdays.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.proposals import Batch, BatchProgress, BatchState
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.failpoints import failpoint
from scheduler.services.lease import held
from scheduler.services.planning.picture import gather_all
from scheduler.services.planning.plan import ACTOR, Outcome
from scheduler.services.planning.together import offers
from scheduler.services.planning.together.keeping import keep
from scheduler.services.planning.together.leftout import told
from scheduler.services.planning.together.offers import Offer
from scheduler.services.planning.together.packing import Whole, packed
from scheduler.storage.database import Tx
from solver import Progress

log = logging.getLogger("loopwright.planning")

TRIES = 3
"""Rounds for loops whose plan was somebody else's by the time it was kept."""


def plan_batch(app: App, batch_id: str) -> None:
    """Plan a batch that waits for it; in any other state there is nothing to do. Raises `Again` while another
    worker is at it."""
    with held(app, f"batch:{batch_id}"):
        batch = _get(app, batch_id)
        if batch is None or batch.state is not BatchState.PLANNING:
            return
        overtaken = False
        for n in range(TRIES):
            loops = _open(app, batch)
            if not loops or not _round(app, batch, loops, first=n == 0):
                break
            overtaken = True
        _finish(app, batch, overtaken=overtaken)


def _get(app: App, batch_id: str) -> Batch | None:
    with app.db.read() as tx:
        return tx.batches.get(batch_id)


def _open(app: App, batch: Batch) -> list[Loop]:
    """The loops that are to get a plan, those that weigh most first, then in the order of the batch."""
    with app.db.read() as tx:
        found = [tx.loops.get(id) for id in batch.loops]
    waiting = [loop for loop in found if loop is not None and loop.state is LoopState.PLANNING]
    return sorted(waiting, key=lambda loop: -batch.priority.get(loop.id, 2))


def _round(app: App, batch: Batch, loops: Sequence[Loop], *, first: bool) -> list[str]:
    """Plan these loops; returns those whose plan was somebody else's by the time it was kept."""
    pictures, failed = gather_all(app, loops)
    served = [pictures[loop.id] for loop in loops if loop.id in pictures]
    again: list[str] = []
    if served:
        with app.db.read() as tx:
            there = offers.standing(tx, served[0].now, served[0].policy, pictures.keys())
        whole = Whole(batch.seconds, batch.priority, lambda now: _tell(app, batch, now)) if first else None
        outcomes, broken = packed(app, served, there, whole)
        failed |= broken
        failpoint("B1")
        if not _still(app, batch):
            return []
        again = keep(app, _with_reasons(app, outcomes, there), {o.id for o in there})
        failpoint("B2")
    for id, error in failed.items():
        log.error("loop %s of %s cannot be planned: %s", id, batch.id, error)
        _give_up(app, id)
    return again


def _still(app: App, batch: Batch) -> bool:
    now = _get(app, batch.id)
    return now is not None and (now.state, now.round) == (batch.state, batch.round)


def _with_reasons(app: App, outcomes: Sequence[Outcome], there: Sequence[Offer]) -> list[Outcome]:
    """The outcomes with the words for those who are left out."""
    mates = [*there, *(offers.offer_of(o) for o in outcomes if o.placed)]
    return [o if o.placed else told(app, o, mates) for o in outcomes]


def _tell(app: App, batch: Batch, now: Progress) -> None:
    progress = BatchProgress(now.placed, now.loops, now.cost, now.bound, round(now.seconds))
    with app.db.write() as tx:
        tx.batches.change(batch.id, in_round=batch.round, progress=progress, updated_at=app.clock())


def _finish(app: App, batch: Batch, *, overtaken: bool) -> None:
    """Every loop has what it gets: the batch is an offer. Price and bound are those of one plan for all, and told of
    nothing else: not where some of it was ``overtaken`` and planned again."""
    with app.db.write() as tx:
        now = tx.batches.claim(batch.id)
        if now is None or (now.state, now.round) != (batch.state, batch.round):
            return
        states = [loop.state for id in now.loops if (loop := tx.loops.get(id)) is not None]
        if LoopState.PLANNING in states:
            return  # overtaken each time: the sweep asks for the batch again
        placed = sum(s not in (LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION) for s in states)
        progress = replace(now.progress, placed=placed, loops=len(states))
        if overtaken:
            progress = replace(progress, price=None, bound=None)
        tx.batches.change(
            batch.id,
            in_round=batch.round,
            state=BatchState.OFFERED,
            progress=progress,
            updated_at=app.clock(),
        )


def give_up(app: App, tx: Tx, batch_id: str) -> None:
    """A batch that cannot be planned is called off, and its loops are planned like any others."""
    batch = tx.batches.claim(batch_id)
    if batch is None or batch.state is not BatchState.PLANNING:
        return
    tx.batches.change(batch.id, state=BatchState.CANCELLED, updated_at=app.clock())
    for loop in [tx.loops.claim(id) for id in sorted(batch.loops)]:
        if loop is not None and loop.state is LoopState.PLANNING:
            jobs.plan_next(app, tx, loop)


def _give_up(app: App, loop_id: str) -> None:
    """A loop that cannot even be looked at does not hold up the others: a human looks."""
    text = "the loop could not be planned: something went wrong; the program's log says what"
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        if loop is None or loop.state is not LoopState.PLANNING:
            return
        tx.loops.move(
            loop_id,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.PLANNING},
            actor=ACTOR,
            cause="batch",
            at=app.clock(),
            reasons=(Reason("job_failed", text),),
        )
