"""Fixes as data: what would have to change, who would have to be asked, and the plan that was tried; and what a loop is
let off once somebody said so.

Told by `tests/scheduler/services/planning/fixes/test_found.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.time import Span

BUFFER, HORIZON, NOTICE, HOLIDAY, CAPS = "buffer", "horizon", "notice", "holiday", "caps"
PERSON, AVAILABILITY, LOCK = "person", "availability", "lock"
"""Kinds of changes that mean something here; the others are the solver's."""


class How(StrEnum):
    """How a fix is carried out, from the easiest to the hardest: at once, after the people or the candidate have
    agreed, or by hand, since somebody or something new is needed."""

    APPLY = "apply"
    ASK_PEOPLE = "ask_people"
    ASK_CANDIDATE = "ask_candidate"
    BY_HAND = "by_hand"


class FixState(StrEnum):
    OFFERED = "offered"
    ASKED = "asked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise: ``interviews`` are the template's, ``spans`` when somebody would be free,
    a step take place, or a day be worked; ``limits`` names and values that would be enough."""

    kind: str
    interviews: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    site: str | None = None
    limits: tuple[tuple[str, int], ...] = ()

    @property
    def limit(self) -> int:
        """The value of a change that has one."""
        return self.limits[0][1]


@dataclass(frozen=True, slots=True)
class Fix:
    """One way out for a loop without a plan. ``id`` is the same whenever the same is found again; ``people`` would be
    asked, ``plan`` is the one it was tried with (none where nothing could be tried), ``effort`` its place in the order.
    ``actor`` and ``at`` are those of its last step."""

    id: str
    text: str
    effort: int
    how: How
    changes: tuple[Change, ...]
    people: tuple[str, ...] = ()
    plan: tuple[PlannedInterview, ...] = ()
    state: FixState = FixState.OFFERED
    actor: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """What one loop is let off, this once: by whom, when and why. ``fix`` is the one that it came of."""

    loop: str
    fix: str
    change: Change
    actor: str
    reason: str
    note: str
    at: datetime


def fix_id(changes: Iterable[Change]) -> str:
    """The id of a fix: a digest of what it changes."""
    content = [
        [
            c.kind,
            *c.interviews,
            *c.people,
            *((s.start.isoformat(), s.end.isoformat()) for s in c.spans),
            c.site,
            *c.limits,
        ]
        for c in changes
    ]
    return f"fx_{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]}"
