"""Invitations for people outside the company's calendars, as iCalendar texts (RFC 5545, RFC 5546).

Every text is parsed back before it is handed out: what a calendar program will read must be what
was meant, whatever a name or a title tries to smuggle in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar

from connectors.errors import Invalid
from connectors.intents import ascii_domain, clean_line, clean_text, is_address

PRODUCT = "-//Loopwright//Loopwright//EN"


def parameter(text: str) -> str:
    """Text that survives as a parameter value (a name, a comment): double quotes cannot stand there at
    all, and a backslash is read in different ways by different programs."""
    return clean_line(text).replace('"', "'").replace("\\", "/")


@dataclass(frozen=True, slots=True)
class Invitation:
    """One event as one person outside is told about it; instants are aware.

    ``uid`` stays the same over updates and the cancellation; ``sequence`` rises with a new time and the
    cancellation, and stays where the time does: who has accepted it need not answer again (RFC 5546
    section 2.1.4). ``comment`` says why. ``reminders`` are minutes before the start.
    """

    uid: str
    title: str
    start: datetime
    end: datetime
    organizer: str
    attendee: str
    sequence: int = 0
    description: str = ""
    location: str = ""
    url: str = ""
    organizer_name: str = ""
    attendee_name: str = ""
    comment: str = ""
    reminders: tuple[int, ...] = ()


def request(invitation: Invitation, now: datetime) -> str:
    """The text that invites, or updates an invitation (METHOD:REQUEST). Raises `Invalid`."""
    return _render(invitation, now, "REQUEST")


def cancellation(invitation: Invitation, now: datetime) -> str:
    """The text that takes an invitation back (METHOD:CANCEL); its sequence must have risen. Raises `Invalid`."""
    return _render(invitation, now, "CANCEL")


@dataclass(frozen=True, slots=True)
class Told:
    """What a text of ours once told: enough to know what the next one has to be."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    cancelled: bool


def told_by(text: str) -> Told:
    """Read a text of `request` or `cancellation` again. Raises `Invalid` for any other text."""
    try:
        calendar = icalendar.Calendar.from_ical(text)
        event: Any = calendar.walk("VEVENT")[0]
        times = event["DTSTART"].dt, event["DTEND"].dt
        return Told(str(event["UID"]), int(event["SEQUENCE"]), *times, str(calendar["METHOD"]) == "CANCEL")
    except (ValueError, LookupError, AttributeError):
        raise Invalid("calendar: this is not an invitation of ours") from None


def following(before: Iterable[Told], start: datetime, end: datetime, *, least: int = 0) -> int:
    """The sequence of the next invitation for ``[start, end)``, after all those ``before`` with the same
    uid, oldest first: the last one's where only a detail changed, else higher than all. A cancellation
    is never a detail. ``least`` bounds a higher one from below."""
    known = list(before)
    last = known[-1] if known else None
    if last is not None and not last.cancelled and (last.start, last.end) == (start, end):
        return last.sequence
    return max([least, *(told.sequence + 1 for told in known)])


def _render(invitation: Invitation, now: datetime, method: str) -> str:
    told = _cleaned(invitation)
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    event = icalendar.Event()
    event.add("UID", told.uid)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("SEQUENCE", told.sequence)
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    event.add("DTSTART", told.start)
    event.add("DTEND", told.end)
    for name, text in (
        ("SUMMARY", told.title),
        ("DESCRIPTION", told.description),
        ("LOCATION", told.location),
        ("URL", told.url),
        ("COMMENT", told.comment),
    ):
        if text:
            event.add(name, text)
    event.add("ORGANIZER", _person(told.organizer, told.organizer_name))
    guest = _person(told.attendee, told.attendee_name)
    guest.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    event.add("ATTENDEE", guest)
    if method == "REQUEST":
        for minutes in told.reminders:
            event.add_component(_alarm(told.title, minutes))
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    text = written.decode()
    _parse_back(text, told, method)
    return text


