"""What people and their calendar programs do to a folder: for setting up a company and for tests.

A calendar program does not ask us; these functions take our lock all the same, so that a demo can
play everybody at once without losing a write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar

from connectors.errors import Gone, Invalid
from connectors.ics import PRODUCT
from connectors.intents import clean_line
from connectors.local import directory, events
from connectors.local.files import CalendarFile, Changes, Files
from connectors.local.names import file_name, normal
from connectors.local.store import Folder
from connectors.local.text import Component
from connectors.local.zones import named
from connectors.protocol import event_id
from connectors.types import Reply, RoomInfo
from connectors.vtimezone import vtimezone

_MAX_BYTES = 64_000_000
_LOCK_SECONDS = 30.0


class Show(StrEnum):
    """How an entry shows its owner."""

    BUSY = "busy"
    FREE = "free"
    TENTATIVE = "tentative"
    OUT_OF_OFFICE = "out_of_office"
    FOCUS = "focus"
    HOME = "home"  # a working location
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is not ours, as its owner's program would write it.

    Two dates make it all-day (``end`` exclusive); times are aware, and repeating ones carry a
    `ZoneInfo`. A single time is written in its `ZoneInfo` or, where that would not say which instant is
    meant (a mere offset, an hour that comes twice or never), in UTC. ``reply`` is the owner's answer where somebody else invited them. ``rule`` is an RRULE
    value, ``skip`` the starts of occurrences that do not happen, ``moved`` (original start, new start,
    new end) of those that happen at another time.
    """

    title: str
    start: datetime | date
    end: datetime | date
    show: Show = Show.BUSY
    reply: Reply | None = None
    organizer: str = ""
    private: bool = False
    cancelled: bool = False
    rule: str = ""
    skip: tuple[datetime | date, ...] = ()
    moved: tuple[tuple[datetime, datetime, datetime], ...] = ()


def create_calendar(folder: Path, address: str, name: str, zone: str, room: RoomInfo | None = None) -> Path:
    """Make an empty calendar for a person, or for a room with what the directory shall say of it.

    The folder is made where it is missing. Raises `Invalid` for an address that no file can hold, an
    unknown zone, or a calendar that is already there; `Forbidden`, `Transient`.
    """
    file = file_name(address)
    if file is None or "@" not in address:
        raise Invalid(f"address: {address[:80]!r} is not a mail address")
    directory.check_zone(zone)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", clean_line(name))
    calendar.add("X-WR-TIMEZONE", zone)
    if room is not None:
        calendar.add(directory.KIND, "ROOM")
        if room.capacity is not None:
            calendar.add(directory.CAPACITY, str(room.capacity))
        if room.building:
            calendar.add(directory.BUILDING, clean_line(room.building))
        if room.features:
            calendar.add(directory.FEATURES, ",".join(sorted(clean_line(f) for f in room.features)))
    head, end = calendar.to_ical().decode().split("END:VCALENDAR", 1)
    text = f"{head}{_timezone(zone)}END:VCALENDAR{end}"
    path = folder / file
    store = _folder(folder)
    with store.locked():
        if not store.create(path, text.encode()):
            raise Invalid(f"address: {path.name} is already there")
    return path


def add_entries(folder: Path, address: str, entries: Iterable[Entry]) -> None:
    """Write foreign events into somebody's calendar. Raises `NotFound`, `Unreadable`, `Invalid`."""
    added = [_checked(entry) for entry in entries]
    zones = {zone for entry in added if (zone := _zone_of(entry))}

    def change(file: CalendarFile) -> Changes:
        there = {component.value("TZID") for component in file.parsed.components("VTIMEZONE")}
        missing = "".join(_timezone(zone) for zone in sorted(zones - there))
        count = sum(1 for _ in file.parsed.components("VEVENT"))
        return [], missing + "".join(
            text
            for number, entry in enumerate(added, count)
            for text in _written(entry, file.address, f"{file.address}/{number}")
        )

    _edit(folder, address, change)


def answer(folder: Path, address: str, key: str, reply: Reply, comment: str = "") -> None:
    """Answer our invitation in the attendee's own calendar, as their calendar program would.

    Raises `NotFound` (no such calendar), `Gone` where the invitation is not in it, `Unreadable`.
    """
    owner = normal(address)

    def change(file: CalendarFile) -> Changes:
        copy = _copy(file, key)
        lines: dict[str, list[str]] = {"ATTENDEE": [], "COMMENT": []}
        for line in copy.all("ATTENDEE"):
            guest = events.guest_of(line)
            if normal(guest.address) == owner:
                lines["ATTENDEE"].append(events.attendee_line(replace(guest, reply=reply), delivery=False))
            else:
                lines["ATTENDEE"].append(events.attendee_line(guest, delivery=False))
        if comment.strip():
            lines["COMMENT"].append(events.line("COMMENT", clean_line(comment)))
        return list(events.patch(copy, lines)), ""

    _edit(folder, address, change)


def throw_away(folder: Path, address: str, key: str) -> None:
    """Delete our invitation from the attendee's own calendar. Raises like `answer`."""

    def change(file: CalendarFile) -> Changes:
        copy = _copy(file, key)
        return [(copy.start, copy.end, "")], ""

    _edit(folder, address, change)


def _copy(file: CalendarFile, key: str) -> Component:
    copies = file.copies(event_id(key))
    if not copies:
        raise Gone(f"{file.path.name}: there is no invitation with the key {key}")
    return copies[0]


