"""The packing problem: people, rooms and loops in whole minutes after an epoch.

Every value is frozen. Intervals are half-open ``(start, end)`` pairs of minutes.
A `Problem` refuses nonsense when it is built (`ProblemError`, with the field's path), so
whoever holds one holds a well-formed one.

The fields mirror the public JSON form (`docs/instance-format.md`). Those marked *(format 2)*
exist only in ``loopbench/2``; their defaults mean "the rule does not apply", so a
``loopbench/1`` instance reads as the same problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from solver.problem.errors import ProblemError as ProblemError
from solver.problem.plan import Assignment
from solver.problem.validate import validate

Interval = tuple[int, int]
"""Half-open ``(start, end)`` in minutes after the epoch."""


class BusyKind(StrEnum):
    """What a block in a person's calendar means to a plan."""

    HARD = "hard"  # never overlapped
    LUNCH = "lunch"  # free for sessions of kind lunch only
    TENTATIVE = "tentative"  # may be overlapped at a price
    FOCUS = "focus"  # may be overlapped at a price


class SessionKind(StrEnum):
    INTERVIEW = "interview"
    LUNCH = "lunch"


@dataclass(frozen=True, slots=True)
class Busy:
    start: int
    end: int
    kind: BusyKind


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can fill seats.

    ``max_day`` and ``max_week`` cap the interviews (shadowing included) that start in one local
    day or ISO week of ``tz``; ``prior`` is the load already carried, in interviews.
    """

    id: str
    site: str
    tz: str
    work: tuple[Interval, ...]
    busy: tuple[Busy, ...]
    max_day: int
    max_week: int
    prior: int
    skills: frozenset[str] = frozenset()
    held: tuple[Interval, ...] = ()
    """*(format 2)* Interviews of loops outside this problem: hard, counted in the caps, buffered."""
    max_day_minutes: int | None = None
    """*(format 2)* Cap in interview minutes per local day."""
    max_week_minutes: int | None = None
    """*(format 2)* Cap in interview minutes per ISO week."""


@dataclass(frozen=True, slots=True)
class Room:
    """``cap`` counts heads, the candidate's included."""

    id: str
    site: str
    cap: int
    busy: tuple[Interval, ...]
    features: frozenset[str] = frozenset()
    """*(format 2)* What the room offers: ``accessible``, ``video``, ``whiteboard``, …"""


@dataclass(frozen=True, slots=True)
class Seat:
    """``n`` different people out of ``pool``; ``rank[person]`` are units of dislike."""

    n: int
    pool: tuple[str, ...]
    rank: Mapping[str, int] = field(default_factory=dict)
    skill: str = ""
    optional: bool = False
    """*(format 2)* May stay empty (0 or ``n`` people) at the price ``optional_empty`` a seat."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One trainee out of ``pool`` is wanted as an observer."""

    pool: tuple[str, ...]
    rank: Mapping[str, int] = field(default_factory=dict)
    """*(format 2)* Units of dislike per trainee, priced with the weight ``rank``."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What a session must keep; ``None`` means free. Time, people and room pin separately."""

    start: int | None = None
    people: tuple[tuple[str, ...], ...] | None = None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting of a loop with its candidate."""

    id: str
    kind: SessionKind
    dur: int
    room: bool
    seats: tuple[Seat, ...]
    after: tuple[str, ...] = ()
    shadow: Shadow | None = None
    window: tuple[Interval, ...] = ()
    lock: Lock | None = None
    site: str | None = None
    """*(format 2)* Where it takes place; ``None`` is the loop's site."""
    features: frozenset[str] = frozenset()
    """*(format 2)* What its room must offer."""
    same_people_as: str | None = None
    """*(format 2)* Its seats hold the same people as those of this other session of the loop."""
    previous: Assignment | None = None
    """*(format 2)* Where an earlier plan had it; leaving it costs the ``moved_*`` weights."""


@dataclass(frozen=True, slots=True)
class Gap:
    """*(format 2)* Minutes between the end of ``first`` and the start of ``then``.

    ``least`` ≤ gap ≤ ``greatest`` (``None`` = no limit); ``greatest=0`` is *immediately after*.
    Implies that ``first`` comes before ``then``.
    """

    first: str
    then: str
    least: int = 0
    greatest: int | None = None


