"""Who works when: weekly wall-clock hours and holidays as instants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Hours, Person, Site
from scheduler.domain.templates import ClockWindow
from scheduler.domain.time import Span, at, days_of, merged, zone


@lru_cache(maxsize=256)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    code, _, subdivision = country.partition("-")
    try:
        return frozenset(public.country_holidays(code, subdiv=subdivision or None, years=year))
    except (NotImplementedError, KeyError):
        raise BadInput(
            "country", f"no public holidays are known for {country!r}", "use an ISO code such as DE or DE-BE"
        ) from None


def closed(site: Site, day: date) -> bool:
    """Whether the site is closed all day: a holiday of the company or of its country."""
    return day in site.holidays or (bool(site.country) and day in _public_holidays(site.country, day.year))


def hours(
    weekly: Sequence[Hours], tz: ZoneInfo, span: Span, closed_days: Collection[date] = ()
) -> list[Span]:
    """Weekly wall-clock hours as merged spans inside ``span``, holidays left out.

    On a day over a clock change the wall clock rules: 09:00–17:00 is the same stretch of the day.
    """
    found: list[Span] = []
    for day in days_of(span, tz):
        if day in closed_days:
            continue
        for stretch in weekly:
            if stretch.weekday == day.weekday():
                found.extend(_clipped(at(day, stretch.start, tz), at(day, stretch.end, tz), span))
    return merged(found)


def working(person: Person, site: Site | None, span: Span) -> list[Span]:
    """When somebody works inside ``span``; their site's holidays are theirs."""
    tz = zone(person.zone)
    days = [d for d in days_of(span, tz) if site is not None and closed(site, d)]
    return hours(person.hours, tz, span, frozenset(days))


def open_hours(site: Site, span: Span) -> list[Span]:
    """The business hours of a site inside ``span``."""
    tz = zone(site.zone)
    return hours(site.hours, tz, span, frozenset(d for d in days_of(span, tz) if closed(site, d)))


def clock_windows(windows: Iterable[ClockWindow], tz: ZoneInfo, span: Span) -> list[Span]:
    """The same wall-clock windows on every day that ``span`` touches, merged and clipped to it."""
    wanted = list(windows)
    found: list[Span] = []
    for day in days_of(span, tz):
        for window in wanted:
            found.extend(_clipped(at(day, window.start, tz), at(day, window.end, tz), span))
    return merged(found)


def _clipped(start: datetime, end: datetime, span: Span) -> list[Span]:
    start, end = max(start, span.start), min(end, span.end)
    return [Span(start, end)] if start < end else []
