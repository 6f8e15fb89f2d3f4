"""The relaxation that proves and prunes: a lower bound per (last day, debrief start), best first.

A *row* is a pair (last day, debrief start); without a debrief, a last day. Its bound is the subset
recursion (`solver.ground.subsets`) over relaxed prices (`solver.bounds.arrays`), with the end of the last session
held to what the debrief allows. Rows start with an optimistic bound (everybody may attend whichever
debrief suits them) and are refined in the order of it, so most rows never are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from math import gcd

import numpy as np

from solver.bounds.arrays import LoopArrays, SeatArrays
from solver.bounds.days import Days, Layers
from solver.ground.frame import Frame
from solver.ground.starts import Domain
from solver.ground.subsets import FAR
from solver.ground.timeline import BEYOND, Costs
from solver.ground.usage import Usage

Row = tuple[int, int]
"""Index of the last day and of the debrief start; a day of `ANY_DAY` stands for all of them."""

ANY_DAY = -1

CELLS = 4096
"""Rows are refined in chunks of about this many (row, step) cells."""

TABLE = 32 << 20
"""Bytes that one table of such a chunk, a cell for every set of sessions, takes at most if it can."""


BLOCK = 15
"""Minutes of debrief starts that are looked at together before each by itself."""

FEWEST_IN_BLOCK = 4
"""Debrief starts in a block from which on that pays."""


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
    """Per row of the chunk: the price of its debrief, less the credit of the charges."""
    charges: Costs
    traced: dict[int, dict[int, int]]
    """Per row that was asked for: starts by session."""

    def starts(self, index: int) -> dict[int, int]:
        """Starts (minutes) by session that attain a row's bound."""
        found = self.traced.get(index)
        if found is None:
            found = self.traced[index] = self.table.trace(self.layers, index)
        return found