@dataclass(frozen=True, slots=True)
class LongestRun:
    """*(format 2)* The candidate's longest run of sessions without a break.

    A run is a maximal chain of sessions of one day with less than ``rest`` minutes between
    neighbours; a lunch ends a run and belongs to none. Its length is last end − first start.
    ``hard`` forbids more than ``minutes``; otherwise each minute over costs the weight ``run``.
    """

    minutes: int
    rest: int
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Debrief:
    """The panel's meeting after the last session.

    It starts at most ``within`` business minutes (``calendars[calendar]``) after that end.
    """

    dur: int
    within: int
    attend: tuple[str, ...]
    least: int = 0
    """*(format 2)* Least minutes between the end of the last session and its start."""
    calendar: str | None = None
    """*(format 2)* Whose business hours count; ``None`` is the loop's site."""
    lock: int | None = None
    """*(format 2)* The start it must keep."""
    previous: int | None = None
    """*(format 2)* Where an earlier plan had it; moving it costs ``moved_debrief``."""


@dataclass(frozen=True, slots=True)
class Loop:
    """All sessions of one stage of one application, planned together with their debrief."""

    id: str
    site: str
    tz: str
    availability: tuple[Interval, ...]
    days: tuple[Interval, ...]
    max_days: int
    max_span: int
    min_break: int
    preferred: tuple[Interval, ...]
    priority: int
    sessions: tuple[Session, ...]
    debrief: Debrief | None
    recruiter: str | None = None
    hm: str | None = None
    gaps: tuple[Gap, ...] = ()
    same_day: tuple[tuple[str, ...], ...] = ()
    """*(format 2)* Groups of sessions that share one of ``days``."""
    different_day: tuple[tuple[str, ...], ...] = ()
    """*(format 2)* Groups of sessions no two of which share one of ``days``."""
    longest_run: LongestRun | None = None
    max_day_minutes: int | None = None
    """*(format 2)* The most minutes of sessions on one of ``days`` (lunch does not count)."""
    barred: frozenset[str] = frozenset()
    """*(format 2)* People of an earlier round: no interview seat of this loop."""


FIRST: Final[Mapping[str, int]] = {"format": 1}
"""Marks a weight that the first format has already."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Price per unit of each soft rule; the defaults are those of the public samples.

    The only list of weights: whatever reads, writes, checks or prices them goes by these fields. Those
    marked `FIRST` are all that ``loopbench/1`` has, and must be given; any other is *(format 2)*, and
    costs nothing in a document that does not name it.
    """

    unscheduled: int = field(default=300_000, metadata=FIRST)
    finish: int = field(default=1, metadata=FIRST)
    idle: int = field(default=4, metadata=FIRST)
    extra_day: int = field(default=1_500, metadata=FIRST)
    tentative: int = field(default=300, metadata=FIRST)
    focus: int = field(default=150, metadata=FIRST)
    outside_pref: int = field(default=120, metadata=FIRST)
    rank: int = field(default=75, metadata=FIRST)
    no_shadow: int = field(default=225, metadata=FIRST)
    fair: int = field(default=45, metadata=FIRST)
    optional_empty: int = 0
    run: int = 0
    room_change: int = 0
    """Per room beyond the first that a loop uses."""
    moved_time: int = 0
    """Per session whose start differs from ``previous.start`` (the candidate sees it)."""
    moved_person: int = 0
    """Per person of ``previous.people`` who no longer sits in that session."""
    moved_room: int = 0
    moved_debrief: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a solve needs. ``epoch`` is a label (ISO instant); no date enters the solver."""

    name: str
    grid: int
    epoch: str
    horizon: int
    buffer: int
    weights: Weights
    calendars: Mapping[str, tuple[Interval, ...]]
    day_bounds: Mapping[str, tuple[Interval, ...]]
    week_bounds: Mapping[str, tuple[Interval, ...]]
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    loops: tuple[Loop, ...]
    family: str = ""
    seed: int = 0
    travel: tuple[tuple[str, str, int], ...] = ()
    """*(format 2)* ``(site, site, minutes)``, either direction: least gap between two sessions of
    one candidate, or of one person, that take place at these two sites."""

    def __post_init__(self) -> None:
        """Refuses nonsense with a `ProblemError` that names the field."""
        validate(self)
