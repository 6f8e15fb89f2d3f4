"""Plans that are offered: what would take place when, with whom, at which price, known from when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.domain.loops import LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span


class ProposalState(StrEnum):
    OFFERED = "offered"
    CHOSEN = "chosen"
    STALE = "stale"  # one of its intervals is no longer free, or another was chosen


@dataclass(frozen=True, slots=True)
class PlannedInterview:
    """``people`` has one tuple per seat of the template's interview, in its order (shadow seats
    left out); ``interview`` is the template's id of it, or ``debrief``."""

    interview: str
    span: Span
    people: tuple[tuple[str, ...], ...]
    shadow: str | None = None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """``price`` per rule sums to ``cost``; ``bound`` is proven, so cost = bound is the best there is.
    ``basis`` says when each calendar was read and ``unknown`` whose could not be."""

    id: str
    loop: str
    rank: int
    interviews: tuple[PlannedInterview, ...]
    price: Mapping[str, int]
    cost: int
    bound: int
    status: str
    basis: datetime
    unknown: tuple[str, ...]
    state: ProposalState
    created_at: datetime
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Contender:
    """A plan as far as it is needed to see whether its times are gone: ``state`` is its own, ``chosen`` the
    plan that its loop has taken."""

    id: str
    loop: str
    state: ProposalState
    loop_state: LoopState
    chosen: str | None
    candidate: Subject
    interviews: tuple[PlannedInterview, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody's time, and what their calendar says of it (``busy``, ``tentative``, …): no title, no people."""

    span: Span
    verdict: str


@dataclass(frozen=True, slots=True)
class SeenCalendar:
    """What one calendar said of ``window``; ``code`` is why it could not be read, where it could not."""

    subject: Subject
    window: Span
    known: bool
    code: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the calendars said when a plan was chosen, for the booking of that generation of its loop."""

    loop: str
    generation: int
    proposal: str
    at: datetime
    calendars: tuple[SeenCalendar, ...]
