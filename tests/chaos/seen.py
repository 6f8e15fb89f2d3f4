"""Our live events as other programs see them: calendar files by the icalendar library, the stand-ins by what they keep."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import icalendar

from tests.connectors.servers.google_world import World as Google
from tests.connectors.servers.google_world import private
from tests.connectors.servers.graph_harness import KEY
from tests.connectors.servers.graph_world import World as Graph


@dataclass(frozen=True, slots=True)
class Seen:
    """One live event that carries our key, in its organizer's calendar; addresses in lower case, without the
    organizer's own."""

    calendar: str
    id: str
    key: str
    start: datetime
    end: datetime
    attendees: frozenset[str]


def in_files(folder: Path, organizer: str) -> list[Seen]:
    """What stands in the organizer's calendar file."""
    return list(_in_file((folder / f"{organizer}.ics").read_bytes(), organizer))


@functools.lru_cache(maxsize=64)
def _in_file(content: bytes, organizer: str) -> tuple[Seen, ...]:
    found = []
    for event in icalendar.Calendar.from_ical(content).walk("VEVENT"):
        if "X-LOOPWRIGHT-KEY" not in event or event.get("STATUS") == "CANCELLED":
            continue
        guests = event.get("ATTENDEE", [])
        guests = guests if isinstance(guests, list) else [guests]
        addresses = frozenset(str(g).casefold().removeprefix("mailto:") for g in guests) - {organizer}
        found.append(
            Seen(
                organizer,
                str(event["UID"]).partition("@")[0],
                str(event["X-LOOPWRIGHT-KEY"]),
                event["DTSTART"].dt.astimezone(UTC),
                event["DTEND"].dt.astimezone(UTC),
                addresses,
            )
        )
    return tuple(found)


def at_google(world: Google, organizer: str) -> list[Seen]:
    """What the stand-in for Google keeps of the organizer's calendar."""
    found = []
    for stored in world.events:
        key = private(stored.body).get("loopwright_key")
        if stored.calendar != organizer or stored.cancelled or key is None:
            continue
        start, end = world.span(stored.body, organizer)
        addresses = frozenset(a["email"].casefold() for a in stored.body.get("attendees", ())) - {organizer}
        found.append(Seen(organizer, stored.body["id"], key, start, end, addresses))
    return found


def at_outlook(world: Graph, organizer: str) -> list[Seen]:
    """What the stand-in for Microsoft keeps of the organizer's mailbox; a note of the year 2001 is what is left of a
    cancelled booking."""
    found = []
    for item in world.mailboxes[organizer].items.values():
        if KEY not in item.properties or item.cancelled or item.start.year <= 2001:
            continue
        assert isinstance(item.start, datetime) and isinstance(item.end, datetime)
        addresses = frozenset(a["address"].casefold() for a in item.attendees) - {organizer}
        start, end = item.start.astimezone(UTC), item.end.astimezone(UTC)
        found.append(Seen(organizer, item.id, item.properties[KEY], start, end, addresses))
    return found
