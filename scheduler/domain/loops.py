"""Applications, loops and their states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from scheduler.domain.fixes.saying import Said
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewSpec, LoopTemplate
from scheduler.domain.time import Span, zone


class LoopState(StrEnum):
    DRAFT = "draft"
    AWAITING_CANDIDATE = "awaiting_candidate"
    PLANNING = "planning"
    PROPOSED = "proposed"
    HELD = "held"
    BOOKING = "booking"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    INFEASIBLE = "infeasible"
    REPAIRING = "repairing"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    NEEDS_ATTENTION = "needs_attention"


S = LoopState
MOVES: Mapping[LoopState, frozenset[LoopState]] = {
    S.DRAFT: frozenset({S.AWAITING_CANDIDATE, S.PLANNING, S.NEEDS_ATTENTION}),
    S.AWAITING_CANDIDATE: frozenset({S.PLANNING, S.CANCELLED}),
    S.PLANNING: frozenset({S.PROPOSED, S.INFEASIBLE, S.NEEDS_ATTENTION, S.CANCELLED}),
    S.PROPOSED: frozenset({S.PLANNING, S.HELD, S.CANCELLED, S.NEEDS_ATTENTION}),
    S.HELD: frozenset({S.BOOKING, S.PLANNING, S.CANCELLING, S.NEEDS_ATTENTION}),
    S.BOOKING: frozenset({S.CONFIRMED, S.PLANNING, S.CANCELLING, S.NEEDS_ATTENTION}),
    S.CONFIRMED: frozenset({S.REPAIRING, S.COMPLETED, S.CANCELLING, S.NEEDS_ATTENTION}),
    S.REPAIRING: frozenset({S.BOOKING, S.CANCELLING, S.NEEDS_ATTENTION}),
    S.INFEASIBLE: frozenset({S.PLANNING, S.CANCELLED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.NEEDS_ATTENTION}),
    S.NEEDS_ATTENTION: frozenset(
        {S.CONFIRMED, S.PLANNING, S.REPAIRING, S.BOOKING, S.CANCELLING, S.CANCELLED}
    ),
    S.COMPLETED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""Where a loop may go from where it is."""
del S

ENDED = frozenset({LoopState.COMPLETED, LoopState.CANCELLED})


class BookMode(StrEnum):
    """Who says yes: nobody is planned for, a person approves, or policy books the best plan."""

    OFF = "off"
    PROPOSE = "propose"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who applies, once or several times. Who they are is told by the address, whatever its
    case: names are written in many ways, and ``ada+jobs@`` may well be somebody else than ``ada@``."""

    name: str
    email: str
    zone: str

    @property
    def subject(self) -> Subject:
        """What their time is kept under: nobody is in two interviews at once, whatever they applied for."""
        return Subject.candidate(self.email)


@dataclass(frozen=True, slots=True)
class Accommodation:
    """What the plan must respect; the reason is never stored. ``extra_time`` in percent,
    ``break_every`` and ``max_day`` in minutes, ``features`` of rooms."""

    extra_time: int = 0
    break_every: int | None = None
    max_day: int | None = None
    features: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()
    """People who are there besides the panel (an interpreter, a captioner): ids."""


@dataclass(frozen=True, slots=True)
class Application:
    """A person's candidacy for one job: the key of loops and mails. The candidate's time alone is kept by
    person (`Candidate.subject`), who may have several."""

    id: str
    candidate: Candidate
    job: str
    hiring_manager: str
    recruiter: str
    coordinator: str | None = None
    stage: str = ""
    accommodation: Accommodation = Accommodation()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a loop waits or cannot be met, in words and in parts: ``kind`` is stable, ``said`` the same as data."""

    kind: str
    text: str
    people: tuple[str, ...] = ()
    interviews: tuple[str, ...] = ()
    said: Said | None = field(default=None, compare=False)

    @property
    def aside(self) -> bool:
        """Whether it is said beside what stands in the way, and does not stand there itself: people who were left out
        since their calendars cannot be read, where no interview fails for want of them."""
        return self.kind == UNREAD and not self.interviews


