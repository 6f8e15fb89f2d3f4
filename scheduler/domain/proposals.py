"""Plans that are offered: what would take place when, with whom, at which price, known from when; and batches,
several loops whose plans are made as one: a superday, a day on a campus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scheduler.domain.loops import BookMode, InterviewLock, Loop, LoopState
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import LoopTemplate
from scheduler.domain.time import Span

BY_HAND = "by_hand"
"""The status of a plan that a person has changed; any other is what the search said of its end."""


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
    """``price`` per rule sums to ``cost``; ``bound`` is proven, so cost = bound is the best there is. Of a plan whose
    ``status`` is `BY_HAND` nothing is proven: its bound is 0.
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
    kept_until: datetime | None = None
    """Until when somebody has its times kept free, beyond the time that every offer has."""

    @property
    def by_hand(self) -> bool:
        """Whether a person changed it: how much dearer than the best it is, nobody has worked out."""
        return self.status == BY_HAND

    @property
    def proven(self) -> bool:
        """Whether it is the best there is."""
        return not self.by_hand and self.cost == self.bound


@dataclass(frozen=True, slots=True)
class ByHand:
    """What of a loop people may change by hand, besides its plan."""

    template: LoopTemplate
    windows: tuple[Span, ...]
    horizon: Span
    locks: tuple[InterviewLock, ...]
    mode: BookMode

    @staticmethod
    def of(loop: Loop) -> ByHand:
        """As it is of a loop."""
        return ByHand(loop.template, loop.windows, loop.horizon, loop.locks, loop.mode)


@dataclass(frozen=True, slots=True)
class Undoable:
    """The last change of a loop by hand, as far as it takes to undo it: ``then`` and ``now``, ``was`` and ``plan`` are
    before and after it. Of a loop on offer, ``offer`` is what it put on offer and ``stale`` what it withdrew;
    ``fixes`` are those that it let the loop off by."""

    loop: str
    at: datetime
    actor: str
    generation: int
    then: ByHand
    now: ByHand
    was: tuple[PlannedInterview, ...]
    plan: tuple[PlannedInterview, ...]
    offer: str = ""
    stale: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()


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


class BatchState(StrEnum):
    PLANNING = "planning"
    OFFERED = "offered"  # every loop of it has a plan, or says why not
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a plan for all is: loops placed of ``loops``, the price so far, and what no plan can cost less
    than (both ``None`` until known); ``seconds`` since it began."""

    placed: int = 0
    loops: int = 0
    price: int | None = None
    bound: int | None = None
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """``loops`` are their ids, in the order in which they were named; ``made`` those that the batch itself asked
    for; ``locked`` keep the plan they are offered; ``priority`` (1 to 3, 2 where nothing is said) is what
    leaving a loop out weighs. ``round`` rises whenever it is planned, and fences late workers."""

    id: str
    state: BatchState
    window: Span
    zone: str
    loops: tuple[str, ...]
    actor: str
    created_at: datetime
    updated_at: datetime
    made: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    priority: Mapping[str, int] = field(default_factory=dict)
    seconds: int = 30
    round: int = 0
    progress: BatchProgress = BatchProgress()

    @property
    def live(self) -> bool:
        return self.state is not BatchState.CANCELLED
