"""What needs a person: matters that follow from the state of things, and who looks after which.

A matter is never stored: it is there as long as its cause is. What people say of one (`Care`) is kept beside it,
and counts for the cause that it was said of.

Told by `tests/scheduler/domain/test_attention.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of matters; where two are equally urgent, the one that is named first here comes first."""

    LOOP = "loop_needs_attention"
    REPAIR = "repair_offered"
    STUCK = "job_stuck"
    MAIL = "mail_unsent"
    INVITATION = "invitation_unanswered"
    LEFT = "candidate_left"
    INFEASIBLE = "loop_infeasible"
    DECISION = "decision_due"
    CANDIDATE = "candidate_silent"
    REVOKED = "calendar_revoked"
    UNREADABLE = "calendar_unreadable"
    ADVANCE = "advance_waits"
    CONNECTION = "connection_fault"
    SHOWN = "loop_not_shown"
    DELIVERY = "webhook_dead_letter"
    LATE = "webhook_waits"
    HOOK = "webhook_disabled"
    HANGING = "job_hanging"
    FAILED = "job_failed"


_ORDER = {kind: place for place, kind in enumerate(Kind)}
_NEVER = datetime.max.replace(tzinfo=UTC)


class Standing(StrEnum):
    """How a matter stands: nobody has it, somebody has it, it is left alone for a while, or somebody is done with it."""

    OPEN = "open"
    TAKEN = "taken"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Do(StrEnum):
    """What can be done about a matter; the API has an address for each."""

    LOOK = "look"
    CHOOSE = "choose"
    REPAIR = "repair"
    ACCEPT_MOVE = "accept_move"
    FIX = "fix"
    REPLAN = "replan"
    CHANGE = "change"
    CANCEL = "cancel"
    REMIND = "remind"
    SEND_AGAIN = "send_again"
    ENABLE = "enable"
    DELIVER_AGAIN = "deliver_again"
    MATCHES = "matches"
    RETRY = "retry"
    READ_AGAIN = "read_again"
    WORK_AGAIN = "work_again"
    PERSON = "person"
    ROOM = "room"
    READY = "ready"
    DECIDE = "decide"


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that can be done: ``target`` is the id of what it is done to, ``part`` that of a part of it."""

    do: Do
    target: str
    text: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that needs a person. ``due`` is when it is too late: the ``interview`` that it endangers begins, or
    the loop's last day is over; ``None`` where nothing is in danger yet. ``owner`` is whose loop it is, empty for
    what is nobody's own."""

    id: str
    kind: Kind
    subject: str
    since: datetime
    text: str
    owner: str = ""
    due: datetime | None = None
    loop: str = ""
    interview: str = ""
    people: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The same as long as nothing about it has changed."""
        due = self.due.isoformat() if self.due else ""
        content = [self.since.isoformat(), due, self.interview, self.text, *self.people]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]

    @property
    def order(self) -> tuple[datetime, int, datetime, str]:
        """What is due first, what endangers nothing last; then by kind, and what has waited longest."""
        return self.due or _NEVER, _ORDER[self.kind], self.since, self.id

    @property
    def urgency(self) -> tuple[str, int, str, str]:
        """`order` as it can be written."""
        due = self.due.isoformat() if self.due else "~"
        return due, _ORDER[self.kind], self.since.isoformat(), self.id


@dataclass(frozen=True, slots=True)
class Care:
    """What people said of a matter: of its ``cause``, and of its case, which began at ``since``. ``reason`` is the
    code it was closed with."""

    id: str
    cause: str
    since: datetime
    updated_at: datetime
    actor: str
    taken_by: str = ""
    taken_at: datetime | None = None
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A matter with what people said of it, where that still counts."""

    matter: Matter
    care: Care | None
    standing: Standing

    @property
    def owner(self) -> str:
        """Who looks after it: who took it over, else whose loop it is."""
        return (self.care.taken_by if self.care else "") or self.matter.owner


def kept(matter: Matter, care: Care | None, now: datetime) -> Kept:
    """What counts of ``care``: who took a matter has it for as long as the case lasts; that it was closed, or is to
    be left alone, was said of its cause and is over once that changes."""
    if care is None or care.since != matter.since:
        return Kept(matter, None, Standing.OPEN)
    if care.cause == matter.cause and care.closed_at is not None:
        return Kept(matter, care, Standing.CLOSED)
    if care.cause == matter.cause and care.snoozed_until is not None and care.snoozed_until > now:
        return Kept(matter, care, Standing.SNOOZED)
    return Kept(matter, care, Standing.TAKEN if care.taken_by else Standing.OPEN)
