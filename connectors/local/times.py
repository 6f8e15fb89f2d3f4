"""Dates, times and durations of a calendar file → aware instants (RFC 5545 sections 3.3.4 to 3.3.6).

A floating time is wall-clock time in the calendar's own zone; a date is the whole local day there,
from its first instant to the first instant of the next day: 23, 24 or 25 hours.

Told by `tests/connectors/local/test_zones.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Protocol

from connectors.errors import Unreadable
from connectors.local.text import Component, Line
from connectors.zones import first_instant

Moment = date | datetime
"""A plain date (a whole day) or an aware datetime."""


class Clocks(Protocol):
    """The zones that the times of one calendar may name; see `connectors.local.zones.Zones`."""

    def own(self) -> tzinfo:
        """The calendar's own zone. Raises `UnknownZone`."""

    def home(self) -> tzinfo | None:
        """The same, or ``None`` where nobody says."""

    def of(self, name: str) -> tzinfo:
        """The zone of a TZID. Raises `UnknownZone`."""


_YEARS = range(2, 9_999)
"""So that no change of zone leaves what `datetime` can hold."""

_DAY = timedelta(days=1)
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DATETIME = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)")
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?"
)


_LISTS = ("EXDATE", "RDATE")
_FOR_EVER = "9999"
"""The year in which programs let end what has no end."""


def bad(line: Line, expected: str) -> Unreadable:
    """The error for a line that is not what it should be; a foreign value is shown only as far as it
    is one of these few properties, never a text."""
    return Unreadable(f"line {line.number}: {line.name} is not {expected}")


def is_day(moment: Moment) -> bool:
    return not isinstance(moment, datetime)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, also where clocks jump over midnight."""
    if isinstance(zone, timezone):
        return datetime.combine(day, time.min, zone)
    return first_instant(day, zone).astimezone(zone)


def day_of(moment: datetime, own: tzinfo) -> date:
    """The whole day that a time stands for where its event has whole days.

    A time of a place is its date there. An instant in UTC is the day that it falls on in the calendar's
    own zone, unless it is midnight in UTC and not there: so some programs write a bare date.
    """
    if moment.tzinfo is not UTC:
        return moment.date()
    local = moment.astimezone(own)
    if moment.time() == time.min and local.time() != time.min:
        return moment.date()
    return local.date()


def moments(line: Line, zones: Clocks) -> list[Moment | tuple[Moment, Moment]]:
    """The values of DTSTART, DTEND, RECURRENCE-ID, EXDATE or RDATE; a period is a pair.

    Raises `Unreadable` naming the line, `UnknownZone`.
    """
    parameters, raw = _parts(line)
    found: list[Moment | tuple[Moment, Moment]] = []
    for value in raw.upper().split(","):
        text = value.strip()
        if not text and line.name in _LISTS:
            continue  # an empty list, or a comma too many
        if "/" in text:
            first, _, second = text.partition("/")
            begin = _moment(line, first, parameters, zones)
            found.append((begin, _period_end(line, begin, second, parameters, zones)))
        else:
            found.append(_moment(line, text, parameters, zones))
    return found


def _parts(line: Line) -> tuple[dict[str, str], str]:
    """Parameters and value of a line of times. Neither of the two holds a colon but a zone's name, which
    some programs leave without its quotes: ``DTSTART;TZID=(UTC-05:00) Eastern Time:20261207T090000``."""
    parameters, raw = line.parts()
    if ":" in raw and "TZID" in parameters:
        rest, _, raw = raw.rpartition(":")
        parameters["TZID"] += f":{rest}"
    return parameters, raw.strip()


@dataclass(frozen=True, slots=True)
class Mark:
    """A value of EXDATE or RECURRENCE-ID: which occurrence is meant. ``floating``: it names no zone."""

    moment: Moment
    floating: bool


def marks(line: Line, zones: Clocks) -> list[Mark]:
    """Raises `Unreadable` naming the line, `UnknownZone`."""
    parameters, raw = _parts(line)
    floating = not parameters.get("TZID") and not raw.upper().endswith("Z")
    found = []
    for value in moments(line, zones):
        first = value[0] if isinstance(value, tuple) else value
        found.append(Mark(first, floating and isinstance(first, datetime)))
    return found


def _period_end(line: Line, begin: Moment, text: str, parameters: dict[str, str], zones: Clocks) -> Moment:
    if not text.lstrip("+-").startswith("P"):
        return _moment(line, text, parameters, zones)
    try:
        return duration(line, text).after(begin)
    except OverflowError:
        raise bad(line, "in a year that a calendar can hold") from None


def moment(line: Line, zones: Clocks) -> Moment:
    """The one value of DTSTART and its like."""
    found = moments(line, zones)[0]
    if isinstance(found, tuple):
        raise bad(line, "a date or a time")
    return found


def _moment(line: Line, text: str, parameters: dict[str, str], zones: Clocks) -> Moment:
    try:
        if text[:4].isdigit() and int(text[:4]) not in _YEARS:
            raise bad(line, "in a year that a calendar can hold")
        if whole := _DATE.fullmatch(text):
            return date(int(whole[1]), int(whole[2]), int(whole[3]))
        if found := _DATETIME.fullmatch(text):
            year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
            later = _DAY if (hour, minute, second) == (24, 0, 0) else timedelta(0)  # as ISO 8601 ends a day
            hour = 0 if later else hour
            if found[7]:
                zone: tzinfo = UTC
            else:
                zone = zones.of(parameters["TZID"]) if parameters.get("TZID") else zones.own()
            second = min(second, 59)  # 60: a leap second
            return datetime(year, month, day, hour, minute, second, tzinfo=zone) + later
    except ValueError:
        pass
    raise bad(line, "a date (20261020) or a time (20261020T090000)")


@dataclass(frozen=True, slots=True)
class Length:
    """A DURATION: whole days go by the wall clock (23 to 25 hours), the rest is real time."""

    days: int
    rest: timedelta

    def after(self, begin: Moment) -> Moment:
        """The moment that much later; whole days last whole days, so a rest counts as one more."""
        day = begin + timedelta(days=self.days)
        if not isinstance(day, datetime):
            return day + timedelta(days=-(-self.rest // _DAY))
        assert isinstance(begin, datetime)
        day = day.replace(fold=begin.fold)  # adding forgets which of two equal clocks it was
        return (day.astimezone(UTC) + self.rest).astimezone(day.tzinfo)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long each occurrence of an event lasts (RFC 5545 section 3.8.5.3).

    With DURATION that nominal length. With an end the same exact length each time; most programs keep
    the end's wall-clock time instead, so where clocks change in between the later of both counts.
    """

    length: Length | None
    exact: timedelta
    wall: timedelta

    def end(self, start: Moment) -> Moment:
        """The exclusive end of the occurrence that starts then."""
        if self.length is not None:
            return self.length.after(start)
        if not isinstance(start, datetime):
            return start + self.wall
        by_the_clock = (start + self.wall).replace(fold=0).astimezone(UTC)
        return max(start.astimezone(UTC) + self.exact, by_the_clock)


