"""Batches: several loops planned as one, followed, chosen, planned once more, called off.

Told by `tests/scheduler/api/test_batches.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, once, once_outside
from scheduler.api.models.batches import AllChosenOut, BatchIn, BatchOut, ProgressOut, RepackIn
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

_LOOK = 0.5
"""Seconds between two looks at how far a batch is."""
_LONGEST = 900.0
"""Seconds after which a client that still listens has to ask again."""


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


@router.get("/{batch_id}/events", response_class=StreamingResponse, responses=answers(404))
async def follow_a_batch(batch_id: BatchId, app: Services, _: Reader, request: Request) -> StreamingResponse:
    """How far a batch is, as server-sent events: `progress` while it is planned, `done` with its state at the
    end. Placed, price, bound; each is sent when it has changed."""
    first = await run_in_threadpool(batches.get, app, batch_id)
    return StreamingResponse(
        _events(app, first, request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


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


async def _events(app: App, batch: Batch, request: Request) -> AsyncIterator[str]:
    told = ""
    for _ in range(int(_LONGEST / _LOOK)):
        data = ProgressOut.of(batch).model_dump_json()
        if batch.state is not BatchState.PLANNING:
            yield f'event: done\ndata: {{"state": "{batch.state.value}", "progress": {data}}}\n\n'
            return
        if data != told:
            told = data
            yield f"event: progress\ndata: {data}\n\n"
        await asyncio.sleep(_LOOK)
        if await request.is_disconnected():
            return
        batch = await run_in_threadpool(batches.get, app, batch.id)