def _folder(path: Path) -> Folder:
    return Folder(path, _MAX_BYTES, _LOCK_SECONDS)


def _edit(path: Path, address: str, change: Callable[[CalendarFile], Changes]) -> None:
    folder = _folder(path)
    with folder.locked():
        Files(folder, lambda _: None).edit(address, change)


def _checked(entry: Entry) -> Entry:
    """The entry in times that a calendar file can hold. Raises `Invalid` naming the field."""
    times = {"start": entry.start, "end": entry.end}
    for name, moment in times.items():
        if isinstance(moment, datetime) and moment.utcoffset() is None:
            raise Invalid(f"{name}: {moment.isoformat()} has no zone; give an aware time")
    if isinstance(entry.start, datetime) is not isinstance(entry.end, datetime):
        raise Invalid("end: start and end must both be days or both be times")
    if _utc(entry.end) <= _utc(entry.start):  # two times of one zone would be compared by the clock
        raise Invalid(f"end: {entry.end.isoformat()} is not after the start")
    if not isinstance(entry.start, datetime) or not isinstance(entry.end, datetime):
        return entry
    if entry.rule:
        if not isinstance(entry.start.tzinfo, ZoneInfo):
            raise Invalid("start: what repeats does so by the clock of a place; give a ZoneInfo")
        tz = entry.start.tzinfo
        skip = tuple(s.astimezone(tz) if isinstance(s, datetime) else s for s in entry.skip)
        moved = tuple((a.astimezone(tz), b.astimezone(tz), c.astimezone(tz)) for a, b, c in entry.moved)
        return replace(entry, end=entry.end.astimezone(tz), skip=skip, moved=moved)
    if not all(_plain(moment) for moment in (entry.start, entry.end)):
        return replace(entry, start=entry.start.astimezone(UTC), end=entry.end.astimezone(UTC))
    return replace(entry, end=entry.end.astimezone(entry.start.tzinfo))


def _utc(moment: datetime | date) -> date:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def _plain(moment: datetime) -> bool:
    """Whether wall clock and zone's name alone say which instant it is."""
    if not isinstance(moment.tzinfo, ZoneInfo):
        return False
    return moment.replace(fold=0).utcoffset() == moment.replace(fold=1).utcoffset()


def _zone_of(entry: Entry) -> str | None:
    zone = entry.start.tzinfo if isinstance(entry.start, datetime) else None
    return zone.key if isinstance(zone, ZoneInfo) else None


def _timezone(zone: str) -> str:
    """The VTIMEZONE of a zone, for programs that do not know its name; UTC and offsets need none."""
    found = named(zone)
    return vtimezone(found.key) if isinstance(found, ZoneInfo) else ""


def _written(entry: Entry, owner: str, number: str) -> Iterable[str]:
    uid = hashlib.sha256(f"{number}/{entry.title}/{entry.start}".encode()).hexdigest()[:24] + "@calendar"
    event = _event(entry, owner, uid, entry.start, entry.end)
    if entry.rule:
        event.add("RRULE", icalendar.vRecur.from_ical(entry.rule))
    if entry.skip:
        event.add("EXDATE", list(entry.skip))
    yield _text(event)
    for original, start, end in entry.moved:
        exception = _event(entry, owner, uid, start, end)
        exception.add("RECURRENCE-ID", original)
        yield _text(exception)


def _text(event: icalendar.Event) -> str:
    text: bytes = event.to_ical()
    return text.decode()


_SHOWN = {
    Show.FREE: {"TRANSP": "TRANSPARENT"},
    Show.TENTATIVE: {"STATUS": "TENTATIVE"},
    Show.OUT_OF_OFFICE: {"X-GOOGLE-EVENT-TYPE": "outOfOffice", "X-MICROSOFT-CDO-BUSYSTATUS": "OOF"},
    Show.FOCUS: {"X-GOOGLE-EVENT-TYPE": "focusTime"},
    Show.HOME: {
        "X-GOOGLE-EVENT-TYPE": "workingLocation",
        "X-GOOGLE-WORKING-LOCATION": "homeOffice",
        "TRANSP": "TRANSPARENT",
    },
    Show.OFFICE: {
        "X-GOOGLE-EVENT-TYPE": "workingLocation",
        "X-GOOGLE-WORKING-LOCATION": "officeLocation",
        "TRANSP": "TRANSPARENT",
    },
}


def _event(
    entry: Entry, owner: str, uid: str, start: datetime | date, end: datetime | date
) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", uid)
    event.add("DTSTAMP", _stamp(start))
    event.add("SUMMARY", clean_line(entry.title))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    for name, value in {"STATUS": "CONFIRMED", "TRANSP": "OPAQUE", **_SHOWN.get(entry.show, {})}.items():
        event.add(name, "CANCELLED" if name == "STATUS" and entry.cancelled else value)
    if entry.private:
        event.add("CLASS", "PRIVATE")
    if entry.reply is not None:
        host = entry.organizer or "colleague@elsewhere.example"
        event.add("ORGANIZER", icalendar.vCalAddress(f"mailto:{host}"))
        guest = icalendar.vCalAddress(f"mailto:{owner}")
        guest.params["PARTSTAT"] = events.partstat(entry.reply)
        event.add("ATTENDEE", guest)
    return event


def _stamp(start: datetime | date) -> datetime:
    """Two weeks before it happens; a seed then always makes the same bytes."""
    day = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return day - timedelta(days=14)
