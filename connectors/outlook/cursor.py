"""Where a calendar was left: Graph's delta or page link with the window frozen in it. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import CursorExpired
from connectors.types import Window

MARGIN = timedelta(days=7)
"""How much further than asked the window is frozen: a window that moves with the days costs a full
reading once a week, not at every call."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """``link`` is relative to the service; ``window`` is what Graph froze in its token."""

    calendar: str
    link: str
    window: Window

    def text(self) -> str:
        fields = {
            "v": 1,
            "c": _digest(self.calendar),
            "l": self.link,
            "s": self.window.start.isoformat(),
            "e": self.window.end.isoformat(),
        }
        return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def frozen(window: Window) -> Window:
    """The window to ask Graph for, so that the one asked for can move a while."""
    return Window(window.start, window.end + MARGIN)


def read(text: str, calendar: str, window: Window) -> Cursor:
    """The cursor in that text. Raises `CursorExpired` where it is none, belongs to another calendar, or
    its window does not reach over the one asked for."""
    try:
        fields = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        kept = Window(datetime.fromisoformat(fields["s"]), datetime.fromisoformat(fields["e"]))
        link, version, owner = fields["l"], fields["v"], fields["c"]
        covers = kept.start <= window.start and window.end <= kept.end
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CursorExpired("this is no cursor of an Outlook calendar: read everything again") from None
    if version != 1 or owner != _digest(calendar) or not isinstance(link, str) or not link.startswith("/"):
        raise CursorExpired("this cursor belongs to another calendar: read everything again")
    if not covers:
        raise CursorExpired("the window has moved out of what this cursor follows: read everything again")
    return Cursor(calendar, link, kept)


def _digest(calendar: str) -> str:
    return hashlib.sha256(calendar.casefold().encode("utf-8", "replace")).hexdigest()[:16]
