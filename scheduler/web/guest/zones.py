"""Time zones by the names that people call them.

Told by `tests/scheduler/web/guests/test_zones.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.dates import get_timezone_location, get_timezone_name

from scheduler.domain.errors import BadInput
from scheduler.domain.time import place, zone


@dataclass(frozen=True)
class Zones:
    """In one language."""

    locale: Locale

    def spoken(self, name: str) -> str:
        """``Central European Time``."""
        return str(get_timezone_name(zone(name), width="long", locale=self.locale))

    def city(self, name: str) -> str:
        """``Berlin``."""
        return str(get_timezone_location(zone(name), locale=self.locale, return_city=True))

    def all(self) -> tuple[tuple[str, str], ...]:
        """Every zone that somebody can be in, with what it is called, by that."""
        return _all(str(self.locale))


@lru_cache
def _all(locale: str) -> tuple[tuple[str, str], ...]:
    names = Zones(Locale.parse(locale))
    found = [(name, f"{names.city(name)} – {names.spoken(name)}") for name in _places()]
    return tuple(sorted(found, key=lambda pair: pair[1].casefold()))


@lru_cache
def _places() -> tuple[str, ...]:
    found = []
    for name in sorted(available_timezones()):
        try:
            place(name)
        except BadInput:
            continue
        if name.partition("/")[0] in _CONTINENTS and name.count("/") < 3:
            found.append(name)
    return (*found, "UTC")


_CONTINENTS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)
"""Other names of zones are old ones of these."""
