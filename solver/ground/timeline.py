"""Time on the grid: who can start what, when, and what that moment costs.

A *step* is one grid unit; step ``i`` is minute ``i · grid``. Blocks need not lie on the grid: a block
``[b, e)`` forbids exactly the starts ``t`` with ``b − dur < t < e``, so nothing is lost by rounding.

`Timeline.person` answers with one array over all steps: the price of the soft blocks that an event
starting there would overlap, or `BIG` where the person cannot. Arrays are cached and never written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from solver.ground.calendars import FOCUS, HARD, LUNCH, TENTATIVE, Calendars, Counts
from solver.problem.errors import OutOfTime
from solver.problem.values import BusyKind, Interval, Loop, Person, Problem, Room, Session, SessionKind

BIG = 1 << 52
"""A price no plan reaches (the limits on weights and minutes see to that): "impossible".

Sums over a pool of 500, or over all sessions of a loop, still fit in 64 bits.
"""

BEYOND = BIG // 2
"""Where *impossible* begins for a sum: credits and idle time may take something off a `BIG`."""

CHUNK = 1 << 20
"""Steps, of all people, whose calendars are read at once."""

Costs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Event(StrEnum):
    """What a person is asked to: caps count interviews only, lunch blocks bind all but lunches."""

    INTERVIEW = "interview"
    LUNCH = "lunch"
    DEBRIEF = "debrief"


_SOFT = (BusyKind.TENTATIVE, BusyKind.FOCUS)


def event_of(session: Session) -> Event:
    return Event.LUNCH if session.kind is SessionKind.LUNCH else Event.INTERVIEW


def inside(interval: Interval, dur: int, grid: int) -> slice:
    """Steps at which ``dur`` minutes lie inside ``interval``."""
    lo = -(-interval[0] // grid)
    hi = (interval[1] - dur) // grid
    return slice(max(lo, 0), max(hi + 1, lo, 0))


def touching(interval: Interval, dur: int, grid: int) -> slice:
    """Steps at which ``dur`` minutes overlap ``interval``."""
    lo = (interval[0] - dur) // grid + 1
    hi = -(-interval[1] // grid)
    return slice(max(lo, 0), max(hi, 0))


def day_of(bounds: tuple[Interval, ...], minute: int) -> int:
    """Index of the interval of ``bounds`` that holds ``minute``, or −1."""
    for index, (start, end) in enumerate(bounds):
        if start <= minute < end:
            return index
    return -1


def _away(event: Event) -> int:
    """The kinds of blocks that keep somebody from it: those for lunch not from a lunch."""
    return HARD if event is Event.LUNCH else HARD | LUNCH


def _tight(person: Person, dur: int) -> bool:
    """Whether a single interview of ``dur`` minutes may break a cap."""
    if person.max_day < 1 or person.max_week < 1:
        return True
    return any(cap is not None and cap < dur for cap in (person.max_day_minutes, person.max_week_minutes))


class Timeline:
    """Everything about time that one problem fixes, computed on demand and kept."""

    def __init__(self, problem: Problem, cache_mb: int | None = None, base: Timeline | None = None) -> None:
        """``cache_mb``: about how much the kept answers may take; beyond it they are forgotten.

        ``base``: the timeline of a problem from which this one was made by `replace`. It answers for the
        people who are the same in both, as long as nothing else that their time depends on differs.
        """
        self.problem = problem
        self.grid = problem.grid
        self.people: dict[str, Person] = {p.id: p for p in problem.people}
        self.rooms: dict[str, Room] = {r.id: r for r in problem.rooms}
        self.steps = _last_minute(problem) // self.grid + 2
        self.minutes: Costs = np.arange(self.steps, dtype=np.int64) * self.grid
        self._most_kept = None if cache_mb is None else max((cache_mb << 20) // (8 * self.steps), 1)
        self._travel = {frozenset((a, b)): m for a, b, m in problem.travel}
        self._person: dict[tuple[str, int, Event], Costs] = {}
        self._calendars: dict[str, Calendars] = {}
        self._longest = _longest(problem)
        self._room: dict[tuple[str, int], Mask] = {}
        self._rooms_at: dict[str, list[Room]] | None = None
        self._business: dict[str, tuple[Costs, Costs]] = {}
        self._base = base if base is not None and self._alike(base) else None
        self.late: Callable[[], bool] | None = None
        """Whether to give up; asked within everything that can take long, see `go_on`."""

    def go_on(self) -> None:
        """Raises `OutOfTime` once it is `late`."""
        if self.late is not None and self.late():
            raise OutOfTime

    def _alike(self, base: Timeline) -> bool:
        """Whether somebody with the same calendar has the same time, at the same price, in both problems."""
        mine, theirs = self.problem, base.problem
        if (self.steps, self.grid, mine.buffer) != (base.steps, base.grid, theirs.buffer):
            return False
        if (mine.day_bounds, mine.week_bounds) != (theirs.day_bounds, theirs.week_bounds):
            return False
        prices = [(weights.tentative, weights.focus) for weights in (mine.weights, theirs.weights)]
        soft = any(block.kind in _SOFT for person in theirs.people for block in person.busy)
        return prices[0] == prices[1] or not soft

    # -- people -------------------------------------------------------------------------------

    def person(self, person: str, dur: int, event: Event) -> Costs:
        """Price of starting ``dur`` minutes of ``event`` with this person at every step, `BIG` = cannot."""
        base = self._base
        if base is not None and base.people.get(person) is self.people[person]:
            return base.person(person, dur, event)
        key = (person, dur, event)
        found = self._person.get(key)
        if found is None:
            if self._most_kept is not None and len(self._person) >= self._most_kept:
                self._person.clear()
            found = self._person[key] = self._costs(self.people[person], dur, event)
        return found

    def look_up(self, people: Iterable[str]) -> None:
        """Reads some people's calendars at once, which is quicker than each when first asked about."""
        new = [p for p in dict.fromkeys(people) if p not in self._calendars]
        if self._base is not None:
            new = [p for p in new if self._base.people.get(p) is not self.people[p]]
        if not new:
            return
        self.go_on()
        most = max(CHUNK // self.steps, 1)
        for first in range(0, len(new), most):
            some = [self.people[p] for p in new[first : first + most]]
            self._calendars.update(
                dict.fromkeys((p.id for p in some), Calendars(some, self.steps, self.grid, self._longest))
            )

    def persons(self, people: Sequence[str], dur: int, event: Event, steps: Counts) -> Costs:
        """``[person, step]``: `person` of some people at some steps only, which is quicker and is not kept."""
        self.look_up(people)
        out = np.empty((len(people), len(steps)), dtype=np.int64)
        groups: dict[Calendars, list[int]] = {}
        for at, name in enumerate(people):
            if self._plain(name, dur, event):
                groups.setdefault(self._calendars[name], []).append(at)
            else:
                out[at] = self.person(name, dur, event)[steps]
        for found, places in groups.items():
            touched = found.touched_at([people[at] for at in places], dur, steps)
            out[places] = self._priced(touched, event)
        return out

    def at(self, person: str, dur: int, event: Event, step: int) -> int:
        """`person` at one step."""
        if (person, dur, event) in self._person or not self._plain(person, dur, event):
            return int(self.person(person, dur, event)[step])
        touched, weights = self._calendars[person].touched_once(person, dur, step), self.problem.weights
        if touched & _away(event):
            return BIG
        return (weights.tentative if touched & TENTATIVE else 0) + (weights.focus if touched & FOCUS else 0)

    def _plain(self, person: str, dur: int, event: Event) -> bool:
        """Whether a person's blocks and working hours are all there is to look at."""
        who, known = self.people[person], self._calendars.get(person)
        if known is None or not known.within[known.rows[person]] or who.held:
            return False
        return event is not Event.INTERVIEW or not _tight(who, dur)

    def _priced(self, touched: Counts, event: Event) -> Costs:
        """What events cost that overlap such blocks; `BIG` where they may not."""
        weights = self.problem.weights
        out: Costs = np.where(touched & TENTATIVE, weights.tentative, 0)
        if weights.focus:
            out += np.where(touched & FOCUS, weights.focus, 0)
        np.copyto(out, BIG, where=(touched & _away(event)) != 0)
        return out

    def _costs(self, person: Person, dur: int, event: Event) -> Costs:
        self.go_on()
        self.look_up((person.id,))
        found = self._calendars[person.id]
        out = self._priced(found.touched(person.id, dur), event)
        if not found.within[found.rows[person.id]]:
            out[~self.within(person.work, dur)] = BIG
        buffer = self.problem.buffer
        for start, end in person.held:
            out[touching((start - buffer, end + buffer), dur, self.grid)] = BIG
        if event is Event.INTERVIEW and (person.held or _tight(person, dur)):
            for interval in self._full(person, dur):
                out[inside(interval, 1, self.grid)] = BIG
        return np.minimum(out, BIG, out=out)

    def _full(self, person: Person, dur: int) -> list[Interval]:
        """Local days and weeks in which one more interview of ``dur`` minutes breaks a cap."""
        out = []
        for bounds, most, minutes in self.caps(person):
            for interval in bounds:
                held = [e - s for s, e in person.held if interval[0] <= s < interval[1]]
                if len(held) >= most or (minutes is not None and sum(held) + dur > minutes):
                    out.append(interval)
        return out

    def caps(self, person: Person) -> list[tuple[tuple[Interval, ...], int, int | None]]:
        """``(bounds, most interviews, most minutes)`` of the local days and of the ISO weeks."""
        return [
            (self.problem.day_bounds[person.tz], person.max_day, person.max_day_minutes),
            (self.problem.week_bounds[person.tz], person.max_week, person.max_week_minutes),
        ]

    def gap(self, site: str | None, other: str | None) -> int:
        """Least minutes between two events of one person at these sites (``None`` = nowhere)."""
        if not self._travel or site is None or other is None or site == other:
            return self.problem.buffer
        return max(self.problem.buffer, self.travel(site, other))

    def travel(self, site: str, other: str) -> int:
        return 0 if site == other else self._travel.get(frozenset((site, other)), 0)

    # -- rooms --------------------------------------------------------------------------------

    def rooms_at(self, site: str) -> list[Room]:
        """Rooms of a site that hold a candidate and an interviewer, smallest first."""
        if self._rooms_at is None:
            self._rooms_at = {}
            for room in sorted(self.rooms.values(), key=lambda room: (room.cap, room.id)):
                if room.cap >= 2:
                    self._rooms_at.setdefault(room.site, []).append(room)
        return self._rooms_at.get(site, [])

    def room(self, room: str, dur: int) -> Mask:
        """Steps at which the room is free for ``dur`` minutes."""
        key = (room, dur)
        found = self._room.get(key)
        if found is None:
            found = np.ones(self.steps, dtype=np.bool_)
            for block in self.rooms[room].busy:
                found[touching(block, dur, self.grid)] = False
            self._room[key] = found
        return found

    # -- the candidate ------------------------------------------------------------------------

    def candidate(self, loop: Loop, session: Session) -> Mask:
        """Steps at which the session fits availability, days, its window and its lock."""
        out = self.within(loop.availability, session.dur) & self.within(loop.days, session.dur)
        out[touching((self.problem.horizon, self.minutes[-1] + session.dur + 1), session.dur, self.grid)] = (
            False
        )
        if session.window:
            out &= self.within(session.window, session.dur)
        lock = session.lock
        if lock is not None and lock.start is not None:
            only = np.zeros(self.steps, dtype=np.bool_)
            if lock.start % self.grid == 0 and 0 <= lock.start // self.grid < self.steps:
                only[lock.start // self.grid] = True
            out &= only
        return out

    def within(self, intervals: Iterable[Interval], dur: int) -> Mask:
        """Steps at which ``dur`` minutes lie inside one of the intervals."""
        out = np.zeros(self.steps, dtype=np.bool_)
        for interval in intervals:
            out[inside(interval, dur, self.grid)] = True
        return out

    def outside_preferred(self, loop: Loop, session: Session) -> Mask:
        """Steps at which an interview would not lie inside one ``preferred`` interval."""
        return ~self.within(loop.preferred, session.dur)

    # -- business hours -----------------------------------------------------------------------

    def earliest_end(self, calendar: str, within: int, starts: Costs) -> Costs:
        """For each debrief start the least end ``e`` of the last session with business(e, start) ≤ within.

        ``business(e, d)`` = minutes of ``calendars[calendar]`` inside ``[e, d)``; with the running
        total B it is B(d) − B(e), so ``e`` is where B first reaches B(d) − within.
        """
        edges, totals = self._totals(calendar)
        goal = np.interp(starts, edges, totals).astype(np.int64) - within
        if len(edges) == 0 or totals[-1] == 0:
            return np.zeros(len(starts), dtype=np.int64)
        index = np.searchsorted(totals, goal, side="left")
        safe = np.clip(index, 1, len(edges) - 1)
        reached = edges[safe - 1] + (goal - totals[safe - 1])
        return np.where(goal <= 0, 0, reached)

    def _totals(self, calendar: str) -> tuple[Costs, Costs]:
        """Breakpoints of the running total of business minutes, and its value there."""
        found = self._business.get(calendar)
        if found is None:
            edges, totals, total = [0], [0], 0
            for start, end in self.problem.calendars.get(calendar, ()):
                edges += [start, end]
                totals += [total, total + end - start]
                total += end - start
            found = (np.array(edges, dtype=np.int64), np.array(totals, dtype=np.int64))
            self._business[calendar] = found
        return found


def _longest(problem: Problem) -> int:
    """Minutes of the longest event of a plan."""
    sessions = (session.dur for loop in problem.loops for session in loop.sessions)
    debriefs = (loop.debrief.dur for loop in problem.loops if loop.debrief is not None)
    return max((*sessions, *debriefs), default=0)


def _last_minute(problem: Problem) -> int:
    """The latest minute at which anything of a plan can start."""
    ends = [problem.horizon]
    ends += [interval[1] for person in problem.people for interval in person.work[-1:]]
    for loop in problem.loops:
        ends += [interval[1] for interval in loop.availability[-1:]]
        if loop.debrief is not None:
            last = loop.availability[-1][1] if loop.availability else 0
            ends.append(last + loop.debrief.least + loop.debrief.dur + problem.grid)
            ends += [m for m in (loop.debrief.lock, loop.debrief.previous) if m is not None]
    return max(ends)
