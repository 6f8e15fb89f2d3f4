"""Where an event that cannot be read could lie, from the dates that can: an error in an event of 2012 is no
reason to know nothing of next week."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError
from connectors.local.text import Component, Line
from connectors.local.times import Length, duration

EVER = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Anywhere in time."""

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?")
_MARGIN = timedelta(days=2)  # whatever zone its times are in
_LONGEST = timedelta(days=366)
"""How long an event may last whose end cannot be read: what lasts for years is told by its days."""
_STEP = {"SECONDLY": 1, "MINUTELY": 1, "HOURLY": 1, "DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
_RARELY = 8
"""Years between two 29ths of February, at most; between the 31sts of months it is two months."""


def reach(component: Component) -> tuple[datetime, datetime]:
    """The longest time that the event could cover, all its occurrences included; `EVER` where the file
    does not say. Never raises."""
    try:
        return _reach(component)
    except (ValueError, OverflowError, ConnectorError):
        return EVER


def around(text: str) -> tuple[datetime, datetime]:
    """The same for one value: a date, a time or a period. Never raises."""
    try:
        first = _day(text.partition("/")[0])
        return _padded(first, max(first, _last(first, text)))
    except (ValueError, OverflowError, ConnectorError):
        return EVER


def _reach(component: Component) -> tuple[datetime, datetime]:
    start = component.first("DTSTART")
    if start is None:
        return EVER
    first = last = _day(start.value)
    if end := component.first("DTEND"):
        last = _last(first, f"/{end.value}")
    elif length := component.first("DURATION"):
        last = _last(first, f"/{length.value}")
    lasting = max(timedelta(0), last - first)
    first, last = min(first, last), max(first, last)
    for line in component.all("RDATE"):
        for value in line.value.split(","):
            added = _day(value.partition("/")[0])
            first, last = min(first, added), max(last, _last(added, value), added + lasting)
    for line in component.all("RRULE"):
        last = max(last, _end(line, first) + lasting)
    if any("RANGE" in line.parts()[0] for line in component.all("RECURRENCE-ID")):
        last = EVER[1]
    return _padded(first, last)


def _padded(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    return max(EVER[0], first - _MARGIN), EVER[1] if last > EVER[1] - 2 * _MARGIN else last + _MARGIN


def _last(first: datetime, text: str) -> datetime:
    """The end of ``start/end`` or ``start/length``; before the start where that is what it says."""
    second = text.strip().upper().partition("/")[2]
    if not second:
        return first
    try:
        if second.lstrip("+-").startswith("P"):
            return first + _length(duration(Line("", "", 0, 0, 0), second))
        return _day(second)
    except (ValueError, OverflowError, ConnectorError):
        return first + _LONGEST


def _end(line: Line, first: datetime) -> datetime:
    """The last day that a rule can give, whatever is wrong with it."""
    parts = dict(piece.strip().partition("=")[::2] for piece in line.value.upper().split(";"))
    ends = [EVER[1] - 3 * _MARGIN]
    if until := _DATE.fullmatch(parts.get("UNTIL", "")):
        ends.append(_day(until.group()))
    count, interval = parts.get("COUNT", ""), parts.get("INTERVAL", "1")
    plain = set(parts) <= {"FREQ", "COUNT", "INTERVAL", "WKST", "UNTIL"} and parts.get("FREQ") in _STEP
    if plain and count.isdigit() and int(count) and interval.isdigit():
        steps = min(int(count) * int(interval) * _RARELY, 10**6)
        ends.append(first + timedelta(days=_STEP[parts["FREQ"]] * steps))
    return max(first, min(ends))


def _length(length: Length) -> timedelta:
    return max(timedelta(0), timedelta(days=length.days) + length.rest)


def _day(text: str) -> datetime:
    """Raises `ValueError` where the text is neither a date nor a time."""
    found = _DATE.fullmatch(text.strip().upper().rpartition(":")[2])
    if found is None:
        raise ValueError(text)
    day = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    return min(max(day, EVER[0] + _MARGIN), EVER[1] - 3 * _MARGIN)
