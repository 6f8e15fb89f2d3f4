"""Our events as a calendar file holds them: VEVENT ↔ `Stored`, pure text in and out.

The organizer's copy is the truth. Beside the standard properties it carries ``X-LOOPWRIGHT-KEY``,
``-FINGERPRINT``, ``-ZONE``, ``-TAG``, ``-SENT`` (the time the attendees were last told), ``-INVITED`` (whom we
invited: others were added by a colleague and stay) and
``-WITHDRAWN`` (who still holds a copy that must go); each ATTENDEE carries SCHEDULE-STATUS
(RFC 6638 section 3.2.9) for its delivery. An attendee's copy carries ``X-LOOPWRIGHT-CONTENT``,
a digest of what was delivered.

Told by `tests/connectors/test_local.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import icalendar
from icalendar.parser import Contentline, Parameters

from connectors.errors import Unreadable
from connectors.ics import parameter
from connectors.intents import clean_line, clean_text
from connectors.local.identity import KEY, own_key, uid
from connectors.local.keeping.pieces import Text
from connectors.local.names import normal
from connectors.local.text import Component, Line, unfold
from connectors.local.times import duration, instant, span
from connectors.local.zones import Zones
from connectors.protocol import event_id, fingerprint
from connectors.types import Attendee, Event, EventIntent, EventRef, Reply, Role

PENDING = "1.0"  # not delivered yet, by us: a crash may lie between
DELIVERED = "1.2"
WITHDRAWN = "2.0"  # the cancellation reached them, or there was nothing to withdraw
NO_CALENDAR = "3.7"
FAILED = "5.1"

_PARTSTAT = {
    "ACCEPTED": Reply.ACCEPTED,
    "TENTATIVE": Reply.TENTATIVE,
    "DECLINED": Reply.DECLINED,
    "DELEGATED": Reply.DECLINED,  # they do not come; the seat is open
}
_VOLATILE = frozenset(
    {"DTSTAMP", "LAST-MODIFIED", "CREATED", "X-LOOPWRIGHT-SENT", "X-LOOPWRIGHT-WITHDRAWN", "X-MOZ-GENERATION"}
)
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Guest:
    """An attendee and how far our event has got to them. ``trouble`` says why it was not delivered."""

    address: str
    name: str
    role: Role
    reply: Reply = Reply.NEEDS_ACTION
    comment: str = ""
    status: str = PENDING
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """One event of ours in the organizer's file. ``etag`` is empty until it was read back."""

    key: str
    fingerprint: str
    organizer: str
    start: datetime
    end: datetime
    zone: str
    title: str
    description: str
    location: str
    guests: tuple[Guest, ...]
    sequence: int = 0
    cancelled: bool = False
    reminders: tuple[int, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    sent: str = ""
    withdrawn: tuple[str, ...] = ()
    etag: str = ""
    organizer_name: str = ""
    invited: tuple[str, ...] = ()
    """`normal` addresses of those we invited; empty where that is not known."""
    nameless: bool = False
    """A program dropped our lines; what they said comes from the journal."""

    @property
    def id(self) -> str:
        return event_id(self.key)

    @property
    def times(self) -> str:
        return f"{self.start.astimezone(UTC).strftime(STAMP)}/{self.end.astimezone(UTC).strftime(STAMP)}"


@dataclass(frozen=True, slots=True)
class Lost:
    """What is remembered of an event whose lines of ours are gone."""

    key: str
    fingerprint: str
    zone: str
    sent: str
    invited: tuple[str, ...]


def intended(intent: EventIntent, organizer: str, guests: tuple[Guest, ...], sequence: int = 0) -> Stored:
    """The event an intent asks for; every text cleaned of control characters."""
    made = Stored(
        key=intent.key,
        fingerprint=fingerprint(intent),
        organizer=organizer,
        start=intent.start.astimezone(UTC).replace(microsecond=0),
        end=intent.end.astimezone(UTC).replace(microsecond=0),
        zone=intent.zone,
        title=clean_line(intent.title),
        description=clean_text(intent.description),
        location=clean_line(intent.location),
        guests=guests,
        sequence=sequence,
        reminders=intent.reminders,
        tags=tuple((clean_line(name), clean_line(value)) for name, value in intent.tags),
        invited=tuple(normal(attendee.address) for attendee in intent.attendees),
    )
    return made


def invited(attendee: Attendee, organizer: str) -> Guest:
    """A new guest. The organizer's own calendar holds the event itself: nothing to deliver or ask."""
    own = normal(attendee.address) == organizer
    return Guest(
        address=attendee.address.strip(),
        name=parameter(attendee.name),
        role=attendee.role,
        reply=Reply.ACCEPTED if own else Reply.NEEDS_ACTION,
        status=DELIVERED if own else PENDING,
    )


def as_event(stored: Stored, calendar: str) -> Event:
    """What the caller sees of it."""
    return Event(
        ref=EventRef(calendar, stored.id),
        key=stored.key,
        etag=stored.etag,
        start=stored.start,
        end=stored.end,
        attendees=tuple(
            Attendee(
                guest.address,
                guest.name,
                guest.role,
                guest.reply,
                f"not delivered: {guest.trouble}" if guest.trouble else guest.comment,
            )
            for guest in stored.guests
        ),
        cancelled=stored.cancelled,
        fingerprint=stored.fingerprint,
        zone=stored.zone,
    )


def pasted(component: Component, calendar: str, zones: Zones) -> Event:
    """A copy of one of ours that somebody made: its key, when it is, and what it is called in the file. Raises
    `UnknownZone`."""
    start, end = (instant(value, zones) for value in span(component, zones))
    off = component.value("STATUS").upper() == "CANCELLED"
    ref = EventRef(calendar, component.value("UID"))
    return Event(
        ref=ref, key=component.plain(KEY), etag="", start=start, end=end, attendees=(), cancelled=off
    )


def content(stored: Stored) -> str:
    """A digest of everything an attendee is told; answers do not count (hex, 16 characters)."""
    told = [
        stored.title,
        stored.description,
        stored.location,
        stored.times,
        stored.sequence,
        normal(stored.organizer),
        sorted((normal(guest.address), guest.role.value) for guest in stored.guests),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def read(component: Component, text: Text, zones: Zones, lost: Lost | None = None) -> Stored | None:
    """The event of ours in a VEVENT of ``text``; ``None`` where it is not ours. ``lost`` stands in where a
    program has dropped our lines. Raises `Unreadable`, `UnknownZone`."""
    key = own_key(component)
    if (key is None and lost is None) or "RECURRENCE-ID" in component.lines:
        return None
    start, end = (instant(value, zones) for value in span(component, zones))
    sequence, organizer = component.value("SEQUENCE"), component.first("ORGANIZER")
    stored = Stored(
        key=key or "",
        fingerprint=component.plain("X-LOOPWRIGHT-FINGERPRINT"),
        organizer=normal(component.value("ORGANIZER")),
        start=start,
        end=end,
        zone=component.plain("X-LOOPWRIGHT-ZONE"),
        title=component.plain("SUMMARY"),
        description=component.plain("DESCRIPTION"),
        location=component.plain("LOCATION"),
        guests=tuple(guest_of(line) for line in component.all("ATTENDEE")),
        sequence=int(sequence) if sequence.isdigit() else 0,
        cancelled=component.value("STATUS").upper() == "CANCELLED",
        reminders=_reminders(component),
        tags=tuple(_tag(line.plain) for line in component.all("X-LOOPWRIGHT-TAG")),
        sent=component.value("X-LOOPWRIGHT-SENT"),
        withdrawn=tuple(line.plain for line in component.all("X-LOOPWRIGHT-WITHDRAWN")),
        etag=_etag(component, text),
        organizer_name=organizer.parts()[0].get("CN", "") if organizer else "",
        invited=tuple(line.plain for line in component.all("X-LOOPWRIGHT-INVITED")),
    )
    if key is not None or lost is None:
        return stored
    return replace(
        stored,
        key=lost.key,
        fingerprint=lost.fingerprint,
        zone=lost.zone,
        sent=lost.sent,
        invited=lost.invited,
        nameless=True,
    )


def marks(stored: Stored) -> dict[str, list[str]]:
    """The lines of ours that an event must have again after a program dropped them (see `patch`)."""
    return {
        KEY: [line(KEY, clean_line(stored.key))],
        "X-LOOPWRIGHT-FINGERPRINT": [line("X-LOOPWRIGHT-FINGERPRINT", stored.fingerprint)],
        "X-LOOPWRIGHT-ZONE": [line("X-LOOPWRIGHT-ZONE", stored.zone)],
        "X-LOOPWRIGHT-INVITED": [line("X-LOOPWRIGHT-INVITED", who) for who in stored.invited],
    }


def _reminders(component: Component) -> tuple[int, ...]:
    """Minutes before the start; alarms at a fixed time or after the start are somebody else's."""
    found = []
    for alarm in component.children:
        trigger = alarm.first("TRIGGER")
        if alarm.name == "VALARM" and trigger is not None and trigger.value.startswith("-P"):
            with contextlib.suppress(Unreadable):
                before = duration(trigger, trigger.value)
                found.append(-int((timedelta(days=before.days) + before.rest).total_seconds()) // 60)
    return tuple(found)


def _tag(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def guest_of(found: Line) -> Guest:
    """The guest of an ATTENDEE line."""
    parameters, value = found.parts()
    kind = parameters.get("CUTYPE", "").upper()
    role = Role.ROOM if kind in ("ROOM", "RESOURCE") else Role.REQUIRED
    if role is Role.REQUIRED and parameters.get("ROLE", "").upper() == "OPT-PARTICIPANT":
        role = Role.OPTIONAL
    address = value[7:] if value[:7].casefold() == "mailto:" else value
    return Guest(
        address=address.strip(),
        name=parameters.get("CN", ""),
        role=role,
        reply=_PARTSTAT.get(parameters.get("PARTSTAT", "").upper(), Reply.NEEDS_ACTION),
        comment=parameters.get("X-RESPONSE-COMMENT", ""),
        status=parameters.get("SCHEDULE-STATUS", PENDING),
        trouble=parameters.get("X-LOOPWRIGHT-TROUBLE", ""),
    )


def _etag(component: Component, text: Text) -> str:
    """Changes with everything a person would call a change, and not when alarms are snoozed or another
    program puts the lines in another order."""
    pieces, position = [], component.start
    for child in component.children:
        pieces.append(text[position : child.start])
        position = child.end
    pieces.append(text[position : component.end])
    lines = sorted(line.text for line in unfold("".join(pieces)) if line.name not in _VOLATILE)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def answer(component: Component, owner: str) -> tuple[Reply, str] | None:
    """What the owner of a copy answers in it, with their comment; ``None`` where they are not in it."""
    for line in component.all("ATTENDEE"):
        guest = guest_of(line)
        if normal(guest.address) == owner:
            return guest.reply, parameter(component.plain("COMMENT") or guest.comment)
    return None


def partstat(reply: Reply) -> str:
    return reply.value.upper().replace("_", "-")


def attendee_line(guest: Guest, delivery: bool, comment: bool = False) -> str:
    """One ATTENDEE content line, folded; ``delivery`` adds what only the organizer's copy holds, ``comment``
    what the guest wrote with the answer (also in their own copy, or a new one would lose it)."""
    parameters = Parameters()
    if guest.name:
        parameters["CN"] = parameter(guest.name)
    parameters["CUTYPE"] = "ROOM" if guest.role is Role.ROOM else "INDIVIDUAL"
    parameters["ROLE"] = {
        Role.REQUIRED: "REQ-PARTICIPANT",
        Role.OPTIONAL: "OPT-PARTICIPANT",
        Role.ROOM: "NON-PARTICIPANT",
    }[guest.role]
    parameters["PARTSTAT"] = partstat(guest.reply)
    parameters["RSVP"] = "TRUE" if guest.reply is Reply.NEEDS_ACTION else "FALSE"
    if delivery:
        parameters["SCHEDULE-STATUS"] = guest.status
        if guest.trouble:
            parameters["X-LOOPWRIGHT-TROUBLE"] = parameter(guest.trouble)
    if guest.comment and (delivery or comment):
        parameters["X-RESPONSE-COMMENT"] = parameter(guest.comment)
    return line("ATTENDEE", icalendar.vCalAddress(f"mailto:{guest.address}"), parameters)


def line(name: str, value: object, parameters: Parameters | None = None) -> str:
    """One content line with its line break, folded at 75 bytes."""
    made: bytes = Contentline.from_parts(name, parameters or Parameters(), value).to_ical()
    return made.decode() + "\r\n"


def render(stored: Stored, now: datetime, copy_for: str = "") -> str:
    """The whole VEVENT. ``copy_for`` is the (`normal`) address whose copy it is; empty for the organizer."""
    event = icalendar.Event()
    event.add("UID", uid(stored.id))
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("LAST-MODIFIED", now.astimezone(UTC))
    event.add("SEQUENCE", stored.sequence)
    event.add("STATUS", "CANCELLED" if stored.cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE")
    event.add("SUMMARY", stored.title)
    for name, text in (("DESCRIPTION", stored.description), ("LOCATION", stored.location)):
        if text:
            event.add(name, text)
    event.add("DTSTART", stored.start.astimezone(UTC))
    event.add("DTEND", stored.end.astimezone(UTC))
    organizer = icalendar.vCalAddress(f"mailto:{stored.organizer}")
    if stored.organizer_name:
        organizer.params["CN"] = parameter(stored.organizer_name)
    event.add("ORGANIZER", organizer)
    for minutes in stored.reminders:
        event.add_component(_alarm(stored.title, minutes))
    event.add(KEY, stored.key)
    event.add("X-LOOPWRIGHT-ZONE", stored.zone)
    if copy_for:
        event.add("X-LOOPWRIGHT-CONTENT", content(stored))
    else:
        event.add("X-LOOPWRIGHT-FINGERPRINT", stored.fingerprint)
        event.add("X-LOOPWRIGHT-SENT", stored.sent)
        for name, value in stored.tags:
            event.add("X-LOOPWRIGHT-TAG", f"{name}={value}")
        for address in stored.invited:
            event.add("X-LOOPWRIGHT-INVITED", address)
        for address in stored.withdrawn:
            event.add("X-LOOPWRIGHT-WITHDRAWN", address)
    begin, rest = event.to_ical().decode().split("\n", 1)
    guests = "".join(
        attendee_line(guest, delivery=not copy_for, comment=normal(guest.address) == copy_for)
        for guest in stored.guests
    )
    return f"{begin}\n{guests}{rest}"


def _alarm(title: str, minutes: int) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", title)
    alarm.add("TRIGGER", timedelta(minutes=-minutes))
    return alarm


def patch(component: Component, lines: Mapping[str, Sequence[str]]) -> Iterable[tuple[int, int, str]]:
    """Edits that put these content lines in place of all lines of their names; the rest stays.

    See `connectors.local.text.edited`.
    """
    put_in: list[str] = []
    for name, fresh in lines.items():
        put_in += fresh
        for old in component.all(name):
            yield old.start, old.end, ""
    yield component.opened, component.opened, "".join(put_in)
