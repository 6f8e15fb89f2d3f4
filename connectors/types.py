"""Values that cross the border to a calendar. All instants are aware; intervals are half-open.

Of a foreign event nothing but start, end and verdict is ever carried (`Busy`); titles, texts and
attendees exist only for events that carry our key (`Event`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What a calendar event means for planning; a free event yields no `Busy` at all."""

    BUSY = "busy"  # hard
    UNANSWERED = "unanswered"  # invitation without an answer: hard, unless it came after ours was accepted
    TENTATIVE = "tentative"  # hard where nobody watches; soft, dear, for a coordinator
    FOCUS = "focus"  # soft only where policy and person allow
    OUT_OF_OFFICE = "out_of_office"  # hard, never overridden by a rule


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open ``[start, end)``, both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Busy:
    """One block of somebody's time. ``key`` is set only on events that carry our tag."""

    start: datetime
    end: datetime
    verdict: Verdict
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody says they work: ``office``, ``home`` or a name. Not busy."""

    start: datetime
    end: datetime
    where: str


@dataclass(frozen=True, slots=True)
class Known:
    """A calendar that was read, as of ``as_of``. ``busy`` is sorted by start and may overlap."""

    busy: tuple[Busy, ...]
    as_of: datetime
    places: tuple[Place, ...] = ()
    typed: bool = True
    """False in free/busy-only mode: every block is BUSY, UNANSWERED or OUT_OF_OFFICE at best."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A calendar that could not be read: not free and not busy.

    ``code`` is the `ConnectorError.code`, ``reason`` one line for a person.
    """

    code: str
    reason: str


Availability = Known | Unknown


class Role(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    ROOM = "room"


class Reply(StrEnum):
    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str
    name: str = ""
    role: Role = Role.REQUIRED
    reply: Reply = Reply.NEEDS_ACTION
    comment: str = ""


@dataclass(frozen=True, slots=True)
class EventRef:
    """Where an event of ours lives: the organizer's calendar address and the service's id."""

    calendar: str
    id: str


@dataclass(frozen=True, slots=True)
class EventIntent:
    """An event we want to exist.

    ``key`` (`<deployment>/<loop>/<interview>/<revision>`) makes the write repeatable: the id is
    derived from it (`event_id`). ``tags`` travel as private extended properties.
    """

    key: str
    title: str
    start: datetime
    end: datetime
    zone: str
    attendees: tuple[Attendee, ...]
    description: str = ""
    location: str = ""
    conference: bool = False
    """A Meet / Teams link is wanted (services that have none ignore it)."""
    reminders: tuple[int, ...] = ()
    """Minutes before the start."""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """A written event. ``join_url`` is ``None`` where none was asked for or it is still pending."""

    ref: EventRef
    etag: str
    join_url: str | None = None
    join_pending: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event of ours as the organizer's calendar holds it now."""

    ref: EventRef
    key: str
    etag: str
    start: datetime
    end: datetime
    attendees: tuple[Attendee, ...]
    cancelled: bool = False
    fingerprint: str = ""
    """`fingerprint(intent)` that was written with it; tells a retry from a change."""
    join_url: str | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes in the organizer's calendar: our events only.

    ``next`` is the cursor to save once this page is committed; ``more`` asks for another page at
    once; ``reset`` says that ``upserts`` of this and the following pages *replace* what was known.
    ``removals`` are ids, possibly of events never seen.
    """

    upserts: tuple[Event, ...]
    removals: tuple[str, ...]
    next: str
    more: bool = False
    reset: bool = False


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room as the directory of the service knows it."""

    address: str
    name: str
    capacity: int | None = None
    building: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push channel. ``secret`` is our random value that every notice must repeat."""

    id: str
    resource: str
    calendar: str
    expires: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A push that verified: *something changed in this calendar*, never what.

    ``kind``: ``changed``, ``handshake``, ``missed`` (resync), ``removed`` (subscribe again and
    resync), ``reauthorize`` (renew).
    """

    subscription: str
    kind: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Limits of a service: addresses per availability call, longest window in days, and what it can do."""

    addresses_per_call: int
    window_days: int
    conditional_write: bool
    native_idempotency: bool
    push: bool
    conference: bool
