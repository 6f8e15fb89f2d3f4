"""What is right in a company file and yet probably not meant: countries whose holidays say too little.

A note refuses nothing. What counts as little is asked of the library of holidays, for the working days
of the years that are planned for next, and is no list of countries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from scheduler.domain.people import Site
from scheduler.services import public_holidays as public

_AHEAD = 3
"""Years that are looked at, this one among them: loops are planned at most one ahead."""
_FEW = 7
"""Working days a year: no country with fewer closes its offices on these alone."""
_CLOSING = ("de_facto", public.HALF)
"""Kinds of holidays on which offices are closed, at least in part, wherever they are known."""
_OFFICIAL = ("bank", "government", "optional")
"""Kinds on which many are, where the public holidays are few."""
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Note:
    """A field of the company file, what it leaves out, and what to write instead. ``open``: days that
    nobody knows of will be planned as working days."""

    field: str
    text: str
    fix: str
    open: bool = False

    def __str__(self) -> str:
        return f"{self.field}: {self.text}; {self.fix}"


def holiday_notes(sites: Sequence[Site], today: date) -> Iterator[Note]:
    """Sites whose country closes fewer days than people there expect, or none that are known."""
    for n, site in enumerate(sites):
        if site.country:
            yield from _notes(f"sites[{n}].country", site, range(today.year, today.year + _AHEAD))


def _notes(field: str, site: Site, years: range) -> Iterator[Note]:
    country, parts = public.parts_of(site)
    kinds = site.closing.categories
    unknown = [y for y in years if not public.days(country, parts, kinds, y) and not _own(site, y)]
    if unknown:
        yield _end_of_data(field, country, years, unknown)
    base = _working(site, parts, kinds, years)
    if not base:
        return
    without_part = _part_left_out(field, site, base, years)
    if without_part is not None:
        yield without_part
    elif not kinds:
        yield from _kinds_left_out(field, site, base, years)


def _end_of_data(field: str, country: str, years: range, unknown: list[int]) -> Note:
    known = [y for y in years if y not in unknown]
    text = (
        f"public holidays of {country} are known for {known[-1]}, not for {', '.join(map(str, unknown))}"
        if known
        else f"no public holidays of {country} are known for {years[0]} to {years[-1]}"
    )
    return Note(field, text, "write the closed days out: `holidays: {add: [2026-01-01, …]}`", open=True)


def _part_left_out(field: str, site: Site, base: frozenset[date], years: range) -> Note | None:
    """A country without a part, every part of which keeps more days than are kept everywhere."""
    country, parts = public.parts_of(site)
    known = public.countries()[country]
    if parts or not known:
        return None
    kinds = site.closing.categories
    more = [len(_working(site, frozenset({part}), kinds, years) - base) for part in known]
    if not min(more):
        return None
    text = (
        f"{country} alone closes {_a_year(len(base), years)} working days a year, what all of it keeps; "
        f"each of its parts closes up to {_a_year(max(more), years)} more"
    )
    shown = ", ".join(f"{country}-{part}" for part in known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    return Note(field, text, f"name the part: {shown}")


def _kinds_left_out(field: str, site: Site, base: frozenset[date], years: range) -> Iterator[Note]:
    """Kinds of holidays that nobody asked for, on which offices are closed nevertheless."""
    country, parts = public.parts_of(site)
    few = len(base) < _FEW * len(years)
    more_of = {
        kind: _working(site, parts, frozenset({kind}), years) - base
        for kind in public.categories(country)
        if kind in _CLOSING or (few and kind in _OFFICIAL)
    }
    closing = {kind for kind in _CLOSING if more_of.get(kind)}
    for kind, more in more_of.items():
        if not more or (closing and kind not in closing):
            continue
        names = _names(country, parts, kind, more)
        text = f"{site.country} without the category {kind} leaves out {_a_year(len(more), years)} working days a year ({names})"
        yield Note(field, text, f"to close on them say `holidays: {{categories: [public, {kind}]}}`")


def _names(country: str, parts: frozenset[str], kind: str, days: frozenset[date]) -> str:
    found = [
        " / ".join(public.days(country, parts, frozenset({kind}), d.year)[d].names) for d in sorted(days)
    ]
    names = list(dict.fromkeys(found))
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _working(site: Site, parts: frozenset[str], kinds: frozenset[str], years: range) -> frozenset[date]:
    """The holidays that fall on days on which the site is open otherwise."""
    country, _ = public.parts_of(site)
    week = {h.weekday for h in site.hours}
    found = (day for year in years for day in public.days(country, parts, kinds, year))
    return frozenset(day for day in found if day.weekday() in week)


def _own(site: Site, year: int) -> bool:
    """Whether the company wrote days of that year down itself."""
    return bool(site.closing.yearly) or any(day.year == year for day in site.holidays)


def _a_year(days: int, years: range) -> str:
    return f"{days / len(years):.1f}".removesuffix(".0")
