"""A week of starts: a column a day, a row for each quarter of an hour, in each place whether the interview could begin.

Told by `tests/scheduler/web/change/test_change.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.time import Span, at
from scheduler.services.changing.places import NO, Start

ROW = timedelta(minutes=15)
"""Where the grid is finer, starts between two rows are typed."""
_USUAL = (time(9), time(17))
OTHERS = "others"
"""The verdict on a start that only the loop's own other interviews forbid: a try may move them."""
_OF_OTHERS = frozenset(
    {"breaks", "order", "gap", "apart", "room_once", "max_days", "max_span", "day_minutes", "longest_run"}
    | {"same_day", "different_day", "once_in_loop", "debrief_after", "debrief_within"}
)
"""Rules about an interview and the others of its loop."""


@dataclass(frozen=True, slots=True)
class Place:
    """``start`` is ``None`` where there is none to ask about; ``now`` is where the interview begins, ``during`` where it
    goes on."""

    at: datetime
    start: Start | None
    now: bool
    during: bool

    @property
    def verdict(self) -> str:
        """As of the start; `OTHERS` where it is forbidden by nothing but the loop's other interviews."""
        if self.start is None:
            return ""
        found = self.start.verdict
        if found.verdict == NO and found.refused and all(r.rule in _OF_OTHERS for r in found.refused):
            return OTHERS
        return found.verdict


@dataclass(frozen=True, slots=True)
class Row:
    time: time
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    days: tuple[date, ...]
    rows: tuple[Row, ...]

    @property
    def movable(self) -> list[Place]:
        """Starts that are perhaps possible once others move, the nearest to where it stands first, or else the earliest."""
        every = [place for row in self.rows for place in row.places]
        now = next((p.at for p in every if p.now), min((p.at for p in every), default=None))
        found = [p for p in every if p.verdict == OTHERS and not p.now]
        return sorted(found, key=lambda p: (abs(p.at - now) if now else timedelta(0), p.at))

    @property
    def before(self) -> date:
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        return self.monday + timedelta(days=7)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def span_of(monday: date, tz: ZoneInfo) -> Span:
    """The week on that clock."""
    return Span(at(monday, time.min, tz), at(monday + timedelta(days=7), time.min, tz))


def week(monday: date, starts: Sequence[Start], stands: Span, tz: ZoneInfo) -> Week:
    """``stands`` is when the interview takes place as things are. Days and hours in which nothing could be are left out."""
    local = {s.at.astimezone(tz): s for s in starts}
    possible = [when for when, s in local.items() if s.verdict.verdict != NO]
    there = [when for when in (stands.start.astimezone(tz),) if monday_of(when.date()) == monday]
    shown = [*possible, *there]
    days = [monday + timedelta(days=n) for n in range(7)]
    kept = tuple(d for d in days if d.weekday() < 5 or any(when.date() == d for when in shown))
    first, last = _reach(shown, there, stands)
    by_wall = {when.replace(tzinfo=None): s for when, s in local.items() if when.fold == 0}
    rows = [
        Row(when, tuple(_place(datetime.combine(day, when), by_wall, stands, tz) for day in kept))
        for when in _times(first, last)
    ]
    return Week(monday, kept, tuple(rows))


def _reach(shown: Iterable[datetime], there: Iterable[datetime], stands: Span) -> tuple[time, time]:
    starts = [when.time() for when in shown]
    ends = [*starts, *((when + (stands.end - stands.start)).time() for when in there)]
    first = min([*starts, _USUAL[0]]).replace(minute=0, second=0)
    return first, max([*ends, _USUAL[1]])


def _times(first: time, last: time) -> list[time]:
    day = date(2000, 1, 3)
    found, now = [], datetime.combine(day, first)
    while now.date() == day and now.time() <= last:
        found.append(now.time())
        now += ROW
    return found


def _place(wall: datetime, starts: dict[datetime, Start], stands: Span, tz: ZoneInfo) -> Place:
    instant = wall.replace(tzinfo=tz)
    return Place(
        instant,
        starts.get(wall),
        now=instant == stands.start,
        during=stands.start < instant < stands.end,
    )
