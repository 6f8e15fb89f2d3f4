"""Every zone, every change of its clocks: all-day events and series are read to the minute.

The oracle knows nothing of midnights and folds: it walks through the minutes around a change and
asks, for each, what the clock on the wall shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from connectors.google import wire
from connectors.types import Known, Verdict, Window
from tests.connectors.servers.google_harness import google

HORIZON = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WIDE = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))
ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})


@lru_cache(maxsize=1)
def transitions() -> dict[str, list[datetime]]:
    """Per zone the instants (to the minute) within the horizon at which its offset changes."""
    found: dict[str, list[datetime]] = {}
    for name in ZONES:
        tz, day = ZoneInfo(name), HORIZON[0]
        found[name] = []
        while day < HORIZON[1]:
            if day.astimezone(tz).utcoffset() != (day + DAY).astimezone(tz).utcoffset():
                found[name].append(_exactly(tz, day, day + DAY))
            day += DAY
    return found


def _exactly(tz: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = low.astimezone(tz).utcoffset()
    while high - low > MINUTE:
        middle = low + MINUTE * ((high - low) // MINUTE // 2)
        low, high = (middle, high) if middle.astimezone(tz).utcoffset() == before else (low, middle)
    return high


def signature(tz: ZoneInfo, change: datetime) -> tuple[datetime, timedelta | None, timedelta | None]:
    return change, (change - MINUTE).astimezone(tz).utcoffset(), change.astimezone(tz).utcoffset()


@cache
def walls(
    change: datetime, before: timedelta, after: timedelta
) -> tuple[dict[date, datetime], dict[datetime, list[datetime]]]:
    """Around a change: when each local day begins, and at which instants each wall-clock minute occurs."""
    days: dict[date, datetime] = {}
    minutes: dict[datetime, list[datetime]] = {}
    for number in range(-3 * 1440, 3 * 1440):
        instant = change + MINUTE * number
        wall = (instant + (before if instant < change else after)).replace(tzinfo=None)
        days.setdefault(wall.date(), instant)
        minutes.setdefault(wall, []).append(instant)
    return days, minutes


def cases() -> Iterator[tuple[str, ZoneInfo, datetime]]:
    for name, changes in transitions().items():
        for change in changes or [datetime(2027, 6, 1, 12, tzinfo=UTC)]:
            yield name, ZoneInfo(name), change


def read(items: list[dict[str, object]], zone: str) -> list[tuple[datetime, datetime]]:
    busy, _ = wire.typed(items, zone, WIDE)
    assert all(b.verdict is Verdict.BUSY for b in busy)
    return [(b.start, b.end) for b in busy]


def test_the_horizon_is_worth_the_name() -> None:
    assert len(ZONES) > 590
    assert sum(len(changes) for changes in transitions().values()) > 500


def test_all_day_events_of_every_zone_at_every_change() -> None:
    for name, tz, change in cases():
        days, _ = walls(*signature(tz, change))  # type: ignore[arg-type]
        middle = change.astimezone(tz).date()
        for first in (middle - DAY, middle, middle + DAY):
            for length in (1, 2):
                last = first + DAY * length
                if last not in days:
                    continue
                item = {"start": {"date": first.isoformat()}, "end": {"date": last.isoformat()}}
                assert read([item], name) == [(days[first], days[last])], (name, first, length)
                for end in (first, first - DAY):  # written without knowing that the end is exclusive
                    bare = {"start": {"date": first.isoformat()}, "end": {"date": end.isoformat()}}
                    assert read([bare], name)[:1] == [(days[first], days.get(first + DAY, days[last]))]


def test_wall_clocks_of_every_zone_at_every_change() -> None:
    """A series comes as occurrences, each with its wall-clock time: with an offset, or with a zone."""
    for name, tz, change in cases():
        _, minutes = walls(*signature(tz, change))  # type: ignore[arg-type]
        middle = change.astimezone(tz).replace(tzinfo=None, second=0, microsecond=0)
        for shift in (-24 * 60, -61, -30, -1, 0, 1, 29, 60, 24 * 60):
            wall = middle + MINUTE * shift
            for instant in minutes.get(wall, ()):
                start = instant.astimezone(tz).isoformat()
                end = (instant + 45 * MINUTE).astimezone(tz).isoformat()
                item = {"start": {"dateTime": start, "timeZone": name}, "end": {"dateTime": end}}
                assert read([item], name) == [(instant, instant + 45 * MINUTE)], (name, wall)
            if len(minutes.get(wall, ())) == 1:
                value = {"dateTime": wall.isoformat(), "timeZone": name}
                assert wire.instant(value, lambda: tz) == minutes[wall][0], (name, wall)  # noqa: B023


def test_a_whole_day_that_ends_where_it_begins_blocks_that_day_whatever_is_asked() -> None:
    """Google takes such an event; a list bounds ends from below, and that end is the day's midnight."""
    with google() as harness:
        person = harness.people[0]
        day = {"date": "2026-11-03"}
        harness.server.world.put(person, {"start": day, "end": day})
        nine = datetime(2026, 11, 3, 9, tzinfo=ZoneInfo("Europe/Berlin"))
        answer = harness.calendar.availability([person], Window(nine, nine + timedelta(hours=8)))[person]
        assert isinstance(answer, Known)
        assert [(b.start, b.end) for b in answer.busy] == [(nine, nine + timedelta(hours=8))]


def test_over_the_wire_one_calendar_per_kind_of_change() -> None:
    """Daily series and all-day events across a change, expanded by the stand-in, as one person each."""
    kinds = {signature(tz, change): (name, change) for name, tz, change in cases()}
    with google() as harness:
        expected: dict[str, list[tuple[datetime, datetime]]] = {}
        for number, (mark, (name, change)) in enumerate(sorted(kinds.items(), key=repr)):
            person = f"p{number}@example.com"
            harness.server.world.add_calendar(person, zone=name)
            days, minutes = walls(*mark)  # type: ignore[arg-type]
            middle = change.astimezone(ZoneInfo(name)).date()
            begin = datetime.combine(middle - DAY, datetime.min.time()).replace(hour=12)
            series = [begin + DAY * n for n in range(3)]
            harness.server.world.put(
                person,
                {
                    "start": {"dateTime": minutes[begin][0].isoformat(), "timeZone": name},
                    "end": {"dateTime": (minutes[begin][0] + 30 * MINUTE).isoformat(), "timeZone": name},
                    "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"],
                },
            )
            whole = {"start": {"date": middle.isoformat()}, "end": {"date": (middle + DAY).isoformat()}}
            harness.server.world.put(person, whole)
            blocks = [(minutes[wall][0], minutes[wall][0] + 30 * MINUTE) for wall in series]
            expected[person] = sorted([*blocks, (days[middle], days[middle + DAY])])
        answers = harness.calendar.availability(list(expected), WIDE)
        for person, blocks in expected.items():
            answer = answers[person]
            assert isinstance(answer, Known), (person, answer)
            assert [(b.start, b.end) for b in answer.busy] == blocks, person
    assert len(expected) > 40
