"""Where the interviews of a superday stand in its picture: one row for each candidate, time to the right.

Numbers are units of an SVG picture. All rows share one scale, so that what stands below each other is at the same time
of day; where a superday takes several days, each row has one line for each day.

Told by `tests/scheduler/web/days/test_superday.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.services.booking.offers import Told

HOUR, LINE = 116, 56
"""Width of an hour, height of a line."""
_LEAST = 8
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Box:
    """One interview."""

    x: int
    width: int
    told: Told


@dataclass(frozen=True, slots=True)
class Line:
    """What takes place on one day."""

    day: date
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """From the full hour ``first`` to ``last``, both counted from midnight; ``several`` is whether there is more than one
    day."""

    first: int
    last: int
    several: bool
    tz: ZoneInfo

    @property
    def width(self) -> int:
        return (self.last - self.first) * HOUR + 1

    @property
    def hours(self) -> list[tuple[int, str]]:
        """Each full hour: where, and how it is written."""
        return [((n - self.first) * HOUR, f"{n % 24:02}:00") for n in range(self.first, self.last + 1)]

    def lines(self, told: Sequence[Told]) -> list[Line]:
        """The days of one row, each with its boxes."""
        days = sorted({_local(t.planned.span.start, self.tz).date() for t in told})
        return [Line(day, tuple(self._box(t) for t in told if self._day(t) == day)) for day in days]

    def _day(self, told: Told) -> date:
        return _local(told.planned.span.start, self.tz).date()

    def _box(self, told: Told) -> Box:
        start, end = (_local(x, self.tz) for x in (told.planned.span.start, told.planned.span.end))
        top = _midnight(start) + self.first * _HOUR
        x, right = (round((at - top) / _HOUR * HOUR) for at in (start, end))
        return Box(x, max(_LEAST, right - x - 2), told)


def scale(rows: Iterable[Sequence[Told]], tz: ZoneInfo) -> Scale | None:
    """The scale that fits all of these; ``None`` where there is nothing."""
    spans = [
        (_local(t.planned.span.start, tz), _local(t.planned.span.end, tz)) for told in rows for t in told
    ]
    if not spans:
        return None
    first = min((start - _midnight(start)) // _HOUR for start, _ in spans)
    last = max(-((_midnight(start) - end) // _HOUR) for start, end in spans)
    return Scale(first, last, len({start.date() for start, _ in spans}) > 1, tz)


def _local(at: datetime, tz: ZoneInfo) -> datetime:
    return at.astimezone(tz).replace(tzinfo=None)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
