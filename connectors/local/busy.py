"""One calendar file → who is busy when: single events, series, published free/busy, places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.errors import ConnectorError, UnknownZone, Unreadable
from connectors.local.identity import nameless, own_mark
from connectors.local.recurrence import Budget, Part, Series, around, part, reach, versions
from connectors.local.text import Component, Line, Parsed
from connectors.local.times import called_date, day_of, instant, marks, moments
from connectors.local.verdict import free_busy, place, verdict
from connectors.local.zones import FileZones, Zones
from connectors.protocol import event_id
from connectors.types import Busy, Place, Verdict, Window

_UID, _MEANING, _ALONE = "uid", "meaning", "alone"
"""What is remembered of a component."""
MOST_BLOCKS = 20_000
"""Blocks one calendar may have in one window."""


@dataclass(frozen=True, slots=True)
class _Damage:
    """What cannot be read, and the time in which it could matter."""

    error: type[ConnectorError]
    text: str
    reach: tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a component says of its owner's time; at most one of ``where`` and ``verdict``."""

    where: str | None
    verdict: Verdict | None
    key: str | None

    def block(self, start: datetime, end: datetime) -> Busy | Place | None:
        if end <= start:
            return None  # an instant takes no time
        if self.where is not None:
            return Place(start, end, self.where)
        return None if self.verdict is None else Busy(start, end, self.verdict, self.key)


def _meaning(component: Component) -> _Meaning:
    found: _Meaning = component.memo[_MEANING]
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What the components of one UID say of their owner's time."""

    singles: list[Busy] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    damages: list[_Damage] = field(default_factory=list)

    def into(self, agenda: Agenda) -> None:
        agenda._singles += self.singles
        agenda._places += self.places
        agenda._series += self.series
        agenda._damages += self.damages


class Agenda:
    """What blocks one owner, read once per file content and asked for any window.

    Nothing but instants, verdicts, our own keys and place names comes out of it. Nothing in it changes
    once it is made, so several threads may ask at once.
    """

    def __init__(self, parsed: Parsed, owner: str, zones: FileZones) -> None:
        """``owner`` is a `normal` address. What cannot be read is told by `within`, if it matters there."""
        self._owner = owner
        self._zones = zones
        self._singles: list[Busy] = []
        self._places: list[Place] = []
        self._series: list[Series] = []
        self._damages: list[_Damage] = []
        by_uid: dict[str, list[Component]] = defaultdict(list)
        for component in parsed.components("VEVENT"):
            if _UID not in component.memo:
                component.memo[_UID] = component.value("UID")
            by_uid[component.memo[_UID] or f"line {component.number}"].append(component)
        for components in by_uid.values():
            if len(components) > 1:
                self._read(components).into(self)
                continue
            memo = components[0].memo  # alone under its UID, it says the same wherever it stands
            said = memo.get(_ALONE) or self._read(components)
            if not said.damages:  # which name the line
                memo[_ALONE] = said
            said.into(self)
        for component in parsed.components("VFREEBUSY"):
            for line in component.all("FREEBUSY"):
                self._publish(line, zones.of(component))
        self._singles.sort(key=lambda block: block.start)

    def _read(self, components: list[Component]) -> _Said:
        """All components of one UID."""
        said = _Said()
        if len(components) > 1:
            counting = versions(components, lambda component: self._instance(component, components))
            components = [*counting.events, *counting.changed]
        parts = [found for component in components if (found := self._part(component, said)) is not None]
        if any(found.repeats for found in parts):
            said.series.append(Series(parts))
            return said
        for found in parts:
            start, end = instant(found.start, found.zones), instant(found.end, found.zones)
            block = _meaning(found.component).block(start, end)
            if isinstance(block, Busy):
                said.singles.append(block)
            elif block is not None:
                said.places.append(block)
        return said

    def _part(self, component: Component, said: _Said) -> Part | None:
        """What the component says of time; ``None`` where it cannot be read, which is kept if it matters."""
        where, found = place(component), verdict(component, self._owner)
        component.memo[_MEANING] = _Meaning(where, found, own_mark(component))
        try:
            return part(component, self._zones.of(component), where is not None or found is not None)
        except (Unreadable, UnknownZone) as error:
            if found is not None:
                said.damages.append(_Damage(type(error), str(error), reach(component)))
            return None

    def _instance(self, component: Component, all_: list[Component]) -> Hashable:
        """Which occurrence a component with RECURRENCE-ID is about, however it is written."""
        (line,) = component.all("RECURRENCE-ID")[:1]
        onwards = "RANGE" in line.parts()[0]
        try:
            zones = self._zones.of(component)
            meant = marks(line, zones)[0].moment
            if not isinstance(meant, datetime):
                return onwards, meant
            if any(_whole_days(other) for other in all_ if "RECURRENCE-ID" not in other.lines):
                return onwards, day_of(meant, zones.own())
            return onwards, meant.astimezone(UTC)
        except (Unreadable, UnknownZone):
            return onwards, line.text

    def _publish(self, line: Line, zones: Zones) -> None:
        """The periods of a FREEBUSY line."""
        found = free_busy(line.parts()[0].get("FBTYPE", ""))
        if found is None:
            return
        try:
            for period in moments(line, zones):
                if not isinstance(period, tuple):
                    raise Unreadable(f"line {line.number}: FREEBUSY is not a period (start/end)")
                start, end = (instant(value, zones) for value in period)
                if start < end:
                    self._singles.append(Busy(start, end, found))
        except (Unreadable, UnknownZone) as error:
            spans = [around(value) for value in line.value.split(",")]
            hull = min(first for first, _ in spans), max(last for _, last in spans)
            self._damages.append(_Damage(type(error), str(error), hull))

    def within(self, window: Window) -> tuple[tuple[Busy, ...], tuple[Place, ...]]:
        """Blocks and places clipped to the window, sorted by start. Raises `Unreadable`, `UnknownZone`
        where something that may lie in the window cannot be read or expanded."""
        start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
        for damage in self._damages:
            if damage.reach[0] < end and start < damage.reach[1]:
                raise damage.error(damage.text)
        found: list[Busy | Place] = [*self._singles, *self._places]
        budget = Budget()
        for series in self._series:
            for component, begin, stop in series.between(start, end):
                if (block := _meaning(component).block(begin, stop)) is not None:
                    found.append(block)
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


def _whole_days(component: Component) -> bool:
    line = component.first("DTSTART")
    return line is not None and ("T" not in line.value.upper() or called_date(line))
