"""What happens to a loop, as it happens: server-sent events.

A listener costs no thread and no connection to the database between two looks. It is let go after a while,
and when the process ends; a client's `EventSource` comes back by itself and says what it had last.

Source: HTML Living Standard, section 9.2 (server-sent events).

Told by `tests/scheduler/api/test_following.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.models.facts import FactOut
from scheduler.api.problems import NotServing, answers
from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.services.app import App
from scheduler.services.planning import plan as planning

router = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])

RETRY = 1000
"""Milliseconds after which a client that was let go comes back."""


@dataclass
class Listening:
    """What this process grants to listeners: how many at once, for how long (s), a look every ``every`` s."""

    most: int = 200
    lifetime: float = 120.0
    every: float = 1.0
    ending: Callable[[], bool] = lambda: False
    """Whether the process is about to end."""
    now: int = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for one more listener, for as long as it listens."""
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


class StateOut(BaseModel):
    """How a loop stands when somebody begins to listen."""

    state: str
    looking: bool


async def listening_of(request: Request) -> Listening:
    """The process's grant, where there is a place left. Raises `NotServing`."""
    found: Listening = request.app.state.listening
    if found.now >= found.most:
        raise NotServing(f"{found.most} listeners are as many as one process serves; come back later")
    return found


def _standing(loop_id: Annotated[str, Path(max_length=100)], app: Services) -> tuple[int, StateOut]:
    """The number of the loop's last fact, and how it stands now."""
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        last = tx.facts.of(f"loop:{loop_id}", limit=1)
        return last[-1].seq if last else 0, StateOut(
            state=loop.state.value, looking=planning.looking(tx, loop)[0]
        )


@router.get("/{loop_id}/events", response_class=EventSourceResponse, responses=answers(404))
async def follow_a_loop(
    loop_id: Annotated[str, Path(max_length=100)],
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    standing: Annotated[tuple[int, StateOut], Depends(_standing)],
    listening: Annotated[Listening, Depends(listening_of)],
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to a loop, as it happens: first `standing` (its state, and whether more plans are being looked
    for), then every fact by its name, with its number as id. Who comes back says the last number in `Last-Event-ID`
    and is told what came after it."""
    seq, state = standing
    async with listening.one():
        if last_event_id is None:
            yield ServerSentEvent(data=state, event="standing", id=str(seq), retry=RETRY)
        else:
            seq = last_event_id
        until = time.monotonic() + listening.lifetime
        while time.monotonic() < until and not listening.ending():
            for fact in await run_in_threadpool(_since, app, loop_id, seq):
                seq = fact.seq
                yield ServerSentEvent(data=FactOut.of(fact), event=fact.what, id=str(seq), retry=RETRY)
            await asyncio.sleep(listening.every)


def _since(app: App, loop_id: str, seq: int) -> list[Fact]:
    with app.db.read() as tx:
        return list(tx.facts.since(f"loop:{loop_id}", seq))
