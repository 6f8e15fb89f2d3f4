"""What a person may change in a loop by hand: one value per kind of change.

``interview`` is always the template's id of it; where the debrief may be meant, ``debrief``. Seats are counted
from 0 as the template has them, shadows left out. Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.domain.templates import InterviewSpec, SeatSpec
from scheduler.storage import codec


@dataclass(frozen=True, slots=True)
class Move:
    """``to``: when it begins instead, as a person wrote it, on the loop's clock or with an offset."""

    interview: str
    to: str


@dataclass(frozen=True, slots=True)
class Give:
    """A seat is given to ``person``; ``instead_of`` says whom of several they replace."""

    interview: str
    person: str
    seat: int | None = None
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """``person`` leaves the interview; who comes instead is found."""

    interview: str
    person: str


@dataclass(frozen=True, slots=True)
class Swap:
    """Two people change places."""

    interview: str
    person: str
    other_interview: str
    other_person: str


@dataclass(frozen=True, slots=True)
class Place:
    """The interview is held in ``room``."""

    interview: str
    room: str


@dataclass(frozen=True, slots=True)
class Add:
    """One more interview."""

    spec: InterviewSpec


@dataclass(frozen=True, slots=True)
class Remove:
    interview: str


@dataclass(frozen=True, slots=True)
class AddSeat:
    interview: str
    seat: SeatSpec


@dataclass(frozen=True, slots=True)
class RemoveSeat:
    interview: str
    seat: int


@dataclass(frozen=True, slots=True)
class Windows:
    """What the candidate offers instead, as it was said, on the clock of ``zone`` (the candidate's by default)."""

    windows: tuple[tuple[str, str], ...]
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Horizon:
    start: str
    end: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """Keep the ``time``, who sits in some ``seats``, the ``room``, as they are once the changes before this one are made."""

    interview: str
    time: bool = False
    seats: tuple[int, ...] = ()
    people: bool = False
    """All seats."""
    room: bool = False


@dataclass(frozen=True, slots=True)
class Unlock:
    interview: str
    time: bool = False
    seats: tuple[int, ...] = ()
    people: bool = False
    room: bool = False


Change = (
    Move
    | Give
    | Free
    | Swap
    | Place
    | Add
    | Remove
    | AddSeat
    | RemoveSeat
    | Windows
    | Horizon
    | Lock
    | Unlock
)

KINDS = (
    "move",
    "seat",
    "free",
    "swap",
    "room",
    "add",
    "remove",
    "add_seat",
    "remove_seat",
    "windows",
    "horizon",
    "lock",
    "unlock",
)
"""How the kinds are called where people write them."""

MOST = 40
"""Changes at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The changes, made one after another; ``proposal`` is the plan that they start from where the loop is not booked
    (the best one on offer if none is named)."""

    changes: tuple[Change, ...]
    proposal: str | None = None


def digest(changes: Sequence[Change]) -> str:
    """What tells two sets of changes apart."""
    said = [[type(change).__name__, codec.encode(change)] for change in changes]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
