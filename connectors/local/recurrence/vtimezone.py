"""VTIMEZONE → a zone of our own (RFC 5545 section 3.6.5), from its rules alone.

Libraries build such zones on recurrence rules that remember what they have counted and are not made for
several threads. Here every change of the clocks is counted once, when the zone is read; what is kept
never changes and may be shared.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from connectors.errors import ConnectorError
from connectors.local.recurrence import rules
from connectors.local.text import Component, Line

_FIRST, _LAST = rules.wall(date(1968, 1, 1)), rules.wall(date(2068, 1, 1))
"""Changes of the clocks are counted between these; later, clocks stay as they are."""

_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)(?::?([0-5]\d))?")
_ONSET = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?")


class FileZone(tzinfo):
    """A zone as a table of its changes. Times that come twice or never are read as PEP 495 says:
    ``fold=0`` is the first of two, and the offset before a gap."""

    def __init__(self, name: str, first: timedelta, changes: list[tuple[datetime, timedelta]]) -> None:
        """``changes`` are (instant in UTC without a zone, offset from then on), sorted; ``first`` is
        the offset before all of them."""
        self._name = name
        self._offsets = (first, *(offset for _, offset in changes))
        self._instants = tuple(instant for instant, _ in changes)
        pairs = list(zip(self._instants, self._offsets, self._offsets[1:], strict=False))
        self._walls = (
            tuple(instant + max(before, after) for instant, before, after in pairs),
            tuple(instant + min(before, after) for instant, before, after in pairs),
        )

    def utcoffset(self, dt: datetime | None) -> timedelta:
        if dt is None:
            return self._offsets[-1]
        return self._offsets[bisect_right(self._walls[dt.fold], dt.replace(tzinfo=None, fold=0))]

    def dst(self, dt: datetime | None) -> timedelta | None:  # noqa: ARG002 - part of tzinfo
        return None

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002
        return self._name

    def fromutc(self, dt: datetime) -> datetime:
        instant = dt.replace(tzinfo=None, fold=0)
        index = bisect_right(self._instants, instant)
        offset = self._offsets[index]
        turned_back = self._offsets[index - 1] - offset if index else timedelta(0)
        again = index > 0 and instant - self._instants[index - 1] < turned_back
        return (instant + offset).replace(tzinfo=self, fold=int(again))


def built(component: Component) -> tzinfo | None:
    """The zone of a VTIMEZONE; ``None`` where its lines do not say what the clocks do."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []
    try:
        for part in component.children:
            if part.name in ("STANDARD", "DAYLIGHT"):
                before, after = _offset(part, "TZOFFSETFROM"), _offset(part, "TZOFFSETTO")
                changes.extend((onset - before, before, after) for onset in _onsets(part, before))
    except (ValueError, OverflowError, ConnectorError):
        return None
    if not changes:
        return None
    changes.sort()
    first = now = changes[0][1]
    kept = []
    for instant, _, after in changes:
        if after != now:
            kept.append((instant, after))
            now = after
    return FileZone(component.plain("TZID"), first, kept) if kept else timezone(first)


def _offset(part: Component, name: str) -> timedelta:
    found = _OFFSET.fullmatch(part.value(name))
    if found is None or int(found[2]) > 23:
        raise ValueError(name)
    hours, minutes, seconds = (int(text or 0) for text in found.groups()[1:])
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -size if found[1] == "-" else size


def _onsets(part: Component, before: timedelta) -> Iterator[datetime]:
    """The wall-clock times, in the offset before, at which this part's clocks begin to count."""
    first = part.first("DTSTART")
    if first is None:
        raise ValueError("DTSTART")
    start = _clock(first.value)
    yield start
    for line in part.all("RDATE"):
        for value in line.value.split(","):
            yield _clock(value.partition("/")[0])
    for line in part.all("RRULE"):
        yield from _repeated(line, start, before)


def _repeated(line: Line, start: datetime, before: timedelta) -> Iterator[datetime]:
    if "FREQ=YEARLY" not in line.value.upper():
        raise ValueError("clocks change yearly; anything denser is a trap")
    if start < _FIRST and not {"COUNT", "INTERVAL"} & _limits(line):
        start = start.replace(year=_FIRST.year)  # nobody needs the four centuries that Outlook begins with
    rule = rules.read(line, start.replace(tzinfo=timezone(before)), _NoPlace())
    rule.check(_LAST.replace(tzinfo=UTC))
    for moment in rule.starts(_FIRST, _LAST):
        yield rules.wall(moment)


def _limits(line: Line) -> set[str]:
    parts = (piece.partition("=") for piece in line.value.upper().split(";"))
    return {name.strip() for name, _, value in parts if value.strip() != "1"}


def _clock(text: str) -> datetime:
    found = _ONSET.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError("onset")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime.combine(date(year, month, day), time(hour, minute, second))


class _NoPlace:
    """The rules of a zone are written without zones."""

    def own(self) -> tzinfo:
        return UTC

    def home(self) -> tzinfo | None:
        return None

    def of(self, name: str) -> tzinfo:  # noqa: ARG002 - part of `Clocks`
        return UTC
