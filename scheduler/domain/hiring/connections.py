"""A hiring system that is connected, whom and what of it we know, and the advances that it told of.

Told by `tests/scheduler/services/hiring/test_arriving.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Connection:
    """An account at a hiring system. ``secret`` and ``credentials`` are sealed; until ``old_until`` webhooks signed
    with ``old_secret`` are genuine too. ``fault`` says since when and why the system cannot be read; ``swept_at`` up
    to when it was asked for what no webhook announced."""

    id: str
    system: str
    name: str
    created_at: datetime
    secret: str = field(repr=False)
    old_secret: str = field(default="", repr=False)
    old_until: datetime | None = None
    credentials: str = field(default="", repr=False)
    writes: bool = True
    swept_at: datetime | None = None
    fault: str = ""
    fault_since: datetime | None = None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """What a webhook may be signed with now, sealed: the present secret first."""
        both = self.old_secret and self.old_until is not None and now < self.old_until
        return (self.secret, self.old_secret) if both else (self.secret,)

    def application(self, theirs: str) -> str:
        """Our id of one of their applications: another system's application of the same number is another one."""
        return f"{self.id}:{theirs}"


class MatchKind(StrEnum):
    PERSON = "person"
    JOB = "job"
    STAGE = "stage"


class MatchHow(StrEnum):
    """How we came to know whom of ours somebody of theirs is; what a person said is never overwritten."""

    ADDRESS = "address"
    HAND = "hand"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody or something of theirs and of ours: a person's id, the name of a job or a stage. ``theirs`` is their
    id; ``label`` how they call it. ``ours`` is empty where nobody is known yet."""

    connection: str
    kind: MatchKind
    theirs: str
    ours: str
    label: str
    how: MatchHow


class AdvanceState(StrEnum):
    """``WAITING`` needs a person; ``NOTHING`` asks for no loop; ``ENDED`` was left or closed before it began."""

    WAITING = "waiting"
    STARTED = "started"
    NOTHING = "nothing"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Advance:
    """One visit of an application to a stage, worked on once however often it is told. ``why`` says in words what it
    waits for, ``missing`` whom of theirs nobody knows (their ids)."""

    id: str
    connection: str
    application: str
    visit: str
    job: str
    stage: str
    entered_at: datetime
    noted_at: datetime
    state: AdvanceState
    why: str = ""
    missing: tuple[str, ...] = ()
    automation: str = ""
    loop: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How an application was when it was last read. ``began_at`` is the moment before the system was asked: what a
    later reading has said, an earlier one does not change."""

    connection: str
    application: str
    began_at: datetime
    standing: str
    visit: str
    entered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """What the hiring system shows of one of our interviews: its id there, and a digest of what was written, or of
    what it refused ``tries`` times with ``error``."""

    interview: str
    connection: str
    theirs: str
    digest: str
    tries: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Showing:
    """A loop that the hiring system does not show yet as it is since ``fact``. ``due_at`` is when it is tried (again),
    ``None`` where it was given up; ``since`` the first of these ``tries``, ``error`` what the last one met."""

    loop: str
    connection: str
    fact: int
    due_at: datetime | None
    since: datetime
    tries: int = 0
    error: str = ""
