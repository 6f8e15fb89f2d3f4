"""What the stand-in for Google holds: calendars, events, rooms, accounts, channels, and its moods.

Facts as in the Calendar API v3 reference and guides. An event lives in the organizer's calendar;
invited people see copies with the same id, without the private properties.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

CANARY = "canary-7f3a"
"""Stands in every text that must never leave a connector, error messages included."""

Item = dict[str, Any]


@dataclass
class Stored:
    """An event as its organizer's calendar holds it. ``version`` rises with every change."""

    body: Item
    version: int
    calendar: str

    @property
    def cancelled(self) -> bool:
        return self.body.get("status") == "cancelled"


@dataclass
class Cal:
    """A calendar. ``seen`` is the role that everybody else in the domain has."""

    address: str
    zone: str = "Europe/Berlin"
    seen: str = "reader"
    room: bool = False
    broken: str = ""  # reason of a per-calendar error in free/busy answers


@dataclass
class Fault:
    """The next ``times`` requests whose method id ends with ``on`` (an expression) go wrong.

    ``lose``: carried out, but the connection closes without an answer; ``drop``: not even carried out.
    """

    on: str = ""
    times: int = 1
    status: int = 0
    reason: str = ""
    domain: str = "global"
    retry_after: str = ""
    lose: bool = False
    drop: bool = False
    body: bytes | None = None


