"""What needs a person, most urgent first.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import LoopState
from scheduler.services.overview import queue
from scheduler.services.overview.queue import Row
from scheduler.storage.database import Tx

STATES = frozenset({LoopState.NEEDS_ATTENTION, LoopState.INFEASIBLE})
_READ = 500
"""So many are sorted; with more of them nobody asks which is the most urgent."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something a person has to look at: ``due`` is when it will be too late, where that is known."""

    row: Row
    since: datetime
    due: datetime | None


def waiting(
    tx: Tx, now: datetime, level: timedelta, limit: int, owner: str | None = None
) -> tuple[list[Waiting], int]:
    """The most urgent ones, and how many there are: whatever takes place soonest comes first, then what has waited
    longest. ``owner`` asks for one person's alone."""
    wanted = LoopsWanted(states=STATES, owner=owner)
    found = queue.rows(tx, wanted, now, level, _READ)
    ordered = sorted(found, key=lambda row: (row.next_start or _NEVER, row.loop.updated_at, row.loop.id))
    total = sum(tx.found_loops.counts(wanted).values())
    return [Waiting(row, row.loop.updated_at, row.next_start) for row in ordered[:limit]], total
