"""One RRULE: read, bounded, and counted on the wall clock of its event (RFC 5545 sections 3.3.10 and 3.8.5.3).

The days are counted by dateutil on times without a zone; what a wall-clock time means, and where the
rule ends, is decided here. An object of dateutil's is made for each count and never kept: they are not
made for several threads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dateutil import rrule

from connectors.errors import Unreadable
from connectors.local.text import Line
from connectors.local.times import Clocks, Moment, bad, day_of

MOST_OCCURRENCES = 50_000
"""Occurrences of one rule from its start to the end of the window: daily for 136 years."""

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
_FREQUENCIES = {name: getattr(rrule, name) for name in _STEP}
_WEEKDAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), rrule.weekdays, strict=True))
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBERS = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYSETPOS": (1, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 59),
}
"""The smallest and the largest number of each part (section 3.3.10); days and weeks also count from the end."""
_FROM_THE_END = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "RSCALE", "SKIP", *_NUMBERS})
_DAY = timedelta(days=1)
_CHANGE = timedelta(hours=3)  # clocks change by less


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE and where it ends. Nothing in it changes, so threads may share it."""

    line: Line
    parts: Mapping[str, str]
    start: Moment
    until: Moment | None
    """The last day of whole-day events, the last instant (UTC) of others."""

    def check(self, end: datetime) -> None:
        """Raises `Unreadable` where there may be too many occurrences up to ``end`` to count them."""
        if self._estimate(end) > MOST_OCCURRENCES:
            raise Unreadable(
                f"line {self.line.number}: the event repeats more than {MOST_OCCURRENCES:,} times; "
                "give its rule an end or a longer interval"
            )

    def starts(self, first: datetime, last: datetime) -> Iterator[Moment]:
        """The starts that lie between two wall-clock times without a zone, in order."""
        begin = wall(self.start)
        counted = self._counted(begin + self._forward(begin, first))
        for clock in counted:
            if clock > last:
                return
            if clock < first:
                continue
            found = self._within(clock)
            if found is None:
                return
            yield from found

    def _within(self, clock: datetime) -> list[Moment] | None:
        """The moments of one wall-clock time; ``None`` once the rule has ended."""
        if not isinstance(self.start, datetime):
            day = clock.date()
            return None if self.until is not None and day > self.until else [day]
        found = clock.replace(tzinfo=self.start.tzinfo)
        moments: list[Moment] = [found]
        if self.parts["FREQ"] in _SUBDAILY and found.replace(fold=1).utcoffset() != found.utcoffset():
            moments.append(
                found.replace(fold=1)
            )  # what goes by the hour also fills the hour that comes twice
        if not isinstance(self.until, datetime):
            return moments
        if clock > wall(self.until.astimezone(self.start.tzinfo)) + _CHANGE:
            return None
        return [m for m in moments if isinstance(m, datetime) and m.astimezone(UTC) <= self.until]

    def _counted(self, begin: datetime) -> rrule.rrule:
        return rrule.rrule(dtstart=begin, cache=False, **_arguments(self.line, self.parts, self.start))

    def _forward(self, begin: datetime, first: datetime) -> timedelta:
        """How far a daily or weekly rule can be moved on without changing what comes after ``first``:
        a stand-up that began years ago is not counted up from its first day every time."""
        steps = {"DAILY": 1, "WEEKLY": 7}.get(self.parts["FREQ"])
        if steps is None or {"COUNT", "BYSETPOS"} & set(self.parts):
            return timedelta(0)
        steps *= int(self.parts.get("INTERVAL", "1"))
        return timedelta(days=max(0, (first - begin).days // steps) * steps)

    def _estimate(self, end: datetime) -> float:
        """At most this many steps or occurrences lie between the start of the series and ``end``."""
        frequency, line, parts = self.parts["FREQ"], self.line, self.parts
        bounded = frequency not in _SUBDAILY or not any(name.startswith("BY") for name in parts)
        if bounded and self.until is not None:
            end = min(end, wall(self.until).replace(tzinfo=UTC) + _DAY)
        length = max(0.0, (end - wall(self.start).replace(tzinfo=UTC)).total_seconds())
        total = length / (_STEP[frequency] * int(parts.get("INTERVAL", "1"))) + 1
        for name in _WITHIN_A_DAY:
            total *= max(1, len(_numbers(line, parts, name)))
        total *= _days_each(line, parts)
        return min(total, int(parts["COUNT"])) if bounded and "COUNT" in parts else total


def wall(moment: Moment) -> datetime:
    """What a clock on the wall there shows, without a zone."""
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None, fold=0)
    return datetime.combine(moment, time.min)


def read(line: Line, start: Moment, clocks: Clocks) -> Rule:
    """The rule of an RRULE line for an event with that start. Raises `Unreadable` naming the line."""
    parts = _parts(line)
    _refuse_what_never_comes(line, parts)
    rule = Rule(line, parts, start, _until(line, parts, start, clocks))
    try:
        rule._counted(wall(start))  # what dateutil refuses is refused when it is read, not when it is asked
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise bad(line, "a rule that can be expanded") from None
    return rule


def _arguments(line: Line, parts: Mapping[str, str], start: Moment) -> dict[str, Any]:
    """The rule in dateutil's words. Hours of whole days mean nothing (section 3.3.10)."""
    found: dict[str, Any] = {
        "freq": _FREQUENCIES[parts["FREQ"]],
        "interval": int(parts.get("INTERVAL", "1")),
        "wkst": _WEEKDAYS[parts.get("WKST", "MO")],
        "count": int(parts["COUNT"]) if "COUNT" in parts else None,
        "byweekday": _weekdays(line, parts) or None,
    }
    for name in _NUMBERS:
        if name in _WITHIN_A_DAY and not isinstance(start, datetime):
            continue
        found[name.lower()] = _numbers(line, parts, name) or None
    return found


def _weekdays(line: Line, parts: Mapping[str, str]) -> list[Any]:
    found = []
    for value in parts["BYDAY"].split(",") if parts.get("BYDAY") else ():
        written = _WEEKDAY.fullmatch(value.strip())
        if written is None or written[1] in ("0", "+0", "-0"):
            raise bad(line, "a rule with days of the week in BYDAY (MO, -1FR)")
        day = _WEEKDAYS[written[2]]
        found.append(day(int(written[1])) if written[1] else day)
    return found


def _until(line: Line, parts: dict[str, str], start: Moment, clocks: Clocks) -> Moment | None:
    """UNTIL in the form of DTSTART, as RFC 5545 wants it: many programs write it otherwise.

    A bare date under a timed start includes that whole day; a local time is in the start's zone. Of
    whole days an instant ends the day that it falls on where the calendar is; midnight UTC is also what
    programs make of a bare date, so the later of the two counts.
    """
    raw = parts.get("UNTIL")
    if raw is None:
        return None
    try:
        day = date(int(raw[:4]), int(raw[4:6]), int(raw[6:8]))
        if day.year > 9_998:
            return None  # how some programs write: for ever
        if day.year < 1_000:
            raise bad(line, "a rule with a valid UNTIL")
        whole_days = not isinstance(start, datetime)
        zone = UTC if raw.endswith("Z") else start.tzinfo if isinstance(start, datetime) else None
        if len(raw) == 8:
            return day if whole_days else datetime.combine(day, time.max, zone).astimezone(UTC)
        clock = datetime.strptime(raw.removesuffix("Z"), "%Y%m%dT%H%M%S").time()  # noqa: DTZ007 - a clock on a wall has no zone
        if not whole_days:
            return datetime.combine(day, clock, zone).astimezone(UTC)
        if zone is None:
            return day
        there = day_of(datetime.combine(day, clock, UTC), clocks.own())
        return max(there, day) if clock == time.min else there
    except (ValueError, OverflowError):
        raise bad(line, "a rule with a valid UNTIL") from None


def _parts(line: Line) -> dict[str, str]:
    """The parts of an RRULE by name, in upper case, without a program's own (``X-``, which RFC 2445 allowed).
    Raises `Unreadable`."""
    parts: dict[str, str] = {}
    for piece in line.value.upper().split(";"):
        if piece.strip() and not piece.strip().startswith("X-"):
            name, _, value = piece.partition("=")
            parts[name.strip()] = value.strip()
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isdigit() and 0 < int(parts[name]) < 10**9):
            raise bad(line, f"a rule with a positive whole {name}")
    if parts.get("FREQ") not in _STEP:
        raise bad(line, "a rule with a FREQ between SECONDLY and YEARLY")
    if parts.get("WKST", "MO") not in _WEEKDAYS:
        raise bad(line, "a rule with a day of the week in WKST")
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise bad(line, "a rule in the Gregorian calendar")
    if parts.pop("SKIP", "OMIT") != "OMIT" and parts["FREQ"] in ("MONTHLY", "YEARLY"):
        raise bad(line, "a rule that leaves out the days that a month has not (SKIP=OMIT)")
    if not set(parts) <= _KNOWN:
        raise bad(line, "a rule of the parts that RFC 5545 knows")
    return {"FREQ": parts.pop("FREQ"), **parts}


