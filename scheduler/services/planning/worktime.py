"""Who works when: weekly wall-clock hours, holidays and half days as instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.fixes import saying
from scheduler.domain.fixes.saying import Said, said
from scheduler.domain.people import Hours, Person, Site
from scheduler.domain.templates import ClockWindow
from scheduler.domain.time import Span, at, day_span, days_of, merged, zone
from scheduler.services import public_holidays as public

_SHOWN = 5
_DAY = timedelta(days=1)
_MIDNIGHT = frozenset({time.min, time(23, 59)})
"""Ends of a stretch that stand for the end of the day."""


def closes(site: Site, day: date) -> time | None:
    """When the site closes on a day that is no ordinary one: at midnight (``time.min``) where it is closed
    all day, at some hour on a half day. ``None``: it is an ordinary day.

    What the company says itself counts more than its country's calendar.
    """
    own = site.closing
    if day in site.holidays or public.named(own.yearly, day):
        return time.min
    if public.named(own.half_days, day):
        return own.until
    if public.named(own.leave_out, day):
        return None
    found = _public(site, day)
    if found is None or {public.bare(n) for n in found.names} <= {public.bare(t) for t in own.leave_out}:
        return None
    return own.until if found.since is None else found.since


def closed(site: Site, day: date) -> bool:
    """Whether the site is closed all day: a holiday of the company or of its country."""
    return closes(site, day) == time.min


def why_closed(site: Site, day: date) -> str:
    """What the day is called in its country's calendar; empty for one of the company's own."""
    found = _public(site, day)
    return " / ".join(found.names) if found else ""


def closing_words(site: Site, spans: Iterable[Span]) -> str:
    """Which of the days that these spans touch are no ordinary ones, in words; empty where all are."""
    tz = zone(site.zone)
    found: list[str] = []
    for day in sorted({day for span in spans for day in days_of(span, tz)}):
        ends, name = closes(site, day), why_closed(site, day)
        if ends is not None:
            until = "" if ends == time.min else f" from {ends:%H:%M}"
            found.append(f"{day:%A %d %B %Y}{until}" + (f" ({name})" if name else ""))
    shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    return f"{site.name} is closed on {shown}" if found else ""


def closed_days(site: Site, spans: Iterable[Span]) -> list[Said]:
    """The same as data, one for each day."""
    tz, found = zone(site.zone), list[Said]()
    for day in sorted({day for span in spans for day in days_of(span, tz)}):
        ends = closes(site, day)
        if ends is not None:
            name = why_closed(site, day)
            told = f" ({name})" if name else ""
            code = "day" if ends == time.min else "from"
            found.append(
                said(f"closed_{code}", site=site.name, day=saying.day(day), hour=f"{ends:%H:%M}", name=told)
            )
    return found[:_SHOWN]


def _public(site: Site, day: date) -> public.Holiday | None:
    if not site.country:
        return None
    return public.days(*public.parts_of(site), site.closing.categories, day.year).get(day)


def hours(
    weekly: Sequence[Hours], tz: ZoneInfo, span: Span, closing: Mapping[date, time] | None = None
) -> list[Span]:
    """Weekly wall-clock hours as merged spans inside ``span``; days in ``closing`` end at that hour.

    On a day over a clock change the wall clock rules: 09:00–17:00 is the same stretch of the day. What goes
    on over midnight belongs to both days, each with its own closing; 23:59 is the end of the day.
    """
    found: list[Span] = []
    for day in days_of(span, tz):
        ends, evening = (closing or {}).get(day), at(day + _DAY, time.min, tz)
        for start, end in _stretches(weekly, day):
            until = evening if end in _MIDNIGHT else at(day, end, tz)
            until = until if ends is None else min(until, at(day, ends, tz))
            if at(day, start, tz) < until:
                found.extend(_clipped(at(day, start, tz), until, span))
    return merged(found)


def _stretches(weekly: Sequence[Hours], day: date) -> list[tuple[time, time]]:
    """The parts of a day that the hours name, with the end of what began on the day before."""
    over = [h for h in weekly if h.end <= h.start]
    today = [(h.start, time.min if h in over else h.end) for h in weekly if h.weekday == day.weekday()]
    yesterday = (day - _DAY).weekday()
    return today + [(time.min, h.end) for h in over if h.weekday == yesterday and h.end > time.min]


def working(person: Person, site: Site | None, span: Span) -> list[Span]:
    """When somebody works inside ``span``; their site's holidays and half days are theirs, and what they pause is not
    worked."""
    tz = zone(person.zone)
    closing = _closing(site, span, tz) if site is not None else {}
    paused = {day: time.min for day in days_of(span, tz) if person.pauses_on(day)} if person.pauses else {}
    return hours(person.hours, tz, span, {**closing, **paused})


def open_hours(site: Site, span: Span) -> list[Span]:
    """The business hours of a site inside ``span``."""
    tz = zone(site.zone)
    return hours(site.hours, tz, span, _closing(site, span, tz))


def open_days(site: Site, span: Span) -> list[Span]:
    """The days that ``span`` touches, without those on which the site is closed, half days until it closes."""
    tz = zone(site.zone)
    found: list[Span] = []
    for day in days_of(span, tz):
        ends, whole = closes(site, day), day_span(day, tz)
        end = whole.end if ends is None else at(day, ends, tz)
        if ends != time.min and whole.start < end:
            found.append(Span(whole.start, end))
    return merged(found)


def _closing(site: Site, span: Span, tz: ZoneInfo) -> dict[date, time]:
    ends = {day: closes(site, day) for day in days_of(span, tz)}
    return {day: end for day, end in ends.items() if end is not None}


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
