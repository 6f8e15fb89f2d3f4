"""The occurrences of one event that repeats: its rules, what is added, left out, moved or changed.

Wall-clock times are counted without their zone and placed afterwards, so a stand-up stays at nine when
clocks change; what is the same occurrence is decided by instants, never by clocks of two zones that
read alike. Nothing here changes once it is made but what is remembered, and working that out twice gives the same: several
threads may ask one series at once.

Told by `tests/connectors/local/test_repeating.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from connectors.errors import Unreadable
from connectors.local.recurrence.rules import Rule, read, wall
from connectors.local.text import Component
from connectors.local.times import (
    Clocks,
    Lasting,
    Mark,
    Moment,
    bad,
    day_of,
    instant,
    marks,
    moments,
    spanned,
)

SIGNS = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
"""The properties that make a component part of a series."""

_MARGIN = timedelta(days=2)
"""Wall clocks of two places differ by less; exact clipping comes after."""

_Told = tuple[Component, datetime, datetime]
_FIRST, _BLOCK = datetime(2000, 1, 3, tzinfo=UTC), timedelta(days=28)
"""Stretches of time that are expanded at once and remembered."""
_MOST_BLOCKS = 40

_EARLIEST, _LATEST = wall(date(2, 1, 1)), wall(date(9998, 12, 31))


@dataclass(frozen=True, slots=True)
class Part:
    """One component with what was read from it."""

    component: Component
    zones: Clocks
    start: Moment
    end: Moment
    lasting: Lasting
    blocks: bool
    """Whether it takes its owner's time at all."""
    rules: tuple[Rule, ...] = ()
    added: tuple[tuple[Moment, Moment | None], ...] = ()
    """Starts that RDATE adds, with an end where one is given."""
    left_out: tuple[Mark, ...] = ()
    original: Mark | None = None
    """Which occurrence it changes; ``None`` for the event itself."""
    onwards: bool = False
    """It changes all that follow as well."""

    @property
    def repeats(self) -> bool:
        return bool(self.rules or self.added or self.left_out or self.original)

    @property
    def longest(self) -> timedelta:
        """How long its occurrences last, at most."""
        fixed = [instant(end, self.zones) - instant(start, self.zones) for start, end in self.added if end]
        usual = instant(self.end, self.zones) - instant(self.start, self.zones)
        return max(usual, self.lasting.wall, *fixed, timedelta(0))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``part`` says what it means; ``start`` is where the rule put it."""

    part: Part
    start: Moment
    end: Moment


def part(component: Component, zones: Clocks, blocks: bool) -> Part:
    """Raises `Unreadable` naming the line that is damaged, `UnknownZone`."""
    found = spanned(component, zones)
    plain = Part(component, zones, found.start, found.end, found.lasting, blocks)
    if not SIGNS & component.lines.keys():
        return plain
    original, onwards = _original(component, zones)
    return replace(
        plain,
        rules=tuple(read(line, found.start, zones) for line in component.all("RRULE")),
        added=tuple(_added(component, plain)),
        left_out=tuple(mark for line in component.all("EXDATE") for mark in marks(line, zones)),
        original=original,
        onwards=onwards,
    )


def _original(component: Component, zones: Clocks) -> tuple[Mark | None, bool]:
    line = component.first("RECURRENCE-ID")
    if line is None:
        return None, False
    range_ = line.parts()[0].get("RANGE", "").upper()
    if range_ not in ("", "THISANDFUTURE"):
        raise bad(line, "about one occurrence or THISANDFUTURE")
    return marks(line, zones)[0], bool(range_)


def _added(component: Component, event: Part) -> Iterator[tuple[Moment, Moment | None]]:
    for line in component.all("RDATE"):
        for value in moments(line, event.zones):
            begin, end = value if isinstance(value, tuple) else (value, None)
            yield _alike(begin, event), end


def _alike(value: Moment, event: Part) -> Moment:
    """A start in the form of the event's own: whole days are dates, and a mere date of an event that has
    a time is that time of that day."""
    if not isinstance(event.start, datetime):
        return day_of(value, event.zones.own()) if isinstance(value, datetime) else value
    if isinstance(value, datetime):
        return value.astimezone(event.start.tzinfo)
    return datetime.combine(value, event.start.timetz())


class Series:
    """All that counts of one UID."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._events = [p for p in parts if p.original is None]
        self._single = [p for p in parts if p.original is not None and not p.onwards]
        like = (self._events or list(parts))[0].start
        self._onwards = sorted((_named_like(p, like) for p in parts if p.onwards), key=_begins)
        self._changed = {_begins(_named_like(p, like)) for p in self._single} if self._onwards else set()
        self._after = max((abs(_shift(p)) for p in self._onwards), default=timedelta(0)) + _MARGIN
        self._before = max((p.longest for p in parts), default=timedelta(0)) + self._after
        self._known: dict[int, list[_Told]] = {}

    def between(self, start: datetime, end: datetime) -> Iterator[_Told]:
        """Occurrences that may touch ``[start, end)`` in UTC, each with the component that describes it.

        Raises `Unreadable` where there are too many of them.
        """
        try:
            blocks = [self._block(n) for n in range((start - _FIRST) // _BLOCK, -((_FIRST - end) // _BLOCK))]
        except (Unreadable, OverflowError):  # it may lie outside of what is asked for
            yield from self._between(start, end)
            return
        seen: set[tuple[int, datetime, datetime]] = set()
        for component, begin, stop in (one for block in blocks for one in block):
            key = id(component), begin, stop  # a long one lies in several blocks
            if begin < end and start < stop and key not in seen:
                seen.add(key)
                yield component, begin, stop

    def _block(self, number: int) -> list[_Told]:
        """The occurrences of a stretch of time that is the same for every window, expanded once."""
        found = self._known.get(number)
        if found is None:
            start = _FIRST + number * _BLOCK
            found = list(self._between(start, start + _BLOCK))
            if len(self._known) >= _MOST_BLOCKS:
                self._known.clear()
            self._known[number] = found
        return found

    def _between(self, start: datetime, end: datetime) -> Iterator[_Told]:
        first, last = _moved_by(wall(start), -self._before), _moved_by(wall(end), self._after)
        for one in self._all(first, last):
            if one.part.blocks:
                begin = instant(one.start, one.part.zones)
                yield one.part.component, begin, instant(one.end, one.part.zones)

    def _all(self, first: datetime, last: datetime) -> Iterator[Occurrence]:
        found: list[Occurrence] = []
        for event in self._events:
            if event.blocks or any(p.blocks for p in self._onwards):
                found += _left(event, _expanded(event, first, last), first, last)
        met = [bool(_meant(_mark(change), change.zones, found)) for change in self._onwards]
        for change in self._single:
            found = _without(found, change)
            yield from _left(change, _expanded(change, first, last), first, last)
        for one in found:
            yield self._moved(one)
        for change, there in zip(self._onwards, met, strict=True):
            own = _left(change, _expanded(change, first, last), first, last)
            here = there or _begins(change) in self._changed  # its own occurrence is told already
            yield from (one for one in own if not here or one.start != change.start)

    def _moved(self, one: Occurrence) -> Occurrence:
        """The occurrence as the last change before it says, of those for all that follow."""
        if not self._onwards:
            return one
        begin = instant(one.start, one.part.zones)
        change = next((p for p in reversed(self._onwards) if _begins(p) <= begin), None)
        if change is None:
            return one
        return _occurrence(change, _placed(_moved_by(wall(one.start), _shift(change)), change.start))


def _moved_by(clock: datetime, length: timedelta) -> datetime:
    """The clock that much later, within what a calendar can hold."""
    try:
        return min(max(clock + length, _EARLIEST), _LATEST)
    except OverflowError:
        return _EARLIEST if length < timedelta(0) else _LATEST


def _mark(change: Part) -> Mark:
    assert change.original is not None
    return change.original


def _begins(change: Part) -> datetime:
    return instant(_mark(change).moment, change.zones)


def _named_like(change: Part, like: Moment) -> Part:
    """The change with its occurrence in the form and zone of the series' start, whatever form the file has:
    how much later it is shows only where both clocks hang at the same place."""
    mark = _mark(change)
    meant = mark.moment
    if not isinstance(like, datetime):
        meant = day_of(meant, change.zones.own()) if isinstance(meant, datetime) else meant
    elif not isinstance(meant, datetime):
        meant = datetime.combine(meant, like.timetz())
    else:
        there = meant.astimezone(like.tzinfo)
        own = mark.floating and there.time() != like.time() and meant.time() == like.time()
        meant = meant.replace(tzinfo=like.tzinfo) if own else there
    return replace(change, original=Mark(meant, floating=False))


def _shift(change: Part) -> timedelta:
    """How much later than the original occurrence the changed one is, on the wall."""
    return wall(change.start) - wall(_mark(change).moment)


def _placed(clock: datetime, like: Moment) -> Moment:
    """A wall-clock time as a moment of the same kind and zone as another one."""
    return clock.replace(tzinfo=like.tzinfo) if isinstance(like, datetime) else clock.date()


def _occurrence(event: Part, start: Moment, end: Moment | None = None) -> Occurrence:
    return Occurrence(event, start, event.lasting.end(start) if end is None else end)


def _expanded(event: Part, first: datetime, last: datetime) -> list[Occurrence]:
    """What the event itself, its rules and its added dates give between two clocks on the wall."""
    starts: dict[datetime, Occurrence] = {}

    def keep(start: Moment, end: Moment | None = None) -> None:
        if first <= wall(start) <= last:
            one = _occurrence(event, start, end)
            key = instant(start, event.zones)
            known = starts.get(key)
            if known is None or instant(known.end, event.zones) < instant(one.end, event.zones):
                starts[key] = one

    try:
        keep(event.start)
        for rule in event.rules:
            rule.check(last.replace(tzinfo=UTC))
            for start in rule.starts(first, last):
                keep(start)
        for start, end in event.added:
            keep(start, end)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise Unreadable(f"the repeating event of line {event.component.number} cannot be expanded") from None
    return list(starts.values())


def _left(event: Part, found: list[Occurrence], first: datetime, last: datetime) -> list[Occurrence]:
    """The occurrences between two clocks that its EXDATEs leave."""
    for mark in event.left_out:
        if first - _MARGIN <= wall(mark.moment) <= last + _MARGIN:
            gone = {id(one) for one in _meant(mark, event.zones, found)}
            found = [one for one in found if id(one) not in gone]
    return found


def _without(found: list[Occurrence], change: Part) -> list[Occurrence]:
    """The occurrences without the one that is changed."""
    meant = _meant(_mark(change), change.zones, found)
    return [one for one in found if one is not meant[0]] if meant else found


def _meant(mark: Mark, zones: Clocks, found: list[Occurrence]) -> list[Occurrence]:
    """The occurrences that a value of EXDATE or RECURRENCE-ID names, whichever form it has.

    A date names all occurrences of that day, a time of an event of whole days its day. A time without
    a zone is the calendar's, or the event's where nothing happens at the former.
    """
    meant = mark.moment
    if not isinstance(meant, datetime):
        return [one for one in found if _date(one) == meant]
    exact = meant.astimezone(UTC)
    days = [one for one in found if not isinstance(one.start, datetime)]
    same = [one for one in days if one.start == day_of(meant, zones.own())]
    same += [one for one in found if isinstance(one.start, datetime) and one.start.astimezone(UTC) == exact]
    if same or not mark.floating:
        return same
    return [one for one in found if isinstance(one.start, datetime) and wall(one.start) == wall(meant)]


def _date(one: Occurrence) -> date:
    """The day of an occurrence: where it happens, or where the calendar is if it is told in UTC."""
    if not isinstance(one.start, datetime):
        return one.start
    place: tzinfo = one.start.tzinfo or UTC
    if place is UTC and (own := one.part.zones.home()) is not None:
        place = own
    return one.start.astimezone(place).date()
