"""The people and rooms around the Google connector, and what they do behind its back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.calls import Limiter, Retry
from connectors.google.auth import READ_ROOMS, scopes_for
from connectors.google.calendar import GoogleCalendar
from connectors.tokens import MemoryTokens
from connectors.types import EventRef, Reply
from tests.connectors.harness import ZONE, Foreign, Kind
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.google_accounts import key_file
from tests.connectors.servers.google_world import Item

ORGANIZER = "loops@example.com"
PEOPLE = ("ada@example.com", "ben@example.com", "cem@example.com")
ROOMS = ("blue@resource.calendar.google.com", "red@resource.calendar.google.com")
SWIFT = Retry(attempts=2, patience=5.0, wait_initial=0.01, wait_max=0.02, wait_jitter=0.0)
"""One repetition, soon: the waiting itself is tested where the clock can be watched."""

WORDS = {
    Reply.NEEDS_ACTION: "needsAction",
    Reply.ACCEPTED: "accepted",
    Reply.TENTATIVE: "tentative",
    Reply.DECLINED: "declined",
}
_OWN_ANSWER = {Kind.UNANSWERED: "needsAction", Kind.TENTATIVE: "tentative", Kind.DECLINED: "declined"}
_SHAPES: dict[Kind, Item] = {
    Kind.FREE: {"transparency": "transparent"},
    Kind.CANCELLED: {"status": "cancelled"},
    Kind.OUT_OF_OFFICE: {"eventType": "outOfOffice"},
    Kind.FOCUS: {"eventType": "focusTime"},
    Kind.ELSEWHERE: {
        "eventType": "workingLocation",
        "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}},
        "transparency": "transparent",
    },
    Kind.PRIVATE: {"visibility": "private"},
}


def populate(server: GoogleServer, mode: str = "typed") -> None:
    """A small company: an organizer, three people, two rooms, and calendars that cannot be read."""
    world, accounts = server.world, server.accounts
    for address in (ORGANIZER, *PEOPLE):
        world.add_calendar(address, zone=ZONE)
        accounts.people.add(address)
    for number, address in enumerate(ROOMS):
        world.add_room(
            address, f"Room {number}", capacity=6, buildingId="HQ", resourceCategory="CONFERENCE_ROOM"
        )
    world.add_calendar("secret@example.com", seen="none")
    world.add_calendar("broken@example.com", seen="none").broken = "internalError"
    world.calendars["broken@example.com"].seen = "freeBusyReader"
    accounts.delegated |= {*scopes_for(mode), READ_ROOMS}
    accounts.admins.add(ORGANIZER)


def connect(server: GoogleServer, **settings: Any) -> GoogleCalendar:
    """The connector as production makes it, but for the endpoint and shorter waits."""
    about: dict[str, Any] = {"subject": ORGANIZER, "retry": SWIFT, "limiter": Limiter(in_flight=16)}
    tokens = settings.pop("tokens", None) or MemoryTokens(google=key_file())
    return GoogleCalendar(tokens, endpoint=server.url, timeout=10.0, **(about | settings))


class GoogleHarness:
    """`tests.connectors.harness.Harness` around the stand-in server."""

    organizer = ORGANIZER
    people: Sequence[str] = PEOPLE
    rooms: Sequence[str] = ROOMS
    unreadable: Mapping[str, str] = {
        "nobody@example.com": "not_found",
        "secret@example.com": "not_found",
        "broken@example.com": "transient",
    }
    remembers = True
    words = True

    def __init__(self, server: GoogleServer, mode: str = "typed", **settings: Any) -> None:
        self.server = server
        self.keyed = mode == "typed"
        self._settings = {"mode": mode, **settings}
        self._open: list[GoogleCalendar] = []
        populate(server, mode)
        self.calendar = self.restart()

    def restart(self) -> GoogleCalendar:
        self._open.append(connect(self.server, **self._settings))
        return self._open[-1]

    def close(self) -> None:
        for calendar in self._open:
            calendar.close()

    def add(self, address: str, foreign: Foreign) -> None:
        body: Item = {
            "summary": foreign.title,
            "description": foreign.title,
            "location": foreign.title,
            "start": _time(foreign.start),
            "end": _time(foreign.end),
            "extendedProperties": {"private": {"other": foreign.title}, "shared": {"other": foreign.title}},
            **_SHAPES.get(foreign.kind, {}),
        }
        if foreign.kind in _OWN_ANSWER:
            host = f"{foreign.title}@elsewhere.invalid"
            body["organizer"] = {"email": host}
            body["attendees"] = [
                {"email": host, "organizer": True, "responseStatus": "accepted"},
                {"email": address, "responseStatus": _OWN_ANSWER[foreign.kind]},
            ]
        if foreign.weekly > 1:
            body["recurrence"] = [f"RRULE:FREQ=WEEKLY;COUNT={foreign.weekly}"]
        stored = self.server.world.put(address, body)
        if foreign.weekly > 1:
            self._skip(address, stored.body, foreign)

    def _skip(self, address: str, series: Item, foreign: Foreign) -> None:
        """Occurrences taken out of a series are cancelled exceptions."""
        for index in foreign.skip:
            start = _time(foreign.start + timedelta(days=7 * index))
            self.server.world.put(
                address,
                {
                    "id": f"{series['id']}_{index}",
                    "status": "cancelled",
                    "recurringEventId": series["id"],
                    "originalStartTime": start,
                },
            )

    def answer(self, address: str, ref: EventRef, reply: Reply, comment: str = "") -> None:
        self.server.world.answer(ref.calendar, ref.id, address, WORDS[reply], comment)

    def invite(self, ref: EventRef, address: str) -> None:
        world = self.server.world
        stored = world.find(ref.calendar, ref.id)[0]
        guest = {"email": address, "responseStatus": "needsAction", "displayName": "Cem"}
        world.touch(stored, attendees=[*stored.body.get("attendees", []), guest])

    def move(self, ref: EventRef, start: datetime, end: datetime) -> None:
        world = self.server.world
        world.touch(world.find(ref.calendar, ref.id)[0], start=_time(start), end=_time(end))

    def delete(self, ref: EventRef) -> None:
        world = self.server.world
        world.cancel(world.find(ref.calendar, ref.id)[0])

    def live(self, key: str) -> int:
        return len(self.server.world.live(self.organizer, key))

    def lose_next_answer(self) -> None:
        """The write is carried out, then the line is dead for as long as the connector looks for it."""
        self.server.world.fail(on=r"events\.(insert|patch|delete)", lose=True)
        self.server.world.fail(on=r"events\.(get|list)", drop=True, times=SWIFT.attempts)

    def expire_cursors(self) -> None:
        self.server.world.expire_tokens()

    def settle(self) -> None:
        self.server.world.settle()


def _time(value: datetime | date) -> Item:
    if not isinstance(value, datetime):
        return {"date": value.isoformat()}
    return {"dateTime": value.astimezone(ZoneInfo(ZONE)).isoformat(), "timeZone": ZONE}


@contextmanager
def google(mode: str = "typed", **settings: Any) -> Iterator[GoogleHarness]:
    """A fresh company on a fresh server; every request and answer has to fit Google's description."""
    with GoogleServer() as server:
        harness = GoogleHarness(server, mode, **settings)
        try:
            yield harness
        finally:
            harness.close()
        assert server.world.problems == []