@dataclass
class World:
    """Everything the server knows. The knobs at the end change how it behaves."""

    calendars: dict[str, Cal] = field(default_factory=dict)
    events: list[Stored] = field(default_factory=list)
    rooms: list[Item] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    channels: dict[str, Item] = field(default_factory=dict)
    mails: list[tuple[str, str, str]] = field(default_factory=list)  # what, event id, to
    faults: list[Fault] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # requests and answers that break the description
    log: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # method id, subject, query+body
    version: int = 1
    forgotten: int = 0  # sync tokens up to this version are expired

    page_size: int = 2500
    empty_pages: bool = False  # every list begins with a page without items
    accepts_duplicates: bool = False
    forgets_details: bool = False  # deleted events keep nothing but their id
    delta_keeps_window: bool = False
    pending_conferences: bool = False
    latency: float = 0.0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._index_mark = (0, 0)

    # --- what tests and humans do ------------------------------------------------------------

    def add_calendar(self, address: str, **about: Any) -> Cal:
        self.calendars[address] = Cal(address, **about)
        return self.calendars[address]

    def add_room(self, address: str, name: str, **about: Any) -> None:
        self.add_calendar(address, room=True)
        self.rooms.append({"resourceId": address, "resourceName": name, "resourceEmail": address, **about})

    def put(self, calendar: str, body: Item) -> Stored:
        """Write an event as it is, without a request; ``id`` is made up where it has none."""
        with self.lock:
            body = {"status": "confirmed", **deepcopy(body)}
            body.setdefault("id", f"x{self.version:08x}".replace("x", "v"))
            stored = Stored(body, self._next(), calendar)
            self.events.append(stored)
            return stored

    def touch(self, stored: Stored, **changes: Any) -> None:
        with self.lock:
            stored.body.update(changes)
            stored.version = self._next()

    def find(self, calendar: str, event_id: str) -> list[Stored]:
        return [e for e in self.events if e.calendar == calendar and e.body["id"] == event_id]

    def live(self, calendar: str, key: str) -> list[Stored]:
        with self.lock:
            return [
                e
                for e in self.events
                if e.calendar == calendar and not e.cancelled and private(e.body).get("loopwright_key") == key
            ]

    def answer(self, calendar: str, event_id: str, address: str, reply: str, comment: str = "") -> None:
        with self.lock:
            stored = next(e for e in self.find(calendar, event_id) if not e.cancelled)
            attendees = deepcopy(stored.body["attendees"])
            one = next(a for a in attendees if a["email"].casefold() == address.casefold())
            one["responseStatus"] = reply
            if comment:
                one["comment"] = comment
            self.touch(stored, attendees=attendees)

    def cancel(self, stored: Stored) -> None:
        self.touch(stored, status="cancelled")

    def expire_tokens(self) -> None:
        self.forgotten = self.version
        self._next()

    def fail(self, **about: Any) -> None:
        self.faults.append(Fault(**about))

    def settle(self) -> None:
        """Rooms answer their invitations, pending conferences are made."""
        with self.lock:
            for stored in self.events:
                for attendee in [] if stored.cancelled else stored.body.get("attendees", []):
                    if attendee["email"] in self.calendars and self.calendars[attendee["email"]].room:
                        self._room_answers(stored, attendee)
                data = stored.body.get("conferenceData", {}).get("createRequest")
                if data and data["status"]["statusCode"] == "pending":
                    self.touch(stored, **conference(data["requestId"]))

    def _room_answers(self, stored: Stored, attendee: Item) -> None:
        if attendee.get("responseStatus", "needsAction") != "needsAction":
            return
        start, end = self.span(stored.body, stored.calendar)
        others = self.busy(attendee["email"], start, end, without=stored)
        attendee["responseStatus"] = "declined" if others else "accepted"
        self.touch(stored)

    def _next(self) -> int:
        self.version += 1
        return self.version

    # --- what the service works out ------------------------------------------------------------

    def views(self, address: str) -> Iterator[tuple[Stored, Item]]:
        """The events of a calendar: its own, and copies of those its owner is invited to."""
        for stored in self._by_calendar().get(address, ()):
            own = stored.calendar == address
            yield stored, self._own_view(stored) if own else self._copy(stored, address)

    def _by_calendar(self) -> dict[str, list[Stored]]:
        """Which events stand in which calendar; made anew after every change."""
        mark = (self.version, len(self.events))
        if self._index_mark != mark:
            self._index: dict[str, list[Stored]] = {}
            for stored in self.events:
                guests = {a["email"].casefold() for a in stored.body.get("attendees", ())}
                for address in {stored.calendar, *guests}:
                    self._index.setdefault(address, []).append(stored)
            self._index_mark = mark
        return self._index

    def _own_view(self, stored: Stored) -> Item:
        """An event that somebody outside organizes, with an ``organizer``, lies in one calendar only here."""
        own = "organizer" not in stored.body
        view = {"organizer": {"email": stored.calendar, "self": True}} | deepcopy(stored.body)
        view |= {"kind": "calendar#event", "etag": f'"{stored.version:016d}"'}
        for attendee in view.get("attendees", ()):
            if attendee["email"].casefold() == stored.calendar:
                attendee |= {"self": True, "organizer": True} if own else {"self": True}
        return view

    def _copy(self, stored: Stored, address: str) -> Item:
        view = self._own_view(stored)
        view["organizer"] = {"email": stored.calendar}
        view.get("extendedProperties", {}).pop("private", None)
        for attendee in view["attendees"]:
            attendee.pop("self", None)
            if attendee["email"].casefold() == address:
                attendee["self"] = True
        return view

    def span(self, body: Item, calendar: str) -> tuple[datetime, datetime]:
        return self.instant(body["start"], calendar), self.instant(body["end"], calendar)

    def instant(self, value: Item, calendar: str) -> datetime:
        if "date" in value:
            return midnight(date.fromisoformat(value["date"]), ZoneInfo(self.calendars[calendar].zone))
        moment = datetime.fromisoformat(value["dateTime"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(value["timeZone"]))
        return moment.astimezone(UTC)

    def instances(self, address: str, view: Item, start: datetime, end: datetime) -> Iterator[Item]:
        """The occurrences of a series that overlap; a single event is its own only one."""
        if "recurrence" not in view:
            first, last = self.span(view, address)
            if first < end and last > start:
                yield view
            return
        moved = {
            self.instant(e.body["originalStartTime"], address)
            for e in self.events
            if e.body.get("recurringEventId") == view["id"]
        }
        for occurrence in _occurrences(view):
            first, last = self.span(occurrence, address)
            if first not in moved and first < end and last > start:
                stamp = first.strftime("%Y%m%dT%H%M%SZ")
                yield {
                    **{k: v for k, v in view.items() if k != "recurrence"},
                    **occurrence,
                    "id": f"{view['id']}_{stamp}",
                    "recurringEventId": view["id"],
                    "originalStartTime": occurrence["start"],
                }

    def busy(
        self, address: str, start: datetime, end: datetime, without: Stored | None = None
    ) -> list[tuple[datetime, datetime]]:
        """What `freebusy.query` says: merged blocks of what takes the calendar's time."""
        spans = []
        for stored, view in self.views(address):
            if stored is without or not _takes_time(view):
                continue
            for one in self.instances(address, view, start, end):
                first, last = self.span(one, address)
                if first < last:
                    spans.append((first, last))
        merged: list[tuple[datetime, datetime]] = []
        for first, last in sorted(spans):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return merged


def private(body: Item) -> Item:
    found: Item = body.get("extendedProperties", {}).get("private", {})
    return found


def conference(request_id: str, status: str = "success") -> Item:
    """A Meet link as it looks once it was made, or while it is being made."""
    request = {
        "requestId": request_id,
        "conferenceSolutionKey": {"type": "hangoutsMeet"},
        "status": {"statusCode": status},
    }
    if status != "success":
        return {"conferenceData": {"createRequest": request}}
    url = f"https://meet.google.com/{request_id[:3]}-{request_id[3:7]}-{request_id[7:10]}"
    return {
        "hangoutLink": url,
        "conferenceData": {
            "createRequest": request,
            "conferenceId": url.rsplit("/", 1)[1],
            "entryPoints": [{"entryPointType": "video", "uri": url}],
        },
    }


def midnight(day: date, tz: ZoneInfo) -> datetime:
    """The first minute of a local day, found by looking at every minute around it."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=27)
    while moment.astimezone(tz).date() < day:
        step = 60 if (moment + timedelta(minutes=60)).astimezone(tz).date() < day else 1
        moment += timedelta(minutes=step)
    return moment


def _takes_time(view: Item) -> bool:
    own = next((a.get("responseStatus") for a in view.get("attendees", ()) if a.get("self")), None)
    return (
        view.get("status") != "cancelled"
        and view.get("transparency") != "transparent"
        and view.get("eventType") != "workingLocation"
        and own != "declined"
    )


def _occurrences(view: Item) -> Iterator[Item]:
    """A small part of RFC 5545: FREQ=DAILY or WEEKLY with COUNT and INTERVAL, EXDATE; wall-clock time."""
    rule: dict[str, str] = {}
    out: set[str] = set()
    for line in view["recurrence"]:
        name, _, value = line.partition(":")
        if name == "RRULE":
            rule = dict(part.split("=") for part in value.split(";"))
        else:
            out.update(value.split(","))
    step = timedelta(days=int(rule.get("INTERVAL", "1")) * (7 if rule["FREQ"] == "WEEKLY" else 1))
    for number in range(int(rule["COUNT"])):
        start, end = _shift(view["start"], step * number), _shift(view["end"], step * number)
        if _compact(start) not in out:
            yield {"start": start, "end": end}


def _shift(value: Item, by: timedelta) -> Item:
    if "date" in value:
        return {"date": (date.fromisoformat(value["date"]) + by).isoformat()}
    tz = ZoneInfo(value["timeZone"])
    wall = datetime.fromisoformat(value["dateTime"]).astimezone(tz).replace(tzinfo=None) + by
    real = wall.replace(tzinfo=tz).astimezone(UTC).astimezone(tz)  # out of a gap where there is one
    return {"dateTime": real.isoformat(), "timeZone": value["timeZone"]}


def _compact(value: Item) -> str:
    if "date" in value:
        return str(value["date"]).replace("-", "")
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
