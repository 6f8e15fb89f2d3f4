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
CANDIDATE, PERSON, ROOM = "candidate", "person", "room"
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


def days(told: Sequence[Told], all_told: Iterable[Sequence[Told]], tz: ZoneInfo) -> list[Day]:
    """The days of one plan, drawn to the scale of all plans."""
    first, last = _reach([t for plan in all_told for t in plan], tz)
    ordered = sorted(told, key=lambda t: t.planned.span.start)
    return [
        _day(day, list(group), first, last, tz)
        for day, group in groupby(ordered, lambda t: t.planned.span.start.astimezone(tz).date())
    ]


def _reach(told: Iterable[Told], tz: ZoneInfo) -> tuple[int, int]:
    """The first and the last full hour of the day, counted from the midnight before each interview."""
    starts, ends = [], []
    for t in told:
        start, end = (x.astimezone(tz) for x in (t.planned.span.start, t.planned.span.end))
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        starts.append((start.replace(tzinfo=None) - midnight.replace(tzinfo=None)) // timedelta(hours=1))
        ends.append(-((midnight.replace(tzinfo=None) - end.replace(tzinfo=None)) // timedelta(hours=1)))
    return min(starts), max(ends)


def _day(day: date, told: Sequence[Told], first: int, last: int, tz: ZoneInfo) -> Day:
    columns = _columns(told)
    right = SIDE + COLUMN * len(columns)
    midnight = datetime.combine(day, datetime.min.time())
    ticks = tuple(
        Tick(HEAD + (hour - first) * HOUR, (midnight + timedelta(hours=hour)).replace(tzinfo=tz))
        for hour in range(first, last + 1)
    )
    boxes = [
        _box(column, t, midnight + timedelta(hours=first), tz)
        for t in told
        for column in columns
        if _takes(column, t)
    ]
    height = HEAD + (last - first) * HOUR + 8
    return Day(day, right + SIDE, height, columns, ticks, tuple(boxes), right)


def _columns(told: Sequence[Told]) -> tuple[Column, ...]:
    """The candidate first, then people in the order in which they come, then rooms."""
    people = {s.person: s.name for t in told for s in t.seats}
    rooms = {t.planned.room: t.room_name or t.planned.room for t in told if t.planned.room}
    whose = [(CANDIDATE, "", "")]
    whose += [(PERSON, id, name) for id, name in people.items()]
    whose += [(ROOM, id, name) for id, name in rooms.items()]
    return tuple(Column(SIDE + n * COLUMN, kind, id, name) for n, (kind, id, name) in enumerate(whose))


def _takes(column: Column, told: Told) -> bool:
    if column.kind == CANDIDATE:
        return told.kind not in ("debrief", "") and told.planned.interview != "debrief"
    if column.kind == ROOM:
        return told.planned.room == column.id
    return any(s.person == column.id for s in told.seats)


def _box(column: Column, told: Told, top: datetime, tz: ZoneInfo) -> Box:
    start, end = (
        x.astimezone(tz).replace(tzinfo=None) for x in (told.planned.span.start, told.planned.span.end)
    )
    y, bottom = (HEAD + round((x - top) / timedelta(hours=1) * HOUR) for x in (start, end))
    return Box(column.x + 2, y, COLUMN - 4, max(_LEAST, bottom - y - 1), told, column.kind)
