"""The candidate's own time: what all other loops of the same person take of it, whatever they applied for.

Told by `tests/stories/test_candidates.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from scheduler.domain.bookings import Reservation
from scheduler.domain.loops import Loop
from scheduler.domain.time import Span
from scheduler.storage.database import Tx


def kept_free(tx: Tx, loop: Loop, rows: Iterable[Reservation]) -> tuple[Span, ...]:
    """When the candidate cannot be met because of other loops: their interviews there (``rows``), with the
    longer of the two least breaks beside them and, between two places, the way."""
    others: dict[str, Loop | None] = {}
    found = []
    for row in rows:
        if row.loop not in others:
            others[row.loop] = tx.loops.get(row.loop)
        found.append(kept_beside(loop, others[row.loop], row.span))
    return tuple(found)


def kept_beside(loop: Loop, other: Loop | None, meeting: Span) -> Span:
    """What an interview of another loop of the candidate keeps free of this one."""
    apart = timedelta(minutes=_apart(loop, other))
    return Span(meeting.start - apart, meeting.end + apart)


def _apart(loop: Loop, other: Loop | None) -> int:
    """Minutes between interviews of two loops of one candidate; at one place, and between calls, nobody
    has to travel."""
    if other is None:
        return 0
    away = [there.template.travel for there in (loop, other) if there.site] if loop.site != other.site else []
    return max([loop.template.min_break, other.template.min_break, *away])
