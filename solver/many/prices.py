"""What competition costs at least: loops alone, in a world that asks prices for what is scarce.

All loops together take of person p, at every moment, at most one event; of a site's rooms at most those
that are free; and n(p) seats of person p cost w.fair · ((load + n)² − load²), which is more than each alone.
Priced instead of forbidden (π for moments of people, ρ for rooms, μ for a seat), every loop can be looked
at by itself, and for any π, ρ, μ ≥ 0

    Σ over loops of min(price of leaving it out, P(π, ρ, μ)) − Σ π − Σ ρ · free
      + Σ over people of min over n of w.fair · ((load + n)² − load²) − μ · n

is a lower bound, P being the relaxation's bound on placing the loop in that world (`solver.ground.priced`).
Where it is known that what is left out loses at least K together (`solver.many.completion`), leaving a loop
out costs ν times its loss less and ν · K is paid on top; the best ν ∈ [0, 1] is one of a few.

Sources: Held & Karp, The traveling-salesman problem and minimum spanning trees, part II (1971); Fisher, The
Lagrangian relaxation method for solving integer programming problems (1981). The step is Polyak's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.bounds.rows import Bounds, Row
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.priced import Priced, Prices
from solver.ground.subsets import MOST_SESSIONS
from solver.ground.timeline import BEYOND, Costs
from solver.ground.timely import timely
from solver.many.improve import STEP
from solver.many.packing import Packing
from solver.problem.errors import OutOfTime

SEAT = 20.0
"""A seat's price moves so many times as far as that of a moment: far fewer of them make up a plan."""

PATIENCE = 8
"""Steps that may fail to raise the bound before they get shorter."""

SHORTER = 0.7
"""How much shorter."""

LEAST = 0.02
"""The length at which it ends."""

RISE = 1e-4
"""The part of the bound by which it has to rise for a step not to have failed."""

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Demand:
    """By how much the loops take more than there is: of everybody's seats and moments, and of rooms.

    Shapes as in `Prices`; a seat is compared with how many are cheapest at its price.
    """

    load: Floats
    hours: Floats
    rooms: Floats

    def forget(self, hours: Floats, rooms: Floats) -> None:
        """What is to spare says nothing where the price is 0 already and cannot fall."""
        self.hours[(hours <= 0) & (self.hours < 0)] = 0
        self.rooms[(rooms <= 0) & (self.rooms < 0)] = 0

    @property
    def norm(self) -> float:
        parts = SEAT * self.load**2, self.hours**2, self.rooms**2
        return float(sum(part.sum() for part in parts))


