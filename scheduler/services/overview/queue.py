"""Loops in a queue, each with whose it is and when it goes on; and how old one may be.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.storage.database import Tx

UNBOOKED = frozenset(
    {
        LoopState.DRAFT,
        LoopState.AWAITING_CANDIDATE,
        LoopState.PLANNING,
        LoopState.PROPOSED,
        LoopState.HELD,
        LoopState.BOOKING,
        LoopState.INFEASIBLE,
        LoopState.NEEDS_ATTENTION,
    }
)
"""Whoever is in one of these waits for us."""


class Age(StrEnum):
    """How old a loop is beside the service level."""

    FRESH = "fresh"
    AGEING = "ageing"  # more than half of it has gone by
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Row:
    """``age`` is ``None`` for a loop that waits for nobody; ``next_start`` where an interview is still to come."""

    loop: Loop
    application: Application
    next_start: datetime | None
    age: Age | None


def rows(
    tx: Tx, wanted: LoopsWanted, now: datetime, level: timedelta, limit: int, after: str | None = None
) -> list[Row]:
    """One page, in the order the loops were asked for, from behind the one of id ``after``; four statements,
    however many loops. Raises `BadInput` as `FoundLoops.page` does."""
    return told(tx, tx.found_loops.page(wanted, limit, after), now, level)


def told(tx: Tx, found: Sequence[Loop], now: datetime, level: timedelta) -> list[Row]:
    """These loops, each with what stands beside it."""
    ids = [loop.id for loop in found]
    applications, starts = tx.overview.applications_of(ids), tx.overview.next_starts(ids, now)
    return [Row(loop, applications[loop.id], starts.get(loop.id), age_of(loop, now, level)) for loop in found]


def age_of(loop: Loop, now: datetime, level: timedelta) -> Age | None:
    """From the request to the booking is what the service level counts."""
    if loop.state not in UNBOOKED or (loop.state is LoopState.NEEDS_ATTENTION and loop.chosen):
        return None
    old = now - loop.created_at
    if old > level:
        return Age.LATE
    return Age.AGEING if old > level / 2 else Age.FRESH
