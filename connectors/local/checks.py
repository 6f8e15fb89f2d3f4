"""What may be asked of a calendar at all: every refusal names the field and the fix."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from connectors.errors import Invalid
from connectors.local.names import file_name, normal
from connectors.local.zones import named
from connectors.types import EventIntent, Window

LONGEST_KEY = 500
MOST_ATTENDEES = 500

_ADDRESS = re.compile(r"[^\s<>\"(),:;\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def _aware(name: str, value: datetime) -> None:
    if value.tzinfo is None or value.utcoffset() is None:
        raise Invalid(f"{name}: {value.isoformat()} has no zone; give an aware time")


def checked_window(window: Window, most_days: int | None) -> None:
    """Raises `Invalid`."""
    _aware("window.start", window.start)
    _aware("window.end", window.end)
    if window.end <= window.start:
        raise Invalid("window: it must end after it starts")
    if most_days is not None and window.end - window.start > timedelta(days=most_days):
        raise Invalid(f"window: at most {most_days} days at once; ask in parts")


def checked(intent: EventIntent) -> None:
    """Raises `Invalid` for an event that no calendar should hold."""
    if not intent.key.strip() or len(intent.key) > LONGEST_KEY or re.search(r"[\x00-\x1f\x7f]", intent.key):
        raise Invalid(f"key: it must be 1 to {LONGEST_KEY} printable characters")
    _aware("start", intent.start)
    _aware("end", intent.end)
    if intent.end <= intent.start:
        raise Invalid("end: an event must end after it starts")
    if named(intent.zone) is None:
        raise Invalid(f"zone: nobody knows {intent.zone[:80]!r}; use an IANA name like Europe/Berlin")
    if any(minutes < 0 for minutes in intent.reminders):
        raise Invalid("reminders: minutes before the start must not be negative")
    if len(intent.attendees) > MOST_ATTENDEES:
        raise Invalid(f"attendees: at most {MOST_ATTENDEES}")
    seen: set[str] = set()
    for attendee in intent.attendees:
        address = normal(attendee.address)
        if not _ADDRESS.fullmatch(address) or "@" not in address or file_name(address) is None:
            raise Invalid(f"attendees: {attendee.address[:80]!r} is not a mail address")
        if address in seen:
            raise Invalid(f"attendees: {address} is invited twice")
        seen.add(address)
