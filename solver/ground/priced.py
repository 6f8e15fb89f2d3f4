"""An empty world in which people's load, people's hours and a site's rooms have prices instead of limits.

What the placed loops of a batch would take from each other is paid for here, so that every loop can be
looked at alone: the Lagrangian relaxation of `solver.many.prices`. All prices are whole and not negative.

Told by `tests/solver/test_prices.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.ground.timeline import BIG, Costs, Event, Mask, Timeline
from solver.ground.usage import Usage


@dataclass(frozen=True, slots=True)
class Prices:
    """``load[p]``: of a seat of person p. ``hours[p, i]``: of person p being in an event, or within the
    buffer after it, at the moment at which step i begins; ``rooms[s, i]``: of a room of site s being used then.
    """

    load: Costs
    hours: Costs
    rooms: Costs


class Priced(Usage):
    """Nothing is placed, and what could be is paid for.

    ``people`` and ``sites`` number the rows of the prices; ``free[s, i]`` counts the rooms of a site that
    nobody else uses as step i begins.
    """

    at_once = False

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.people = {person: row for row, person in enumerate(timeline.people)}
        self.sites = {
            site: row for row, site in enumerate(dict.fromkeys(r.site for r in timeline.rooms.values()))
        }
        self.free = np.zeros((len(self.sites), timeline.steps), dtype=np.int64)
        for room in timeline.rooms.values():
            self.free[self.sites[room.site]] += timeline.room(room.id, 1)
        self._overlaid_prices: dict[tuple[str, int, Event], Costs] = {}
        self.ask(self.usual())

    def usual(self) -> Prices:
        """Those under which every loop costs what it costs alone."""
        load = [Usage.seat(self, person) for person in self.people]
        return Prices(
            np.array(load, dtype=np.int64),
            np.zeros((len(self.people), self.timeline.steps), dtype=np.int64),
            np.zeros((len(self.sites), self.timeline.steps), dtype=np.int64),
        )

    def ask(self, prices: Prices) -> None:
        """New prices for what is looked at from now on."""
        self.prices = prices
        self._asked: Mask = np.any(prices.hours, axis=1)
        self._overlaid_prices.clear()

    def seat(self, person: str) -> int:
        return int(self.prices.load[self.people[person]])

    def person(self, person: str, dur: int, event: Event, site: str | None) -> Costs:
        base, row = super().person(person, dur, event, site), self.people[person]
        if not self._asked[row]:
            return base
        found = self._overlaid_prices.get((person, dur, event))
        if found is None:
            hours = self._during(self.prices.hours[row], self.moments(dur + self.timeline.problem.buffer))
            found = self._overlaid_prices[person, dur, event] = np.minimum(base + hours, BIG)
        return found

    def room_price(self, site: str, dur: int, /) -> Costs | None:
        row = self.sites.get(site)
        return None if row is None else self._during(self.prices.rooms[row], self.moments(dur))

    def moments(self, minutes: int) -> int:
        """How many beginnings of steps an event of so many minutes covers."""
        return -(-minutes // self.timeline.grid)

    @staticmethod
    def _during(prices: Costs, moments: int) -> Costs:
        """Per step the sum of the prices of so many moments from there on."""
        totals = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(prices)))
        last = np.minimum(np.arange(len(prices)) + moments, len(prices))
        out: Costs = totals[last] - totals[:-1]
        return out
