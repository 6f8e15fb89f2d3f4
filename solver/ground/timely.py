"""Ends long computations from inside: large tables of one loop take seconds, and a limit is a limit.

Told by `tests/solver/test_limits.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from solver.ground.budget import Budget
from solver.ground.timeline import Timeline
from solver.problem.errors import OutOfTime


@contextmanager
def timely(timeline: Timeline, budget: Budget) -> Iterator[None]:
    """Clock, stop and the process's memory limit end what is done here with `OutOfTime`."""
    before, timeline.late = timeline.late, budget.late
    try:
        yield
    except MemoryError as error:
        budget.end("memory_mb")
        raise OutOfTime from error
    finally:
        timeline.late = before
