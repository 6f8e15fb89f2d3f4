"""Waits for a job no longer than it may take: one that hangs is told, and somebody else does its work.

A thread cannot be ended from outside, so each job has one of its own that may be left alone. What a job that
was given up on still does when it comes back after all finds its lease taken and its loop in another state.

Told by `tests/scheduler/test_watch.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from scheduler.services.progress import CURRENT, STEP, Progress

log = logging.getLogger("loopwright.watch")

T = TypeVar("T")


class Hangs(Exception):
    """A job gave no sign of life for as long as a step may take."""


@dataclass
class Watch:
    """``step`` is how many seconds a job may go on without a sign of life (`progress.alive`)."""

    step: float = STEP
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _left: dict[object, str] = field(default_factory=dict, repr=False)

    def run(self, name: str, call: Callable[[], T]) -> T:
        """What the call gives or raises. Raises `Hangs` where it does not come back in time; it is left to
        itself then, and no longer waited for."""
        begun, progress = time.monotonic(), Progress(self.step)
        ended, results, errors = threading.Event(), list[T](), list[BaseException]()
        key = object()

        def work() -> None:
            CURRENT.set(progress)
            try:
                results.append(call())
            except BaseException as error:
                errors.append(error)
            with self._lock:
                ended.set()
                late = self._left.pop(key, None)
            if late is not None:
                log.warning(
                    "%s came back after %.0f s; others had taken it over", name, time.monotonic() - begun
                )

        threading.Thread(target=work, name=f"job {name}", daemon=True).start()
        while not ended.wait(max(0.0, progress.until - time.monotonic())):
            with self._lock:
                if ended.is_set() or time.monotonic() < progress.until:
                    continue
                self._left[key] = name
            text = f"it gave no sign of life for {time.monotonic() - begun:.0f} s"
            log.error("%s hangs: %s; it is left to itself and done anew", name, text)
            raise Hangs(text)
        if errors:
            with suppress(IndexError):
                raise errors.pop()
        return results[0]

    @property
    def hanging(self) -> tuple[str, ...]:
        """The jobs that did not come back so far."""
        with self._lock:
            return tuple(sorted(self._left.values()))
