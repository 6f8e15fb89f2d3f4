"""Saying yes to a plan while many others do: who waits holds no thread, and who asks at the same moment is looked
for together.

Told by `tests/scheduler/api/test_choosing.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from scheduler.domain.errors import Missing
from scheduler.domain.loops import Loop
from scheduler.services.app import App
from scheduler.services.booking import choose as booking
from scheduler.services.booking import losing
from scheduler.services.booking.losing import Look

_MOST = 200
"""Keys in one round: the parameters of a statement are numbered."""

V = TypeVar("V")


class Rounds(Generic[V]):
    """One read for all who ask at the same moment: whoever asks while one is under way is in the next one, so that
    nobody is given what was true before they asked."""

    def __init__(self, read: Callable[[Collection[str]], Mapping[str, V]]) -> None:
        self._read = read
        self._asked: set[str] | None = None
        self._last: asyncio.Task[Mapping[str, V]] | None = None

    async def of(self, key: str) -> V | None:
        """What is found for a key, in a read that begins after this call."""
        if self._last is None or self._asked is None or len(self._asked) >= _MOST:
            self._asked = set()
            self._last = asyncio.create_task(self._round(self._asked, self._last))
        self._asked.add(key)
        found = await asyncio.shield(self._last)  # the others' too: it goes on where one of them leaves
        return found.get(key)

    async def _round(self, asked: set[str], before: asyncio.Task[Mapping[str, V]] | None) -> Mapping[str, V]:
        if before is not None:
            await asyncio.wait([before])
        if self._asked is asked:
            self._asked = None
        return await run_in_threadpool(self._read, asked)


class Choosing:
    """What `choose` is for those who wait on an event loop."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, Rounds[Look]] = WeakKeyDictionary()

    async def choose(self, proposal_id: str, actor: str) -> Loop:
        """`scheduler.services.booking.choose.choose`: losers are told on the event loop, and only who is the first at
        their times has a thread."""
        look = await self._look(proposal_id)
        losing.tell(self._app, look.plan, actor, look.gone)
        async with self._app.turns.awaited(look.plan.loop, losing.wanted(look.plan)) as turn:
            if turn.waited:
                gone = turn.lost or (await self._look(proposal_id)).gone
                losing.tell(self._app, look.plan, actor, gone)
            return await run_in_threadpool(booking.in_turn, self._app, look.plan, actor, turn)

    async def _look(self, proposal_id: str) -> Look:
        loop = asyncio.get_running_loop()
        rounds = self._rounds.get(loop)
        if rounds is None:
            rounds = self._rounds[loop] = Rounds(lambda ids: losing.looks(self._app, ids))
        found = await rounds.of(proposal_id)
        if found is None:
            raise Missing("proposal", proposal_id)
        return found


async def choosing(request: Request) -> Choosing:
    """The one of this process."""
    found: Choosing = request.app.state.choosing
    return found
