"""When a candidate can, as people write it in a mail: one line a day, ``Mon 30 Nov 9:00-17:00``, in English or German.

Nothing is guessed and nothing is left out: a line of which a word is not understood is refused, since the word may be
*not*.

Told by `tests/scheduler/web/planning/test_written.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale

from scheduler.web.frame.words import LANGUAGES, N_, Words

_MORE_MONTHS = {"mrz": 3, "sept": 9}
"""Short forms that are no beginning of a month's name, or not of its every spelling."""
_FILLERS = frozenset(
    [
        "on",
        "from",
        "between",
        "and",
        "or",
        "the",
        "at",
        "of",
        "also",
        "o'clock",
        "uhr",
        "am",
        "von",
        "zwischen",
        "und",
        "oder",
        "der",
        "den",
        "dem",
        "um",
    ]
)
_HOUR = r"\d{1,2}(?:[:.h]\d{2})?(?:\s*(?:[ap]\.?m\.?\b\.?|uhr\b|h\b))?"
_RANGE = re.compile(
    rf"(?<![\d:.])({_HOUR})\s*(?:-|–|—|to|until|till|bis)\s*({_HOUR})(?![\d:])", re.IGNORECASE
)
_BETWEEN = re.compile(rf"\b(?:between|zwischen)\s+({_HOUR})\s+(?:and|und)\s+({_HOUR})", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_NOON, _DAY = 12, 24

Window = tuple[str, str]


class _Fault(Exception):
    def __init__(self, text: str, **values: str) -> None:
        super().__init__(text)
        self.text, self.values = text, values


@dataclass(frozen=True, slots=True)
class Written:
    """``windows`` as texts without an offset, ``lines`` where each of them stands (from 1), ``faults`` in words."""

    windows: tuple[Window, ...]
    lines: tuple[int, ...]
    faults: tuple[str, ...]


def read(text: str, today: date, words: Words) -> Written:
    """The windows of a text. A date without a year is the one nearest to ``today``."""
    windows: list[Window] = []
    lines: list[int] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip(" \t>*•-–—\xa0"):
            continue
        try:
            found = list(_of_line(line.lstrip(" \t>*•\xa0"), today))
        except _Fault as fault:
            said = words(fault.text, **fault.values)
            faults.append(words(N_("Line %(number)s: %(fault)s"), number=number, fault=said))
            continue
        windows += found
        lines += [number] * len(found)
    return Written(tuple(windows), tuple(lines), tuple(faults))


def _of_line(line: str, today: date) -> Iterator[Window]:
    day, rest = _day(line, today)
    rest = _BETWEEN.sub(r"\1-\2", rest)
    ranges = _RANGE.findall(rest)
    _understood(_RANGE.sub(" ", rest), day)
    if not ranges:
        raise _Fault(N_("no hours; write them as 9:00-17:00"))
    for first, last in ranges:
        yield _window(day, first, last)


def _day(line: str, today: date) -> tuple[date, str]:
    """The date of a line, and the line without it."""
    for pattern in _dates():
        found = pattern.search(line)
        if found is not None:
            return _date(found.groupdict(), today), f"{line[: found.start()]} , {line[found.end() :]}"
    raise _Fault(N_("no date; write it as Mon 30 Nov, 30.11. or 2026-11-30"))


def _date(parts: Mapping[str, str | None], today: date) -> date:
    named = (parts.get("month") or "").casefold()
    month = int(parts["number"] or 0) if parts.get("number") else months()[named]
    day, year = int(parts["day"] or 0), parts.get("year")
    years = [int(year)] if year else [today.year - 1, today.year, today.year + 1]
    found = []
    for one in years:
        try:
            found.append(date(one + 2000 if one < 100 else one, month, day))
        except ValueError:
            continue
    if not found:
        raise _Fault(N_("there is no such date"))
    return min(found, key=lambda d: abs(d - today))


def _window(day: date, first: str, last: str) -> Window:
    (hour, minute, half), (end_hour, end_minute, end_half) = _clock(first), _clock(last)
    if not half and end_half:  # 2-5 pm; 9-5 pm
        half = end_half if (hour % _NOON, minute) < (end_hour % _NOON, end_minute) else "a"
    start, end = _hours(hour, half) * 60 + minute, _hours(end_hour, end_half) * 60 + end_minute
    if max(start, end) > _DAY * 60 or max(minute, end_minute) > 59:
        raise _Fault(N_("“%(hours)s” is no time of day"), hours=f"{first}-{last}")
    if end <= start:
        raise _Fault(N_("“%(hours)s” ends before it starts; write it as 9:00-17:00"), hours=f"{first}-{last}")
    return _wall(day, start), _wall(day, end)


def _clock(text: str) -> tuple[int, int, str]:
    found = _CLOCK.match(text)
    assert found is not None  # the range was found by the same shape
    return int(found[1]), int(found[2] or 0), (found[3] or "").lower()


def _hours(hour: int, half: str) -> int:
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        raise _Fault(N_("“%(hours)s” is no time of day"), hours=f"{hour} {half}m")
    return hour % _NOON + (_NOON if half == "p" else 0)


def _wall(day: date, minutes: int) -> str:
    """Midnight at the end of a day is the next day's beginning."""
    days, rest = divmod(minutes, _DAY * 60)
    return f"{day + timedelta(days=days)}T{rest // 60:02}:{rest % 60:02}"


def _understood(rest: str, day: date) -> None:
    """Every word that is left is one that says nothing, or the date's own day of the week."""
    for word in _WORD.findall(rest):
        name = word.casefold()
        if name in _FILLERS:
            continue
        weekday = weekdays().get(name)
        if weekday is None:
            fault = N_("“%(word)s” is not understood; leave it out, or write the hours as 9:00-17:00")
            raise _Fault(fault, word=word)
        if weekday != day.weekday():
            raise _Fault(N_("%(day)s is not a %(word)s"), day=day.isoformat(), word=word)


@lru_cache
def weekdays() -> Mapping[str, int]:
    """The days of the week and their short forms in every language; Monday is 0."""
    return dict(_short("days", least=2))


@lru_cache
def months() -> Mapping[str, int]:
    """The months and their short forms in every language; January is 1."""
    return {**dict(_short("months", least=3)), **_MORE_MONTHS}


def _short(kind: str, least: int) -> Iterator[tuple[str, int]]:
    """Every name and each beginning of it that is no other's."""
    names: dict[str, int] = {}
    for locale in LANGUAGES.values():
        found: Mapping[int, str] = getattr(Locale.parse(locale), kind)["format"]["wide"]
        names |= {name.casefold(): number for number, name in found.items()}
    for name, number in names.items():
        for length in range(least, len(name) + 1):
            short = name[:length]
            if {n for other, n in names.items() if other.startswith(short)} == {number}:
                yield short, number


@lru_cache
def _dates() -> tuple[re.Pattern[str], ...]:
    month = "|".join(sorted(map(re.escape, months()), key=len, reverse=True))
    day, year = r"(?<![\d.:])(?P<day>\d{1,2})", r"(?P<year>20\d\d)\b(?!\s*[-–:.h]\s*\d)"
    shapes = (
        r"(?<!\d)(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})(?!\d)",
        rf"{day}(?:\.|st\b|nd\b|rd\b|th\b)?\s*(?:of\s+)?(?P<month>{month})\b\.?(?:,?\s+{year})?",
        rf"\b(?P<month>{month})\b\.?\s+{day}(?:st|nd|rd|th)?\b(?![:.h]\d|\s*[-–])(?:,?\s+{year})?",
        rf"{day}\.\s?(?P<number>\d{{1,2}})\.(?:\s?(?P<year>20\d\d|\d\d(?=[\s,]))(?!\s*[-–:.h]\s*\d))?",
    )
    return tuple(re.compile(shape, re.IGNORECASE) for shape in shapes)
