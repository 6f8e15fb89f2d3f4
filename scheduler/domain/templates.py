"""Loop templates: the reusable recipes of loops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class Modality(StrEnum):
    PHONE = "phone"
    VIDEO = "video"
    ON_SITE = "on_site"


class InterviewKind(StrEnum):
    """Only interviews evaluate; a take-home holds no calendar."""

    INTERVIEW = "interview"
    LUNCH = "lunch"
    PRESENTATION = "presentation"
    TAKE_HOME = "take_home"
    DEBRIEF = "debrief"


class SeatKind(StrEnum):
    LEAD = "lead"
    CO_INTERVIEWER = "co_interviewer"
    OPTIONAL = "optional"
    SHADOW = "shadow"
    REVERSE_SHADOW = "reverse_shadow"
    COMPANION = "companion"  # an interpreter or captioner; never part of a template


EVALUATING = frozenset({SeatKind.LEAD, SeatKind.CO_INTERVIEWER, SeatKind.OPTIONAL, SeatKind.REVERSE_SHADOW})


class RoleName(StrEnum):
    """People named by what they are for the application rather than by name."""

    HIRING_MANAGER = "hiring_manager"
    RECRUITER = "recruiter"
    COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True)
class SeatSpec:
    """``count`` people: a named person, a role of the application, or anybody out of ``pools`` who
    also has every one of ``skills`` and one of ``levels``. Exactly one of ``person``, ``role``,
    ``pools`` is given."""

    kind: SeatKind = SeatKind.LEAD
    count: int = 1
    person: str | None = None
    role: RoleName | None = None
    pools: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ClockWindow:
    """A wall-clock window of every day, in the loop's zone."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class InterviewSpec:
    """One interview of a template.

    ``minutes`` is ``None`` only where ``open`` says that the step is still to be defined: such a
    step is reported and never guessed. ``branch`` names a choice of which a loop takes exactly one.
    ``immediately_after`` and ``least_gap``/``greatest_gap`` (minutes) refer to the ids in ``after``.
    """

    id: str
    title: str
    minutes: int | None
    kind: InterviewKind = InterviewKind.INTERVIEW
    modality: Modality = Modality.ON_SITE
    seats: tuple[SeatSpec, ...] = ()
    after: tuple[str, ...] = ()
    immediately_after: bool = False
    least_gap: int = 0
    greatest_gap: int | None = None
    same_people_as: str | None = None
    windows: tuple[ClockWindow, ...] = ()
    room: bool | None = None
    """Needs one; ``None`` follows the modality (on site: yes, except a lunch)."""
    features: frozenset[str] = frozenset()
    agenda: str = ""
    links: tuple[str, ...] = ()
    branch: str | None = None
    due_days: int | None = None
    """Take-home only: days until it is due; what comes after it waits for that."""
    open: bool = False

    @property
    def needs_room(self) -> bool:
        if self.room is not None:
            return self.room
        return self.modality is Modality.ON_SITE and self.kind is not InterviewKind.LUNCH

    @property
    def incomplete(self) -> str | None:
        """What is missing before it can be planned, or ``None``."""
        if self.kind is InterviewKind.TAKE_HOME:
            return None if self.due_days else "has no due date"
        lacks = [w for w, there in (("duration", self.minutes), ("people", self.seats)) if not there]
        return f"has no {' and no '.join(lacks)}" if lacks else None


@dataclass(frozen=True, slots=True)
class DebriefSpec:
    """``within_hours`` are business hours after the last interview; ``least_gap`` minutes after it.
    ``also`` are people who attend besides the panel, the hiring manager and the recruiter."""

    minutes: int = 30
    within_hours: int = 16
    least_gap: int = 0
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopTemplate:
    """``max_days`` > 1 allows whole interviews on different days; ``max_span`` and the breaks are
    minutes; ``travel`` is kept free at both ends of every candidate window of an on-site loop;
    ``other_people_than`` names templates whose interviewers may not be met again."""

    id: str
    title: str
    interviews: tuple[InterviewSpec, ...]
    debrief: DebriefSpec | None = DebriefSpec()
    site: str | None = None
    max_days: int = 1
    max_span: int = 540
    min_break: int = 0
    buffer: int = 0
    travel: int = 0
    longest_run: int | None = 180
    different_day: tuple[tuple[str, ...], ...] = ()
    same_day: tuple[tuple[str, ...], ...] = ()
    notice_hours: int = 24
    horizon_days: int = 14
    other_people_than: tuple[str, ...] = ()
    preferred: tuple[ClockWindow, ...] = ()
    grid: int = 15

    @property
    def incomplete(self) -> list[str]:
        """One sentence per step that cannot be planned as it stands."""
        return [f"the step {i.title!r} {i.incomplete}" for i in self.interviews if i.incomplete]

    def interview(self, id: str) -> InterviewSpec:
        return next(i for i in self.interviews if i.id == id)
