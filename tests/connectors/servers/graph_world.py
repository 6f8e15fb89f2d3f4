"""The mailboxes behind the Graph stand-in: events, series, copies of invitations, rooms, what changed.

Plays Exchange: an invitation appears in the attendee's calendar as tentative, a new time takes answers
back, a cancelled event is gone for calendar permissions, all-day events lie in a zone.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

BLOB = (
    '<br><div style="width:100%"><span>________________________________________________________________'
    '</span></div><div><a href="https://teams.microsoft.com/l/meetup-join/x">Join the meeting</a></div>'
)
_OPEN = {"busy", "oof", "tentative", "unknown"}


@dataclass(frozen=True)
class Series:
    """Every seven days in wall-clock time of the event's zone, ``count`` times, without ``skip``."""

    count: int
    skip: frozenset[int] = frozenset()


@dataclass
class Item:
    """One event in one mailbox. All-day events hold dates, others instants in UTC."""

    id: str
    ical: str
    subject: str
    start: datetime | date
    end: datetime | date
    zone: str = "W. Europe Standard Time"
    body: str = ""
    location: str = ""
    show_as: str = "busy"
    sensitivity: str = "normal"
    cancelled: bool = False
    organizer: str = ""
    is_organizer: bool = True
    response: str = "organizer"
    attendees: list[dict[str, Any]] = field(default_factory=list)
    series: Series | None = None
    transaction: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    online: bool = False
    linked: bool = False
    reminder: int | None = 15
    created: int = 0
    version: int = 0

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def tz(self) -> ZoneInfo:
        return zone_of(self.zone)

    def occurrences(self) -> Iterator[tuple[str, datetime, datetime, date, date]]:
        """Id, instants and local dates of each time it happens."""
        series = self.series or Series(1)
        for n in range(series.count):
            if n in series.skip:
                continue
            ident = self.id if self.series is None else f"{self.id}.occurrence.{n}"
            start, end = self._shifted(self.start, n), self._shifted(self.end, n)
            yield ident, *start, *end  # type: ignore[misc]

    def _shifted(self, moment: datetime | date, weeks: int) -> Any:
        shift = timedelta(weeks=weeks)
        if not isinstance(moment, datetime):
            day = moment + shift
            return datetime.combine(day, time(), self.tz).astimezone(UTC), day
        wall = moment.astimezone(self.tz)
        moved = (wall.replace(tzinfo=None) + shift).replace(tzinfo=self.tz, fold=wall.fold)
        return moved.astimezone(UTC), moved.date()

    def spans(self) -> list[tuple[str, datetime, datetime]]:
        """Id and instants of each time it happens."""
        found = []
        for ident, start, first, end, last in self.occurrences():
            if self.all_day:
                start = first_instant(first, self.tz)  # type: ignore[arg-type]
                end = first_instant(last, self.tz)
            found.append((ident, start, end))
        return found  # type: ignore[return-value]

    def days(self, ident: str) -> tuple[date, date]:
        """Local dates of one time an all-day event happens."""
        for found, _, first, _, last in self.occurrences():
            if found == ident:
                return first, last  # type: ignore[return-value]
        raise KeyError(ident)


LOST_ZONE = "Mars Standard Time"
"""What some program once wrote, and nobody knows any more."""


def zone_of(name: str) -> ZoneInfo:
    """Windows and IANA names; a custom zone and a lost one count as their owner's, here New York's."""
    if name.startswith("tzone://") or name == LOST_ZONE:
        return ZoneInfo("America/New_York")
    return ZoneInfo(win_tz.get(name, name))


def first_instant(day: date, tz: ZoneInfo) -> datetime:
    """The first instant of a local day, found by counting seconds: independent of the code under test."""
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=16)
    step = timedelta(hours=1)
    while step >= timedelta(seconds=1):
        while (moment + step).astimezone(tz).date() < day:
            moment += step
        step /= 60
    while moment.astimezone(tz).date() < day:
        moment += timedelta(seconds=1)
    return moment


@dataclass
class Mailbox:
    address: str
    room: bool = False
    readable: bool = True
    zone: str = "W. Europe Standard Time"
    items: dict[str, Item] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # id -> version, deleted ones included