@dataclass(frozen=True, slots=True)
class Span:
    """First moment and exclusive end of an event, and how long any occurrence of it lasts."""

    start: Moment
    end: Moment
    lasting: Lasting


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


def span(component: Component, zones: Clocks) -> tuple[Moment, Moment]:
    """First moment and exclusive end of an event: two dates or two aware times; see `spanned`."""
    found = spanned(component, zones)
    return found.start, found.end


def spanned(component: Component, zones: Clocks) -> Span:
    """When an event is, and how long it lasts.

    Without DTEND and DURATION a date lasts its day and a time lasts nothing; a date that ends on
    itself lasts its day (a common slip). What begins in the hour that a spring change leaves out begins
    as much later (section 3.3.5) and keeps its length. Raises `Unreadable`, `UnknownZone`.
    """
    first = component.first("DTSTART")
    if first is None:
        raise Unreadable(f"the {component.name} of line {component.number} has no DTSTART")
    try:
        start = _whole(moment(first, zones), zones) if called_date(first) else moment(first, zones)
        end, length, line = _end(component, start, first, zones)
        if is_day(start) != is_day(end):
            start, end = _timed(start, zones), _timed(end, zones)
        if is_day(start) and end == start:
            end, length = start + _DAY, None
        exact = instant(end, zones) - instant(start, zones)
        wall = _on_the_wall(start, end)
        if isinstance(start, datetime) and isinstance(end, datetime) and exact < wall and _in_a_gap(start):
            exact, end = wall, (start.astimezone(UTC) + wall).astimezone(end.tzinfo)
        if exact < timedelta(0):
            raise bad(line, "after the start of its event")
    except OverflowError:
        raise bad(first, "in a year that a calendar can hold") from None
    return Span(start, end, Lasting(length, exact, wall))


def _on_the_wall(start: Moment, end: Moment) -> timedelta:
    """The time between both as clocks at the place of the start show them."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return end.astimezone(start.tzinfo).replace(tzinfo=None) - start.replace(tzinfo=None)
    return timedelta(days=end.toordinal() - start.toordinal())


def _in_a_gap(moment: datetime) -> bool:
    """Whether clocks there never show that time, because they jump over it."""
    real = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return real.replace(tzinfo=None) != moment.replace(tzinfo=None)


def _end(
    component: Component, start: Moment, first: Line, zones: Clocks
) -> tuple[Moment, Length | None, Line]:
    if line := component.first("DTEND"):
        return _ending(line, start, zones), None, line
    if line := component.first("DURATION"):
        length = duration(line, line.value)
        return length.after(start), length, line
    return (start + _DAY if is_day(start) else start), None, first


def called_date(line: Line) -> bool:
    """Whether the line says that its value is a date (RFC 5545 section 3.2.20), whatever it looks like."""
    return line.parts()[0].get("VALUE", "").upper() == "DATE"


def _whole(value: Moment, zones: Clocks) -> date:
    return day_of(value, zones.own()) if isinstance(value, datetime) else value


def _ending(line: Line, start: Moment, zones: Clocks) -> Moment:
    """The exclusive end in DTEND; a time that is called a date ends a whole day, not in the middle of one."""
    if line.value.startswith(_FOR_EVER):
        line = replace(line, text=line.text.replace(line.value, f"9998{line.value[4:]}"))
    end = moment(line, zones)
    if not is_day(start) or not isinstance(end, datetime) or not called_date(line):
        return end
    day = _whole(end, zones)
    return day if end <= midnight(day, zones.own()) else day + _DAY


def _timed(value: Moment, zones: Clocks) -> datetime:
    return value if isinstance(value, datetime) else midnight(value, zones.own())


def instant(value: Moment, zones: Clocks) -> datetime:
    """The UTC instant of a time, or of the first instant of a day."""
    return _timed(value, zones).astimezone(UTC)
