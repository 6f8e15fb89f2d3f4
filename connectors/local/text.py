"""iCalendar text as components and lines that know where in the text they stand.

Foreign events must survive our writing byte for byte, so a file is never parsed and written out again:
it is cut into pieces here, and `edited` replaces the pieces that are ours. The library parses what we
write ourselves (`connectors.local.events`); here only structure, names, parameters and raw values
are read (RFC 5545 section 3.1, parameter escapes of RFC 6868).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from connectors.errors import Unreadable
from connectors.local.keeping.pieces import Change, Text

DEEPEST = 8
"""Components inside components; a calendar has three levels."""

OURS = "X-LOOPWRIGHT-"
"""How the names of our own properties begin."""

_READ = frozenset(
    [
        "UID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "SEQUENCE",
        "STATUS",
        "TRANSP",
        "SUMMARY",
        "DESCRIPTION",
        "LOCATION",
        "ORGANIZER",
        "ATTENDEE",
        "CATEGORIES",
        "COMMENT",
        "FREEBUSY",
        "TRIGGER",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "DTSTAMP",
        "TIMEZONE-ID",
        "X-LIC-LOCATION",
        "X-WR-CALNAME",
        "X-WR-TIMEZONE",
        "X-GOOGLE-EVENT-TYPE",
        "X-GOOGLE-WORKING-LOCATION",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    ]
)

_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_HALF = re.compile("[\udc80-\udcff]")
_CARET = {"^n": "\n", "^^": "^", "^'": '"'}
_CARET_PAIR = re.compile(r"\^[n^']")
_BACKSLASH = re.compile(r"\\([\\;,nN])")


@dataclass(slots=True)
class Line:
    """One unfolded content line; ``start`` and ``end`` are offsets into the text, line break included.
    ``name`` is in upper case, empty where the line begins with none."""

    name: str
    text: str
    number: int
    start: int
    end: int

    def parts(self) -> tuple[dict[str, str], str]:
        """Parameters (names in upper case, values without quotes) and the raw value."""
        position = len(self.name)
        parameters: dict[str, str] = {}
        if self.text[position : position + 1] == ":":
            return parameters, self.text[position + 1 :].strip()
        while found := _PARAMETER.match(self.text, position):
            raw = found.group(2).replace('"', "").strip()
            if "^" in raw:
                raw = _CARET_PAIR.sub(lambda m: _CARET[m.group()], raw)
            parameters[found.group(1).upper()] = raw
            position = found.end()
        colon = self.text.find(":", position)
        return parameters, self.text[colon + 1 :].strip() if colon >= 0 else ""

    @property
    def value(self) -> str:
        return self.parts()[1]

    @property
    def plain(self) -> str:
        """The value of a TEXT property with its escapes undone."""
        return unescaped(self.value)


def unescaped(text: str) -> str:
    """A TEXT value with its escapes undone (RFC 5545 section 3.3.11)."""
    if "\\" not in text:
        return text
    return _BACKSLASH.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), text)


@dataclass(slots=True)
class Component:
    """``BEGIN:name`` to ``END:name``: those of its own lines that we read, by name, the components inside,
    and its place in the text."""

    name: str
    number: int
    start: int
    opened: int
    """Behind its BEGIN line."""
    closed: int = -1
    """Before its END line; ``end`` is behind that."""
    end: int = -1
    lines: dict[str, list[Line]] = field(default_factory=dict)
    children: list[Component] = field(default_factory=list)
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out of it, by whoever did: nothing that depends on where it stands."""

    def first(self, name: str) -> Line | None:
        found = self.lines.get(name)
        return found[0] if found else None

    def value(self, name: str) -> str:
        """The raw value of the first line of that name, or an empty text."""
        line = self.first(name)
        return line.value if line else ""

    def plain(self, name: str) -> str:
        line = self.first(name)
        return line.plain if line else ""

    def all(self, name: str) -> list[Line]:
        return self.lines.get(name, [])

    def says(self, name: str, value: str) -> bool:
        """Whether there are lines of that name and each has that value, in any case: of two that differ
        neither can be relied on."""
        return {line.value.upper() for line in self.all(name)} == {value}

    def inside(self, name: str) -> Iterator[Component]:
        """The components of that name in it, at any depth, but not those of a VCALENDAR in it."""
        for child in self.children:
            if child.name == name:
                yield child
            if child.children and child.name != "VCALENDAR":
                yield from child.inside(name)


@dataclass(slots=True)
class Parsed:
    """A whole file: the text it was read from and its VCALENDAR objects, at least one. Some programs that
    join files put one into another; each stands in the list, in the order of their beginnings."""

    text: Text
    calendars: list[Component]
    kept: int = field(default=0, compare=False)
    """How many components its only calendar begins with that were taken over from the file as it was before."""
    only_zones: list[Component] | None = field(default=None, compare=False, repr=False)
    """The VTIMEZONEs of its only calendar, once they were looked for."""

    def components(self, name: str) -> Iterator[Component]:
        for calendar in self.calendars:
            yield from calendar.inside(name)

    def timezones(self, calendar: Component) -> list[Component]:
        """The VTIMEZONEs of one of its calendars."""
        if self.only_zones is not None:
            return self.only_zones
        zones = list(calendar.inside("VTIMEZONE"))
        if len(self.calendars) == 1:
            self.only_zones = zones
        return zones

    def header(self, name: str) -> str:
        """A property of the calendar itself (``X-WR-CALNAME`` …), escapes undone."""
        return next((text for calendar in self.calendars if (text := calendar.plain(name))), "")


