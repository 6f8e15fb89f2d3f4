"""One loop's prices as arrays over (day, step of the day): the raw material of the bounds.

Everything here is a relaxation: seats are filled independently of each other, each by the cheapest
people who can also attend the debrief in question. It knows time, people's calendars and caps,
prices of single sessions; it does not know that nobody fills two seats, rooms against each other,
gaps, travel, runs. A rule that is missing makes a bound weaker and never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.domain import attend_costs, roomy_starts
from solver.frame import Frame, SeatFrame, SessionFrame
from solver.timeline import BIG, Costs, Event, Mask
from solver.usage import Usage


@dataclass(frozen=True, slots=True)
class SeatArrays:
    """Prices of one interview seat: ``base[p, day, step]`` for the people ``who`` (indices of the panel)."""

    n: int
    empty: int | None
    who: Costs
    base: Costs


class LoopArrays:
    """Prices per session over the loop's days, and per debrief start.

    Shapes: D days that have starts, T steps of the longest of them, N debrief starts, P panel people.
    """

    def __init__(self, frame: Frame, usage: Usage) -> None:
        self.frame, self.usage = frame, usage
        self.weights = frame.problem.weights
        self.grid = frame.timeline.grid
        masks = [roomy_starts(frame, usage, session) for session in frame.sessions]
        self.possible = all(mask.any() for mask in masks)
        if not self.possible:
            return
        self._lay_out(masks)
        self._debriefs()
        self.fixed: list[Costs] = []
        self.seats: list[list[SeatArrays]] = []
        for session, mask in zip(frame.sessions, masks, strict=True):
            self._session(session, mask)

    # -- axes ---------------------------------------------------------------------------------

    def _lay_out(self, masks: list[Mask]) -> None:
        """Days with starts, their first step, and the steps of each as one rectangle."""
        union = np.logical_or.reduce(masks)
        steps = np.flatnonzero(union)
        day_starts = np.array([start for start, _ in self.frame.loop.days], dtype=np.int64)
        day = np.searchsorted(day_starts, steps * self.grid, side="right") - 1
        self.days, first = np.unique(day, return_index=True)
        last = np.append(first[1:], len(steps)) - 1
        self.lo, hi = steps[first], steps[last]
        self.T = int((hi - self.lo).max()) + 1
        index = self.lo[:, None] + np.arange(self.T)
        self._valid = index <= hi[:, None]
        self._index = np.minimum(index, frame_steps(self.frame) - 1)
        self.minutes: Costs = index.astype(np.int64) * self.grid

    def _over_days(self, costs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values per step as values per (day, step of the day)."""
        gathered: npt.NDArray[Any] = costs[self._index]
        return gathered

    # -- debriefs -----------------------------------------------------------------------------

    def _debriefs(self) -> None:
        """Debrief starts, their price without the panel, and each panelist's price there."""
        frame, debrief = self.frame, self.frame.loop.debrief
        self.panel: dict[str, int] = {}
        if debrief is None:
            self.at = np.zeros(0, dtype=np.int64)
            return
        prices = attend_costs(frame, self.usage)
        steps = np.flatnonzero(prices < BIG)
        at = steps * self.grid
        within = frame.timeline.earliest_end(debrief.calendar or frame.loop.site, debrief.within, at)
        first, last = int(self.minutes[0, 0]), int(self.minutes[-1, -1])
        longest = max(session.session.dur for session in frame.sessions)
        keep = (at - debrief.least > first) & (within <= last + longest)
        self.at, self.earliest, steps = at[keep], within[keep], steps[keep]
        self.latest = self.at - debrief.least
        self.at_price = prices[steps] + self.weights.finish * (self.at + debrief.dur - frame.origin)
        if debrief.previous is not None:
            self.at_price = self.at_price + self.weights.moved_debrief * (self.at != debrief.previous)
        for session in frame.sessions:
            if session.interview:
                for person in (p for seat in session.seats for p in seat.pool):
                    self.panel.setdefault(person, len(self.panel))
        self.attend = np.zeros((max(len(self.panel), 1), len(self.at)), dtype=np.int64)
        for person, row in self.panel.items():
            if person not in debrief.attend:
                self.attend[row] = self.usage.person(person, debrief.dur, Event.DEBRIEF, None)[steps]

    # -- sessions -----------------------------------------------------------------------------

    def _session(self, session: SessionFrame, mask: Mask) -> None:
        """What a session costs at each start: without its interviewers, and per interviewer."""
        weights, meeting = self.weights, session.session
        allowed = self._over_days(mask) & self._valid
        fixed = np.where(allowed, -weights.idle * meeting.dur, BIG)
        if session.interview and weights.outside_pref:
            outside = self.frame.timeline.outside_preferred(self.frame.loop, meeting)
            fixed += weights.outside_pref * self._over_days(outside)
        if meeting.shadow is not None:
            fixed += self._shadow(session)
        if meeting.previous is not None:
            before = {p for people in meeting.previous.people for p in people}
            fixed += weights.moved_person * len(before)
            fixed += weights.moved_time * (self.minutes != meeting.previous.start)
        seats = []
        for k, seat in enumerate(session.seats):
            if seat.n == 0:
                fixed += weights.optional_empty if meeting.seats[k].optional else 0
                continue
            arrays = self._seat(session, seat)
            if session.interview and self.frame.loop.debrief is not None:
                seats.append(arrays)
            else:
                fixed += cheapest(arrays.base, arrays)
        self.fixed.append(np.minimum(fixed, BIG))
        self.seats.append(seats)

    def _shadow(self, session: SessionFrame) -> Costs:
        """The cheapest trainee, or none."""
        wanted = session.session.shadow
        assert wanted is not None
        out = np.full(self.minutes.shape, self.weights.no_shadow, dtype=np.int64)
        for person in session.shadows:
            units = self.weights.rank * wanted.rank.get(person, 0)
            np.minimum(out, self._over_days(self._person(session, person)) + units, out=out)
        return out

    def _person(self, session: SessionFrame, person: str) -> Costs:
        return self.usage.person(person, session.session.dur, session.event, session.site)

    def _seat(self, session: SessionFrame, seat: SeatFrame) -> SeatArrays:
        base = np.full((max(len(seat.pool), seat.n), *self.minutes.shape), BIG, dtype=np.int64)
        for row, person in enumerate(seat.pool):
            price = seat_price(self.usage, session, seat, person)
            base[row] = self._over_days(self._person(session, person)) + price
        empty = self.weights.optional_empty if seat.optional else None
        index = [self.panel.get(person, 0) for person in seat.pool]
        index += [0] * (len(base) - len(index))
        return SeatArrays(seat.n, empty, np.array(index, dtype=np.int64), base)

    def costs(self, day: Costs, at: Costs | None) -> list[Costs]:
        """Per session the least price ``[row, step]`` on day ``day[row]`` for debrief ``at[row]``.

        Without ``at`` everybody may attend whichever debrief suits them best.
        """
        out = []
        free = self.attend.min(axis=1) if at is None and len(self.at) else None
        for fixed, seats in zip(self.fixed, self.seats, strict=True):
            price = fixed[day]
            for seat in seats:
                values = seat.base[:, day]
                if free is not None:
                    values += free[seat.who][:, None, None]
                elif at is not None:
                    values += self.attend[seat.who[:, None], at][:, :, None]
                price += cheapest(values, seat)
            out.append(np.minimum(price, BIG, out=price))
        return out


def seat_price(usage: Usage, session: SessionFrame, seat: SeatFrame, person: str) -> int:
    """What choosing a person costs whatever the time: dislike, fair load, and that they sat there before."""
    weights = usage.timeline.problem.weights
    price = weights.rank * seat.seat.rank.get(person, 0)
    if session.interview:
        price += weights.fair * (2 * usage.load(person) + 1)
    previous = session.session.previous
    if previous is not None and weights.moved_person and any(person in p for p in previous.people):
        price -= weights.moved_person
    return price


def cheapest(values: Costs, seat: SeatArrays) -> Costs:
    """The sum of the ``n`` least along the first axis, or the price of leaving the seat empty."""
    if seat.n == 1:
        out: Costs = values.min(axis=0)
    elif seat.n == len(values):
        out = values.sum(axis=0)
    else:
        out = np.partition(values, seat.n - 1, axis=0)[: seat.n].sum(axis=0)
    return np.minimum(out, BIG if seat.empty is None else seat.empty, out=out)


def frame_steps(frame: Frame) -> int:
    return frame.timeline.steps
