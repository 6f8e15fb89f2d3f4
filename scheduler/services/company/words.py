"""How single values are written in a company file: hours, windows, addresses, names, zones."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Hours
from scheduler.domain.templates import ClockWindow
from scheduler.domain.time import zone
from scheduler.services import public_holidays
from scheduler.services.company.faults import Said, nearest, quoted

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""One line without control characters (Unicode's categories Cc, Zl and Zp): it ends up in the heads of mails and
events."""
_LINE = re.compile(LINE)

_WEEK = 7 * 1440
"""Minutes."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_LINK = re.compile(r"https?://[^\s/?#<>\"\\]+(?:[/?#][^\s<>\"\\]*)?")
_RANGE = re.compile(r"(\d{1,2}):(\d\d) ?[-–] ?(\d{1,2}):(\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_YEARLY = re.compile(r"\d\d-\d\d")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,5}))?")


def text_of(value: Any, fix: str) -> str:
    """The text, or a refusal that says what to write instead."""
    if not isinstance(value, str):
        raise Said(f"{quoted(value)} is not a text", fix)
    return value.strip()


def id_of(value: str) -> str:
    """A short name without spaces that others refer to."""
    if not _ID.fullmatch(value):
        raise Said(
            f"{quoted(value)} is not an id", "use letters, digits, `-`, `_` and `.`, at most 64, no spaces"
        )
    return value


def line_of(value: str) -> str:
    """A name or title: one line with something in it."""
    if not value.strip():
        raise Said("is empty", "write something, or leave the field out")
    if not _LINE.fullmatch(value):
        raise Said("goes over several lines", "write it in one line")
    if len(value) > 200:
        raise Said(f"has {len(value)} characters", "use at most 200")
    return value.strip()


def line_if_any(value: str) -> str:
    """A line that may as well be left out; empty, as the API tells it then, is the same."""
    return line_of(value) if value.strip() else ""


def email_of(value: str) -> str:
    """One plain address: no display name, no list, no brackets."""
    bad = not _EMAIL.fullmatch(value) or ".." in value or value[0] == "." or ".@" in value
    if bad or len(value) > 254:
        raise Said(f"{quoted(value)} is not one plain e-mail address", "write it as anna@example.com")
    return value


def link_of(value: str) -> str:
    """A web address, complete."""
    if not _LINK.fullmatch(value) or len(value) > 2000:
        raise Said(f"{quoted(value)} is not a web address", "write it as https://example.com/page")
    return value


def zone_of(value: str) -> str:
    """The name of an IANA time zone."""
    try:
        zone(value)
    except BadInput as error:
        near = nearest(value, available_timezones())
        raise Said(error.fault, near if "mean" in near else error.fix) from None
    return value


def country_of(value: str) -> str:
    """An ISO 3166 code whose public holidays are known, optionally with a subdivision."""
    found = _COUNTRY.fullmatch(value)
    known = public_holidays.countries()
    if not found or found[1] not in known:
        raise Said(f"{quoted(value)} is not a country code", "use an ISO 3166 code such as DE or DE-BE")
    if found[2] and found[2] not in known[found[1]]:
        parts = ", ".join(known[found[1]]) or "none"
        raise Said(f"{found[1]} has no subdivision {found[2]!r}", f"known: {parts}")
    return value


def day_of(value: Any) -> str:
    """``2026-12-24``, or ``12-24`` for the day in every year."""
    if isinstance(value, date) and not isinstance(value, datetime):  # TOML has dates of its own
        return value.isoformat()
    fix = "write it as 2026-12-24, or as 12-24 for every year"
    text = text_of(value, fix)
    try:
        if _YEARLY.fullmatch(text):
            date.fromisoformat(f"2024-{text}")  # a year with every day
        elif not _DATE.fullmatch(text):
            raise ValueError
        else:
            date.fromisoformat(text)
    except ValueError:
        raise Said(f"{quoted(text)} is not a date", fix) from None
    return text


def holiday_of(value: Any) -> str:
    """A day as in `day_of`, or a holiday by its name."""
    if isinstance(value, str) and not re.match(r"\s*\d", value):
        return line_of(value)
    return day_of(value)


def clock_of(value: Any) -> time:
    """``12:30``: a time of day."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    text = text_of(value, "write it as 12:30")
    found = re.fullmatch(r"(\d{1,2}):(\d\d)(?::00)?", text)
    if not found:
        raise Said(f"{quoted(text)} is not a time of day", "write it as 12:30")
    return _clock(found[1], found[2], text)


