"""Components of one UID → the events and changed occurrences that still count.

RFC 5546 section 2.1.5: of two versions the one with the higher SEQUENCE counts, a cancellation too, and
where that is the same the later DTSTAMP. Some programs give different events one UID: two of the same
SEQUENCE that begin at different times are both kept.

Told by `tests/connectors/local/test_repeating.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from connectors.local.text import Component


@dataclass(frozen=True, slots=True)
class Versions:
    """What counts of one UID: ``events`` themselves, and ``changed`` occurrences of them."""

    events: list[Component]
    changed: list[Component]


def versions(components: Iterable[Component], instance: Callable[[Component], Hashable]) -> Versions:
    """``instance`` tells which occurrence a component with RECURRENCE-ID is about."""
    events: list[Component] = []
    changed: dict[Hashable, list[Component]] = defaultdict(list)
    for component in components:
        if "RECURRENCE-ID" in component.lines:
            changed[instance(component)].append(component)
        else:
            events.append(component)
    events = _newest(events, _begins)
    called_off = max((_sequence(c) for c in events), default=0) if all(map(_cancelled, events)) else 0
    kept = [
        component
        for same in changed.values()
        for component in _newest(same, lambda _: "")
        if _sequence(component) >= called_off
    ]
    return Versions(events, kept)


def _begins(component: Component) -> str:
    line = component.first("DTSTART")
    return line.text if line else ""


def _newest(components: list[Component], event: Callable[[Component], str]) -> list[Component]:
    """The newest version of each ``event`` that has the highest SEQUENCE of all."""
    if len(components) < 2:
        return components
    highest = max(map(_sequence, components))
    alike: dict[str, list[Component]] = defaultdict(list)
    for component in components:
        if _sequence(component) == highest:
            alike[event(component)].append(component)
    kept = []
    for same in alike.values():
        latest = max(component.value("DTSTAMP") for component in same)
        kept += [component for component in same if component.value("DTSTAMP") == latest]
    return kept


def _sequence(component: Component) -> int:
    text = component.value("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _cancelled(component: Component) -> bool:
    return component.says("STATUS", "CANCELLED")
