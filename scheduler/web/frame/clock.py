"""Moments and days as people read them, in the viewer's language and on whichever clock is asked for.

Told by `tests/scheduler/web/test_clock.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta

from scheduler.domain.time import Span, zone

_LONG = {"en": "EEEE, d MMMM", "de": "EEEE, d. MMMM"}
"""Babel finds no pattern of its own with a whole name of the day and without a year."""


@dataclass(frozen=True)
class Clock:
    """``now`` is when the page was made. Where no zone is named, the viewer's counts."""

    locale: Locale
    own: str
    now: datetime

    def day(self, when: datetime | date, on: str = "") -> str:
        """``Mon 9 Mar``; with the year where it is another one than today's."""
        day = self.day_of(when, on) if isinstance(when, datetime) else when
        skeleton = "MMMEd" if day.year == self.now.astimezone(self.tz(on)).year else "yMMMEd"
        return str(format_skeleton(skeleton, day, locale=self.locale))

    def long_day(self, day: date) -> str:
        """``Monday, 9 March``, to stand above a day's rows."""
        return str(format_date(day, _LONG[self.locale.language], locale=self.locale))

    def time(self, when: datetime, on: str = "") -> str:
        """``14:05``."""
        return str(format_time(when, "HH:mm", tzinfo=self.tz(on), locale=self.locale))

    def moment(self, when: datetime, on: str = "") -> str:
        """``Mon 9 Mar, 14:05``."""
        return f"{self.day(when, on)}, {self.time(when, on)}"

    def hours(self, span: Span, on: str = "") -> str:
        """``14:05–15:00``, with the day of the end where it is another one."""
        end = self.time(span.end, on)
        if self.day_of(span.start, on) != self.day_of(span.end, on):
            end = self.moment(span.end, on)
        return f"{self.time(span.start, on)}–{end}"

    def stretch(self, span: Span, on: str = "") -> str:
        """``Mon 9 Mar, 14:05–15:00``."""
        return f"{self.day(span.start, on)}, {self.hours(span, on)}"

    def since(self, when: datetime) -> str:
        """``3 days``, as long ago as it is."""
        return str(format_timedelta(self.now - when, granularity="minute", threshold=1.5, locale=self.locale))

    def ago(self, when: datetime) -> str:
        """``3 days ago`` or ``in 2 hours``."""
        delta = when - self.now
        return str(
            format_timedelta(
                delta, granularity="minute", threshold=1.2, add_direction=True, locale=self.locale
            )
        )

    def exact(self, when: datetime, on: str = "") -> str:
        """Everything, for what is shown when one looks closer."""
        return str(format_datetime(when, "EEE d MMM y HH:mm:ss xxx", tzinfo=self.tz(on), locale=self.locale))

    def offset(self, when: datetime, on: str = "") -> str:
        """``+01:00``: names of zones are not the same everywhere."""
        return str(format_datetime(when, "xxx", tzinfo=self.tz(on), locale=self.locale))

    def iso(self, when: datetime) -> str:
        """For programs: ``datetime`` of a ``time`` element."""
        return when.isoformat(timespec="seconds")

    def day_of(self, when: datetime, on: str = "") -> date:
        """The day that it is on that clock."""
        return when.astimezone(self.tz(on)).date()

    def today(self, on: str = "") -> date:
        return self.day_of(self.now, on)

    def near(self, day: date) -> int:
        """How many days ahead a day lies."""
        return (day - self.today()) // timedelta(days=1)

    def tz(self, on: str = "") -> ZoneInfo:
        return zone(on or self.own)

    def written(self, day: date) -> str:
        """``9 Mar 2026``."""
        return str(format_date(day, "d MMM y", locale=self.locale))
