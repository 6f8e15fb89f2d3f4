"""Where everything of a plan stands in its picture: a column for the candidate, each person and each room, time downwards.

Numbers are units of an SVG picture, which knows no styles: positions are attributes. All days of all plans share one
scale, so that what stands side by side is at the same time of day.

Told by `tests/scheduler/web/planning/test_grid.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from scheduler.services.booking.offers import Told

HOUR = 48
"""Height of an hour."""
COLUMN, SIDE, HEAD = 72, 42, 34
"""Width of a column and of the clock at a side; height of the columns' names."""
NARROW = 36
"""Least width of a column: a first name, or the beginning of a title."""
ROOM = 1_000
"""Width that plans share which stand beside each other, on a window of 1,300."""
_FRAME = 52
"""What a plan takes beside its picture: its own edges, and the distance to the next."""
CANDIDATE, PERSON, PLACE = "candidate", "person", "room"
_LEAST = 11
"""Least height of a block: that of a line of text."""


@dataclass(frozen=True, slots=True)
class Box:
    """One interview in one column; ``lines`` is how many lines of text it has room for."""

    x: int
    y: int
    width: int
    height: int
    told: Told
    kind: str

    @property
    def lines(self) -> int:
        return max(1, (self.height - 2) // 13)


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is whose time it is; ``id`` is empty for the candidate."""

    x: int
    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A full hour on the viewer's clock, and the same moment for the candidate."""

    y: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a plan, on the viewer's clock."""

    day: date
    width: int
    height: int
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    boxes: tuple[Box, ...]
    right: int
    column: int
    """Width of its columns."""

    @property
    def narrow(self) -> bool:
        """Whether an interview has room for its beginning only."""
        return self.column < COLUMN


def days(
    told: Sequence[Told], all_told: Sequence[Sequence[Told]], tz: ZoneInfo, *, two_clocks: bool = True
) -> list[Day]:
    """The days of one plan, drawn to the scale of all plans, in columns so narrow that as many fit beside each other."""
    first, last = _reach([t for plan in all_told for t in plan], tz)
    ordered = sorted(told, key=lambda t: t.planned.span.start)
    by_day = [
        (day, list(group))
        for day, group in groupby(ordered, lambda t: t.planned.span.start.astimezone(tz).date())
    ]
    sides = SIDE * (2 if two_clocks else 1)
    most = max((len(_whose(group)) for _, group in by_day), default=1)
    column = max(NARROW, min(COLUMN, (ROOM // len(all_told) - _FRAME - sides) // most))
    return [_day(day, group, (first, last), tz, column, sides - SIDE) for day, group in by_day]


def _reach(told: Iterable[Told], tz: ZoneInfo) -> tuple[int, int]:
    """The first and the last full hour of the day, counted from the midnight before each interview."""
    starts, ends = [], []
    for t in told:
        start, end = (x.astimezone(tz) for x in (t.planned.span.start, t.planned.span.end))
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        starts.append((start.replace(tzinfo=None) - midnight.replace(tzinfo=None)) // timedelta(hours=1))
        ends.append(-((midnight.replace(tzinfo=None) - end.replace(tzinfo=None)) // timedelta(hours=1)))
    return min(starts), max(ends)


def _day(
    day: date, told: Sequence[Told], hours: tuple[int, int], tz: ZoneInfo, width: int, beyond: int
) -> Day:
    """``width`` is that of a column, ``beyond`` that of the clock at the right."""
    first, last = hours
    columns = _columns(told, width)
    right = SIDE + width * len(columns)
    midnight = datetime.combine(day, datetime.min.time())
    ticks = tuple(
        Tick(HEAD + (hour - first) * HOUR, (midnight + timedelta(hours=hour)).replace(tzinfo=tz))
        for hour in range(first, last + 1)
    )
    boxes = [
        _box(column, t, midnight + timedelta(hours=first), tz, width)
        for t in told
        for column in columns
        if _takes(column, t)
    ]
    height = HEAD + (last - first) * HOUR + 8
    return Day(day, right + max(beyond, 4), height, columns, ticks, tuple(boxes), right, width)


def _columns(told: Sequence[Told], width: int) -> tuple[Column, ...]:
    return tuple(Column(SIDE + n * width, *whose) for n, whose in enumerate(_whose(told)))


def _whose(told: Sequence[Told]) -> list[tuple[str, str, str]]:
    """Kind, id and name of each column: the candidate first, then people in the order in which they come, then rooms."""
    people = {s.person: s.name for t in told for s in t.seats}
    rooms = {t.planned.room: t.room_name or t.planned.room for t in told if t.planned.room}
    whose = [(CANDIDATE, "", "")]
    whose += [(PERSON, id, name) for id, name in people.items()]
    return [*whose, *((PLACE, id, name) for id, name in rooms.items())]


def _takes(column: Column, told: Told) -> bool:
    if column.kind == CANDIDATE:
        return told.kind not in ("debrief", "") and told.planned.interview != "debrief"
    if column.kind == PLACE:
        return told.planned.room == column.id
    return any(s.person == column.id for s in told.seats)


def _box(column: Column, told: Told, top: datetime, tz: ZoneInfo, width: int) -> Box:
    start, end = (
        x.astimezone(tz).replace(tzinfo=None) for x in (told.planned.span.start, told.planned.span.end)
    )
    y, bottom = (HEAD + round((x - top) / timedelta(hours=1) * HOUR) for x in (start, end))
    return Box(column.x + 2, y, width - 4, max(_LEAST, bottom - y - 1), told, column.kind)
