"""What the calendars said when a plan was chosen: kept with the booking, busy times and verdicts and nothing else.

Told by `tests/scheduler/api/test_compare.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.types import Availability, Known
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop
from scheduler.domain.proposals import Block, Seen, SeenCalendar
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.storage import codec
from scheduler.storage.database import Tx

CALENDARS_KEPT = "calendars_kept"
"""A fact: what the calendars said is kept. (What they say of a booked loop later is `calendars_seen`.)"""


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: what of a plan is not free, and what the calendars said about it."""

    broken: list[tuple[Subject, Span]]
    calendars: tuple[SeenCalendar, ...]


def calendars(found: Mapping[Subject, Availability], window: Span) -> tuple[SeenCalendar, ...]:
    """What was read, without titles, keys and people: who, when, and what kind of a block."""
    rows = []
    for subject, state in sorted(found.items()):
        if isinstance(state, Known):
            blocks = {
                (max(b.start, window.start), min(b.end, window.end), b.verdict.value) for b in state.busy
            }
            inside = tuple(Block(Span(a, b), verdict) for a, b, verdict in sorted(blocks) if a < b)
            rows.append(SeenCalendar(subject, window, True, "", inside))
        else:
            rows.append(SeenCalendar(subject, window, False, state.code, ()))
    return tuple(rows)


def keep(tx: Tx, loop: Loop, proposal: str, actor: str, at: datetime, rows: Iterable[SeenCalendar]) -> None:
    """Keep what was seen for the booking of this generation; its digest goes into the chain of facts."""
    seen = Seen(loop.id, loop.generation, proposal, at, tuple(rows))
    tx.seen.put(seen)
    text = json.dumps(codec.encode(seen), sort_keys=True, separators=(",", ":"))
    data = {
        "proposal": proposal,
        "calendars": len(seen.calendars),
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }
    tx.facts.add(Fact(at, actor, CALENDARS_KEPT, f"loop:{loop.id}", "", "", proposal, data))
