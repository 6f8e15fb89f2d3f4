"""What a hiring system knows, in one vocabulary. Ids are the system's own, as text.

Told by `tests/connectors/hiring/conformance.py`, the suite that every system passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the hiring team of a job or an application."""

    HIRING_MANAGER = "hiring_manager"
    RECRUITER = "recruiter"
    COORDINATOR = "coordinator"
    OTHER = "other"


class Standing(StrEnum):
    """Where an application stands; everything but *active* is closed."""

    ACTIVE = "active"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    HIRED = "hired"
    GONE = "gone"  # deleted, merged into another one or anonymised


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account in the hiring system."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the hiring team, in one role."""

    user: User
    role: Role


@dataclass(frozen=True, slots=True)
class Candidate:
    """``email`` is empty where the system has none, ``zone`` (IANA) where it does not say."""

    id: str
    name: str
    email: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of an application in a stage: who comes back later is on another visit."""

    id: str
    stage: Stage
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it is now. ``visit`` is ``None`` where it is in no stage (a prospect)."""

    id: str
    candidate: Candidate
    job: Job
    standing: Standing
    visit: Visit | None
    team: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An interview of the job's interview plan: what a written interview may refer to. ``minutes`` is 0 where the
    system does not say."""

    id: str
    name: str
    stage: str
    minutes: int = 0


class Reply(StrEnum):
    """Whether an interviewer comes."""

    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Interviewer:
    email: str
    reply: Reply = Reply.NEEDS_ACTION


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview as the hiring system is to show it. ``key`` is ours, the same for ever; ``id`` the system's, empty
    before it was written; ``step`` the `Step` that it is, empty where it is none."""

    key: str
    application: str
    title: str
    start: datetime
    end: datetime
    zone: str
    people: tuple[Interviewer, ...]
    place: str = ""
    step: str = ""
    id: str = ""
    stage: str = ""
    cancelled: bool = False


class Kind(StrEnum):
    """What a webhook asks of us."""

    HANDSHAKE = "handshake"  # answer with `echo`
    PING = "ping"  # answer, nothing else
    NEWS = "news"  # something happened to `application`: read it
    OTHER = "other"  # nothing that concerns us


@dataclass(frozen=True, slots=True)
class Message:
    """A genuine webhook. ``key`` is the same for every try of one message; ``application`` is whom it is about, and
    only a hint of what to read; ``what`` is the sender's word for what happened."""

    kind: Kind
    key: str
    what: str = ""
    application: str = ""
    echo: dict[str, str] = field(default_factory=dict)
    """Headers of the answer, for a handshake."""
