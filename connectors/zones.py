"""Names of time zones and local dates of a calendar. A zone nobody knows is an error, never UTC.

Names are IANA's, or Microsoft's ("W. Europe Standard Time") as CLDR has them, from tzlocal.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from connectors.errors import UnknownZone

_SECOND = timedelta(seconds=1)


def _of_no_place(name: str) -> bool:
    """Whether a name stands for rules of the machine and of no place: they differ from machine to machine, and
    those under ``right`` count leap seconds."""
    return name in ("localtime", "Factory", "posixrules") or name.startswith(("right/", "posix/"))


_known: dict[str, ZoneInfo] = {}
"""One object for each zone, also when threads ask for it at once: of two first calls `zoneinfo` and `lru_cache`
may answer two objects, and Python subtracts wall clocks where the zone is one object, instants where it is not."""


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises `UnknownZone`."""
    if name in _known:
        return _known[name]
    try:
        if name and not _of_no_place(name):
            return _known.setdefault(name, ZoneInfo(name))
    except (KeyError, OSError, ValueError):  # unknown, a folder, or not even a name
        pass
    raise UnknownZone(f"unknown time zone {name[:60]!r}; an IANA name such as Europe/Berlin is needed")


@cache
def _names() -> dict[str, str]:
    """Every name that is known, case-folded, with the IANA name of its zone."""
    iana = {n.casefold(): n for n in zoneinfo.available_timezones() if not _of_no_place(n)}
    return iana | {name.casefold(): place for name, place in win_tz.items()}


@lru_cache(maxsize=1024)
def named(name: str) -> ZoneInfo:
    """The zone of an IANA or Windows name in any case, as other programs write them. Raises `UnknownZone`."""
    return zone(_names().get(name.strip().casefold(), name.strip()))


def first_instant(day: date, tz: tzinfo) -> datetime:
    """When that local day begins, in UTC.

    Where the clocks skip midnight the day begins at the moment they jump; where midnight comes
    twice, at the first one. So a day has 23 to 25 hours, or what its zone makes of it.
    """
    midnight = datetime.combine(day, time(), tz)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    # Midnight lies in a gap. Read with the offset before the jump (fold 0) it is at or after the
    # jump, read with the one after it (fold 1) it is before: the jump is between the two.
    before, after = midnight.replace(fold=1).astimezone(UTC), instant
    offset = after.astimezone(tz).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // (2 * _SECOND))
        if middle.astimezone(tz).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def day_span(first: date, last: date, tz: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants ``[start, end)`` of the local days ``first`` up to, not including, ``last``."""
    return first_instant(first, tz), first_instant(last, tz)
