"""Public holidays of countries, their parts and kinds, from the library ``holidays``.

Told by `tests/scheduler/services/test_holidays.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import holidays as library

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Site

HALF = "half_day"
"""The category whose days are half ones, also where their names do not say from when."""
OPEN = frozenset({"workday", "school", "unofficial"})
"""Categories whose days close no company."""
_SOME_YEARS = range(2022, 2030)
ENGLISH = "en_US"
_BEHIND = re.compile(r"\s*\([^()]*\)$")
_FROM = re.compile(r"\((?:from (\d{1,2})(?::(\d\d))? ?(am|pm)|(afternoon))\)", re.IGNORECASE)
"""How the library's English names say that a day is a holiday in part only: ``Christmas Eve (from 2pm)``."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A holiday by its names. ``since``: from when; midnight is all day, ``None`` a half day without an hour."""

    names: tuple[str, ...]
    since: time | None


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """The ISO 3166 codes that are known, with their subdivisions."""
    return {code: tuple(parts) for code, parts in library.list_supported_countries().items()}


def categories(country: str) -> tuple[str, ...]:
    """The kinds of holidays that are known of a country, ``public`` among them."""
    found = getattr(library, country).supported_categories
    return tuple(c for c in found if c not in OPEN)


@lru_cache(maxsize=1024)
def days(
    country: str, subdivisions: frozenset[str], kinds: frozenset[str], year: int
) -> Mapping[date, Holiday]:
    """The days of these kinds in a year, in any of the parts; no part: those that all of them keep.

    No kinds are the public holidays. A year that the library knows nothing of has no days.
    """
    told: dict[date, list[tuple[str, time | None]]] = {}
    parts: list[str | None] = [*sorted(subdivisions)] or [None]
    for part in parts:
        for kind in sorted(kinds) or ["public"]:
            for day, name in _told(country, part, kind, year):
                told.setdefault(day, []).append((name, _since(name, kind)))
    found = {}
    for day, entries in sorted(told.items()):
        since = [s for _, s in entries if s is not None]
        found[day] = Holiday(tuple(dict.fromkeys(n for n, _ in entries)), min(since, default=None))
    return MappingProxyType(found)


def _told(country: str, part: str | None, kind: str, year: int) -> list[tuple[date, str]]:
    english = ENGLISH in getattr(library, country, library.HolidayBase).supported_languages
    wanted: dict[str, Any] = {"language": ENGLISH} if english else {}
    try:
        found = library.country_holidays(country, subdiv=part, years=year, categories=(kind,), **wanted)
    except (NotImplementedError, ValueError):  # checked when the company was loaded, by another release of it
        place = f"{country}-{part}" if part else country
        raise BadInput(
            "country", f"no {kind} holidays are known of {place!r}", "load the company file"
        ) from None
    return [(day, name) for day in found for name in found.get_list(day)]


def _since(name: str, kind: str) -> time | None:
    match = _FROM.search(name)
    if match is None:
        return None if kind == HALF else time.min
    if match[4]:
        return time(12)
    return time(int(match[1]) % 12 + (12 if match[3].lower() == "pm" else 0), int(match[2] or 0))


def parts_of(site: Site) -> tuple[str, frozenset[str]]:
    """The country of a site, and the parts of it whose holidays it keeps."""
    country, _, part = site.country.partition("-")
    return country, site.closing.subdivisions | ({part} if part else set())


def names(site: Site) -> set[str]:
    """What the holidays of a site are called, over some years: not every one comes every year."""
    kinds = site.closing.categories
    told = (days(*parts_of(site), kinds, year).values() for year in _SOME_YEARS)
    return {_BEHIND.sub("", name).strip() for of_year in told for day in of_year for name in day.names}


def named(texts: Collection[str], day: date) -> bool:
    """Whether a day is among days written as ``2026-12-24`` or, for every year, ``12-24``."""
    return bool(texts) and (day.isoformat() in texts or f"{day:%m-%d}" in texts)


def bare(name: str) -> str:
    """What a holiday is called in every year, to compare: no ``(observed)`` behind it, no capitals."""
    return _BEHIND.sub("", name).strip().casefold()
