"""Time zones as Microsoft names them. Pure.

Graph gives and takes Windows names ("W. Europe Standard Time") and some IANA names, and calls a zone
that only one old desktop program knew ``tzone://Microsoft/Custom`` (dateTimeTimeZone and event
resources of Graph). A name that nobody knows is an error and never read as UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win

from connectors.errors import UnknownZone, Unreadable
from connectors.zones import named
from connectors.zones import zone as iana_zone

_UTC_NAMES = frozenset({"utc", "tzone://microsoft/utc", "etc/utc", "etc/gmt", "gmt"})
_WALL = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?")


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of a Windows or IANA name. Raises `UnknownZone`."""
    return ZoneInfo("UTC") if name.strip().casefold() in _UTC_NAMES else named(name)


def first_known(*names: str | None) -> ZoneInfo:
    """The first zone that somebody knows: of an event's start, else of its end.

    Raises `UnknownZone` for the first name given, because that is the one that should have worked.
    """
    given = [name for name in names if name]
    for name in given:
        try:
            return zone_of(name)
        except UnknownZone:
            continue
    raise UnknownZone(f"unknown time zone {given[0][:60]!r}" if given else "an event without a time zone")


def windows_name(iana: str) -> str | None:
    """The name under which Exchange knows that IANA zone; ``None`` where it has none."""
    return tz_win.get(iana)


def _wall(value: Mapping[str, Any] | None) -> tuple[datetime, str]:
    """Wall-clock time (naive, or aware where it carries an offset) and zone name of a dateTimeTimeZone."""
    text = value.get("dateTime") if isinstance(value, Mapping) else None
    match = _WALL.fullmatch(text) if isinstance(text, str) else None
    if value is None or match is None:
        raise Unreadable("an event whose time cannot be read")
    try:
        wall = datetime.fromisoformat(match.group(0))
    except ValueError:
        raise Unreadable("an event whose time cannot be read") from None
    name = value.get("timeZone")
    return wall, name if isinstance(name, str) else ""


def instant(value: Mapping[str, Any] | None, *, paired: str | None = None, last: bool = False) -> datetime:
    """A dateTimeTimeZone as an instant in UTC.

    ``paired`` is the zone of the other end of the event, used where this one is unknown. A wall
    clock that comes twice is read as the first, with ``last`` as the second moment, so that a block is
    never shorter than its owner means. Raises `UnknownZone`, `Unreadable`.
    """
    wall, name = _wall(value)
    if wall.tzinfo is not None:
        return wall.astimezone(UTC)
    return wall.replace(tzinfo=first_known(name, paired), fold=int(last)).astimezone(UTC)


def local_date(value: Mapping[str, Any] | None) -> date:
    """The date of an all-day boundary: Graph writes it as a midnight, whatever zone it names."""
    return _wall(value)[0].date()


def utc_stamp(moment: datetime) -> dict[str, str]:
    """An instant as Graph takes it, in UTC."""
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def local_stamp(moment: datetime, iana: str) -> dict[str, str] | None:
    """An instant as wall-clock time under Exchange's name of the zone, so that invitations read well.

    ``None`` where that would not be the same instant for sure: no Windows name, one whose rules differ
    from the zone's at that moment, or a wall clock that comes twice.
    """
    name = windows_name(iana)
    if name is None:
        return None
    wall = moment.astimezone(iana_zone(iana))
    if wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset():
        return None
    if wall.replace(tzinfo=zone_of(name), fold=0).utcoffset() != wall.utcoffset():
        return None
    return {"dateTime": wall.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": name}
