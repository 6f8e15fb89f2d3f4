"""A folder of calendar files and everybody who works with it, for the conformance suite and local tests.

People's programs are played by the icalendar library rewriting whole files, without our lock and
without our code: what a calendar program of today would do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from connectors.errors import Transient
from connectors.local import LocalCalendar, store
from connectors.local.folder import create_calendar
from connectors.protocol import event_id
from connectors.types import EventRef, Reply, RoomInfo
from tests.connectors.harness import ZONE, Foreign, Kind

BERLIN = ZoneInfo(ZONE)
NOW = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)

ORGANIZER = "interviews@acme.example"
PEOPLE = ("ada@acme.example", "ben@acme.example", "cem@acme.example")
ROOMS = ("room-1@acme.example", "room-2@acme.example")

SHOWN: dict[Kind, dict[str, str]] = {
    Kind.FREE: {"TRANSP": "TRANSPARENT"},
    Kind.CANCELLED: {"STATUS": "CANCELLED"},
    Kind.OUT_OF_OFFICE: {"X-GOOGLE-EVENT-TYPE": "outOfOffice"},
    Kind.FOCUS: {"X-GOOGLE-EVENT-TYPE": "focusTime"},
    Kind.ELSEWHERE: {"X-MICROSOFT-CDO-BUSYSTATUS": "WORKINGELSEWHERE"},
    Kind.PRIVATE: {"CLASS": "PRIVATE"},
}
ANSWERED = {Kind.UNANSWERED: "NEEDS-ACTION", Kind.TENTATIVE: "TENTATIVE", Kind.DECLINED: "DECLINED"}


def program(path: Path, change: Callable[[icalendar.Calendar], None]) -> None:
    """A calendar program: reads the whole file, changes it, writes the whole file."""
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    assert isinstance(calendar, icalendar.Calendar)
    change(calendar)
    path.write_bytes(calendar.to_ical())


def the_event(calendar: icalendar.Calendar, id_: str) -> icalendar.Component:
    found = [event for event in calendar.walk("VEVENT") if str(event["UID"]).startswith(id_)]
    assert len(found) == 1, f"{len(found)} events"
    return found[0]


class LocalHarness:
    """Implements `tests.connectors.harness.Harness` on a folder of its own."""

    organizer = ORGANIZER
    people = PEOPLE
    rooms = ROOMS
    keyed = True
    remembers = True
    words = True

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch
        create_calendar(folder, ORGANIZER, "Interviews", ZONE)
        for person in PEOPLE:
            create_calendar(folder, person, person.partition("@")[0].title(), ZONE)
        for number, room in enumerate(ROOMS):
            create_calendar(folder, room, f"Room {number + 1}", ZONE, RoomInfo(room, "", 4 + number, "HQ"))
        self.path("broken@acme.example").write_text("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")
        zoned = "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Mars/Olympus\r\nBEGIN:VEVENT\r\nDTSTART:20261020T090000\r\n"
        self.path("mars@acme.example").write_text(zoned + "END:VEVENT\r\nEND:VCALENDAR\r\n")
        self.unreadable = {
            "nobody@acme.example": "not_found",
            "broken@acme.example": "unreadable",
            "mars@acme.example": "unknown_zone",
        }
        self.now = NOW
        self.calendar = self.restart()

    def path(self, address: str) -> Path:
        return self.folder / f"{address}.ics"

    def restart(self, page_size: int = 5) -> LocalCalendar:
        return LocalCalendar(self.folder, zone=ZONE, clock=lambda: self.now, page_size=page_size)

    def add(self, address: str, foreign: Foreign) -> None:
        def change(calendar: icalendar.Calendar) -> None:
            calendar.add_component(_foreign(foreign, address))

        program(self.path(address), change)

    def answer(self, address: str, ref: EventRef, reply: Reply, comment: str = "") -> None:
        def change(calendar: icalendar.Calendar) -> None:
            event = the_event(calendar, ref.id)
            guests = event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]]
            own = [guest for guest in guests if str(guest).casefold() == f"mailto:{address}"]
            own[0].params["PARTSTAT"] = reply.value.upper().replace("_", "-")
            event.pop("COMMENT", None)
            if comment:
                event.add("COMMENT", comment)

        program(self.path(address), change)

    def invite(self, ref: EventRef, address: str) -> None:
        def change(calendar: icalendar.Calendar) -> None:
            guest = icalendar.vCalAddress(f"mailto:{address}")
            guest.params["PARTSTAT"] = "NEEDS-ACTION"
            the_event(calendar, ref.id).add("ATTENDEE", guest)

        program(self.path(ref.calendar), change)

    def move(self, ref: EventRef, start: datetime, end: datetime) -> None:
        def change(calendar: icalendar.Calendar) -> None:
            event = the_event(calendar, ref.id)
            for name, value in (("DTSTART", start), ("DTEND", end)):
                del event[name]
                event.add(name, value)

        program(self.path(ref.calendar), change)

    def delete(self, ref: EventRef) -> None:
        self.throw_away(ref.calendar, ref)

    def throw_away(self, address: str, ref: EventRef) -> None:
        def change(calendar: icalendar.Calendar) -> None:
            calendar.subcomponents.remove(the_event(calendar, ref.id))

        program(self.path(address), change)

    def live(self, key: str) -> int:
        return self.live_in(self.organizer, key)

    def live_in(self, address: str, key: str) -> int:
        calendar = icalendar.Calendar.from_ical(self.path(address).read_bytes())
        return sum(
            str(event.get("UID")).startswith(event_id(key)) and str(event.get("STATUS")) != "CANCELLED"
            for event in calendar.walk("VEVENT")
        )

    def lose_next_answer(self) -> None:
        """The process is stopped right after its first write: the organizer has the event, nobody else."""
        real = store.replace

        def stopped(temporary: Path, path: Path) -> None:
            real(temporary, path)
            self._patch.setattr(store, "replace", real)
            raise Transient("stopped here")

        self._patch.setattr(store, "replace", stopped)

    def expire_cursors(self) -> None:
        for journal in (self.folder / store.STATE).glob("*.json"):
            journal.unlink()

    def settle(self) -> None:
        """Rooms answer at once here."""


def _foreign(foreign: Foreign, owner: str) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", f"{foreign.kind}-{foreign.start.isoformat()}@elsewhere.example")
    event.add("DTSTAMP", NOW)
    event.add("SUMMARY", foreign.title)
    event.add("DESCRIPTION", foreign.title)
    event.add("DTSTART", foreign.start)
    event.add("DTEND", foreign.end)
    for name, value in SHOWN.get(foreign.kind, {}).items():
        event.add(name, value)
    if foreign.kind in ANSWERED:
        event.add("ORGANIZER", icalendar.vCalAddress("mailto:boss@elsewhere.example"))
        guest = icalendar.vCalAddress(f"MAILTO:{owner.upper()}")
        guest.params["PARTSTAT"] = ANSWERED[foreign.kind]
        event.add("ATTENDEE", guest)
    if foreign.weekly > 1:
        event.add("RRULE", {"FREQ": "WEEKLY", "COUNT": foreign.weekly})
        for index in foreign.skip:
            event.add("EXDATE", _weeks_later(foreign.start, index))
    return event


def _weeks_later(start: datetime | date, weeks: int) -> datetime | date:
    return start + timedelta(weeks=weeks)