def _clock(hour: str, minute: str, whole: str) -> time:
    if int(hour) > 23 or int(minute) > 59:
        fix = "midnight is 00:00" if int(hour) == 24 else "hours go to 23, minutes to 59"
        raise Said(f"{hour}:{minute} in {whole!r} is not a time of day", fix)
    return time(int(hour), int(minute))


def _clocks(text: str, whole: str, example: str) -> tuple[time, time]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise Said(f"{quoted(whole)} is not understood", f"write it as {example}")
    return _clock(found[1], found[2], whole), _clock(found[3], found[4], whole)


def _range(text: str, whole: str, example: str) -> tuple[time, time]:
    start, end = _clocks(text, whole, example)
    if end <= start:
        fix = "write the earlier time first" if end < start else "give two different times"
        raise Said(
            f"{quoted(whole)} ends before it starts" if end < start else f"{quoted(whole)} is empty", fix
        )
    return start, end


def window_of(value: Any) -> ClockWindow:
    """``11:30-14:00``: a part of every day."""
    text = text_of(value, "write it as 11:30-14:00")
    return ClockWindow(*_range(text, text, "11:30-14:00"))


def window_text(value: ClockWindow) -> str:
    """A window as `window_of` reads it."""
    return f"{value.start:%H:%M}-{value.end:%H:%M}"


def lunch_of(value: Any) -> tuple[time, time] | bool:
    """``12:00-12:45``, or ``false`` for somebody who keeps no such break."""
    if value is False:
        return False
    text = text_of(value, "write it as 12:00-12:45, or `false` for none")
    return _range(text, text, "12:00-12:45")


def hours_of(value: Any) -> tuple[Hours, ...]:
    """``mon-fri 09:00-17:30`` or ``tue,thu 22:00-06:00``: one stretch that begins on each of these days."""
    example = "mon-fri 09:00-17:30"
    text = text_of(value, f"write it as {example}")
    days, _, clock = text.replace("–", "-").partition(" ")
    start, end = _clocks(clock.strip(), text, example)
    if start == end:
        raise Said(f"{quoted(text)} is empty", "give two different times")
    return tuple(Hours(day, start, end) for day in _weekdays(days, text))


def _weekdays(text: str, whole: str) -> list[int]:
    found: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        ends = [first, last] if dash else [first]
        for word in ends:
            if word not in DAYS:
                raise Said(f"{word!r} in {whole!r} is not a weekday", "use " + ", ".join(DAYS))
        low, high = DAYS.index(ends[0]), DAYS.index(ends[-1])
        if high < low:
            raise Said(
                f"{part!r} in {whole!r} runs backwards", "write the days of two weeks apart, e.g. sat,sun,mon"
            )
        found += range(low, high + 1)
    if len(set(found)) < len(found):
        raise Said(f"{whole!r} names a day twice", "name every day once")
    return sorted(found)


def together(lines: list[tuple[Hours, ...]]) -> tuple[Hours, ...]:
    """All stretches of a week in order; none may overlap another."""
    week = sorted((h for line in lines for h in line), key=lambda h: (h.weekday, h.start))
    for before, after in pairwise([*week, *week[:1]] if len(week) > 1 else week):
        begins = _minute(after.weekday - before.weekday, after.start)
        if begins + _WEEK * (after is week[0]) < _minute(before.end <= before.start, before.end):
            shown = f"{DAYS[after.weekday]} {after.start:%H:%M}-{after.end:%H:%M}"
            raise Said(
                f"{shown} overlaps {before.start:%H:%M}-{before.end:%H:%M}", "let every minute appear once"
            )
    return tuple(week)


def _minute(day: int, clock: time) -> int:
    return 1440 * day + 60 * clock.hour + clock.minute


def pause_of(value: Any) -> str:
    """``2026-12-24``, or ``2026-07-01/2026-07-14`` with both ends."""
    text = day_of(value) if isinstance(value, date) else text_of(value, "write it as 2026-07-01/2026-07-14")
    ends = [part.strip() for part in text.split("/")]
    if len(ends) > 2 or not all(map(_DATE.fullmatch, ends)):
        raise Said(f"{quoted(text)} is no pause", "write it as 2026-12-24, or as 2026-07-01/2026-07-14")
    first, last = day_of(ends[0]), day_of(ends[-1])
    if last < first:
        raise Said(f"{quoted(text)} ends before it begins", "swap its ends")
    return first if len(ends) == 1 else f"{first}/{last}"


def as_list(value: Any) -> Any:
    """One value where a list may stand."""
    return value if isinstance(value, list) or value is None else [value]
