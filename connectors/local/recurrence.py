"""Series of events: refused where expanding them would never end, else expanded by the library.

Zones are resolved before the library sees a series, so that a zone means the same here and there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import icalendar
import recurring_ical_events
from recurring_ical_events.adapters.event import EventAdapter
from recurring_ical_events.selection.name import ComponentsWithName

from connectors.errors import Unreadable
from connectors.local.text import Component, Line
from connectors.local.times import Moment, bad, midnight, moment, moments, span
from connectors.local.zones import Zones

MOST_OCCURRENCES = 50_000
"""Occurrences of one series from its start to the end of the window: daily for 136 years."""

CPU_SECONDS = 2.0
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


class _Adapter(EventAdapter):  # type: ignore[misc]
    """Occurrences as (index of the component, start, end) instead of whole copied components."""

    def as_component(self, start: Any = None, stop: Any = None, *_: Any) -> tuple[int, Moment, Moment]:
        return (
            int(self._component[_INDEX]),
            self.start if start is None else start,
            self.end if stop is None else stop,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One component of a series with what was read from it."""

    component: Component
    start: Moment
    end: Moment
    rules: tuple[tuple[Line, dict[str, str]], ...]


class Series:
    """All components of one UID: the rule, its exceptions and moved occurrences."""

    def __init__(self, components: Sequence[Component], zones: Zones) -> None:
        """Raises `Unreadable` naming the line of a rule that is damaged, `UnknownZone`."""
        self._zones = zones
        self._parts = [_part(component, zones) for component in components]
        self._query: Any = None
        self._from: datetime | None = None

    def between(self, start: datetime, end: datetime) -> Iterator[tuple[Component, Moment, Moment]]:
        """Occurrences that may touch ``[start, end)``, each with the component that describes it.

        Days come as dates. Raises `Unreadable` where the series has too many occurrences.
        """
        for part in self._parts:
            for line, rule in part.rules:
                if _estimate(line, rule, _aware(part.start), end) > MOST_OCCURRENCES:
                    raise Unreadable(
                        f"line {line.number}: the event repeats more than {MOST_OCCURRENCES:,} times; "
                        "give its rule an end or a longer interval"
                    )
        margin = timedelta(days=1)  # the library compares wall clocks; exact clipping comes after
        zone = self._zone()
        try:
            query = self._expanded(start - margin)
            found = query.between((start - margin).astimezone(zone), (end + margin).astimezone(zone))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            line_number = self._parts[0].component.number
            raise Unreadable(f"the repeating event of line {line_number} cannot be expanded") from None
        for index, begin, stop in found:
            yield self._parts[index].component, begin, stop

    def _zone(self) -> tzinfo:
        """The zone whose wall clock this series follows; whole days follow the calendar's."""
        start = self._parts[0].start
        return start.tzinfo or UTC if isinstance(start, datetime) else self._zones.own()

    def _expanded(self, start: datetime) -> Any:
        """The library's view of the series for windows that begin at ``start`` or up to a month before."""
        if self._query is None or (self._from is not None and start < self._from):
            begin = start - timedelta(days=31)
            calendar = icalendar.Calendar()
            self._from = None
            for index, part in enumerate(self._parts):
                forward = self._forward(part, begin)
                if forward:
                    self._from = begin
                calendar.add_component(_event(part, index, forward, self._zones))
            self._query = recurring_ical_events.of(
                calendar, components=[ComponentsWithName("VEVENT", adapter=_Adapter)]
            )
        return self._query

    def _forward(self, part: _Part, begin: datetime) -> timedelta:
        """How far a daily or weekly rule can be moved on without changing what comes after ``begin``:
        a stand-up that began years ago is not counted up from its first day every time."""
        steps = {"DAILY": 1, "WEEKLY": 7}
        rules = [rule for other in self._parts for _, rule in other.rules]
        simple = (
            len(part.rules) == len(rules) == 1
            and rules[0]["FREQ"] in steps
            and not {"COUNT", "BYSETPOS"} & set(rules[0])
            and not any(
                "RANGE" in line.parts()[0] for p in self._parts for line in p.component.all("RECURRENCE-ID")
            )
        )
        if not simple:
            return timedelta(0)
        length = _aware(part.end) - _aware(part.start)
        days = steps[rules[0]["FREQ"]] * int(rules[0].get("INTERVAL", "1"))
        room = begin - length - timedelta(days=2) - _aware(part.start)
        return timedelta(days=max(0, room.days // days) * days)


def _part(component: Component, zones: Zones) -> _Part:
    start, end = span(component, zones)
    if isinstance(start, datetime) and isinstance(end, datetime):
        end = end.astimezone(start.tzinfo)
    rules = []
    for line in component.all("RRULE"):
        parts = _parts(line)
        _refuse_what_never_comes(line, parts)
        _set_until(line, parts, start)
        rules.append((line, parts))
    return _Part(component, start, end, tuple(rules))


def _event(part: _Part, index: int, forward: timedelta, zones: Zones) -> icalendar.Event:
    """The component for the library; raises `ValueError` for a rule it does not understand."""
    component = part.component
    event = icalendar.Event()
    event.add("UID", "series")
    event.add("DTSTART", part.start + forward)
    event.add("DTEND", part.end + forward)
    event.add(_INDEX, str(index))
    if line := component.first("SEQUENCE"):
        event.add("SEQUENCE", int(line.value) if line.value.isdigit() else 0)
    if line := component.first("RECURRENCE-ID"):
        parameters, _ = line.parts()
        later = {"RANGE": parameters["RANGE"].upper()} if "RANGE" in parameters else {}
        event.add("RECURRENCE-ID", moment(line, zones), parameters=later)
    for name in ("RDATE", "EXDATE"):
        values = [value for line in component.all(name) for value in moments(line, zones)]
        if values:
            event.add(name, values)
    for _, rule in part.rules:
        text = ";".join(f"{name}={value}" for name, value in rule.items())
        event.add("RRULE", icalendar.vRecur.from_ical(text))
    return event


def _set_until(line: Line, parts: dict[str, str], start: Moment) -> None:
    """UNTIL in the form of DTSTART, as RFC 5545 wants it: many programs write it otherwise.

    A bare date under a timed start includes that whole day; a local time is in the start's zone.
    """
    if "UNTIL" not in parts:
        return
    raw = parts["UNTIL"]
    zone = start.tzinfo if isinstance(start, datetime) else None
    try:
        day = date(int(raw[:4]), int(raw[4:6]), int(raw[6:8]))
        if day.year > 9_998:
            del parts["UNTIL"]  # how some programs write: for ever
            return
        if day.year < 1_000:
            raise bad(line, "a rule with a valid UNTIL")
        if zone is None:
            parts["UNTIL"] = raw[:8]
            return
        if len(raw) == 8:
            last = datetime.combine(day, datetime.max.time(), zone)
        elif raw.endswith("Z"):
            datetime.strptime(raw, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - only its form is of interest
            return
        else:
            last = datetime.strptime(raw, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
        parts["UNTIL"] = last.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError):
        raise bad(line, "a rule with a valid UNTIL") from None


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
