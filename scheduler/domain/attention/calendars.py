"""Calendars that could not be read.

Told by `tests/scheduler/services/attention/test_calendars.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.subjects import Subject


@dataclass(frozen=True, slots=True)
class CalendarFault:
    """Whose calendar, why (``code`` is a connector's, ``text`` its line), since when, and when it was last tried."""

    subject: Subject
    code: str
    text: str
    since: datetime
    seen_at: datetime