def _numbers(line: Line, parts: Mapping[str, str], name: str) -> list[int]:
    smallest, largest = _NUMBERS[name]
    try:
        found = [int(value) for value in parts[name].split(",")] if parts.get(name) else []
    except ValueError:
        raise bad(line, f"a rule with whole numbers in {name}") from None
    if name == "BYSECOND":
        found = [min(second, largest) if second == 60 else second for second in found]  # a leap second
    for number in found:
        size = abs(number) if name in _FROM_THE_END else number
        if not smallest <= size <= largest:
            raise bad(line, f"a rule with numbers from {smallest} to {largest} in {name}")
    return found


def _refuse_what_never_comes(line: Line, parts: dict[str, str]) -> None:
    """Rules that no day can meet would be searched until the year 9999, one step at a time."""
    frequency = parts["FREQ"]
    if frequency in _SUBDAILY and not set(parts) <= {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_WITHIN_A_DAY,
    }:  # fmt: skip
        raise bad(line, "a rule that can be expanded: FREQ is too dense for its other parts")
    days, months = _numbers(line, parts, "BYMONTHDAY"), _numbers(line, parts, "BYMONTH")
    longest = max((_LONGEST_MONTH[month - 1] for month in months), default=31)
    if days and all(abs(day) > longest for day in days):
        raise bad(line, "a rule that ever comes true: no such day in these months")
    if frequency == "DAILY" and {"BYSETPOS", "BYYEARDAY", "BYWEEKNO"} & set(parts):
        raise bad(line, "a rule that can be expanded: BYSETPOS, BYYEARDAY and BYWEEKNO need a longer FREQ")


def _days_each(line: Line, parts: Mapping[str, str]) -> int:
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