class World:
    """All mailboxes of a tenant. The server holds its lock around every call."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self.directory: list[dict[str, Any]] = []
        self.version = 0
        self._serial = itertools.count(1)
        self.used_transactions: dict[tuple[str, str], str] = {}
        self.cancellations: list[tuple[str, str]] = []
        """(attendee, comment) of every cancellation that was sent."""

    # --- setting the stage ---------------------------------------------------------------------

    def add_mailbox(self, address: str, **kwargs: Any) -> Mailbox:
        box = self.mailboxes[address.casefold()] = Mailbox(address, **kwargs)
        return box

    def add_room(self, address: str, name: str, **fields: Any) -> Mailbox:
        self.directory.append(
            {"id": str(uuid.uuid4()), "emailAddress": address, "displayName": name, "bookingType": "standard"}
            | fields
        )
        return self.add_mailbox(address, room=True)

    def box(self, address: str) -> Mailbox | None:
        return self.mailboxes.get(address.casefold())

    def put(self, address: str, **fields: Any) -> Item:
        """Somebody writes an event into a mailbox."""
        box = self.mailboxes[address.casefold()]
        fields.setdefault("organizer", box.address)
        fields.setdefault("zone", box.zone)
        number = next(self._serial)
        item = Item(f"AAMk{number:06d}{uuid.uuid4().hex[:12]}=", f"ical-{uuid.uuid4().hex}", **fields)
        item.created = number
        box.items[item.id] = item
        self.touch(box, item.id)
        return item

    def touch(self, box: Mailbox, ident: str) -> None:
        self.version += 1
        box.changed[ident] = self.version
        if ident in box.items:
            box.items[ident].version = self.version

    # --- what people and Exchange do -----------------------------------------------------------

    def invite(self, box: Mailbox, item: Item) -> None:
        """Copies for who is new, none any more for who is gone, the new time for everybody."""
        wanted = {a["address"].casefold() for a in item.attendees}
        for other in self.mailboxes.values():
            copy = self.copy_of(other, item)
            if copy is not None and other.address.casefold() not in wanted:
                self.remove(other, copy.id)
        for address in wanted:
            other = self.box(address)
            if other is None or other is box:
                continue
            copy = self.copy_of(other, item)
            if copy is None:
                copy = self.put(
                    other.address,
                    subject=item.subject,
                    start=item.start,
                    end=item.end,
                    show_as="tentative",
                    is_organizer=False,
                    organizer=box.address,
                    response="notResponded",
                )
                copy.ical = item.ical
                copy.id  # noqa: B018 - its own id; transaction and properties stay in the organizer's copy
            if (copy.start, copy.end) != (item.start, item.end):
                copy.start, copy.end, copy.response, copy.show_as = (
                    item.start,
                    item.end,
                    "notResponded",
                    "tentative",
                )
            copy.subject = item.subject
            self.touch(other, copy.id)

    @staticmethod
    def copy_of(other: Mailbox, item: Item) -> Item | None:
        return next((i for i in other.items.values() if i.ical == item.ical and not i.is_organizer), None)

    def answer(self, address: str, organizer: str, ident: str, word: str) -> None:
        """Somebody answers an invitation: their copy and the organizer's event change."""
        box, other = self.mailboxes[organizer.casefold()], self.mailboxes[address.casefold()]
        item = box.items[ident]
        copy = self.copy_of(other, item)
        if copy is not None:
            copy.response = word
            copy.show_as = {"accepted": "busy", "tentativelyAccepted": "tentative", "declined": "free"}[word]
            self.touch(other, copy.id)
        for attendee in item.attendees:
            if attendee["address"].casefold() == address.casefold():
                attendee["response"] = word
        self.touch(box, ident)

    def settle(self) -> None:
        """Rooms answer what they have not answered: the first comes first."""
        for room in [m for m in self.mailboxes.values() if m.room]:
            for copy in sorted(room.items.values(), key=lambda i: i.created):
                if copy.is_organizer or copy.response != "notResponded" or copy.cancelled:
                    continue
                word = "declined" if self._taken(room, copy) else "accepted"
                box = self.mailboxes[copy.organizer.casefold()]
                event = next(i for i in box.items.values() if i.ical == copy.ical)
                self.answer(room.address, box.address, event.id, word)

    @staticmethod
    def _taken(room: Mailbox, copy: Item) -> bool:
        _, start, end = copy.spans()[0]
        return any(
            s < end and start < e
            for other in room.items.values()
            if other is not copy
            and other.show_as in _OPEN
            and other.response != "notResponded"
            and not other.cancelled
            for _, s, e in other.spans()
        )

    def move(self, box: Mailbox, ident: str, start: Any, end: Any) -> None:
        item = box.items[ident]
        item.start, item.end = start, end
        for attendee in item.attendees:
            attendee["response"] = "none"
        self.touch(box, ident)
        self.invite(box, item)

    def withdraw(self, box: Mailbox, ident: str, comment: str = "") -> None:
        """The organizer cancels or deletes: gone here, marked as cancelled for everybody invited."""
        item = box.items[ident]
        for attendee in item.attendees:
            self.cancellations.append((attendee["address"], comment))
            other = self.box(attendee["address"])
            copy = self.copy_of(other, item) if other is not None else None
            if other is not None and copy is not None:
                copy.cancelled, copy.show_as = True, "free"
                self.touch(other, copy.id)
        self.remove(box, ident)

    def remove(self, box: Mailbox, ident: str) -> None:
        del box.items[ident]
        self.touch(box, ident)

    # --- looking -------------------------------------------------------------------------------

    def between(
        self, box: Mailbox, start: datetime, end: datetime
    ) -> list[tuple[Item, str, datetime, datetime]]:
        """Every time an event of that mailbox happens inside the window."""
        return sorted(
            (
                (item, ident, s, e)
                for item in box.items.values()
                for ident, s, e in item.spans()
                if s < end and start < e
            ),
            key=lambda found: (found[2], found[1]),
        )


def clone(item: Item, **changes: Any) -> Item:
    """The same event with something else, under a new id: as a human copies it."""
    return replace(
        item, attendees=[dict(a) for a in item.attendees], properties=dict(item.properties), **changes
    )
