"""Zone names of a calendar file → zones: places, the file's own and well-known names; never a guess."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, timedelta, timezone, tzinfo

from connectors.errors import UnknownZone
from connectors.local.recurrence import vtimezone
from connectors.local.text import Component, Parsed, unescaped
from connectors.zones import named as known

_OFFSET = re.compile(r"utc([+-])(\d\d):?([0-5]\d)")


def named(name: str) -> tzinfo | None:
    """The zone of an IANA or Windows name, with or without a vendor's prefix
    (``/mozilla.org/20070129_1/Europe/Berlin``), or of an offset (``UTC+02:00``); ``None`` for a name
    nobody knows."""
    text = _clean(name)
    if text.casefold() in ("utc", "z"):
        return UTC
    offset = _OFFSET.fullmatch(text.casefold())
    if offset and int(offset[2]) <= 14:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-span if offset[1] == "-" else span)
    parts = text.split("/")
    for begin in range(len(parts)):
        if (zone := _known("/".join(parts[begin:]))) is not None:
            return zone
    return None


def place(name: str) -> tzinfo | None:
    """The zone of a place's full IANA name (``Europe/Berlin``), with or without a vendor's prefix: no
    abbreviation, no offset, no name of a vendor's own."""
    parts = _clean(name).split("/")
    for begin in range(len(parts) - 1):
        if parts[begin].casefold() != "etc" and (zone := _known("/".join(parts[begin:]))) is not None:
            return zone
    return None


def _known(name: str) -> tzinfo | None:
    try:
        return known(name)
    except UnknownZone:
        return None


def _clean(name: str) -> str:
    """A TZID without the quotes of a parameter and the escapes of a TEXT property (RFC 5545 sections
    3.2.19 and 3.8.3.1): libraries write it with either, whichever a display name needs."""
    return unescaped(name.strip().strip('"')).strip()


class Zones:
    """The zones of one VCALENDAR: its own (for floating times and whole days) and those its events name.

    Safe for several threads: what is remembered never changes, and working it out twice gives the same.
    """

    def __init__(self, calendar: Component, file: FileZones, name: str) -> None:
        """``name``: of its own zone, empty where nobody says."""
        self._calendar = calendar
        self._file = file
        self._name = name
        self._found: dict[str, tzinfo] = {}

    def own(self) -> tzinfo:
        """The calendar's zone. Raises `UnknownZone` where neither the file nor the settings name one."""
        if not self._name:
            raise UnknownZone("the calendar names no time zone; add X-WR-TIMEZONE:Area/City to it")
        return self.of(self._name)

    def home(self) -> tzinfo | None:
        """The calendar's zone, or ``None`` where nobody names one that is known."""
        try:
            return self.own()
        except UnknownZone:
            return None

    def of(self, name: str) -> tzinfo:
        """The zone of a TZID. Raises `UnknownZone`.

        What the calendar defines under that name counts (RFC 5545 section 3.2.19), also where the name
        is a well-known abbreviation; only the full name of a place counts more, because its rules are
        kept up to date.
        """
        found = self._found.get(name)
        if found is None:
            found = place(name) or self._otherwise(name)
            if found is None:
                raise UnknownZone(
                    f"nobody knows the time zone {name[:80]!r}; use an IANA name like Europe/Berlin"
                )
            self._found[name] = found
        return found

    def _otherwise(self, name: str) -> tzinfo | None:
        if (own := self._file.defined(self._calendar, name)) is not None:
            return _built(own)
        if (zone := named(name)) is not None:
            return zone
        elsewhere = [
            found for c in self._file.calendars if (found := self._file.defined(c, name)) is not None
        ]
        return _built(elsewhere[0]) if len(elsewhere) == 1 else None


class FileZones:
    """The zones of a file, calendar by calendar: each has its own."""

    def __init__(self, parsed: Parsed, fallback: str | None) -> None:
        """``fallback``: the zone of calendars that name none; without it they follow the others."""
        self.calendars = parsed.calendars
        self._defined: dict[int, dict[str, Component]] = defaultdict(dict)
        for calendar in parsed.calendars:
            for child in parsed.timezones(calendar):
                name = _clean(child.value("TZID")).casefold()
                self._defined[calendar.start].setdefault(name, child)
        usual = fallback or _own(parsed.calendars)
        self._zones = {c.start: Zones(c, self, _own([c]) or usual) for c in parsed.calendars}

    def of(self, component: Component) -> Zones:
        """The zones of the calendar that this component stands in."""
        inside = next(c for c in reversed(self.calendars) if c.start <= component.start < c.end)
        return self._zones[inside.start]

    def defined(self, calendar: Component, name: str) -> Component | None:
        """The VTIMEZONE of that name in that calendar."""
        return self._defined.get(calendar.start, {}).get(_clean(name).casefold())


def _own(calendars: list[Component]) -> str:
    names = (c.plain(name) for name in ("X-WR-TIMEZONE", "TIMEZONE-ID") for c in calendars)
    return next((name for name in names if name), "")


def _built(component: Component) -> tzinfo | None:
    """The zone of a VTIMEZONE: of the place it says it means, else by its rules."""
    return place(component.value("X-LIC-LOCATION")) or vtimezone.built(component)
