"""What every calendar refuses before it writes or asks anything, and how our text is made safe.

Told by `tests/connectors/conformance_events.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta

import idna

from connectors.errors import Invalid, UnknownZone
from connectors.types import EventIntent, Window
from connectors.zones import zone

_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]+@[^\s@<>,;:\"\x00-\x1f\x7f]+")

LONGEST_KEY = 500
"""Characters of a key: it travels in properties whose values services bound at about a thousand."""
LONGEST_EVENT = timedelta(days=14)


def checked(intent: EventIntent) -> EventIntent:
    """The intent itself; `Invalid` names the field that makes no sense."""
    if not intent.key or len(intent.key) > LONGEST_KEY or not intent.key.isprintable():
        raise Invalid(f"key must be 1 to {LONGEST_KEY} characters without control characters")
    for name, moment in (("start", intent.start), ("end", intent.end)):
        if moment.tzinfo is None or moment.utcoffset() is None:
            raise Invalid(f"{name} of {intent.key} has no time zone; aware instants are needed")
    if not timedelta(0) < intent.end - intent.start <= LONGEST_EVENT:
        raise Invalid(f"end of {intent.key} must be after its start, by at most {LONGEST_EVENT.days} days")
    try:
        zone(intent.zone)
    except UnknownZone as error:
        raise Invalid(f"zone of {intent.key}: {error}") from None
    seen: set[str] = set()
    for attendee in intent.attendees:
        address = attendee.address.casefold()
        if not is_address(attendee.address):
            raise Invalid(f"attendees of {intent.key}: {attendee.address[:80]!r} is not an e-mail address")
        if address in seen:
            raise Invalid(f"attendees of {intent.key}: {attendee.address} is there twice")
        seen.add(address)
    if any(minutes < 0 for minutes in intent.reminders):
        raise Invalid(f"reminders of {intent.key} are minutes before the start, 0 or more")
    return intent


def checked_window(window: Window) -> Window:
    """The window itself; `Invalid` where it is naive, empty or backwards."""
    for name, moment in (("start", window.start), ("end", window.end)):
        if moment.tzinfo is None or moment.utcoffset() is None:
            raise Invalid(f"the window's {name} has no time zone; aware instants are needed")
    if window.end <= window.start:
        raise Invalid("the window must end after it starts")
    return window


def is_address(text: str) -> bool:
    """Whether it looks like one bare e-mail address: enough to ask a service about it."""
    return len(text) <= 320 and _ADDRESS.fullmatch(text) is not None


def clean_line(text: str) -> str:
    """Our text as one line: line breaks become spaces, other control characters go."""
    return _CONTROL.sub("", _BREAKS.sub(" ", text)).strip()


def clean_text(text: str) -> str:
    """Our text of several lines: every kind of line break becomes ``\\n``, control characters go."""
    return _CONTROL.sub("", re.sub(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text))


def ascii_domain(address: str) -> str:
    """The address with its domain as mail and calendar programs pass it on: ``jo@müller.example`` is
    ``jo@xn--mller-kva.example`` (RFC 5891). Raises `Invalid` for a domain that cannot be."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise Invalid(f"{address[:80]!r}: there can be no such domain; check its spelling") from None