class Pricing:
    """Raises the bound on a batch by prices, a few steps at a time."""

    def __init__(self, packing: Packing, alone: Mapping[str, int | None]) -> None:
        """``alone``: per loop the least price of placing it in an empty world, ``None`` = impossible."""
        self.packing, self.priced = packing, Priced(packing.usage.timeline)
        usual = self.priced.usual()
        self.load, self.hours, self.rooms = (
            part.astype(np.float64) for part in (usual.load, usual.hours, usual.rooms)
        )
        self.frames = {name: f for name, f in packing.frames.items() if alone[name] is not None}
        self.highest = self.lost = 0
        self.losses: Mapping[str, int] = {}
        self.length, self.failed = 1.0, 0

    @property
    def settled(self) -> bool:
        """Whether further steps are not worth their time."""
        return self.length < LEAST

    def lose(self, losses: Mapping[str, int], least: int) -> None:
        """From now on it counts that what is left out loses at least so much together."""
        self.losses, self.lost = losses, least

    def climb(self, goal: int, budget: Budget) -> int:
        """The highest bound found so far, after more steps towards ``goal``, the price of a known plan."""
        try:
            with timely(self.priced.timeline, budget):
                while self.highest < goal and not self.settled and not budget.over():
                    self._step(goal, budget)
        except OutOfTime:
            pass
        return self.highest

    def _step(self, goal: int, budget: Budget) -> None:
        value, demand = self._look(budget)
        self.failed = 0 if value > self.highest + RISE * abs(self.highest) else self.failed + 1
        if self.failed >= PATIENCE:
            self.length, self.failed = self.length * SHORTER, 0
        self.highest = max(self.highest, value)
        demand.forget(self.hours, self.rooms)
        norm = demand.norm
        if norm == 0:
            self.length = 0.0
            return
        step = self.length * max(goal - value, 1) / norm
        np.maximum(self.load + SEAT * step * demand.load, 0, out=self.load)
        np.maximum(self.hours + step * demand.hours, 0, out=self.hours)
        np.maximum(self.rooms + step * demand.rooms, 0, out=self.rooms)

    def _look(self, budget: Budget) -> tuple[int, Demand]:
        """The bound under the prices as they are, rounded, and what the loops demand under them."""
        prices = Prices(*(np.rint(part).astype(np.int64) for part in (self.load, self.hours, self.rooms)))
        self.priced.ask(prices)
        fair, seats = self._fair(prices.load)
        demand = Demand(
            -seats.astype(np.float64),
            np.full(prices.hours.shape, -1.0),
            -self.priced.free.astype(np.float64),
        )
        found: dict[str, tuple[int, Bounds | None, Row | None]] = {}
        for name, frame in self.frames.items():
            budget.spend(STEP)
            found[name] = self._cheapest(frame, budget)
        total, placed = self._chosen({name: least for name, (least, _, _) in found.items()})
        for name in placed:
            _, bounds, row = found[name]
            if bounds is not None and row is not None:
                self._take(demand, bounds, row)
        if not self.packing.problem.weights.fair:
            demand.load[:] = 0
        total += fair - int(prices.hours.sum()) - int((prices.rooms * self.priced.free).sum())
        return total, demand

    def _cheapest(self, frame: Frame, budget: Budget) -> tuple[int, Bounds | None, Row | None]:
        """The bound on placing a loop under the prices, and the row that has it; 0 where tables would be too large."""
        if len(frame.sessions) > MOST_SESSIONS:
            return 0, None, None
        bounds = Bounds(frame, self.priced)
        least, row = bounds.cheapest() if bounds.possible else (BEYOND, None)
        budget.toil(cells=bounds.looked())
        return least, bounds, row

    def _chosen(self, least: Mapping[str, int]) -> tuple[int, list[str]]:
        """The loops' part of the bound, and which of them are placed in it."""
        packing = self.packing
        total = sum(out for name, out in packing.out.items() if name not in least)
        total += sum(price for name, price in least.items() if name in packing.pinned)
        free = [name for name in least if name not in packing.pinned]
        price = np.array([least[name] for name in free], dtype=np.float64)
        out = np.array([packing.out[name] for name in free], dtype=np.float64)
        loss = np.array([self.losses.get(name, 0) for name in free], dtype=np.float64)
        part = self._part(price, out, loss)
        # Whole numbers from here on: a bound that is a little too high is none.
        over, under = part.as_integer_ratio()
        sums = [
            min(under * least[name], under * packing.out[name] - over * self.losses.get(name, 0))
            for name in free
        ]
        total += -(-(sum(sums) + over * self.lost) // under)
        placed = [
            name for name, value, of in zip(free, sums, price, strict=True) if value == under * least[name]
        ]
        return total, placed + [name for name in least if name in packing.pinned]

    def _part(self, price: Floats, out: Floats, loss: Floats) -> float:
        """ν: the part of its loss that is taken off a loop that is left out, for what all lose at least."""
        if not self.lost or not len(price):
            return 0.0
        turns = np.clip((out - price)[loss > 0] / loss[loss > 0], 0, 1)
        parts = np.unique(np.concatenate(([0.0, 1.0], turns)))
        sums = np.minimum(price, out - parts[:, None] * loss).sum(axis=1) + parts * self.lost
        return float(parts[sums.argmax()])

    def _fair(self, load: Costs) -> tuple[int, Costs]:
        """Σ min over n of w.fair · ((load + n)² − load²) − μ · n, and the least n that attain it."""
        weight = self.packing.problem.weights.fair
        prior = np.array([self.priced.load(person) for person in self.priced.people], dtype=np.int64)
        if not weight:
            return 0, np.zeros_like(prior)
        # Another seat pays off while w · (2 · (load + n) + 1) < μ, n being those before it.
        seats = np.maximum(-(-(load - weight * (2 * prior + 1)) // (2 * weight)), 0)
        return int((weight * ((prior + seats) ** 2 - prior**2) - load * seats).sum()), seats

    def _take(self, demand: Demand, bounds: Bounds, row: Row) -> None:
        """Counts what a loop takes where its bound is attained. Company at a lunch is not counted: its
        price is in the bound, and only the direction of the next step could gain by it."""
        priced, frame = self.priced, bounds.frame
        panel = np.array([priced.people[person] for person in bounds.arrays.panel], dtype=np.int64)
        starts, debrief, takers = bounds.takers(row)
        grid, buffer = priced.timeline.grid, frame.problem.buffer
        present: set[int] = set()
        for index, seat, people in takers:
            who = panel[people]
            if seat.loads:
                np.add.at(demand.load, who, 1)
            if seat.attends:
                present.update(who.tolist())
            at = starts[index] // grid
            demand.hours[who, at : at + priced.moments(frame.sessions[index].session.dur + buffer)] += 1
        for index, session in enumerate(frame.sessions):
            if session.session.room and session.site in priced.sites:
                at = starts[index] // grid
                demand.rooms[priced.sites[session.site], at : at + priced.moments(session.session.dur)] += 1
        if debrief is not None and frame.loop.debrief is not None:
            present.update(priced.people[person] for person in frame.loop.debrief.attend)
            at, long = debrief // grid, priced.moments(frame.loop.debrief.dur + buffer)
            demand.hours[sorted(present), at : at + long] += 1
