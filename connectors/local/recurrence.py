"""Series of events: refused where expanding them would never end, else expanded by the library.

Zones are resolved before the library sees a series, so that a zone means the same here and there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import icalendar
import recurring_ical_events

from connectors.errors import Unreadable
from connectors.local.text import Component, Line
from connectors.local.times import Moment, bad, midnight, moment, moments, span
from connectors.local.zones import Zones

MOST_OCCURRENCES = 50_000
"""Occurrences of one series from its start to the end of the window: daily for 136 years."""

CPU_SECONDS = 4.0
"""Computing time that one calendar's series may take."""

_INDEX = "X-LOOPWRIGHT-INDEX"

_STEP = {
    "SECONDLY": 1,
    "MINUTELY": 60,
    "HOURLY": 3_600,
    "DAILY": 86_400,
    "WEEKLY": 7 * 86_400,
    "MONTHLY": 28 * 86_400,
    "YEARLY": 365 * 86_400,
}
_SUBDAILY = ("SECONDLY", "MINUTELY", "HOURLY")
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

MARKS = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


class Series:
    """All components of one UID: the rule, its exceptions and moved occurrences."""

    def __init__(self, components: Sequence[Component], zones: Zones) -> None:
        """Raises `Unreadable` naming the line of a rule that is damaged, `UnknownZone`."""
        self.components = components
        self._zones = zones
        self._rules: list[tuple[Line, dict[str, str], datetime]] = []
        calendar = icalendar.Calendar()
        for index, component in enumerate(components):
            calendar.add_component(self._event(component, index))
        try:
            self._query = recurring_ical_events.of(calendar)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            line = components[0].number
            raise Unreadable(
                f"the repeating event of line {line} follows a rule that makes no sense"
            ) from None

    def _zone(self) -> tzinfo:
        """The zone whose wall clock this series follows; whole days follow the calendar's."""
        start, _ = span(self.components[0], self._zones)
        return start.tzinfo or UTC if isinstance(start, datetime) else self._zones.own()

    def _event(self, component: Component, index: int) -> icalendar.Event:
        start, end = span(component, self._zones)
        if isinstance(start, datetime) and isinstance(end, datetime):
            end = end.astimezone(start.tzinfo)
        event = icalendar.Event()
        event.add("UID", "series")
        event.add("DTSTART", start)
        event.add("DTEND", end)
        event.add(_INDEX, str(index))
        if line := component.first("SEQUENCE"):
            event.add("SEQUENCE", int(line.value) if line.value.isdigit() else 0)
        if line := component.first("RECURRENCE-ID"):
            parameters, _ = line.parts()
            later = {"RANGE": parameters["RANGE"].upper()} if "RANGE" in parameters else {}
            event.add("RECURRENCE-ID", moment(line, self._zones), parameters=later)
        for name in ("RDATE", "EXDATE"):
            values = [value for line in component.all(name) for value in moments(line, self._zones)]
            if values:
                event.add(name, values)
        for line in component.all("RRULE"):
            parts = _parts(line)
            _refuse_what_never_comes(line, parts)
            self._until(line, parts, start)
            self._rules.append((line, parts, _aware(start)))
            rule = ";".join(f"{name}={value}" for name, value in parts.items())
            try:
                event.add("RRULE", icalendar.vRecur.from_ical(rule))
            except ValueError:
                raise bad(line, "a rule that can be understood") from None
        return event

    def _until(self, line: Line, parts: dict[str, str], start: Moment) -> None:
        """UNTIL in the form of DTSTART, as RFC 5545 wants it: many programs write it otherwise.

        A bare date under a timed start includes that whole day; a local time is in the start's zone.
        """
        if "UNTIL" not in parts:
            return
        raw = parts["UNTIL"]
        zone = start.tzinfo if isinstance(start, datetime) else None
        try:
            day = date(int(raw[:4]), int(raw[4:6]), int(raw[6:8]))
            if zone is None:
                parts["UNTIL"] = raw[:8]
                return
            if len(raw) == 8:
                last = datetime.combine(day, datetime.max.time(), zone)
            elif raw.endswith("Z"):
                return
            else:
                last = datetime.strptime(raw, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
            parts["UNTIL"] = last.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        except (ValueError, OverflowError):
            raise bad(line, "a rule with a valid UNTIL") from None

    def between(self, start: datetime, end: datetime) -> Iterator[tuple[Component, Moment, Moment]]:
        """Occurrences that may touch ``[start, end)``, each with the component that describes it.

        Days come as dates. Raises `Unreadable` where the series has too many occurrences.
        """
        for line, parts, begin in self._rules:
            if _estimate(line, parts, begin, end) > MOST_OCCURRENCES:
                raise Unreadable(
                    f"line {line.number}: the event repeats more than {MOST_OCCURRENCES:,} times; "
                    "give its rule an end or a longer interval"
                )
        zone = self._zone()
        margin = timedelta(days=1)  # the library compares wall clocks; exact clipping comes after
        try:
            found: list[Any] = self._query.between(
                (start - margin).astimezone(zone), (end + margin).astimezone(zone)
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            line_number = self.components[0].number
            raise Unreadable(f"the repeating event of line {line_number} cannot be expanded") from None
        for event in found:
            yield self.components[int(event[_INDEX])], event["DTSTART"].dt, event["DTEND"].dt


class Budget:
    """The computing time of one calendar, in CPU seconds of this thread."""

    def __init__(self, seconds: float = CPU_SECONDS) -> None:
        self._end = time.thread_time() + seconds

    def spend(self) -> None:
        """Raises `Unreadable` once the time is used up."""
        if time.thread_time() > self._end:
            raise Unreadable("its repeating events take too long to expand; remove old series from it")


def _aware(start: Moment) -> datetime:
    return start.astimezone(UTC) if isinstance(start, datetime) else midnight(start, UTC)


def _parts(line: Line) -> dict[str, str]:
    """The parts of an RRULE by name, in upper case. Raises `Unreadable`."""
    parts: dict[str, str] = {}
    for piece in line.value.upper().split(";"):
        if piece.strip():
            name, _, value = piece.partition("=")
            parts[name.strip()] = value.strip()
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isdigit() and 0 < int(parts[name]) < 10**9):
            raise bad(line, f"a rule with a positive whole {name}")
    if parts.get("FREQ") not in _STEP:
        raise bad(line, "a rule with a FREQ between SECONDLY and YEARLY")
    return {"FREQ": parts.pop("FREQ"), **parts}


def _numbers(line: Line, parts: dict[str, str], name: str) -> list[int]:
    try:
        return [int(value) for value in parts[name].split(",")] if name in parts else []
    except ValueError:
        raise bad(line, f"a rule with whole numbers in {name}") from None


def _refuse_what_never_comes(line: Line, parts: dict[str, str]) -> None:
    """Rules that no day can meet would be searched until the year 9999, one step at a time."""
    frequency = parts["FREQ"]
    if frequency in _SUBDAILY and not set(parts) <= {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_WITHIN_A_DAY,
    }:  # fmt: skip
        raise bad(line, "a rule that can be expanded: FREQ is too dense for its other parts")
    days, months = _numbers(line, parts, "BYMONTHDAY"), _numbers(line, parts, "BYMONTH")
    if any(not 1 <= month <= 12 for month in months):
        raise bad(line, "a rule with months from 1 to 12")
    longest = max((_LONGEST_MONTH[month - 1] for month in months), default=31)
    if days and all(abs(day) > longest or day == 0 for day in days):
        raise bad(line, "a rule that ever comes true: no such day in these months")
    if frequency == "DAILY" and {"BYSETPOS", "BYYEARDAY", "BYWEEKNO"} & set(parts):
        raise bad(line, "a rule that can be expanded: BYSETPOS, BYYEARDAY and BYWEEKNO need a longer FREQ")


def _estimate(line: Line, parts: dict[str, str], begin: datetime, end: datetime) -> float:
    """At most this many steps or occurrences lie between the start of the series and ``end``."""
    frequency = parts["FREQ"]
    bounded = frequency not in _SUBDAILY or not any(name.startswith("BY") for name in parts)
    if bounded and "UNTIL" in parts:
        last = datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
        end = min(end, last)
    length = max(0.0, (end - begin).total_seconds())
    total = length / (_STEP[frequency] * int(parts.get("INTERVAL", "1"))) + 1
    for name in _WITHIN_A_DAY:
        total *= max(1, len(_numbers(line, parts, name)))
    total *= _days_each(line, parts)
    return min(total, int(parts["COUNT"])) if bounded and "COUNT" in parts else total


def _days_each(line: Line, parts: dict[str, str]) -> int:
    """At most this many days of one week, month or year are in the rule."""
    frequency = parts["FREQ"]
    if frequency == "WEEKLY":
        return max(1, len(parts.get("BYDAY", "").split(",")))
    days = len(_numbers(line, parts, "BYMONTHDAY")) or (31 if "BYDAY" in parts else 1)
    if frequency == "MONTHLY":
        return days
    if frequency == "YEARLY":
        months = len(_numbers(line, parts, "BYMONTH")) or (12 if days > 1 or "BYMONTHDAY" in parts else 1)
        weeks = len(_numbers(line, parts, "BYWEEKNO")) * 7
        return max(months * days, weeks, len(_numbers(line, parts, "BYYEARDAY")))
    return 1
