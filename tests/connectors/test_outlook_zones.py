"""Microsoft's zones and wall clocks: every IANA zone, every jump of its clocks in the next years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from tzlocal.windows_tz import tz_win, win_tz

from connectors.errors import UnknownZone, Unreadable
from connectors.outlook import busy
from connectors.outlook.zones import (
    first_known,
    instant,
    local_date,
    local_stamp,
    utc_stamp,
    zone_of,
)
from connectors.types import Known, Verdict, Window
from tests.connectors.servers.graph_payload import payload
from tests.connectors.servers.graph_world import Item, Mailbox, Series, first_instant

HORIZON = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
NAMES = sorted(n for n in available_timezones() if n not in ("localtime", "Factory") and "/posix" not in n)
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """When that zone's offset changes within the horizon, to the minute, found by halving."""
    tz = ZoneInfo(name)
    found, moment = [], HORIZON[0]
    while moment < HORIZON[1]:
        after = moment + timedelta(days=7)
        if moment.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
            low, high = moment, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                if middle.astimezone(tz).utcoffset() == low.astimezone(tz).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(high.replace(second=0, microsecond=0))
        moment = after
    return tuple(found)


def around_every_jump() -> Iterator[tuple[str, datetime]]:
    for name in NAMES:
        yield from ((name, jump) for jump in transitions(name) or (datetime(2026, 7, 1, tzinfo=UTC),))


def test_the_horizon_has_jumps_to_test() -> None:
    jumps = [jump for name in NAMES for jump in transitions(name)]
    assert len(NAMES) > 590
    assert len(jumps) > 400


def test_all_day_is_the_whole_local_day_in_every_zone_at_every_jump() -> None:
    """The stand-in writes dates as midnights in UTC; the mailbox's zone makes instants of them."""
    for name, jump in around_every_jump():
        tz = ZoneInfo(name)
        box = Mailbox("ada@contoso.example", zone=name)
        for shift in (-1, 0, 1):
            day = jump.astimezone(tz).date() + timedelta(days=shift)
            item = Item("AAMk1", "ical", "x", day, day + timedelta(days=1), zone="UTC")
            told = payload(box, item, item.id, AS_OF, AS_OF)
            start, end = first_instant(day, tz), first_instant(day + timedelta(days=1), tz)
            found = busy.events(
                [told], tz, {}, Window(start - timedelta(days=3), end + timedelta(days=3)), AS_OF
            )
            if start == end:  # a day that a zone left out
                assert found.busy == ()
                continue
            assert [(b.start, b.end) for b in found.busy] == [(start, end)], (name, day)
            assert timedelta(hours=22) <= end - start <= timedelta(hours=26)


def test_a_series_keeps_its_wall_clock_over_every_jump() -> None:
    for name, jump in around_every_jump():
        tz = ZoneInfo(name)
        box = Mailbox("ada@contoso.example", zone=name)
        wall = datetime.combine(jump.astimezone(tz).date() - timedelta(days=7), time(15, 30), tz)
        start, end = wall.astimezone(UTC), (wall + timedelta(minutes=45)).astimezone(UTC)
        item = Item("AAMk1", "ical", "x", start, end, zone=name, series=Series(3, frozenset({1})))
        told = [payload(box, item, i, s, e) for i, s, e in item.spans()]
        found = busy.events(
            told, None, {}, Window(start - timedelta(days=1), end + timedelta(days=30)), AS_OF
        )
        walls = [b.start.astimezone(tz).replace(tzinfo=None) for b in found.busy]
        assert walls == [wall.replace(tzinfo=None), wall.replace(tzinfo=None) + timedelta(days=14)], name
        assert {b.end - b.start for b in found.busy} == {timedelta(minutes=45)}


def test_what_we_write_is_read_back_as_the_same_instant_at_every_jump() -> None:
    """Local wall clock under Microsoft's name where that is certain, else UTC: never another hour."""
    local = 0
    for name, jump in around_every_jump():
        for minutes in (-181, -61, -30, -1, 0, 1, 29, 59, 60, 119, 180):
            moment = jump + timedelta(minutes=minutes)
            stamp = local_stamp(moment, name)
            assert instant(stamp or utc_stamp(moment)) == moment, (name, moment)
            local += stamp is not None
    assert local > 5000