def _cleaned(invitation: Invitation) -> Invitation:
    """The invitation as it may be written. Raises `Invalid` naming the field that cannot be."""
    for name in ("start", "end"):
        if getattr(invitation, name).tzinfo is None:
            raise Invalid(f"{name}: the time has no zone; give an aware one")
    told = replace(
        invitation,
        uid=clean_line(invitation.uid),
        title=clean_line(invitation.title),
        description=clean_text(invitation.description),
        comment=clean_text(invitation.comment),
        location=clean_line(invitation.location),
        url=clean_line(invitation.url),
        organizer=clean_line(invitation.organizer),
        attendee=clean_line(invitation.attendee),
        organizer_name=parameter(invitation.organizer_name),
        attendee_name=parameter(invitation.attendee_name),
        start=invitation.start.astimezone(UTC).replace(microsecond=0),
        end=invitation.end.astimezone(UTC).replace(microsecond=0),
    )
    if not told.uid or not told.title:
        raise Invalid("uid and title: an invitation needs both")
    if told.end <= told.start:
        raise Invalid("end: an invitation must end after it starts")
    if told.sequence < 0 or any(minutes < 0 for minutes in told.reminders):
        raise Invalid("sequence and reminders: must not be negative")
    for name in ("organizer", "attendee"):
        address = getattr(told, name)
        if not is_address(address):
            raise Invalid(f"{name}: {address!r} is not a mail address")
    told = replace(told, organizer=ascii_domain(told.organizer), attendee=ascii_domain(told.attendee))
    if told.url and not told.url.startswith(("https://", "http://")):
        raise Invalid("url: only http and https links are sent out")
    return told


def _person(address: str, name: str) -> icalendar.vCalAddress:
    person = icalendar.vCalAddress(f"mailto:{address}")
    if name:
        person.params["CN"] = name
    return person


def _alarm(title: str, minutes: int) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", title)
    alarm.add("TRIGGER", timedelta(minutes=-minutes))
    return alarm


def _parse_back(text: str, told: Invitation, method: str) -> None:
    """Read the text as a calendar program would and compare. Raises `Invalid`: then it is our bug."""
    calendar = icalendar.Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    if len(events) != 1 or str(calendar.get("METHOD")) != method:
        raise Invalid("the invitation does not read back as one event")
    event: Any = events[0]
    read = (
        str(event["UID"]),
        str(event["SUMMARY"]),
        str(event.get("DESCRIPTION", "")),
        str(event.get("LOCATION", "")),
        str(event.get("URL", "")),
        str(event.get("COMMENT", "")),
        event["DTSTART"].dt,
        event["DTEND"].dt,
        int(event["SEQUENCE"]),
        str(event["ORGANIZER"]),
        str(event["ATTENDEE"]),
        str(event["ORGANIZER"].params.get("CN", "")),
        str(event["ATTENDEE"].params.get("CN", "")),
    )
    meant = (
        told.uid,
        told.title,
        told.description,
        told.location,
        told.url,
        told.comment,
        told.start,
        told.end,
        told.sequence,
        f"mailto:{told.organizer}",
        f"mailto:{told.attendee}",
        told.organizer_name,
        told.attendee_name,
    )
    for name, was, should in zip(_FIELDS, read, meant, strict=True):
        if was != should:
            raise Invalid(f"{name}: does not read back as it was written")


_FIELDS = (
    "uid",
    "title",
    "description",
    "location",
    "url",
    "comment",
    "start",
    "end",
    "sequence",
    "organizer",
    "attendee",
    "organizer_name",
    "attendee_name",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a calendar that is only looked at; instants are aware."""

    uid: str
    title: str
    start: datetime
    end: datetime
    description: str = ""
    location: str = ""
    tentative: bool = False


def published(name: str, entries: Iterable[Entry], now: datetime) -> str:
    """Several events as one calendar to add or to subscribe to (METHOD:PUBLISH, RFC 5546 section 3.2.1); nobody is
    asked for an answer by it."""
    calendar = icalendar.Calendar()
    for key, text in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        calendar.add(key, text)
    calendar.add("X-WR-CALNAME", clean_line(name))
    for entry in entries:
        event = icalendar.Event()
        event.add("UID", clean_line(entry.uid))
        event.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
        event.add("DTSTART", entry.start.astimezone(UTC).replace(microsecond=0))
        event.add("DTEND", entry.end.astimezone(UTC).replace(microsecond=0))
        event.add("SUMMARY", clean_line(entry.title))
        event.add("STATUS", "TENTATIVE" if entry.tentative else "CONFIRMED")
        if entry.description:
            event.add("DESCRIPTION", clean_text(entry.description))
        if entry.location:
            event.add("LOCATION", clean_line(entry.location))
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode()
