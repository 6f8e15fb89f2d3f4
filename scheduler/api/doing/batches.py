"""Batches: several loops planned as one, followed, chosen, planned once more, called off.

Told by `tests/scheduler/api/test_batches.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, once, once_outside
from scheduler.api.following import RETRY, Listening, listening_of
from scheduler.api.models.batches import AllChosenOut, BatchIn, BatchOut, DoneOut, ProgressOut, RepackIn
from scheduler.api.problems import answers
from scheduler.domain.proposals import Batch, BatchState
from scheduler.services.app import App
from scheduler.services.asking import batches
from scheduler.services.asking.batches import Repack
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/batches", tags=["batches"])
BatchId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]


@router.post("", status_code=202, response_model=BatchOut, responses=answers(409, 413, 415))
def ask_for_a_batch(body: BatchIn, app: Services, actor: Asker, key: Key) -> Response:
    """Ask for one plan of several loops: it is stored and answered at once, then planned. Nothing is booked
    before somebody chooses."""
    return once(
        app,
        key,
        "POST /batches",
        body,
        202,
        lambda tx: _told(tx, batches.ask_in(app, tx, body.value(), actor.name)),
    )


@router.get("/{batch_id}", responses=answers(404))
def get_batch(batch_id: BatchId, app: Services, _: Reader) -> BatchOut:
    """A batch with what each of its loops is offered, or why it has nothing."""
    return _out(app, batches.get(app, batch_id))


def _asked_for(batch_id: BatchId, app: Services) -> Batch:
    return batches.get(app, batch_id)


@router.get("/{batch_id}/events", response_class=EventSourceResponse, responses=answers(404))
async def follow_a_batch(
    app: Services,
    _: Reader,
    batch: Annotated[Batch, Depends(_asked_for)],
    listening: Annotated[Listening, Depends(listening_of)],
) -> AsyncIterator[ServerSentEvent]:
    """How far a batch is, as server-sent events: `progress` while it is planned, `done` with its state at the
    end. Placed, price, bound; each is sent when it has changed. Whoever is let go before the end comes back."""
    async with listening.one():
        told, until = None, time.monotonic() + listening.lifetime
        while time.monotonic() < until and not listening.ending():
            now = ProgressOut.of(batch)
            if batch.state is not BatchState.PLANNING:
                yield ServerSentEvent(data=DoneOut(state=batch.state.value, progress=now), event="done")
                return
            if now != told:
                told = now
                yield ServerSentEvent(data=now, event="progress", retry=RETRY)
            await asyncio.sleep(listening.every)
            batch = await run_in_threadpool(batches.get, app, batch.id)


@router.post("/{batch_id}/choose", response_model=AllChosenOut, responses=answers(404, 409, 412, 502))
def choose_a_batch(
    batch_id: BatchId,
    app: Services,
    actor: Annotated[Actor, needs(Action.BOOK)],
    conditions: Change,
    key: Key,
) -> Response:
    """Say yes to the whole plan. Each loop is taken like any proposal; what cannot be had is told and keeps
    nobody else from theirs."""

    def work() -> AllChosenOut:
        # each loop is looked at again in the transaction that takes it
        with app.db.read() as tx:
            _unchanged(tx, batch_id, conditions)
        return AllChosenOut.of(batches.choose(app, batch_id, actor.name))

    return once_outside(app, key, f"POST /batches/{batch_id}/choose", None, 200, work)


@router.post(
    "/{batch_id}/repack", status_code=202, response_model=BatchOut, responses=answers(404, 409, 412, 413, 415)
)
def pack_a_batch_anew(
    batch_id: BatchId, body: RepackIn, app: Services, actor: Asker, conditions: Change, key: Key
) -> Response:
    """Plan what is not booked once more, around what is, and around what is locked."""

    def work(tx: Tx) -> BatchOut:
        _unchanged(tx, batch_id, conditions)
        changes = Repack(body.lock, body.leave_out, body.priority)
        return _told(tx, batches.repack_in(app, tx, batch_id, actor.name, changes))

    return once(app, key, f"POST /batches/{batch_id}/repack", body, 202, work)


@router.post("/{batch_id}/cancel", status_code=202, response_model=BatchOut, responses=answers(404, 409, 412))
def cancel_a_batch(batch_id: BatchId, app: Services, actor: Asker, conditions: Change, key: Key) -> Response:
    """Call a batch off, also while it is planned. What is booked stays booked."""

    def work(tx: Tx) -> BatchOut:
        _unchanged(tx, batch_id, conditions)
        return _told(tx, batches.cancel_in(app, tx, batch_id, actor.name))

    return once(app, key, f"POST /batches/{batch_id}/cancel", None, 202, work)


def _unchanged(tx: Tx, batch_id: str, conditions: Conditions) -> None:
    """Raises `Stale` where the batch is not as the client has it."""
    if conditions.match is not None:
        batch = tx.batches.get(batch_id)
        conditions.check("batch", batch_id, None if batch is None else _told(tx, batch))


def _out(app: App, batch: Batch) -> BatchOut:
    with app.db.read() as tx:
        return _told(tx, batch)


def _told(tx: Tx, batch: Batch) -> BatchOut:
    return BatchOut.of(batch, *batches.told(tx, batch))
