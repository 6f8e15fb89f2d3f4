"""Whose time is taken when, against two libraries that were not written here, on calendars as programs write them.

`recurring_ical_events` on real components of `icalendar`, and `ical` with its own parser and data model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import CalendarStream

from connectors.types import Known, Window
from tests.connectors.local.generated import FIRST, HOME, LAST, Made, calendars, vcalendar
from tests.connectors.local.reading import read

BERLIN = ZoneInfo(HOME)
MARGIN = timedelta(days=4)
Span = tuple[datetime, datetime]


def union(spans: Iterable[Span], window: Window) -> list[Span]:
    """The time in the window that is taken, in pieces that do not touch."""
    merged: list[Span] = []
    start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    for first, last in sorted(
        (max(a, start), min(b, end)) for a, b in spans if a < end and start < b and a < b
    ):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def instant(moment: datetime | date) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), BERLIN).astimezone(UTC)


def ours(folder: Path, text: str, window: Window) -> list[Span]:
    found = read(folder, text, window)
    assert isinstance(found, Known), found
    return union(((block.start, block.end) for block in found.busy), window)


def by_recurring_ical_events(events: list[Made], window: Window) -> list[Span]:
    """Without X-WR-TIMEZONE, for which it takes series out of UTC (RFC 5545 section 3.3.10 counts them there)."""
    text = vcalendar(events).replace(f"X-WR-TIMEZONE:{HOME}\r\n", "")
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(
        window.start - MARGIN, window.end + MARGIN
    )
    taken = [e for e in found if e.get("STATUS") != "CANCELLED" and e.get("TRANSP") != "TRANSPARENT"]
    return union(((instant(e.start), instant(e.end)) for e in taken), window)


def by_ical(events: list[Made], window: Window) -> list[Span]:
    """It knows no RANGE, so such a series is told as two; and it does not find the occurrence of a
    RECURRENCE-ID in UTC of a series in UTC (seen in 14.3.1, section 3.8.4.4), so that is told without its Z."""
    text = vcalendar([part for event in events for part in event.split()])
    text = re.sub(r"(RECURRENCE-ID:\d+T\d+)Z", r"\1", text)
    (calendar,) = CalendarStream.from_ics(text).calendars
    found = calendar.timeline_tz(BERLIN).overlapping(window.start - MARGIN, window.end + MARGIN)
    taken = [e for e in found if e.status != "CANCELLED" and e.transparency != "TRANSPARENT"]
    return union(((instant(e.start), instant(e.end)) for e in taken), window)


@given(calendars(), st.integers(0, (LAST - FIRST).days - 60), st.sampled_from([1, 14, 45]))
@settings(max_examples=60, deadline=None)
def test_the_taken_time_is_what_two_other_readers_see(
    tmp_path_factory: pytest.TempPathFactory, events: list[Made], begin: int, length: int
) -> None:
    start = datetime.combine(FIRST + timedelta(days=begin), time(), BERLIN)
    window = Window(start, start + timedelta(days=length))
    taken = ours(tmp_path_factory.mktemp("c"), vcalendar(events), window)
    assert taken == by_recurring_ical_events(events, window)
    assert taken == by_ical(events, window)