def decode(data: bytes) -> str:
    """The text of a file; bytes that are no characters of their own are kept as they are for `encoded`.
    Raises `Unreadable` where this is no text."""
    if not data or data.isspace():
        raise Unreadable("the file is empty; export the calendar again or start it with BEGIN:VCALENDAR")
    nul = data.find(b"\0")
    if nul >= 0:
        raise Unreadable(f"line {data.count(10, 0, nul) + 1} holds a NUL byte; this is not a text file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # A line may be folded inside a character (RFC 5545 section 3.1): `unfold` decodes it.
        return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The bytes that `decode` read, the same ones."""
    return text.encode("utf-8", "surrogateescape")


def unfold(text: str) -> Iterator[Line]:
    """Content lines with their continuation lines joined; empty lines and byte order marks are left out
    (files put one behind another have several)."""
    position = 0
    pieces: list[str] = []  # of the line under way, joined once: a folded attachment may have 100,000
    number, start, stop = 0, position, position
    for count, raw in enumerate(text[position:].split("\n"), 1):
        end = position + len(raw) + 1
        stripped = raw.rstrip("\r").removeprefix("\ufeff")
        if pieces and stripped[:1] in (" ", "\t"):
            pieces.append(stripped[1:])
            stop = end
        elif stripped:
            if pieces:
                yield _line(pieces, number, start, stop)
            pieces, number, start, stop = [stripped], count, position, end
        position = end
    if pieces:
        yield _line(pieces, number, start, min(stop, len(text)))


def _line(pieces: list[str], number: int, start: int, end: int) -> Line:
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if not text.isascii() and _HALF.search(text):
        data = encoded(text)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            # Old programs write titles and names in the code of their country. They are not needed, and
            # what decides is ASCII; this way different bytes stay different names of zones.
            text = data.decode("latin-1")
    found = _NAME.match(text)
    return Line(found.group().upper() if found else "", text, number, start, end)


def parse(text: str | Text) -> Parsed:
    """Cut a file into components. Raises `Unreadable` naming the line where the structure breaks."""
    whole = text if isinstance(text, Text) else Text(text)
    calendars: list[Component] = []
    open_: list[Component] = []
    for line in unfold(str(text)):
        name = line.name
        if name == "BEGIN":
            _begin(line, open_, calendars)
        elif name == "END":
            _end(line, open_)
        elif open_ and (name in _READ or name.startswith(OURS)):
            open_[-1].lines.setdefault(name, []).append(line)
        elif not calendars and not open_:
            raise Unreadable(f"line {line.number} is not iCalendar; the file must start with BEGIN:VCALENDAR")
    if open_:
        raise Unreadable(
            f"the file ends inside the {open_[-1].name} of line {open_[-1].number}; it was cut off, export it again"
        )
    if not calendars:
        raise Unreadable("there is no BEGIN:VCALENDAR; this is not an iCalendar file")
    return Parsed(whole, calendars)


def _begin(line: Line, open_: list[Component], calendars: list[Component]) -> None:
    component = Component(line.value.upper(), line.number, line.start, line.end)
    if not open_ and component.name != "VCALENDAR":
        raise Unreadable(f"line {line.number} begins a {component.name} outside of any VCALENDAR")
    if len(open_) >= DEEPEST:
        raise Unreadable(f"line {line.number} is nested more than {DEEPEST} components deep")
    if component.name == "VCALENDAR":
        calendars.append(component)
    if open_:
        open_[-1].children.append(component)
    open_.append(component)


def _end(line: Line, open_: list[Component]) -> None:
    name = line.value.upper()
    if not open_ or open_[-1].name != name:
        inside = (
            f"inside the {open_[-1].name} of line {open_[-1].number}" if open_ else "outside of everything"
        )
        raise Unreadable(f"line {line.number} ends a {name} {inside}; the file is damaged")
    component = open_.pop()
    component.closed, component.end = line.start, line.end


def touched(parsed: Parsed, changes: Iterable[Change], added: str = "") -> tuple[int, int]:
    """Before and behind which offset `edited` leaves the text as it is."""
    places = [(start, end) for start, end, _ in changes]
    if added or not places:
        places.append((parsed.calendars[-1].closed, parsed.calendars[-1].closed))
    return min(start for start, _ in places), max(end for _, end in places)


def edited(parsed: Parsed, changes: Iterable[Change], added: str = "") -> Text:
    """The text with slices replaced and ``added`` put in before the last END:VCALENDAR.

    ``changes`` are (start, end, replacement) with offsets into ``parsed.text`` that do not overlap.
    What is not named stays as it is, byte for byte.
    """
    pieces = sorted(changes)
    if added:
        at = parsed.calendars[-1].closed
        pieces.append((at, at, added))
    pieces.sort(key=lambda piece: piece[:2])
    if any(after[0] < before[1] for before, after in pairwise(pieces)):
        raise ValueError("edits overlap")
    return parsed.text.edited(pieces)
