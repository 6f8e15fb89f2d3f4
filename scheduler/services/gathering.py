"""Many at once in one process: who waits for whom, and what is done together afterwards.

Nothing here decides anything: between processes, and after a crash, the database alone does. Told by
`tests/scheduler/services/test_gathering.py`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent import futures
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Protocol

from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.gathering")

Wanted = Collection[tuple[Subject, Span]]
PATIENCE = 10.0
"""Seconds for which somebody's turn is waited for; after that everybody tries for themselves."""
QUIET = 0.1
"""Seconds without another one after which what was handed in is done."""
LONGEST = 1.0
"""Seconds after which it is done although more keeps coming in."""
_AGAIN = 2.0
"""Seconds until what the database did not take is tried again, also while more keeps coming in."""


class Turn:
    """Somebody who is at some times for a loop, after ``first`` where somebody is at one of them already.
    ``lost`` are those of the times that the first one then took for another loop."""

    def __init__(self, loop: str, wanted: Wanted, first: Turn | None) -> None:
        self.loop, self.wanted, self.first = loop, wanted, first
        self._took = False
        self._over: futures.Future[None] = futures.Future()
        self._heard: dict[asyncio.AbstractEventLoop, asyncio.Future[None]] = {}

    def took(self) -> None:
        """They are ours now, committed: whoever waits need not ask the database."""
        self._took = True

    @property
    def waited(self) -> bool:
        """Whether somebody else was at one of the times before."""
        return self.first is not None

    @property
    def lost(self) -> list[tuple[Subject, Span]]:
        if self.first is None or not self.first._took or self.first.loop == self.loop:
            return []
        return [(s, at) for s, at in self.wanted if self.first._has(s, at)]

    def stands_against(self, wanted: Wanted) -> bool:
        """Whether one of the times is wanted."""
        return any(self._has(s, at) for s, at in wanted)

    def _has(self, subject: Subject, span: Span) -> bool:
        return any(s == subject and span.overlaps(held) for s, held in self.wanted)

    def _end(self) -> None:
        self._over.set_result(None)

    def _wait(self, seconds: float) -> None:
        with suppress(futures.TimeoutError):
            self._over.result(seconds)

    async def _await(self, seconds: float) -> None:
        """However many wait on an event loop, one signal from a thread wakes them all: each signal is a call of the
        system, before which a thread that works may keep the interpreter for itself."""
        loop = asyncio.get_running_loop()
        heard = self._heard.get(loop) or self._heard.setdefault(loop, asyncio.wrap_future(self._over))
        await asyncio.wait([heard], timeout=seconds)


class Turns:
    """Who wants a time that somebody of this process is just taking waits for them, and hears then whether it
    is gone, instead of reading the same calendars at the same moment.

    Only one is waited for: when their time was not to be had either, the others go on side by side.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._running: list[Turn] = []

    @contextmanager
    def of(self, loop: str, wanted: Wanted) -> Iterator[Turn]:
        """Be at these times for the length of the block, after whoever is at one of them."""
        mine = self._enter(loop, wanted)
        try:
            if mine.first is not None:
                mine.first._wait(self._patience)
            yield mine
        finally:
            self._leave(mine)

    @asynccontextmanager
    async def awaited(self, loop: str, wanted: Wanted) -> AsyncIterator[Turn]:
        """The same for who waits on an event loop: no thread is held for it."""
        mine = self._enter(loop, wanted)
        try:
            if mine.first is not None:
                await mine.first._await(self._patience)
            yield mine
        finally:
            self._leave(mine)

    def _enter(self, loop: str, wanted: Wanted) -> Turn:
        with self._lock:
            first = next((turn for turn in self._running if turn.stands_against(wanted)), None)
            mine = Turn(loop, wanted, first)
            if first is None:
                self._running.append(mine)
            return mine

    def _leave(self, mine: Turn) -> None:
        if mine.first is None:
            with self._lock:
                self._running.remove(mine)
            mine._end()


class Later(Protocol):
    """Takes what can be done after the answer, and together with others of its name."""

    def add(self, name: str, work: Callable[[Sequence[Any]], None], item: Any) -> None:
        """Do ``work`` with this ``item`` and with others of the same ``name``. It may never happen, where
        the process ends before: whatever is handed in here must come again by itself."""
        ...

    def close(self) -> None:
        """Do what is left, and take no more."""
        ...


class AtOnce:
    """Does it there and then, one by one."""

    def add(self, name: str, work: Callable[[Sequence[Any]], None], item: Any) -> None:  # noqa: ARG002
        work([item])

    def close(self) -> None:
        """There is nothing left."""


class Gathering:
    """Does it in a thread of its own, once nobody has handed anything in for a moment."""

    def __init__(self, quiet: float = QUIET, longest: float = LONGEST) -> None:
        self._quiet, self._longest = quiet, longest
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[Callable[[Sequence[Any]], None], list[Any]]] = {}
        self._closed = False
        self._last = 0.0
        self._thread: threading.Thread | None = None

    def add(self, name: str, work: Callable[[Sequence[Any]], None], item: Any) -> None:
        with self._changed:
            idle = not self._waiting
            self._waiting.setdefault(name, (work, []))[1].append(item)
            self._last = max(self._last, time.monotonic())  # what is tried again waits its time
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gathering", daemon=True)
                self._thread.start()
            if idle:  # else it looks by itself whether it has become quiet
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(PATIENCE)

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            for name, (work, items) in batch.items():
                self._do(name, work, items)

    def _next(self) -> dict[str, tuple[Callable[[Sequence[Any]], None], list[Any]]] | None:
        """What was handed in until it became quiet; ``None`` at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            until = max(time.monotonic() + self._longest, self._last)  # what is tried again waits its time
            while not self._closed:
                now = time.monotonic()
                left = min(self._last + self._quiet, until) - now
                if left <= 0:
                    break
                self._changed.wait(left)
            batch, self._waiting = self._waiting, {}
            return batch or None

    def _do(self, name: str, work: Callable[[Sequence[Any]], None], items: list[Any]) -> None:
        try:
            work(items)
        except Unavailable as error:
            log.warning("%s: %d wait for the database: %s", name, len(items), error)
            with self._changed:
                if not self._closed:
                    self._waiting.setdefault(name, (work, []))[1].extend(items)
                    self._last = time.monotonic() + _AGAIN
        except Exception:
            log.exception("%s failed for %d", name, len(items))