UNREAD = "unknown_calendar"
REPAIR_OFFERED, REPAIR_OUTDATED = "repair_offered", "repair_outdated"
"""Kinds of reasons: a repair waits for a yes; it did, and the loop has changed since."""


def outdated(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons of a loop whose offered repair is stale."""
    text = "the repair that was offered does not fit the loop as it is now; ask for another one"
    return tuple(
        replace(r, kind=REPAIR_OUTDATED, text=text, said=None) if r.kind == REPAIR_OFFERED else r
        for r in reasons
    )


def undo_time(own: int | None, usual: int) -> timedelta:
    """How long a person can undo before the best plan is booked, both in minutes: as the loop itself says, else as is
    ``usual`` by the policy."""
    return timedelta(minutes=usual if own is None else own)


def last_of(horizon: Span, windows: Iterable[Span]) -> datetime:
    """When the horizon is over, or all windows are, whichever is first."""
    return min(horizon.end, max((w.end for w in windows), default=horizon.end))


@dataclass(frozen=True, slots=True)
class Queued:
    """Of a loop that waits, what says how urgent it is: the span and the windows in which it may take place."""

    id: str
    horizon: Span
    windows: tuple[Span, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InterviewLock:
    """What an interview keeps, whatever is planned anew or repaired, until a person unlocks it: its ``start``, who
    sits in some of its seats (``people``: number of the seat and ids), its ``room``. ``interview`` is the
    template's id, or ``debrief``."""

    interview: str
    start: datetime | None = None
    people: tuple[tuple[int, tuple[str, ...]], ...] = ()
    room: str | None = None

    def of_seat(self, number: int) -> tuple[str, ...]:
        """Who keeps the seat; nobody where it is free to change."""
        return next((people for seat, people in self.people if seat == number), ())


@dataclass(frozen=True, slots=True)
class Loop:
    """All interviews of one stage visit of one application, planned together with the debrief.

    ``template`` is the copy taken when the loop was asked for, adjusted as asked. ``windows`` are
    what the candidate offered; without any the loop waits for them. ``generation``
    rises with every (re)booking and fences late workers. ``blocked`` are times found taken while
    booking, kept out of the next plan.
    """

    id: str
    application: str
    template: LoopTemplate
    state: LoopState
    mode: BookMode
    zone: str
    site: str | None
    horizon: Span
    windows: tuple[Span, ...]
    stage_visit: str
    created_at: datetime
    updated_at: datetime
    cause: str = ""
    generation: int = 0
    replans: int = 0
    reasons: tuple[Reason, ...] = ()
    fixes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """People whose calendars could not be read when it was last planned."""
    chosen: str | None = None
    """The proposal that is held, being booked or booked."""
    blocked: tuple[tuple[Subject, Span], ...] = ()
    declined: tuple[tuple[str, str], ...] = ()
    """``(person, interview)`` pairs that are not asked again."""
    labels: Mapping[str, str] = field(default_factory=dict)
    overtaken: int = 0
    """How often a chosen plan was lost to somebody's calendar; what we booked ourselves does not count."""
    owner: str = ""
    """Whose loop it is: the application's recruiter, unless it was given to somebody else."""
    undo_minutes: int | None = None
    """In mode *book*: how long a person can undo before the best plan is booked; ``None``: as the policy says."""
    locks: tuple[InterviewLock, ...] = ()

    def lock_of(self, interview: str) -> InterviewLock | None:
        """What an interview keeps, where a person has locked something of it."""
        return next((lock for lock in self.locks if lock.interview == interview), None)

    def due_day(self, exercise: InterviewSpec) -> date:
        """The last day, in the loop's zone, for handing in a take-home: its days count from the request."""
        return self.created_at.astimezone(zone(self.zone)).date() + timedelta(days=exercise.due_days or 0)
