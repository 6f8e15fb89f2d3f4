"""Dates, times and durations of a calendar file → aware instants (RFC 5545 sections 3.3.4 to 3.3.6).

A floating time is wall-clock time in the calendar's own zone; a date is the whole local day there,
from its first instant to the first instant of the next day: 23, 24 or 25 hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from connectors.errors import Unreadable
from connectors.local.text import Component, Line
from connectors.local.zones import Zones
from connectors.zones import first_instant

Moment = date | datetime
"""A plain date (a whole day) or an aware datetime."""

_YEARS = range(2, 9_999)
"""So that no change of zone leaves what `datetime` can hold."""

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DATETIME = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)")
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?"
)


def bad(line: Line, expected: str) -> Unreadable:
    """The error for a line that is not what it should be; a foreign value is shown only as far as it
    is one of these few properties, never a text."""
    return Unreadable(f"line {line.number}: {line.name} is not {expected}")


def is_day(moment: Moment) -> bool:
    return not isinstance(moment, datetime)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, also where clocks jump over midnight."""
    if isinstance(zone, ZoneInfo):
        return first_instant(day, zone).astimezone(zone)
    return datetime.combine(day, time.min, zone)


def moments(line: Line, zones: Zones) -> list[Moment | tuple[Moment, Moment]]:
    """The values of DTSTART, DTEND, RECURRENCE-ID, EXDATE or RDATE; a period is a pair.

    Raises `Unreadable` naming the line, `UnknownZone`.
    """
    parameters, raw = line.parts()
    found: list[Moment | tuple[Moment, Moment]] = []
    for value in raw.upper().split(","):
        text = value.strip()
        if "/" in text:
            first, _, second = text.partition("/")
            begin = _moment(line, first, parameters, zones)
            found.append((begin, _period_end(line, begin, second, parameters, zones)))
        else:
            found.append(_moment(line, text, parameters, zones))
    return found


def _period_end(line: Line, begin: Moment, text: str, parameters: dict[str, str], zones: Zones) -> Moment:
    if not text.lstrip("+-").startswith("P"):
        return _moment(line, text, parameters, zones)
    try:
        return duration(line, text).after(begin)
    except OverflowError:
        raise bad(line, "in a year that a calendar can hold") from None


def moment(line: Line, zones: Zones) -> Moment:
    """The one value of DTSTART and its like."""
    found = moments(line, zones)[0]
    if isinstance(found, tuple):
        raise bad(line, "a date or a time")
    return found


def _moment(line: Line, text: str, parameters: dict[str, str], zones: Zones) -> Moment:
    try:
        if text[:4].isdigit() and int(text[:4]) not in _YEARS:
            raise bad(line, "in a year that a calendar can hold")
        if whole := _DATE.fullmatch(text):
            return date(int(whole[1]), int(whole[2]), int(whole[3]))
        if found := _DATETIME.fullmatch(text):
            year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
            if found[7]:
                zone: tzinfo = UTC
            else:
                zone = zones.of(parameters["TZID"]) if parameters.get("TZID") else zones.own()
            return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)  # 60: leap second
    except ValueError:
        pass
    raise bad(line, "a date (20261020) or a time (20261020T090000)")


@dataclass(frozen=True, slots=True)
class Length:
    """A DURATION: whole days go by the wall clock (23 to 25 hours), the rest is real time."""

    days: int
    rest: timedelta

    def after(self, begin: Moment) -> Moment:
        """The moment that much later; of a plain date the rest is dropped."""
        day = begin + timedelta(days=self.days)
        if not isinstance(day, datetime):
            return day
        return (day.astimezone(UTC) + self.rest).astimezone(day.tzinfo)


def duration(line: Line, text: str) -> Length:
    """A DURATION value. Raises `Unreadable` naming the line."""
    found = _DURATION.fullmatch(text.strip().upper())
    if not found or not any(found.groups()[1:]):
        raise bad(line, "a duration (PT45M)")
    sign = -1 if found[1] == "-" else 1
    weeks, days, hours, minutes, seconds = (sign * int(part or 0) for part in found.groups()[1:])
    try:
        return Length(weeks * 7 + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))
    except OverflowError:
        raise bad(line, "a duration shorter than a century") from None


def span(component: Component, zones: Zones) -> tuple[Moment, Moment]:
    """First moment and exclusive end of an event: two dates or two aware times.

    Without DTEND and DURATION a date lasts its day and a time lasts nothing; a date that ends on
    itself lasts its day (a common slip). Raises `Unreadable`, `UnknownZone`.
    """
    first = component.first("DTSTART")
    if first is None:
        raise Unreadable(f"the {component.name} of line {component.number} has no DTSTART")
    try:
        start = moment(first, zones)
        end, line = _end(component, start, first, zones)
        if is_day(start) != is_day(end):
            start, end = _timed(start, zones), _timed(end, zones)
        if is_day(start) and end == start:
            end = start + timedelta(days=1)
        if instant(end, zones) < instant(start, zones):
            raise bad(line, "after the start of its event")
    except OverflowError:
        raise bad(first, "in a year that a calendar can hold") from None
    return start, end


def _end(component: Component, start: Moment, first: Line, zones: Zones) -> tuple[Moment, Line]:
    if line := component.first("DTEND"):
        return moment(line, zones), line
    if line := component.first("DURATION"):
        return duration(line, line.value).after(start), line
    return (start + timedelta(days=1) if is_day(start) else start), first


def _timed(value: Moment, zones: Zones) -> datetime:
    return value if isinstance(value, datetime) else midnight(value, zones.own())


def instant(value: Moment, zones: Zones) -> datetime:
    """The UTC instant of a time, or of the first instant of a day."""
    return _timed(value, zones).astimezone(UTC)
