"""People's calendars as running counts over the grid, made for many people at once.

An event [t, t + dur) overlaps as many blocks as have begun before its end and not ended at its start. Counts of
begun and of ended blocks at every step answer that with one difference, for all people and steps at once and
whatever the event's length; blocks need not lie on the grid. The counts of all kinds are fields of one number.

Told by `tests/solver/test_calendars.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from solver.problem.values import Busy, BusyKind, Interval, Person
from solver.rules.view import merged

Counts = npt.NDArray[np.int64]

FIELD = 15
"""Bits of one kind's count. Sums may run over into the next field: of two only the difference counts."""

MOST = (1 << FIELD) - 2
"""Blocks that a field can count; who has more has them joined, and then an event overlaps fewer than minutes."""

_FIELD_OF = {
    id(kind): number * FIELD
    for number, kind in enumerate((BusyKind.HARD, BusyKind.LUNCH, BusyKind.TENTATIVE, BusyKind.FOCUS))
}
"""By identity: these are looked up by the thousand."""

HARD, LUNCH, TENTATIVE, FOCUS = (((1 << FIELD) - 1) << shift for shift in _FIELD_OF.values())
"""Where such a field of a difference is not 0, blocks of that kind are overlapped. Time outside working hours
counts as `HARD`, where `Calendars.within`."""


class Calendars:
    """The counts of some people; they are numbered by ``rows``.

    ``within[row]``: whether working hours are in the counts; otherwise they have to be looked at besides.
    """

    def __init__(self, people: Sequence[Person], steps: int, grid: int, longest: int) -> None:
        """``longest``: the most minutes that will be asked about."""
        self.rows = {person.id: row for row, person in enumerate(people)}
        self._steps, self._grid, self._pad = steps, grid, longest // grid + 1
        free = [_outside(person.work, steps * grid + longest) for person in people]
        self.within = [edges is not None for edges in free]
        busy = [_few(person.busy) for person in people]
        blocks = [block for each in busy for block in each]
        hours = [edge for edges in free for edge in edges or ()]
        self._row = np.concatenate(
            (
                np.repeat(np.arange(len(people)), [len(each) for each in busy]),
                np.repeat(np.arange(len(people)), [len(edges or ()) // 2 for edges in free]),
            )
        )
        kind = [_FIELD_OF[id(block.kind)] for block in blocks] + [0] * (len(hours) // 2)
        self._one = np.left_shift(1, np.array(kind, dtype=np.int64))
        self._start = np.array([block.start for block in blocks] + hours[::2], dtype=np.int64)
        end = np.array([block.end for block in blocks] + hours[1::2], dtype=np.int64)
        self._ended = self._counted(-(-end // grid), steps)
        self._begun: dict[int, Counts] = {}

    def _counted(self, step: Counts, steps: int) -> Counts:
        """``[person, i]``: blocks that count from some step on, up to step i."""
        counts = np.zeros((len(self.rows), steps + 1), dtype=np.int64)
        at = self._row * (steps + 1) + np.clip(step, 0, steps)
        np.add.at(counts.ravel(), at, self._one)
        return np.cumsum(counts, axis=1, out=counts)

    def _before(self, dur: int) -> tuple[Counts, int]:
        """``[person, i]``: blocks begun before step i and what ``dur`` has beyond whole steps; and these steps."""
        whole, rest = divmod(dur, self._grid)
        found = self._begun.get(rest)
        if found is None:
            first = (self._start - rest) // self._grid + 1
            found = self._begun[rest] = self._counted(first, self._steps + self._pad)
        return found, whole

    def touched(self, person: str, dur: int) -> Counts:
        """Per step the blocks that ``dur`` minutes with a person would overlap."""
        begun, whole = self._before(dur)
        row = self.rows[person]
        out: Counts = begun[row, whole : whole + self._steps] - self._ended[row, : self._steps]
        return out

    def touched_at(self, people: Sequence[str], dur: int, steps: Counts) -> Counts:
        """``[person, step]``: the same for some people at some steps."""
        begun, whole = self._before(dur)
        rows = np.array([self.rows[person] for person in people], dtype=np.int64)[:, None]
        out: Counts = begun[rows, steps + whole] - self._ended[rows, steps]
        return out

    def touched_once(self, person: str, dur: int, step: int) -> int:
        """The same for one person at one step."""
        begun, whole = self._before(dur)
        row = self.rows[person]
        return int(begun[row, step + whole]) - int(self._ended[row, step])


def _few(busy: Sequence[Busy]) -> Sequence[Busy]:
    """The blocks, joined where they overlap if a field might not count them all."""
    if len(busy) <= MOST:
        return busy
    out: list[Busy] = []
    for kind in BusyKind:
        spans = merged((block.start, block.end) for block in busy if block.kind is kind)
        out += [Busy(start, end, kind) for start, end in spans]
    return out


def _outside(work: Sequence[Interval], end: int) -> list[int] | None:
    """From when until when nobody works, in turns; ``None`` where one interval ends as the next begins, since
    then blocks between them do not tell that no event may lie in both."""
    out: list[int] = []
    before = 0
    for start, stop in work:
        if out and start <= before:
            return None
        out += (min(before, start), start)
        before = stop
    return [*out, before, max(end, before) + 1]
