"""How a long-running command ends: the first signal lets what is under way finish, the second ends at once."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("loopwright.stopping")

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

    Returns where nothing is left that would keep the process.
    """
    left = [t.name for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    if left:
        log.warning("%d threads did not finish in time; their jobs are taken up at the next start", len(left))
        logging.shutdown()
        os._exit(0)
