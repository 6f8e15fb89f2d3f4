"""Booked interviews, their seats, the time they take from people and rooms, and the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from scheduler.domain.loops import Loop
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind, Modality, SeatKind
from scheduler.domain.time import Span

LOOKED_BACK = 14
"""Days for which what took place is still looked at: longer than the doctor and the search for stray events look
back. What is older may be put away."""


class InterviewState(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class SeatState(StrEnum):
    ASSIGNED = "assigned"
    INVITED = "invited"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's place. ``number`` is the template's seat, −1 for the debrief and companions."""

    person: str
    kind: SeatKind
    state: SeatState = SeatState.ASSIGNED
    number: int = -1
    required: bool = True
    comment: str = ""
    """What they wrote beside their last answer."""


@dataclass(frozen=True, slots=True)
class Interview:
    """One meeting of a loop as held or booked. ``spec`` is the template's interview id or ``debrief``;
    ``revision`` rises when it is booked anew after a cancel (calendar ids are burnt by a cancel)."""

    id: str
    loop: str
    spec: str
    title: str
    kind: InterviewKind
    modality: Modality
    span: Span
    room: str | None
    seats: tuple[Seat, ...]
    state: InterviewState
    revision: int = 0
    calendar: str = ""
    event_id: str = ""
    etag: str = ""
    join_url: str = ""
    flag: str = ""
    """What a human should look at (moved or deleted outside, room refused), or empty."""
    elsewhere: Span | None = None
    """Where somebody has moved its event, as long as it is not there that we have it."""

    @property
    def place_in_time(self) -> Span:
        """When the calendar has it, whoever put it there."""
        return self.elsewhere or self.span


class Hold(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Time taken from a person, a room or a candidate, buffers included. No two of one subject overlap: a constraint of the database sees to it.
    ``expires_at`` is set on held rows only."""

    subject: Subject
    span: Span
    loop: str
    interview: str
    state: Hold
    expires_at: datetime | None = None


class Write(StrEnum):
    BOOK = "book"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    MAIL = "mail"


class WriteState(StrEnum):
    TODO = "todo"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"  # no longer wanted before it was done


UNANSWERED = "unanswered:"
"""The row of a mail that reminds somebody of what they have not answered is named by this and the person."""
UNTIL = "until"
"""In the payload of a mail: the instant from which on nobody wants to read it."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One write to somebody else's system, noted before it is made.

    ``key`` is the identity of the event or message (deterministic ids come from it); ``payload`` is
    the intent as JSON-able values; ``generation`` is the loop's when it was noted: a row of an
    older generation is never carried out.
    """

    id: str
    loop: str
    interview: str
    write: Write
    key: str
    payload: Mapping[str, Any]
    generation: int
    order: int
    state: WriteState = WriteState.TODO
    attempts: int = 0
    error: str = ""
    due_at: datetime | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def noted(
        cls,
        loop: Loop,
        interview: str,
        write: Write,
        *,
        key: str,
        payload: Mapping[str, Any],
        order: int,
    ) -> LedgerRow:
        """A new row of the loop's present generation, to do; ``order`` is its place among them."""
        id = f"lw_{secrets.token_hex(8)}"
        return cls(id, loop.id, interview, write, key, payload, loop.generation, order)