class Bounds:
    """Lower bounds for placing one loop, the rest of the world as in a usage."""

    def __init__(self, frame: Frame, usage: Usage) -> None:
        self.frame = frame
        self.arrays = LoopArrays(frame, usage)
        self.subsets = frame.subsets
        self.wants_debrief = frame.loop.debrief is not None
        self.only: frozenset[int] | None = None
        """Days of the candidate, by index, to which `rows` keeps; all where none are named, or over several days."""
        self.possible = self.arrays.possible and (not self.wants_debrief or len(self.arrays.at) > 0)
        self._cells = self.arrays.cells if self.possible else 0
        if not self.possible:
            return
        self._refined: dict[Row, tuple[int, Refined, int]] = {}
        self._optimistic: Costs | None = None
        self._size = BLOCK // self.arrays.grid
        self._screens: dict[Row, int] = {}
        pays = self.subsets.one_day and self._size >= FEWEST_IN_BLOCK and len(self.arrays.at) > self._size
        self._coarse = self.arrays.in_blocks(self._size) if pays else None
        self.restart()

    def looked(self) -> int:
        """Cells of tables that were filled since this was last asked: what it has cost, on any machine."""
        cells, self._cells = self._cells, 0
        return cells

    def _fill(self, rows: int) -> None:
        """Counts the cells of so many rows: one per set of sessions and per person, and step."""
        self._cells += rows * self.arrays.T * ((1 << self.subsets.m) + self.arrays.seated_at_most)

    # -- nobody twice -------------------------------------------------------------------------

    def charge(self, charges: Costs) -> None:
        """New charges (`LoopArrays.charge`) for what is looked at from now on; older bounds stay true."""
        if charges is not self.arrays.charges:
            self.arrays.charge(charges)

    def held(self, row: Row) -> tuple[Costs, Costs]:
        """The charges under which a refined row has its bound, and the seats each of the panel holds there."""
        key = min(self._members(row), key=lambda key: self._refined[key][0])
        _, refined, index = self._refined[key]
        self.charge(refined.charges)
        return refined.charges, self._held(refined, index, key)

    def _held(self, refined: Refined, index: int, key: Row) -> Costs:
        return self.arrays.seated(refined.starts(index), key[1] if self.wants_debrief else None)

    def again(self, row: Row) -> tuple[int, Costs]:
        """A row's bound under the charges as they are now, and the seats that each of the panel holds there."""
        keys, values, refined = self._evaluated([row])
        index = int(values.argmin())
        return int(values[index]), self._held(refined, index, keys[index])

    def retry(self, rows: list[Row]) -> None:
        """Looks at refined rows again under the charges as they are now; the better bound counts."""
        self._evaluated(rows)

    @cached_property
    def unit(self) -> int:
        """What every price of a plan is a multiple of."""
        weights, grid = self.arrays.weights, self.arrays.grid
        minutes = gcd(grid, self.frame.origin, *self.subsets.durs)
        if self.frame.loop.debrief is not None:
            minutes = gcd(minutes, self.frame.loop.debrief.dur)
        fixed = [value for name, value in asdict(weights).items() if name not in ("finish", "idle")]
        return max(gcd(weights.finish * minutes, weights.idle * minutes, *fixed), 1)

    def coarsen(self, unit: int) -> None:
        """Takes prices less than ``unit`` apart as equal: a plan is then proven best up to that."""
        self.unit = max(self.unit, unit)

    @cached_property
    def most(self) -> int:
        """More than any plan of this loop can cost: a bound above it is a proof that there is no plan."""
        arrays, weights, loop = self.arrays, self.arrays.weights, self.frame.loop
        total = weights.idle * loop.max_span * loop.max_days + weights.extra_day * (loop.max_days - 1)
        total += _dearest(arrays.at_price) if self.wants_debrief else 0
        longest = max(self.subsets.durs)
        total += weights.finish * (int(arrays.minutes[-1, -1]) + longest - self.frame.origin)
        attend = _dearest(arrays.attend) if self.wants_debrief else 0
        for fixed, seats in zip(arrays.fixed, arrays.seats, strict=True):
            total += _dearest(fixed)
            total += sum(seat.n * (_dearest(seat.base) + attend) + (seat.empty or 0) for seat in seats)
        return total

    # -- optimistic rows ----------------------------------------------------------------------

    def restart(self) -> None:
        """Bounds of all rows from one pass over the days, under the charges as they are now."""
        arrays = self.arrays
        if self.wants_debrief:
            self._fill(len(arrays.days))
            table = Days(arrays, self.subsets, np.arange(len(arrays.days)), None)
            bound = self._row_bounds(table.totals(Layers(self.subsets, table, 1)))
        else:
            bound = self._evaluated([(ANY_DAY, -1)])[1][:, None]
        if self._optimistic is None:
            self._optimistic = bound
        else:
            np.maximum(self._optimistic, bound, out=self._optimistic)
        flat = np.minimum(self._optimistic, BEYOND).ravel()
        order = np.argsort(flat, kind="stable")
        order = order[: int(np.searchsorted(flat[order], BEYOND))]
        self._bound = flat[order]
        self._day, at = np.divmod(order, bound.shape[1])
        self._at = at if self.wants_debrief else at - 1

    def _row_bounds(self, totals: Costs) -> Costs:
        """Per (day, debrief) the least total over the ends that the debrief allows, rounded outwards.

        ``totals[day, b]`` is the least price with the last tail ending in step ``lo + b − 1`` or at its end.
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
        bound: Costs = np.maximum(before, after) + arrays.at_price[None, :] - arrays.credit
        return bound

    # -- screening ----------------------------------------------------------------------------

    def screened(self, row: Row) -> bool:
        """Whether a row is refined, or its block looked at, or blocks would not pay."""
        return self._coarse is None or row in self._refined or self._block(row) in self._screens

    def screen(self, rows: list[Row]) -> None:
        """Looks at whole blocks of neighbouring debrief starts: everybody may attend the best of a block."""
        assert self._coarse is not None
        blocks = list(dict.fromkeys(block for block in map(self._block, rows) if block not in self._screens))
        if not blocks:
            return
        day, at = np.array([d for d, _ in blocks]), np.array([n for _, n in blocks])
        self._fill(len(blocks))
        table = Days(self._coarse, self.subsets, day, at)
        values = table.totals(Layers(self.subsets, table, len(blocks))).min(axis=1) - self.arrays.credit
        self._screens.update(zip(blocks, values.tolist(), strict=True))

    def least(self, row: Row) -> int:
        """What is known of a row that may not be refined yet: the bound of its block."""
        screen = self._screens.get(self._block(row), -FAR)
        return screen + int(self.arrays.at_price[row[1]]) if self.wants_debrief else screen

    def _block(self, row: Row) -> Row:
        return row[0], row[1] // self._size

    # -- refinement ---------------------------------------------------------------------------

    def lowest(self) -> int:
        """The least bound over all rows, refining until it is exact; `BEYOND` or more = impossible."""
        return self.cheapest()[0]

    def cheapest(self) -> tuple[int, Row | None]:
        """The least bound over all rows, and a refined row that has it (`None` = impossible)."""
        best, least, done, chunk = FAR, None, 0, 6
        while done < len(self._bound) and self._bound[done] < min(best, BEYOND):
            upto = min(done + chunk, len(self._bound))
            self._refine(range(done, upto))
            for row in range(done, upto):
                if self._value(row) < best:
                    best, least = self._value(row), self._key(row)
            done, chunk = upto, min(2 * chunk, 64)
        return best, least if best < BEYOND else None

    def takers(self, row: Row) -> tuple[dict[int, int], int | None, list[tuple[int, SeatArrays, Costs]]]:
        """What attains a refined row's bound: starts by session, the debrief's, and who takes which seat."""
        _, refined, index = self._refined[row]
        starts = refined.starts(index)
        return (
            starts,
            self._debrief(row),
            list(self.arrays.takers(starts, row[1] if self.wants_debrief else None)),
        )

    def _key(self, row: int) -> Row:
        return int(self._day[row]), int(self._at[row])

    def _value(self, row: int) -> int:
        return self._refined[self._key(row)][0]

    def _refine(self, rows: Iterable[int]) -> None:
        """Exact bounds for some rows (and, over several days, for all rows of the same debriefs)."""
        self._refine_keys([self._key(row) for row in rows])

    def _refine_keys(self, wanted: list[Row]) -> None:
        keys = [key for key in wanted if key not in self._refined]
        rows = len(self.arrays.days) if not self.subsets.one_day else 1
        cells = min(CELLS, TABLE // (8 << self.subsets.m))
        size = max(1 if rows > 1 else 4, cells // (self.arrays.T * rows))
        if not self.subsets.one_day:
            keys = [(ANY_DAY, at) for at in dict.fromkeys(at for _, at in keys)]
        for i in range(0, len(keys), size):
            self._evaluated(keys[i : i + size])

    def _evaluated(self, rows: list[Row]) -> tuple[list[Row], Costs, Refined]:
        """Rows under the charges as they are now, those of `ANY_DAY` day by day: their bounds, also kept."""
        keys = [key for row in rows for key in self._members(row)]
        day, at = np.array([d for d, _ in keys]), np.array([n for _, n in keys])
        self._fill(len(keys))
        table = Days(self.arrays, self.subsets, day, at if self.wants_debrief else None)
        layers = Layers(self.subsets, table, len(rows))
        offset = np.full(len(keys), -self.arrays.credit, dtype=np.int64)
        if self.wants_debrief:
            offset += self.arrays.at_price[at]
        values = table.totals(layers).min(axis=1) + offset
        refined = Refined(table, layers, offset, self.arrays.charges, {})
        for index, (key, value) in enumerate(zip(keys, values.tolist(), strict=True)):
            self._keep(key, value, refined, index)
        return keys, values, refined

    def _keep(self, key: Row, value: int, refined: Refined, index: int) -> None:
        """Of two bounds of a row, found under different charges, the better one."""
        found = self._refined.get(key)
        if found is None or value > found[0]:
            self._refined[key] = (value, refined, index)

    # -- answers ------------------------------------------------------------------------------

    def rows(self) -> list[tuple[int, Row]]:
        """``(bound, row)`` of every row that may hold a plan; over several days one per debrief."""
        rows = zip(self._bound.tolist(), self._day.tolist(), self._at.tolist(), strict=True)
        best: dict[Row, int] = {}
        only = self.only if self.subsets.one_day else None
        for value, day, at in rows:
            if only is not None and self.arrays.days[day] not in only:
                continue
            found = self._refined.get((day, at))
            if found is not None and found[0] > value:
                value = found[0]
            row = (day if self.subsets.one_day else ANY_DAY, at)
            if value < best.get(row, BEYOND):
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
        starts = refined.starts(index)
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


def _dearest(prices: Costs) -> int:
    """The highest price that is possible at all; 0 where none is."""
    possible = prices[prices < BEYOND]
    return max(int(possible.max()), 0) if len(possible) else 0
