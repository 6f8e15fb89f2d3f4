"""Instants and wall clocks where clocks jump: north, south, by half an hour, and over a whole day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import BadInput
from scheduler.domain.time import (
    Span,
    ambiguous,
    at,
    day_span,
    days_of,
    exists,
    instant,
    intersection,
    merged,
    place,
    utc,
    zone,
)

START = datetime(2026, 1, 1, tzinfo=UTC)

GAPS = [  # a wall clock that the zone skips, and the instant that rules of our own take it for
    ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30+00:00"),
    ("Europe/London", "2026-03-29T01:00", "2026-03-29T01:00+00:00"),
    ("America/New_York", "2026-03-08T02:59", "2026-03-08T07:59+00:00"),
    ("America/Santiago", "2026-09-06T00:30", "2026-09-06T04:30+00:00"),  # skips midnight
    ("Australia/Sydney", "2026-10-04T02:00", "2026-10-03T16:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45+00:00"),  # by half an hour
    ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00+00:00"),  # that day did not take place
]

FOLDS = [  # a wall clock that comes twice, and both of its instants
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30+00:00", "2026-10-25T01:30+00:00"),
    ("America/New_York", "2026-11-01T01:00", "2026-11-01T05:00+00:00", "2026-11-01T06:00+00:00"),
    ("Australia/Sydney", "2026-04-05T02:00", "2026-04-04T15:00+00:00", "2026-04-04T16:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45+00:00", "2026-04-04T15:15+00:00"),
]


@pytest.mark.parametrize(("name", "text", "taken_for"), GAPS)
def test_a_wall_clock_that_does_not_exist_is_refused(name: str, text: str, taken_for: str) -> None:
    local, tz = datetime.fromisoformat(text), ZoneInfo(name)
    assert not exists(local, tz)
    assert not ambiguous(local, tz)
    with pytest.raises(BadInput, match=f"windows.start: {text} does not exist in {name}") as caught:
        instant(text, name, "windows.start")
    assert caught.value.field == "windows.start"
    assert at(local.date(), local.time(), tz) == datetime.fromisoformat(taken_for)


@pytest.mark.parametrize(("name", "text", "first", "second"), FOLDS)
def test_a_wall_clock_that_comes_twice_must_say_which(name: str, text: str, first: str, second: str) -> None:
    local, tz = datetime.fromisoformat(text), ZoneInfo(name)
    assert exists(local, tz)
    assert ambiguous(local, tz)
    with pytest.raises(BadInput, match="happens twice") as caught:
        instant(text, name, "start")
    offered = caught.value.fix.removeprefix("write ").split(" or ")
    assert [instant(o, name, "start") for o in offered] == [
        datetime.fromisoformat(first),
        datetime.fromisoformat(second),
    ]
    assert at(local.date(), local.time(), tz) == datetime.fromisoformat(first)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59+00:00"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00+00:00"),
        ("Australia/Sydney", "2026-01-15T09:00", "2026-01-14T22:00+00:00"),  # summer there
        ("Australia/Sydney", "2026-07-15T09:00", "2026-07-14T23:00+00:00"),
        ("Asia/Kathmandu", "2026-07-15T09:00", "2026-07-15T03:15+00:00"),
        ("Europe/Berlin", "2026-07-15T09:00+05:30", "2026-07-15T03:30+00:00"),  # its own offset wins
        ("Europe/Berlin", "2026-07-15T09:00Z", "2026-07-15T09:00+00:00"),
        ("Europe/Berlin", "  2026-07-15T09:00 ", "2026-07-15T07:00+00:00"),
    ],
)
def test_a_wall_clock_is_read_in_its_zone(name: str, text: str, expected: str) -> None:
    found = instant(text, name, "start")
    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "europe/berlin ", "W. Europe Standard Time", "localtime", "Factory", "posixrules", "right/UTC", "posix/Europe/Berlin",
             "../../etc/passwd", "/etc/localtime", "Europe/Berlin\x00", "a" * 5000, "\ud800", "Europe",
             "tzdata.zi", "zone.tab", "Europe/__init__.py", "__init__/x"],
)  # fmt: skip
def test_an_unknown_zone_is_an_error_and_never_utc(name: str) -> None:
    with pytest.raises(BadInput, match="unknown time zone") as caught:
        zone(name, "candidate.zone")
    assert caught.value.field == "candidate.zone"


def test_a_known_zone_is_found() -> None:
    assert zone("Europe/Berlin").key == "Europe/Berlin"
    assert zone("UTC").key == "UTC"


@pytest.mark.parametrize(
    "name", ["Etc/GMT+3", "Etc/GMT", "Etc/Zulu", "EST", "EST5EDT", "CET", "GMT", "GMT+0", "MST7MDT"]
)
def test_what_is_no_place_is_nobodys_zone(name: str) -> None:
    assert zone(name).key == name, "times may be given so"
    with pytest.raises(BadInput, match="is no place; name the zone of a place") as caught:
        place(name, "candidate.zone")
    assert caught.value.field == "candidate.zone"


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Japan", "NZ", "ROK", "UTC", "Etc/UTC"]
)
def test_a_place_is_found_by_each_of_its_names(name: str) -> None:
    assert place(name).key == name


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01T09:00", "2026-02-29T09:00", "09:00", "2026-01-01T25:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a time"):
        instant(text, "Europe/Berlin", "start")


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "1969-12-31T23:59", "2200-01-01T00:00"]
)
def test_another_age_is_refused_before_arithmetic_on_it_overflows(text: str) -> None:
    for name in ("Pacific/Kiritimati", "Etc/GMT+12"):
        with pytest.raises(BadInput, match="out of range"):
            instant(text, name, "start")


def test_a_fault_quotes_the_start_of_a_long_text_only() -> None:
    for refused in (lambda: instant("9" * 10_000, "UTC", "start"), lambda: zone("x" * 10_000)):
        with pytest.raises(BadInput) as caught:
            refused()
        assert len(caught.value.text) < 200


def test_a_naive_instant_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="naive"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001
    assert utc(datetime(2026, 1, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))) == START


def test_a_span_ends_after_it_starts_and_is_aware() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Span(START, START)
    with pytest.raises(ValueError, match="aware"):
        Span(datetime(2026, 1, 1), START)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23.0),
        ("Europe/Berlin", date(2026, 10, 25), 25.0),
        ("Europe/Berlin", date(2026, 7, 1), 24.0),
        ("Australia/Sydney", date(2026, 10, 4), 23.0),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Santiago", date(2026, 9, 6), 23.0),  # has no midnight
    ],
)
def test_a_local_day_is_as_long_as_its_clocks_say(name: str, day: date, hours: float) -> None:
    whole = day_span(day, ZoneInfo(name))
    assert whole.minutes == hours * 60
    assert days_of(whole, ZoneInfo(name)) == [day]


@given(
    st.sampled_from(
        ["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Tokyo", "Africa/Casablanca"]
    ),
    st.dates(date(2015, 1, 1), date(2036, 1, 1)),
)
def test_local_days_follow_one_another_without_gap(name: str, day: date) -> None:
    tz = ZoneInfo(name)
    today, tomorrow = day_span(day, tz), day_span(day + timedelta(days=1), tz)
    assert today.end == tomorrow.start
    assert days_of(Span(today.start, tomorrow.end), tz) == [day, day + timedelta(days=1)]


@given(
    st.sampled_from(["Europe/Berlin", "Australia/Sydney", "America/St_Johns", "Pacific/Chatham"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_what_an_instant_reads_on_the_wall_leads_back_to_it(name: str, moment: datetime) -> None:
    tz = ZoneInfo(name)
    wall = moment.astimezone(tz).replace(tzinfo=None, fold=0)
    assert exists(wall, tz)
    if not ambiguous(wall, tz):
        assert instant(wall.isoformat(), name, "t") == moment
        assert at(wall.date(), wall.time(), tz) == moment


@given(st.dates(date(2015, 1, 1), date(2036, 1, 1)), st.times())
def test_working_hours_never_fail(day: date, clock: time) -> None:
    tz = ZoneInfo("America/Santiago")
    later = at(day, clock, tz)
    assert abs(later.astimezone(tz).replace(tzinfo=None) - datetime.combine(day, clock)) <= timedelta(hours=1)


minutes = st.integers(0, 60)
spans = st.lists(
    st.tuples(minutes, st.integers(1, 15)).map(
        lambda pair: Span(START + timedelta(minutes=pair[0]), START + timedelta(minutes=sum(pair)))
    ),
    max_size=12,
)


def covered(found: list[Span]) -> set[int]:
    """The minutes inside, by counting instead of comparing."""
    first = [(int((s.start - START).total_seconds() // 60), s.minutes) for s in found]
    return {start + n for start, length in first for n in range(length)}


@given(spans)
def test_merged_covers_the_same_and_keeps_gaps(found: list[Span]) -> None:
    result = merged(found)
    assert covered(result) == covered(found)
    assert all(left.end < right.start for left, right in pairwise(result))
    assert merged(reversed(result)) == result


@given(spans, spans)
def test_intersection_is_what_both_cover(left: list[Span], right: list[Span]) -> None:
    a, b = merged(left), merged(right)
    result = intersection(a, b)
    assert covered(result) == covered(a) & covered(b)
    assert result == intersection(b, a)
    assert all(left.end <= right.start for left, right in pairwise(result))


@given(spans.filter(lambda s: len(s) >= 2))
def test_overlap_agrees_with_counting(found: list[Span]) -> None:
    a, b = found[0], found[1]
    assert a.overlaps(b) == bool(covered([a]) & covered([b])) == b.overlaps(a)


def test_touching_spans_do_not_overlap() -> None:
    morning, noon = (
        Span(START, START + timedelta(hours=1)),
        Span(START + timedelta(hours=1), START + timedelta(hours=2)),
    )
    assert not morning.overlaps(noon)
    assert merged([noon, morning]) == [Span(morning.start, noon.end)]
    assert intersection([morning], [noon]) == []
