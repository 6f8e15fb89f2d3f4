"""What every connector promises: small enough to remember, held by one conformance suite."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from connectors.mail import Message
from connectors.types import (
    Availability,
    Booked,
    Capabilities,
    Event,
    EventIntent,
    EventRef,
    Notice,
    Page,
    RoomInfo,
    Subscription,
    Window,
)


def digest(key: str) -> bytes:
    """The first 16 bytes of SHA-256 over the key: the identity of an event everywhere."""
    return hashlib.sha256(key.encode()).digest()[:16]


def event_id(key: str) -> str:
    """The id we ask a calendar to use: base32hex, lower case, 26 characters (RFC 2938 alphabet a-v, 0-9)."""
    return base64.b32hexencode(digest(key)).decode().rstrip("=").lower()


def fingerprint(intent: EventIntent) -> str:
    """Tells whether two intents ask for the same event (hex, 32 characters); replies do not count."""
    content = [
        intent.title,
        intent.description,
        intent.location,
        intent.start.timestamp(),
        intent.end.timestamp(),
        intent.zone,
        intent.conference,
        sorted((a.address.casefold(), a.role.value) for a in intent.attendees),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


class Calendar(Protocol):
    """One calendar service, signed in. Safe to call from several threads.

    ``calendar`` arguments are the organizer's calendar address; ``addresses`` are those of people
    and rooms. Every method may raise `RateLimited`, `Transient`, `AuthExpired`, `AuthRevoked` and
    `Forbidden`; what else it raises is said below.
    """

    def availability(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        """Read who is busy when: one entry per address asked, `Unknown` where a calendar could not
        be read. Blocks are clipped to the window. Raises only where no address could be asked."""
        ...

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """Read what changed among our events since ``cursor`` (``None``: everything in the window).
        The same cursor gives the same or newer changes again. Raises `CursorExpired`."""
        ...

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        """Write the event, at most once per key: after any failure the same call is safe and
        completes what was begun. Raises `Conflict` when the key holds a different event or was
        cancelled, `Invalid`, `NotFound` (no such calendar)."""
        ...

    def find(self, calendar: str, key: str) -> Event | None:
        """Look our event up by its key; ``None`` where it never existed, ``cancelled`` where it did."""
        ...

    def find_all(self, calendar: str, window: Window) -> Sequence[Event]:
        """Every live event in the window that carries our tag: what the reconciler compares."""
        ...

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        """Change time, people or text, keeping identity and standing replies of people who stay
        where the time did not change. Raises `StaleWrite` when ``etag`` is not the current one,
        `Gone`."""
        ...

    def cancel(self, ref: EventRef, message: str = "") -> None:
        """Cancel and tell the attendees; cancelling what is gone is success."""
        ...

    def get(self, ref: EventRef) -> Event:
        """Read one event of ours with every attendee's and room's reply. Raises `Gone`."""
        ...

    def rooms(self) -> Sequence[RoomInfo]:
        """The directory of rooms; empty where the service has none."""
        ...

    def capabilities(self) -> Capabilities: ...


@runtime_checkable
class Pasted(Protocol):
    """What a calendar has beside `Calendar` where copies of our events are somebody else's: programs that paste one give
    it an identity of its own, and `find_all` does not know it."""

    def pasted(self, calendar: str, window: Window) -> Sequence[Event]:
        """The live events in the window that carry a key of ours and are none of ours: ``ref`` is their own
        identity, which no other call takes."""
        ...


@runtime_checkable
class Forgets(Protocol):
    """What a calendar has beside `Calendar` where the files are ours: events that were cancelled, or are over, leave
    them without a trace."""

    def forget(self, calendar: str, keys: Collection[str]) -> tuple[int, list[str]]:
        """Remove the events that an organizer's ``calendar`` has, or had, under these keys from everybody's calendar and
        from what is put away: in how many places they were, and a line for each calendar that cannot be read. Nobody is
        told. May be repeated. Raises `Forbidden`, `Transient`."""
        ...


class Push(Protocol):
    """The push half of a calendar service that has one (`Capabilities.push`)."""

    def subscribe(self, calendar: str, url: str) -> Subscription:
        """Have that address told of changes. Raises `Conflict` where the service keeps one subscription per
        calendar and has one already; its secret cannot be had again, so it has to go first."""
        ...

    def renew(self, subscription: Subscription, url: str) -> Subscription:
        """A subscription that lives longer, before the old one ends (it may be a new one, and then `Conflict`
        is as in `subscribe`)."""
        ...

    def lives(self, subscription: Subscription) -> bool | None:
        """Whether the service still has it; ``None`` where it does not tell."""
        ...

    def unsubscribe(self, subscription: Subscription) -> None: ...

    def sweep(self, calendar: str, url: str, known: Collection[str], *, young: bool = False) -> int | None:
        """Give up what this account subscribed to for that address and what nobody knows (an answer was
        lost, a process died), but nothing that is a few minutes old unless ``young`` is asked for. How
        many; ``None`` where the service does not tell what there is."""
        ...

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The plain text to answer at once where the service tries the address before it subscribes;
        ``None``: it is a notice."""
        ...

    def parse_push(
        self, headers: Mapping[str, str], body: bytes, known: Mapping[str, Subscription]
    ) -> Sequence[Notice]:
        """Verify a notice in constant time against the known subscriptions; forged ones yield nothing."""
        ...


class Messenger(Protocol):
    """Sends mail to candidates: their invitations never share an event with the internal ones."""

    def send(self, message: Message) -> None:
        """Hand one message over; the same ``message.id`` twice is delivered once where the
        transport can tell. Raises `Transient`, `Invalid`."""
        ...
