"""Instants, wall clocks and zones.

Stored and compared: aware UTC instants. Said by people: wall-clock times in an IANA zone. A wall
clock that does not exist (spring) is refused, one that exists twice (autumn) must say which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler.domain.errors import BadInput

_FIRST_YEAR, _LAST_YEAR = 1970, 2199
"""Far from where arithmetic on dates overflows, so that nothing behind the border can."""

_OF_THE_MACHINE = re.compile(r"(localtime|Factory|posixrules)$|(right|posix)/")
"""Rules of the machine and of no place: they differ from machine to machine, and those under ``right`` count
leap seconds."""
_OF_NO_PLACE = re.compile(
    r"Etc/(?!UTC$)|(EST|MST|HST|WET|CET|MET|EET|UCT|Universal|Zulu|Greenwich|GMT([+-]?0)?|[A-Z]{3}\d[A-Z]{3})$"
)
"""Fixed offsets and abbreviations, which say nothing of where somebody is: a place changes its rules, these do not.
``UTC`` is what it says."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open ``[start, end)`` of aware instants, ``start < end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a span needs aware instants")
        if self.end <= self.start:
            raise ValueError(f"a span ends after it starts: {self.start} {self.end}")

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; a naive one is a programming error."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(UTC)


_known: dict[str, ZoneInfo] = {}
"""One object for each zone, also when threads ask for it at once: of two first calls `zoneinfo` and `lru_cache`
may answer two objects, and Python subtracts wall clocks where the zone is one object, instants where it is not."""


def _zone(name: str) -> ZoneInfo | None:
    if name in _known:
        return _known[name]
    found = _load(name)
    return None if found is None else _known.setdefault(name, found)


def _load(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        # Unknown; no key at all, or a file that holds no zone; a folder, or a name that no file may have; a
        # path through a module of the package tzdata (`importlib.resources` says that it is no package).
        return None


def zone(name: str, field: str = "zone") -> ZoneInfo:
    """The IANA zone of that name. Raises `BadInput` for anything else; never falls back to UTC."""
    found = _zone(name) if isinstance(name, str) and name and not _OF_THE_MACHINE.match(name) else None
    if found is None:
        raise BadInput(field, f"unknown time zone {name!r:.60}", "use an IANA name such as Europe/Berlin")
    return found


def place(name: str, field: str = "zone") -> ZoneInfo:
    """`zone`, of a place, or UTC. Raises `BadInput` for offsets and abbreviations as well."""
    found = zone(name, field)
    if _OF_NO_PLACE.match(name):
        raise BadInput(field, f"{name!r:.60} is no place", "name the zone of a place, such as Europe/Berlin")
    return found


def exists(local: datetime, tz: ZoneInfo) -> bool:
    """Whether that wall-clock time occurs in the zone (it does not inside a spring gap)."""
    aware = local.replace(tzinfo=tz)
    return aware.astimezone(UTC).astimezone(tz).replace(tzinfo=None, fold=0) == local.replace(fold=0)


def ambiguous(local: datetime, tz: ZoneInfo) -> bool:
    """Whether that wall-clock time occurs twice (autumn)."""
    first = local.replace(tzinfo=tz, fold=0).utcoffset()
    second = local.replace(tzinfo=tz, fold=1).utcoffset()
    return first != second and exists(local, tz)


def instant(text: str, zone_name: str, field: str) -> datetime:
    """The UTC instant that a person wrote: ISO text, with an offset or as wall clock in the zone.

    Raises `BadInput` for text that is no time, for one of another age, for a wall clock that the
    zone skips, and for one that it has twice unless the text carries an offset.
    """
    tz = zone(zone_name, "zone")
    try:
        value = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise BadInput(field, f"{text!r:.60} is not a time", "write it as 2026-03-30T09:00") from None
    if len(text.strip()) <= len("2026-03-30"):
        raise BadInput(field, f"{text!r:.60} has no time of day", "write it as 2026-03-30T09:00")
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise BadInput(field, f"the year {value.year} is out of range", "choose a date in this century")
    if value.tzinfo is not None:
        return value.astimezone(UTC)
    if not exists(value, tz):
        raise BadInput(
            field, f"{text} does not exist in {zone_name}", "the clocks skip it; choose another time"
        )
    if ambiguous(value, tz):
        early = value.replace(tzinfo=tz, fold=0).isoformat()
        late = value.replace(tzinfo=tz, fold=1).isoformat()
        raise BadInput(field, f"{text} happens twice in {zone_name}", f"write {early} or {late}")
    return value.replace(tzinfo=tz).astimezone(UTC)


def at(day: date, clock: time, tz: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time of working life on that date.

    For rules of our own (working hours, lunch windows), never for what a person wrote: one inside
    a spring gap moves past the jump by as much (PEP 495, fold 0), and of two it is the first.
    """
    return datetime.combine(day, clock, tz).astimezone(UTC)


def day_span(day: date, tz: ZoneInfo) -> Span:
    """A whole local day: 23, 24 or 25 hours."""
    return Span(at(day, time.min, tz), at(day + timedelta(days=1), time.min, tz))


def days_of(span: Span, tz: ZoneInfo) -> list[date]:
    """The local dates that a span touches."""
    first = span.start.astimezone(tz).date()
    last = (span.end - timedelta(microseconds=1)).astimezone(tz).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with overlapping and touching spans joined."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def without(spans: Iterable[Span], blocks: Iterable[Span]) -> list[Span]:
    """What is left of the spans outside the blocks, merged."""
    left = merged(spans)
    for block in merged(blocks):
        left = [
            Span(start, end)
            for span in left
            for start, end in (
                (span.start, min(span.end, block.start)),
                (max(span.start, block.end), span.end),
            )
            if start < end
        ]
    return left


def intersection(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What two merged lists have in common."""
    found: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            found.append(Span(start, end))
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return found
