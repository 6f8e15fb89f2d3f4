"""A file that was read before and has changed a little: only what changed is parsed.

Told by `tests/connectors/local/keeping/test_again.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from connectors.errors import Unreadable
from connectors.local.keeping.pieces import Text
from connectors.local.text import Component, Line, Parsed, parse

_BEGIN, _END = "BEGIN:VCALENDAR\n", "END:VCALENDAR\n"
_CONTINUES = re.compile("[\r\n\ufeff]*[ \t]")
"""What is put here would belong to the line before it (RFC 5545 section 3.1)."""
_REPEATS = frozenset({"RRULE", "RDATE"})
"""Lines whose meaning is worked out late, and may say then in which line it cannot be."""


def parsed_again(before: Parsed, text: str | Text, changed: tuple[int, int] | None = None) -> Parsed:
    """`parse` of ``text``, with those components of ``before`` that stand in it unchanged; raises as it does.

    Components keep their ``memo``, also where they stand elsewhere in the text. ``changed`` says between which
    offsets into the text of ``before`` alone it has changed, where that is known.
    """
    text = text if isinstance(text, Text) else Text(text)
    try:
        found = _patched(before, text, changed)
    except Unreadable:
        found = None  # told by the whole file, with the numbers of its lines
    return found if found is not None else parse(text)


def _patched(before: Parsed, text: Text, changed: tuple[int, int] | None) -> Parsed | None:
    """The file with its new middle; ``None`` where more than events has changed, or not only in one calendar."""
    if len(before.calendars) != 1:
        return None
    (calendar,), old = before.calendars, before.text
    if changed is not None:
        same, rest = changed[0], len(old) - changed[1]
    else:
        one, other = str(old), str(text)
        same = _common(one, other)
        rest = _common_end(one, other, min(len(old), len(text)) - same)
    if same < calendar.opened or len(old) - rest > calendar.closed:
        return None
    children, shift = calendar.children, len(text) - len(old)
    first = bisect_right(children, same, key=lambda c: c.end)
    last = max(first, bisect_left(children, len(old) - rest, key=lambda c: c.start))
    begin = children[first - 1].end if first else calendar.opened
    stop = children[last].start if last < len(children) else calendar.closed
    fresh = _middle(text[begin : stop + shift])
    gone = any(begin <= line.start < stop for lines in calendar.lines.values() for line in lines)
    if fresh is None or gone or any(c.name != "VEVENT" for c in children[first:last]):
        return None
    at = children[first - 1] if first else calendar
    number = at.number + old.count("\n", at.start, begin) - 2
    further = text.count("\n", begin, stop + shift) - old.count("\n", begin, stop)
    made = Component(
        calendar.name,
        calendar.number,
        calendar.start,
        calendar.opened,
        calendar.closed + shift,
        calendar.end + shift,
        {
            n: [_line(x, shift, further) if x.start >= stop else x for x in s]
            for n, s in calendar.lines.items()
        },
        [
            *children[:first],
            *(_moved(c, begin - len(_BEGIN), number) for c in fresh),
            *(_moved(c, shift, further) for c in children[last:]),
        ],
    )
    zones = before.only_zones if all(zone.start < begin for zone in before.only_zones or ()) else None
    return Parsed(text, [made], kept=first, only_zones=zones)


def _middle(text: str) -> list[Component] | None:
    """The events of a piece of a calendar; ``None`` where it holds something else, or no whole lines."""
    if _CONTINUES.match(text) or (text and not text.endswith("\n")):
        return None
    found = parse(f"{_BEGIN}{text}{_END}")
    calendar = found.calendars[0]
    if len(found.calendars) != 1 or calendar.lines or any(c.name != "VEVENT" for c in calendar.children):
        return None
    return calendar.children


def _moved(component: Component, shift: int, further: int) -> Component:
    """The same component where it stands now."""
    if not shift and not further:
        return component
    return Component(
        component.name,
        component.number + further,
        component.start + shift,
        component.opened + shift,
        component.closed + shift,
        component.end + shift,
        {name: [_line(x, shift, further) for x in lines] for name, lines in component.lines.items()},
        [_moved(child, shift, further) for child in component.children],
        {} if component.lines.keys() & _REPEATS else component.memo,
    )


def _line(line: Line, shift: int, further: int) -> Line:
    return Line(line.name, line.text, line.number + further, line.start + shift, line.end + shift)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: str, other: str, most: int) -> int:
    """How many characters both end with, ``most`` at most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
