"""The relaxation that proves and prunes: a lower bound per (last day, debrief start), best first.

A *row* is a pair (last day, debrief start); without a debrief, a last day. Its bound is the subset
recursion (`solver.subsets`) over relaxed prices (`solver.arrays`), with the end of the last session
held to what the debrief allows. Rows start with an optimistic bound (everybody may attend whichever
debrief suits them) and are refined in the order of it, so most rows never are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from solver.arrays import LoopArrays
from solver.days import Days, Layers
from solver.frame import Frame
from solver.subsets import FAR
from solver.timeline import BEYOND, Costs
from solver.usage import Usage
from solver.variables import Domain

Row = tuple[int, int]
"""Index of the last day and of the debrief start; a day of `ANY_DAY` stands for all of them."""

ANY_DAY = -1

CELLS = 4096
"""Rows are refined in chunks of about this many (row, step) cells."""


@dataclass(frozen=True, slots=True)
class Path:
    """Starts (minutes) that attain a row's bound: a plan as far as the relaxation can see."""

    starts: dict[str, int]
    debrief: int | None
    bound: int


@dataclass(slots=True)
class Refined:
    """One chunk of refined rows, kept for tracing and pruning."""

    table: Days
    layers: Layers
    offset: Costs
    """Per row of the chunk: the price of its debrief."""


