"""How long a job may go on without a sign of life, after which it counts as hanging.

Told by `tests/scheduler/test_watch.py`.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

STEP = 300.0
"""Seconds that one step of a job may take: every call that leaves the process has a shorter limit of its own
(decision 105), so what takes longer hangs."""


@dataclass(slots=True)
class Progress:
    """Of one job: ``step`` seconds from its last sign of life it counts as hanging, at ``until``
    (`time.monotonic`)."""

    step: float = STEP
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.step


CURRENT: ContextVar[Progress | None] = ContextVar("progress", default=None)
"""That of the job which this thread is at."""


def alive(more: float = 0.0) -> None:
    """A sign of life of the job that this thread is at; ``more`` seconds are added to its next step, for one
    that has a longer limit of its own. Outside a job it says nothing."""
    mine = CURRENT.get()
    if mine is not None:
        mine.until = max(mine.until, time.monotonic() + mine.step + more)
