"""One interview as an address that opens a web calendar with it filled in: for who has no program for calendar files.

Neither service promises these addresses in a document of its own; calendar files stay the sure way. Nothing is sent anywhere
until the candidate follows one. Told by `tests/scheduler/services/links/test_calendar.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from connectors.ics import Entry

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"


@dataclass(frozen=True, slots=True)
class Adding:
    google: str
    outlook: str


def adding(entry: Entry) -> Adding:
    """Where each of them opens with this interview, in UTC: they show it on the reader's clock."""
    google = {
        "action": "TEMPLATE",
        "text": entry.title,
        "dates": f"{_plain(entry.start)}/{_plain(entry.end)}",
        "details": entry.description,
        "location": entry.location,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry.title,
        "startdt": _iso(entry.start),
        "enddt": _iso(entry.end),
        "body": entry.description,
        "location": entry.location,
    }
    return Adding(_address(_GOOGLE, google), _address(_OUTLOOK, outlook))


def _address(base: str, values: dict[str, str]) -> str:
    # a space as %20: one of them shows a plus as it is
    return f"{base}?{urlencode({k: v for k, v in values.items() if v}, quote_via=quote)}"


def _plain(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _iso(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