def test_a_wall_clock_that_comes_twice_goes_out_in_utc() -> None:
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, an hour before it comes again
    assert local_stamp(twice, "Europe/Berlin") is None
    assert local_stamp(twice + timedelta(hours=1), "Europe/Berlin") is None
    assert local_stamp(twice + timedelta(hours=2), "Europe/Berlin") == {
        "dateTime": "2026-10-25T03:30:00",
        "timeZone": "W. Europe Standard Time",
    }
    assert local_stamp(twice, "Antarctica/Troll") is None, "Exchange has no name for it"


def test_a_wall_clock_that_comes_twice_is_read_as_the_longer_block() -> None:
    told = {"dateTime": "2026-10-25T02:30:00.0000000", "timeZone": "W. Europe Standard Time"}
    assert instant(told) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant(told, last=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_every_windows_name_and_every_iana_name_is_known_in_any_case() -> None:
    for windows, iana in win_tz.items():
        assert zone_of(windows).key in (iana, "UTC")
        assert zone_of(windows.upper()) == zone_of(windows)
    for name in NAMES:
        assert zone_of(name).key in (name, "UTC")
        assert zone_of(name.upper()) == zone_of(name.lower()) == zone_of(name)
    assert set(tz_win.values()) <= set(win_tz)


@pytest.mark.parametrize(
    "name", ["", "Mars Standard Time", "tzone://Microsoft/Custom", "Customized Time Zone", "../x"]
)
def test_a_zone_nobody_knows_is_an_error_and_never_utc(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_of(name)
    with pytest.raises(UnknownZone):
        instant({"dateTime": "2026-10-25T02:30:00", "timeZone": name})


def test_the_other_ends_zone_stands_in_for_a_custom_one() -> None:
    custom = {"dateTime": "2026-07-01T09:00:00", "timeZone": "tzone://Microsoft/Custom"}
    assert instant(custom, paired="W. Europe Standard Time") == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert first_known("tzone://Microsoft/Custom", "Eastern Standard Time").key == "America/New_York"
    assert first_known("tzone://Microsoft/Utc").key == "UTC"
    with pytest.raises(UnknownZone, match="Custom"):
        first_known("tzone://Microsoft/Custom", "")
    with pytest.raises(UnknownZone, match="without a time zone"):
        first_known(None, "")


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"dateTime": None},
        {"dateTime": "tomorrow"},
        {"dateTime": "2026-13-01T00:00:00"},
        {"dateTime": 5},
    ],
)
def test_a_time_that_is_none_is_unreadable(told: dict[str, object] | None) -> None:
    with pytest.raises(Unreadable):
        instant(told)
    with pytest.raises(Unreadable):
        local_date(told)


def test_seven_digits_offsets_and_dates() -> None:
    seven = {"dateTime": "2026-07-01T09:00:00.1234567", "timeZone": "UTC"}
    assert instant(seven) == datetime(2026, 7, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert instant({"dateTime": "2026-07-01T07:00:00Z"}) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert instant({"dateTime": "2026-07-01T09:00:00+02:00"}) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert local_date({"dateTime": "2026-07-01T00:00:00.0000000", "timeZone": "x"}) == date(2026, 7, 1)


def test_an_all_day_event_of_a_mailbox_without_known_zone_lies_where_it_was_made() -> None:
    """Not in UTC: in the zone the event was made in, else in that of its other end."""
    box = Mailbox("ada@contoso.example")
    day = date(2026, 7, 1)
    item = Item("AAMk1", "ical", "x", day, date(2026, 7, 2), zone="tzone://Microsoft/Custom", show_as="oof")
    told = payload(box, item, item.id, AS_OF, AS_OF)
    window = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))
    found = busy.events([told], None, {}, window, AS_OF)
    assert isinstance(found, Known)
    (block,) = found.busy
    assert block.start == datetime(2026, 7, 1, 4, tzinfo=UTC)  # New York, the end's zone
    assert block.verdict is Verdict.OUT_OF_OFFICE
    told["originalEndTimeZone"] = "tzone://Microsoft/Custom"
    with pytest.raises(UnknownZone):
        busy.events([told], None, {}, window, AS_OF)
    told["showAs"] = "free"
    assert busy.events([told], None, {}, window, AS_OF).busy == (), "a free day needs no zone"
