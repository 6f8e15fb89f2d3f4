"""Tells a page that something has happened, so that it looks again: server-sent events.

What it looks at is told by the page itself, when it asks again: here is only that there is something new.

Told by `tests/scheduler/web/test_live.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from scheduler.domain.access.policy import Action
from scheduler.services.access import objects
from scheduler.services.app import App
from scheduler.web.frame.acts import acts, seen_by
from scheduler.web.frame.viewer import Services

router = APIRouter(
    include_in_schema=False, dependencies=acts(Action.READ, Action.READ, narrows=("GET /live",))
)
RETRY = 2000
"""Milliseconds after which a browser that was let go comes back."""
_COMMENT = 15.0
"""Seconds of silence after which a line is sent, so that whoever has gone is noticed."""


class Listening(Protocol):
    """What the process grants to listeners, those of the API among them."""

    most: int
    now: int
    every: float
    lifetime: float
    ending: Callable[[], bool]

    def one(self) -> AbstractAsyncContextManager[None]: ...


async def _listening(request: Request) -> Listening:
    found: Listening = request.app.state.listening
    if found.now >= found.most:
        raise HTTPException(503, f"{found.most} listeners are as many as one process serves")
    return found


@router.get("/live")
async def follow(
    request: Request,
    app: Services,
    listening: Annotated[Listening, Depends(_listening)],
    after: Annotated[int, Query(ge=0, le=2**53)],
    loop: Annotated[str, Query(max_length=100)] = "",
    batch: Annotated[str, Query(max_length=100)] = "",
) -> StreamingResponse:
    """An event whenever something has come after the state of that number, of one loop, of one batch or of all; its
    data is the newest one's number."""
    await run_in_threadpool(_check, request, app, loop)
    newest = partial(newest_of_batch, app, batch) if batch else partial(newest_of, app, loop)
    return StreamingResponse(_events(newest, listening, after), media_type="text/event-stream")


def _check(request: Request, app: App, loop: str) -> None:
    """Who sees some loops only follows no other one by its id."""
    seen = seen_by(request)
    if loop and seen is not None:
        objects.check(app, ("loop", loop), seen)


async def _events(look: Callable[[], int], listening: Listening, after: int) -> AsyncIterator[str]:
    async with listening.one():
        yield f"retry: {RETRY}\n\n"
        until, spoke = time.monotonic() + listening.lifetime, time.monotonic()
        while time.monotonic() < until and not listening.ending():
            newest = await run_in_threadpool(look)
            if newest > after:
                after, spoke = newest, time.monotonic()
                yield f"data: {newest}\n\n"
            elif time.monotonic() - spoke > _COMMENT:
                spoke = time.monotonic()
                yield ":\n\n"
            await asyncio.sleep(listening.every)


def newest_of(app: App, loop: str = "") -> int:
    """The number of the newest fact, of a loop or of all; 0 where there is none."""
    with app.db.read() as tx:
        if not loop:
            return tx.found_facts.newest()
        last = tx.facts.of(f"loop:{loop}", limit=1)
        return last[-1].seq if last else 0


def newest_of_batch(app: App, id: str) -> int:
    """A number that grows whenever a batch goes on, or something happens to any loop: how far it is planned is no
    fact."""
    with app.db.read() as tx:
        batch = tx.batches.get(id)
        moment = int(batch.updated_at.timestamp() * 1_000_000) if batch else 0
        return moment + tx.found_facts.newest()
