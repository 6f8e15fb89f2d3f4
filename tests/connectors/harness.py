"""What the calendar conformance suite needs to know about one calendar service, and can do to it.

A connector's own test file builds a `Harness` (around a stand-in server or a folder) and subclasses
`tests.connectors.conformance.CalendarConformance`::

    from tests.connectors.conformance import CalendarConformance

    class TestGoogle(CalendarConformance):
        @pytest.fixture
        def harness(self, google_server):
            return GoogleHarness(google_server)

The harness plays everybody except the connector: the people, their calendar programs, the service
itself and its bad days. It must act *behind* the connector (on the server's or the folder's own data),
or the suite would only compare the connector with itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from connectors.protocol import Calendar
from connectors.types import EventRef, Reply

ZONE = "Europe/Berlin"
"""Zone of every calendar a harness offers; its clocks go back on 2026-10-25."""

CANARY = "canary-7f3a"
"""Stands in the title and text of every foreign event; it must never come out of a connector."""


class Kind(StrEnum):
    """What somebody else's event says about its owner's time."""

    BUSY = "busy"  # opaque, own or accepted
    FREE = "free"  # shown as free (transparent)
    UNANSWERED = "unanswered"  # an invitation the owner has not answered
    TENTATIVE = "tentative"  # an invitation the owner answered with maybe
    DECLINED = "declined"
    CANCELLED = "cancelled"
    OUT_OF_OFFICE = "out_of_office"
    FOCUS = "focus"
    ELSEWHERE = "elsewhere"  # a working location: free, tells the place
    PRIVATE = "private"  # busy, nobody may see more


@dataclass(frozen=True, slots=True)
class Foreign:
    """An event that is not ours. Dates instead of datetimes make it all-day (``end`` exclusive).

    ``weekly`` is how often it happens, every seven days in wall-clock time of `ZONE` (1: once);
    ``skip`` holds the indices (from 0) of occurrences that were taken out of the series.
    """

    kind: Kind
    start: datetime | date
    end: datetime | date
    weekly: int = 1
    skip: tuple[int, ...] = ()
    title: str = CANARY


class Harness(Protocol):
    """One fresh, empty service per test: an organizer, people and rooms, and what they may do."""

    calendar: Calendar
    """The connector under test, signed in."""
    organizer: str
    """Address of the calendar that our events are written to."""
    people: Sequence[str]
    """At least three addresses with empty, readable calendars in `ZONE`; not the organizer."""
    rooms: Sequence[str]
    """At least two rooms that accept when they are free and decline when they are not."""
    unreadable: Mapping[str, str]
    """Addresses whose calendar cannot be read → the `Unknown.code` that must be given (at least one
    address that does not exist, ``not_found``)."""
    keyed: bool
    """Whether `availability` can tell our own events by their key (false for plain free/busy)."""
    remembers: bool
    """Whether a cancelled or deleted event can still be found by its key."""
    words: bool
    """Whether the service tells what somebody wrote with an answer."""

    def restart(self) -> Calendar:
        """A second connector to the same service that remembers nothing of the first."""
        ...

    def add(self, address: str, foreign: Foreign) -> None:
        """Somebody writes an event into their own calendar."""
        ...

    def answer(self, address: str, ref: EventRef, reply: Reply, comment: str = "") -> None:
        """Somebody answers our invitation in their own calendar program."""
        ...

    def invite(self, ref: EventRef, address: str) -> None:
        """A colleague adds a guest to our event in the organizer's calendar."""
        ...

    def move(self, ref: EventRef, start: datetime, end: datetime) -> None:
        """A human moves our event in the organizer's calendar."""
        ...

    def delete(self, ref: EventRef) -> None:
        """A human deletes our event from the organizer's calendar."""
        ...

    def live(self, key: str) -> int:
        """How many live events with this key the organizer's calendar really holds."""
        ...

    def lose_next_answer(self) -> None:
        """The next write is carried out, but the caller gets `Transient` instead of an answer."""
        ...

    def expire_cursors(self) -> None:
        """The service forgets every cursor it gave out."""
        ...

    def settle(self) -> None:
        """Let the service finish what it does by itself (rooms answering); may do nothing."""
        ...
