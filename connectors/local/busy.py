"""One calendar file → who is busy when: single events, series, published free/busy, places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.errors import Unreadable
from connectors.local.identity import nameless, own_mark
from connectors.local.recurrence import MARKS, Budget, Series
from connectors.local.text import Component, Parsed
from connectors.local.times import instant, moments, span
from connectors.local.verdict import free_busy, place, verdict
from connectors.local.zones import Zones
from connectors.protocol import event_id
from connectors.types import Busy, Place, Window

MOST_BLOCKS = 20_000
"""Blocks one calendar may have in one window."""


class Agenda:
    """What blocks one owner, read once per file content and asked for any window.

    Nothing but instants, verdicts, our own keys and place names comes out of it.
    """

    def __init__(self, parsed: Parsed, owner: str, zones: Zones) -> None:
        """``owner`` is a `normal` address. Raises `Unreadable`, `UnknownZone`."""
        self._owner = owner
        self._zones = zones
        self._singles: list[Busy] = []
        self._places: list[Place] = []
        self._series: list[Series] = []
        by_uid: dict[str, list[Component]] = defaultdict(list)
        for component in parsed.components("VEVENT"):
            by_uid[component.value("UID") or f"line {component.number}"].append(component)
        for components in by_uid.values():
            if any(mark in component.lines for component in components for mark in MARKS):
                self._series.append(Series(components, zones))
            else:
                for component in components:
                    start, end = span(component, zones)
                    self._keep(component, instant(start, zones), instant(end, zones))
        for component in parsed.components("VFREEBUSY"):
            self._singles.extend(self._published(component))
        self._singles.sort(key=lambda block: block.start)

    def _keep(self, component: Component, start: datetime, end: datetime) -> None:
        for block in self._blocks(component, start, end):
            if isinstance(block, Busy):
                self._singles.append(block)
            else:
                self._places.append(block)

    def _blocks(self, component: Component, start: datetime, end: datetime) -> Iterator[Busy | Place]:
        if end <= start:
            return  # an instant takes no time
        if where := place(component):
            yield Place(start, end, where)
        elif (found := verdict(component, self._owner)) is not None:
            yield Busy(start, end, found, own_mark(component))

    def _published(self, component: Component) -> Iterator[Busy]:
        for line in component.all("FREEBUSY"):
            found = free_busy(line.parts()[0].get("FBTYPE", ""))
            for period in moments(line, self._zones):
                if not isinstance(period, tuple):
                    raise Unreadable(f"line {line.number}: FREEBUSY is not a period (start/end)")
                start, end = (instant(value, self._zones) for value in period)
                if found is not None and start < end:
                    yield Busy(start, end, found)

    def within(self, window: Window) -> tuple[tuple[Busy, ...], tuple[Place, ...]]:
        """Blocks and places clipped to the window, sorted by start. Raises `Unreadable` where a
        series cannot be expanded."""
        start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
        found: list[Busy | Place] = [*self._singles, *self._places]
        budget = Budget()
        for series in self._series:
            for component, begin, stop in series.between(start, end):
                found.extend(self._blocks(component, instant(begin, self._zones), instant(stop, self._zones)))
            budget.spend()
        busy, places = [], []
        for block in found:
            first, last = max(block.start, start), min(block.end, end)
            if first >= last:
                continue
            if isinstance(block, Busy):
                busy.append(Busy(first, last, block.verdict, block.key))
            else:
                places.append(Place(first, last, block.where))
        if len(busy) > MOST_BLOCKS:
            raise Unreadable(f"it holds more than {MOST_BLOCKS:,} events in these days; ask for fewer days")
        busy.sort(key=lambda block: (block.start, block.end, block.verdict, block.key or ""))
        return tuple(busy), tuple(sorted(places, key=lambda block: (block.start, block.end, block.where)))

    def free(self, start: datetime, end: datetime, besides: str = "") -> bool:
        """Whether nothing blocks ``[start, end)`` but the event whose key is ``besides``."""
        busy, _ = self.within(Window(start, end))
        own = (besides, event_id(besides)) if besides else ()
        return all(block.key in own or nameless(block.key) in own for block in busy)
