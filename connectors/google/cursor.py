"""Where we are in a calendar's changes, as an opaque text the app keeps. Pure.

A cursor remembers the calendar, the window and the parameters of the round it belongs to, because
Google's tokens are only good together with them (guide "Synchronize resources").
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.errors import CursorExpired
from connectors.types import Window

SHAPE = 1
"""Rises when the parameters of the first round change: cursors of another shape are refused."""

REACH = timedelta(days=10)
"""How much further than asked the first round looks, so that a window that slides with the days
stays inside for as long as the cursor lives."""

LIFE = timedelta(days=7)
"""After this (and up to a day more, spread over the calendars) everything is read afresh: whether a
token keeps to its window for ever is not documented."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """``sync`` is the token of an incremental round (empty in a full one), ``page`` of the next
    page (empty at the start of a round). ``since`` is when the full round began."""

    calendar: str
    window: Window
    since: datetime
    sync: str = ""
    page: str = ""

    def text(self) -> str:
        content = [
            SHAPE,
            _mark(self.calendar),
            int(self.window.start.timestamp()),
            int(self.window.end.timestamp()),
            int(self.since.timestamp()),
            self.sync,
            self.page,
        ]
        return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def begin(calendar: str, window: Window, now: datetime) -> Cursor:
    """The first page of a full round. Whole seconds, because every page must ask for the same."""
    start = window.start.replace(microsecond=0)
    end = window.end.replace(microsecond=0) + REACH
    return Cursor(calendar, Window(start, end), now)


def resume(text: str, calendar: str, window: Window, now: datetime) -> Cursor:
    """The cursor behind that text. Raises `CursorExpired` where it is none of ours, belongs to
    another calendar, does not reach over the window or is due for a fresh start."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        shape, mark, start, end, since, sync, page = json.loads(raw)
        cursor = Cursor(calendar, Window(_at(start), _at(end)), _at(since), sync, page)
        if not isinstance(sync, str) or not isinstance(page, str) or not (sync or page):
            raise TypeError
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise CursorExpired("this cursor cannot be read: read everything again") from None
    if shape != SHAPE or mark != _mark(calendar):
        raise CursorExpired("this cursor is of another calendar or an earlier version: read everything again")
    if window.start < cursor.window.start or window.end > cursor.window.end:
        raise CursorExpired("the window moved beyond this cursor's: read everything again")
    if now - cursor.since > LIFE + _spread(calendar):
        raise CursorExpired(f"this cursor is older than {LIFE.days} days: read everything again")
    return cursor


def _at(seconds: object) -> datetime:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError
    return datetime.fromtimestamp(seconds, UTC)


def _mark(calendar: str) -> str:
    return hashlib.sha256(calendar.casefold().encode()).hexdigest()[:16]


def _spread(calendar: str) -> timedelta:
    """Up to a day, the same for a calendar every time, so that not all start afresh at once."""
    return timedelta(minutes=int(_mark(calendar)[:4], 16) % (24 * 60))
