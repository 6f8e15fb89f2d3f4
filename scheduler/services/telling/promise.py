"""The day by which a candidate hears, where the policy promises one: so many weekdays after the last interview.

Told by `tests/scheduler/services/afterwards/test_promises.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.bookings import Interview
from scheduler.domain.policy import Policy
from scheduler.domain.templates import InterviewKind

_DAY, _SATURDAY = timedelta(days=1), 5


def day(policy: Policy, interviews: Iterable[Interview], tz: ZoneInfo) -> date | None:
    """The promised day on the candidate's clock; ``None`` where nothing is booked, or nothing is promised. The debrief is no
    interview."""
    ends = [i.span.end for i in interviews if i.kind is not InterviewKind.DEBRIEF]
    if not policy.decide_days or not ends:
        return None
    found, left = max(ends).astimezone(tz).date(), policy.decide_days
    while left:
        found += _DAY
        left -= found.weekday() < _SATURDAY
    return found


def eve(promised: date) -> date:
    """The weekday before a promised one."""
    found = promised - _DAY
    while found.weekday() >= _SATURDAY:
        found -= _DAY
    return found
