"""How a long-running command ends: the first signal lets what is under way finish, the second ends at once."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

log = logging.getLogger("loopwright.stopping")

_WORKING = ("job ", "dbos-executor")
"""How the threads of jobs are called (`scheduler.workers.watch`, and DBOS's own)."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Listens from now on; ``asked`` is set by the first signal, after which ``call`` runs once.

    The second signal ends the process in the handler itself, whatever the program is at: what was not
    finished is durable and taken up by the next start.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._calls: list[Callable[[], None]] = []
        for number in SIGNALS:
            signal.signal(number, self._heard)

    def then(self, call: Callable[[], None]) -> None:
        """Run it when the first signal comes, or now if it has come. It must not block."""
        self._calls.append(call)
        if self.asked.is_set():
            call()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            os._exit(128 + number)
        self.asked.set()
        for call in self._calls:
            call()


def leave() -> None:
    """End with status 0 although a thread still works: its time is over, and what it does can be repeated.

    Whether a thread is a daemon does not tell whether it would keep the process: those of an executor are waited for
    all the same. Returns where none is left.
    """
    left = [t for t in threading.enumerate() if t is not threading.main_thread()]
    if not left:
        return
    working = [t.name for t in left if t.name.startswith(_WORKING)]
    if working:
        log.warning("%d jobs did not finish in time; they are taken up at the next start", len(working))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(0)
