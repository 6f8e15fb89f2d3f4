"""One loop's prices as arrays over (day, step of the day): the raw material of the bounds.

Everything here is a relaxation: seats are filled independently of each other, each by the cheapest
people who can also attend the debrief in question. It knows time, people's calendars and caps,
prices of single sessions; it does not know that nobody fills two seats, rooms against each other,
gaps, travel, runs. A rule that is missing makes a bound weaker and never wrong.

Told by `tests/solver/test_climb.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.ground.frame import Frame, SeatFrame, SessionFrame
from solver.ground.starts import attend_costs, roomy_starts
from solver.ground.timeline import BIG, Costs, Event, Mask
from solver.ground.usage import Usage


@dataclass(frozen=True, slots=True)
class SeatArrays:
    """Prices of one interview seat: ``base[p, day, step]`` for the people ``who`` (indices of the panel).

    ``charged``: whether a seat here counts for what `LoopArrays.charge` asks of a person;
    ``attends``: whether coming to the debrief is paid for here. A shadow need not come, and who sits in
    sessions that want the same people comes once: it is paid for in the first of them.
    ``loads``: whether a seat here counts as somebody's load. A shadow's does not.
    """

    n: int
    empty: int | None
    who: Costs
    base: Costs
    charged: bool = True
    attends: bool = True
    loads: bool = True


class LoopArrays:
    """Prices per session over the loop's days, and per debrief start.

    Shapes: D days that have starts, T steps of the longest of them, N debrief starts, P panel people.
    ``tails[i]`` are minutes from the start of session i until the debrief may wait its ``least``.
    ``seated_at_most`` counts the people of all seats, ``cells`` the prices that are kept of them.
    ``charges[p]`` is what a seat costs person p on top, ``credit`` the sum of all charges: see `charge`.
    """

    def __init__(self, frame: Frame, usage: Usage) -> None:
        self.frame, self.usage = frame, usage
        self.weights = frame.problem.weights
        self.grid = frame.timeline.grid
        masks = [roomy_starts(frame, usage, session) for session in frame.sessions]
        self.possible = all(mask.any() for mask in masks)
        if not self.possible:
            return
        usage.timeline.look_up(frame.everybody)
        self._lay_out(masks)
        self._panel()
        self.tails = [self._tail(session) for session in frame.sessions]
        self._debriefs()
        self.charges = np.zeros(len(self.panel), dtype=np.int64)
        self.credit = 0
        self.fixed: list[Costs] = []
        self.seats: list[list[SeatArrays]] = []
        for session, mask in zip(frame.sessions, masks, strict=True):
            self._session(session, mask)
        self.seated_at_most = sum(len(seat.who) for seats in self.seats for seat in seats)
        self.cells = sum(seat.base.size for seats in self.seats for seat in seats)

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

    def _panel(self) -> None:
        """Everybody who may sit in an interview or shadow it, numbered."""
        self.panel: dict[str, int] = {}
        for session in self.frame.sessions:
            if session.interview:
                for pool in (*(seat.pool for seat in session.seats), session.shadows):
                    for person in pool:
                        self.panel.setdefault(person, len(self.panel))

    # -- debriefs -----------------------------------------------------------------------------

    def _tail(self, session: SessionFrame) -> int:
        """Its length; and what the buffer asks beyond the debrief's least gap, if somebody surely sits in both."""
        debrief, dur = self.frame.loop.debrief, session.session.dur
        both = session.interview and any(seat.n and not seat.optional for seat in session.seats)
        if debrief is None or not both:
            return dur
        return dur + max(self.frame.problem.buffer - debrief.least, 0)

    def _debriefs(self) -> None:
        """Debrief starts, their price without the panel, and each panelist's price there."""
        frame, debrief = self.frame, self.frame.loop.debrief
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
        self.attend = np.zeros((max(len(self.panel), 1), len(self.at)), dtype=np.int64)
        free = [person for person in self.panel if person not in debrief.attend]
        if free:
            rows = [self.panel[person] for person in free]
            self.attend[rows] = self.usage.persons(free, debrief.dur, Event.DEBRIEF, None, steps)

    # -- sessions -----------------------------------------------------------------------------

    def _session(self, session: SessionFrame, mask: Mask) -> None:
        """What a session costs at each start: without its interviewers, and per interviewer."""
        weights, meeting = self.weights, session.session
        allowed = self._over_days(mask) & self._valid
        fixed = np.where(allowed, -weights.idle * meeting.dur, BIG)
        if session.interview and weights.outside_pref:
            outside = self.frame.timeline.outside_preferred(self.frame.loop, meeting)
            fixed += weights.outside_pref * self._over_days(outside)
        if meeting.previous is not None:
            before = {p for people in meeting.previous.people for p in people}
            fixed += weights.moved_person * len(before)
            fixed += weights.moved_time * (self.minutes != meeting.previous.start)
        roomy = self.usage.room_price(session.site, meeting.dur) if meeting.room else None
        if roomy is not None:
            fixed += self._over_days(roomy)
        pools = [session.shadows, *(seat.pool for seat in session.seats)]
        prices = self._prices(session, list(dict.fromkeys(person for pool in pools for person in pool)))
        seats = [] if meeting.shadow is None else [self._shadow(session, prices)]
        for k, seat in enumerate(session.seats):
            if seat.n == 0:
                fixed += weights.optional_empty if meeting.seats[k].optional else 0
                continue
            arrays = self._seat(session, seat, prices)
            if session.interview:
                seats.append(arrays)
            else:
                fixed += cheapest(arrays.base, arrays)
        self.fixed.append(np.minimum(fixed, BIG))
        self.seats.append(seats)

    def _prices(self, session: SessionFrame, people: list[str]) -> dict[str, Costs]:
        """Per person ``[day, step]``: what their time costs."""
        if not people:
            return {}
        dur, steps = session.session.dur, self._index.ravel()
        found = self.usage.persons(people, dur, session.event, session.site, steps)
        return dict(zip(people, found.reshape(len(people), *self._index.shape), strict=True))

    def _shadow(self, session: SessionFrame, prices: Mapping[str, Costs]) -> SeatArrays:
        """A trainee who has a place in some room, or none."""
        wanted = session.session.shadow
        assert wanted is not None
        roomy = self._over_days(roomy_starts(self.frame, self.usage, session, more=1))
        base = np.full((max(len(session.shadows), 1), *self.minutes.shape), BIG, dtype=np.int64)
        for row, person in enumerate(session.shadows):
            units = self.weights.rank * wanted.rank.get(person, 0)
            base[row] = np.where(roomy, prices[person] + units, BIG)
        who = [self.panel.get(person, 0) for person in session.shadows] or [0]
        return SeatArrays(
            1,
            self.weights.no_shadow,
            np.array(who, dtype=np.int64),
            base,
            charged=session.interview,
            attends=False,
            loads=False,
        )

    def _seat(self, session: SessionFrame, seat: SeatFrame, prices: Mapping[str, Costs]) -> SeatArrays:
        base = np.full((max(len(seat.pool), seat.n), *self.minutes.shape), BIG, dtype=np.int64)
        for row, person in enumerate(seat.pool):
            base[row] = prices[person] + seat_price(self.usage, session, seat, person)
        empty = self.weights.optional_empty if seat.optional else None
        index = [self.panel.get(person, 0) for person in seat.pool]
        index += [0] * (len(base) - len(index))
        first = session.session.same_people_as is None
        return SeatArrays(seat.n, empty, np.array(index, dtype=np.int64), base, charged=first, attends=first)

    def in_blocks(self, size: int) -> LoopArrays:
        """The same with debrief starts in blocks of so many neighbours: at its best for everybody, ending
        in the widest span; charges stay those of this one."""
        out = copy(self)
        first = np.arange(0, len(self.at), size)
        out.attend = np.minimum.reduceat(self.attend, first, axis=1)
        out.earliest = np.minimum.reduceat(self.earliest, first)
        out.latest = np.maximum.reduceat(self.latest, first)
        return out

    # -- nobody twice -------------------------------------------------------------------------

    def charge(self, charges: Costs) -> None:
        """Asks ``charges[p] ≥ 0`` for every seat that person p takes, and gives all of it back at once.

        A plan in which nobody sits twice pays at most what it gets back, so with Λ = Σ charges
        (``credit``) the least price found, less Λ, is still a lower bound; a plan of the relaxation
        that seats somebody twice has become dearer. Sessions that want the same people as another
        are not charged.

        Source: Lagrangian relaxation of Σ seats(p) ≤ 1; Fisher, The Lagrangian relaxation method for
        solving integer programming problems (1981).
        """
        more = charges - self.charges
        for seats in self.seats:
            for seat in seats:
                if seat.charged:
                    np.add(seat.base, more[seat.who][:, None, None], out=seat.base)
        self.charges, self.credit = charges, int(charges.sum())

    def seated(self, starts: dict[int, int], at: int | None) -> Costs:
        """Per person of the panel the charged seats held, if every seat takes the cheapest at these starts.

        ``starts`` are minutes by session, ``at`` is the index of the debrief.
        """
        out = np.zeros(len(self.panel), dtype=np.int64)
        for _, seat, people in self.takers(starts, at):
            if seat.charged:
                np.add.at(out, people, 1)
        return out

    def takers(self, starts: dict[int, int], at: int | None) -> Iterator[tuple[int, SeatArrays, Costs]]:
        """Session, seat and the people of the panel who take it, if every seat takes the cheapest at these starts.

        Interviews only: company at a lunch is not in the panel.
        """
        first = self.minutes[:, 0]
        for index, seats in enumerate(self.seats):
            if not self.frame.sessions[index].interview:
                continue
            day = int(np.searchsorted(first, starts[index], side="right")) - 1
            step = (starts[index] - int(first[day])) // self.grid
            for seat in seats:
                prices = seat.base[:, day, step]
                if seat.attends and at is not None:
                    prices = prices + self.attend[seat.who, at]
                chosen = np.argsort(prices, kind="stable")[: seat.n]
                if seat.empty is None or prices[chosen].sum() < seat.empty:
                    yield index, seat, seat.who[chosen]

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
                if seat.attends and free is not None:
                    values += free[seat.who][:, None, None]
                elif seat.attends and at is not None:
                    values += self.attend[seat.who[:, None], at][:, :, None]
                price += cheapest(values, seat)
            out.append(np.minimum(price, BIG, out=price))
        return out


def seat_price(usage: Usage, session: SessionFrame, seat: SeatFrame, person: str) -> int:
    """What choosing a person costs whatever the time: dislike, fair load, and that they sat there before."""
    weights = usage.timeline.problem.weights
    price = weights.rank * seat.seat.rank.get(person, 0)
    if session.interview:
        price += usage.seat(person)
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
