"""Zone names of a calendar file → zones: known, prefixed and self-made ones; never a guess."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo

import icalendar

from connectors.errors import UnknownZone
from connectors.local.text import Parsed
from connectors.zones import named as known

_OFFSET = re.compile(r"utc([+-])(\d\d):?([0-5]\d)")


def named(name: str) -> tzinfo | None:
    """The zone of an IANA or Windows name, with or without a vendor's prefix
    (``/mozilla.org/20070129_1/Europe/Berlin``), or of an offset (``UTC+02:00``); ``None`` for a name
    nobody knows."""
    text = name.strip().strip('"')
    if text.casefold() in ("utc", "z"):
        return UTC
    offset = _OFFSET.fullmatch(text.casefold())
    if offset and int(offset[2]) <= 14:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-span if offset[1] == "-" else span)
    parts = text.split("/")
    for begin in range(len(parts)):
        try:
            return known("/".join(parts[begin:]))
        except UnknownZone:
            continue
    return None


class Zones:
    """The zones of one file: its own (for floating times and whole days) and those its events name."""

    def __init__(self, parsed: Parsed, fallback: str | None) -> None:
        self._parsed = parsed
        self._found: dict[str, tzinfo] = {}
        self._name = parsed.header("X-WR-TIMEZONE") or parsed.header("TIMEZONE-ID")
        self._fallback = fallback

    def own(self) -> tzinfo:
        """The calendar's zone. Raises `UnknownZone` where neither the file nor the settings name one."""
        if not self._name and not self._fallback:
            raise UnknownZone("the calendar names no time zone; add X-WR-TIMEZONE:Area/City to it")
        return self.of(self._name or self._fallback or "")

    def of(self, name: str) -> tzinfo:
        """The zone of a TZID. Raises `UnknownZone`."""
        if name not in self._found:
            zone = named(name) or self._defined(name)
            if zone is None:
                raise UnknownZone(
                    f"nobody knows the time zone {name[:80]!r}; use an IANA name like Europe/Berlin"
                )
            self._found[name] = zone
        return self._found[name]

    def _defined(self, name: str) -> tzinfo | None:
        """A zone that the file itself defines: by the place it says it means, else by its rules."""
        for component in self._parsed.components("VTIMEZONE"):
            if component.value("TZID").strip('"') != name:
                continue
            place = component.value("X-LIC-LOCATION")
            if place and (zone := named(place)):
                return zone
            rules = [line for child in component.children for line in child.all("RRULE")]
            if any("FREQ=YEARLY" not in line.value.upper() for line in rules):
                return None  # clocks change yearly; anything denser is a trap
            try:
                parsed = icalendar.Timezone.from_ical(self._parsed.text[component.start : component.end])
                if not isinstance(parsed, icalendar.Timezone):
                    return None
                made = parsed.to_tz(lookup_tzid=False)
                return made if isinstance(made, tzinfo) else None
            except (ValueError, KeyError, IndexError, TypeError, AttributeError):
                return None
        return None