class Bounds:
    """Lower bounds for placing one loop, the rest of the world as in a usage."""

    def __init__(self, frame: Frame, usage: Usage) -> None:
        self.frame = frame
        self.arrays = LoopArrays(frame, usage)
        self.subsets = frame.subsets
        self.wants_debrief = frame.loop.debrief is not None
        self.possible = self.arrays.possible and (not self.wants_debrief or len(self.arrays.at) > 0)
        if not self.possible:
            return
        self._refined: dict[Row, tuple[int, Refined, int]] = {}
        self._optimistic()

    # -- optimistic rows ----------------------------------------------------------------------

    def _optimistic(self) -> None:
        """Bounds of all rows from one pass over the days."""
        arrays = self.arrays
        table = Days(arrays, self.subsets, np.arange(len(arrays.days)), None)
        layers = Layers(self.subsets, table, 1)
        totals = table.totals(layers)
        if not self.wants_debrief:
            bound = totals.min(axis=1)
            self._day = np.arange(len(arrays.days))
            self._at = np.full(len(arrays.days), -1)
            refined = Refined(table, layers, np.zeros(len(bound), dtype=np.int64))
            for day, value in enumerate(bound.tolist()):
                self._refined[day, -1] = (value, refined, day)
        else:
            bound = self._row_bounds(totals)
            self._day, self._at = np.nonzero(bound < BEYOND)
            bound = bound[self._day, self._at]
        order = np.argsort(bound, kind="stable")
        self._day, self._at, self._bound = self._day[order], self._at[order], bound[order]
        self._bound = np.minimum(self._bound, BEYOND)

    def _row_bounds(self, totals: Costs) -> Costs:
        """Per (day, debrief) the least total over the ends that the debrief allows, rounded outwards.

        ``totals[day, b]`` is the least price with the last end in step ``lo + b − 1`` or at its end.
        """
        arrays, grid = self.arrays, self.arrays.grid
        width = totals.shape[1]
        until = np.minimum.accumulate(totals, axis=1)
        since = np.minimum.accumulate(totals[:, ::-1], axis=1)[:, ::-1]
        high = -(-arrays.latest // grid)[None, :] - arrays.lo[:, None]
        low = -(-arrays.earliest // grid)[None, :] - arrays.lo[:, None]
        rows = np.arange(len(arrays.lo))[:, None]
        before = np.where(high >= 0, until[rows, np.clip(high, 0, width - 1)], FAR)
        after = np.where(low < width, since[rows, np.clip(low, 0, width - 1)], FAR)
        bound: Costs = np.maximum(before, after) + arrays.at_price[None, :]
        return bound

    # -- refinement ---------------------------------------------------------------------------

    def lowest(self) -> int:
        """The least bound over all rows, refining until it is exact; `BEYOND` or more = impossible."""
        best, done, chunk = FAR, 0, 6
        while done < len(self._bound) and self._bound[done] < min(best, BEYOND):
            upto = done + chunk
            self._refine(range(done, min(upto, len(self._bound))))
            for row in range(done, min(upto, len(self._bound))):
                best = min(best, self._value(row))
            done, chunk = upto, min(2 * chunk, 64)
        return best

    def _key(self, row: int) -> Row:
        return int(self._day[row]), int(self._at[row])

    def _value(self, row: int) -> int:
        return self._refined[self._key(row)][0]

    def _refine(self, rows: Iterable[int]) -> None:
        """Exact bounds for some rows (and, over several days, for all rows of the same debriefs)."""
        self._refine_keys([self._key(row) for row in rows])

    def _refine_keys(self, wanted: list[Row]) -> None:
        keys = [key for key in wanted if key not in self._refined]
        if not keys:
            return
        if self.subsets.one_day:
            size = max(4, CELLS // self.arrays.T)
            for i in range(0, len(keys), size):
                part = keys[i : i + size]
                self._chunk(part, np.array([d for d, _ in part]), np.array([n for _, n in part]), 1)
            return
        debriefs = list(dict.fromkeys(n for _, n in keys))
        days = len(self.arrays.days)
        size = max(1, CELLS // (self.arrays.T * days))
        for i in range(0, len(debriefs), size):
            chosen = debriefs[i : i + size]
            part = [(d, n) for n in chosen for d in range(days)]
            self._chunk(part, np.tile(np.arange(days), len(chosen)), np.repeat(chosen, days), len(chosen))

    def _chunk(self, keys: list[Row], day: Costs, at: Costs, groups: int) -> None:
        table = Days(self.arrays, self.subsets, day, at)
        layers = Layers(self.subsets, table, groups)
        offset = self.arrays.at_price[at]
        values = table.totals(layers).min(axis=1) + offset
        refined = Refined(table, layers, offset)
        for index, (key, value) in enumerate(zip(keys, values.tolist(), strict=True)):
            self._refined[key] = (value, refined, index)

    # -- answers ------------------------------------------------------------------------------

    def rows(self) -> list[tuple[int, Row]]:
        """``(bound, row)`` of every row that may hold a plan; over several days one per debrief."""
        best: dict[Row, int] = {}
        for index in range(len(self._bound)):
            key = self._key(index)
            found = self._refined.get(key)
            value = int(self._bound[index]) if found is None else found[0]
            row = key if self.subsets.one_day else (ANY_DAY, key[1])
            if value < min(BEYOND, best.get(row, BEYOND)):
                best[row] = value
        return [(value, row) for row, value in best.items()]

    def refined(self, row: Row) -> bool:
        return self._key_of(row) in self._refined

    def refine(self, rows: list[Row]) -> None:
        """Makes the bounds of these rows exact."""
        self._refine_keys([self._key_of(row) for row in rows])

    def bound(self, row: Row) -> int:
        """The exact bound of a refined row."""
        return min(self._refined[key][0] for key in self._members(row))

    def path(self, row: Row) -> Path:
        """Starts that attain the bound of a refined row."""
        key = min(self._members(row), key=lambda key: self._refined[key][0])
        value, refined, index = self._refined[key]
        starts = refined.table.trace(refined.layers, index)
        names = [session.session.id for session in self.frame.sessions]
        return Path({names[i]: t for i, t in starts.items()}, self._debrief(row), value)

    def domain(self, row: Row, cutoff: int) -> Domain:
        """All starts of a refined row that a plan of price ``cutoff`` or less could use."""
        starts: list[set[int]] = [set() for _ in self.frame.sessions]
        for key in self._members(row):
            _, refined, index = self._refined[key]
            limit = cutoff - int(refined.offset[index])
            for i, minutes in enumerate(refined.table.starts_within(refined.layers, index, limit)):
                starts[i].update(minutes)
        names = [session.session.id for session in self.frame.sessions]
        debrief = self._debrief(row)
        return Domain(
            {name: sorted(found) for name, found in zip(names, starts, strict=True)},
            () if debrief is None else (debrief,),
        )

    def _debrief(self, row: Row) -> int | None:
        return int(self.arrays.at[row[1]]) if self.wants_debrief else None

    def _key_of(self, row: Row) -> Row:
        return (0, row[1]) if row[0] == ANY_DAY else row

    def _members(self, row: Row) -> list[Row]:
        if row[0] != ANY_DAY:
            return [row]
        return [(day, row[1]) for day in range(len(self.arrays.days))]
