"""How much computing one calendar's series may take.

Told by `tests/connectors/test_local_hostile.py`.
"""

from __future__ import annotations

import time

from connectors.errors import Unreadable

CPU_SECONDS = 2.0


class Budget:
    """The computing time of one look at one calendar, in CPU seconds of this thread."""

    def __init__(self, seconds: float = CPU_SECONDS) -> None:
        self._end = time.thread_time() + seconds

    def spend(self) -> None:
        """Raises `Unreadable` once the time is used up."""
        if time.thread_time() > self._end:
            raise Unreadable("its repeating events take too long to expand; remove old series from it")
