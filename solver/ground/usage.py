"""What placed loops take: people's time, caps and load, rooms. Loops are added and taken out again.

`Usage` answers the same questions as `Timeline`, with the placed loops' events as further blocks.
Answers are cached per person and room and forgotten only for those that a change touches, so
packing one loop after another costs what that loop touches and not what is already packed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from solver.ground.calendars import Counts
from solver.ground.timeline import BIG, Costs, Event, Mask, Timeline, day_of, inside, touching
from solver.problem.plan import LoopPlan
from solver.problem.values import Interval, Loop, Session, SessionKind


class Taken(NamedTuple):
    """One new event of a person. ``site`` is ``None`` for a debrief."""

    start: int
    end: int
    site: str | None
    interview: bool


def site_of(loop: Loop, session: Session) -> str:
    return session.site or loop.site


def events_of(loop: Loop, plan: LoopPlan) -> list[tuple[str, Taken]]:
    """``(person, event)`` of everybody in every event of a placed loop, the debrief included."""
    out: list[tuple[str, Taken]] = []
    panel: dict[str, None] = {}
    for session in loop.sessions:
        got = plan.sessions[session.id]
        interview = session.kind is SessionKind.INTERVIEW
        taken = Taken(got.start, got.start + session.dur, site_of(loop, session), interview)
        seated = [person for seat in got.people for person in seat]
        out += [(person, taken) for person in seated]
        if got.shadow is not None:
            out.append((got.shadow, taken))
        if interview:
            panel.update(dict.fromkeys(seated))
    if loop.debrief is not None and plan.debrief is not None:
        panel.update(dict.fromkeys(loop.debrief.attend))
        meeting = Taken(plan.debrief, plan.debrief + loop.debrief.dur, None, False)
        out += [(person, meeting) for person in panel]
    return out


class Usage:
    """The timeline with some loops placed on it."""

    at_once = True
    """Whether the timeline itself answers about people without an event, also at some steps only."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._events: defaultdict[str, list[Taken]] = defaultdict(list)
        self._seats: Counter[str] = Counter()
        self._rooms: defaultdict[str, list[Interval]] = defaultdict(list)
        self._cache: defaultdict[str, dict[tuple[int, Event, str | None], Costs]] = defaultdict(dict)
        self._room_cache: defaultdict[str, dict[int, Mask]] = defaultdict(dict)

    def add(self, loop: Loop, plan: LoopPlan) -> None:
        self._change(loop, plan, adding=True)

    def remove(self, loop: Loop, plan: LoopPlan) -> None:
        """Takes out what `add` of the same loop put in."""
        self._change(loop, plan, adding=False)

    def _change(self, loop: Loop, plan: LoopPlan, *, adding: bool) -> None:
        for person, taken in events_of(loop, plan):
            if adding:
                self._events[person].append(taken)
            else:
                self._events[person].remove(taken)
            self._cache.pop(person, None)
        for session in loop.sessions:
            got = plan.sessions[session.id]
            if session.kind is SessionKind.INTERVIEW:
                for person in (p for seat in got.people for p in seat):
                    self._seats[person] += 1 if adding else -1
            if got.room is not None:
                block = (got.start, got.start + session.dur)
                if adding:
                    self._rooms[got.room].append(block)
                else:
                    self._rooms[got.room].remove(block)
                self._room_cache.pop(got.room, None)

    def events(self, person: str) -> list[Taken]:
        """The person's events in the placed loops."""
        return self._events.get(person, [])

    def load(self, person: str) -> int:
        """Interview seats carried: the prior load and those of the placed loops."""
        return self.timeline.people[person].prior + self._seats[person]

    def seat(self, person: str) -> int:
        """Price of one more interview seat of a person: w.fair · ((load + 1)² − load²)."""
        return self.timeline.problem.weights.fair * (2 * self.load(person) + 1)

    def room_price(self, _site: str, _dur: int, /) -> Costs | None:
        """What taking any room of a site costs at every step; `None` = nothing, as in the rule book."""
        return None

    def person(self, person: str, dur: int, event: Event, site: str | None) -> Costs:
        """`Timeline.person` with the placed loops' events, buffers, travel and caps."""
        taken = self._events.get(person)
        if not taken:
            return self.timeline.person(person, dur, event)
        key = (dur, event, site)
        found = self._cache[person].get(key)
        if found is None:
            found = self._cache[person][key] = self._overlaid(person, taken, dur, event, site)
        return found

    def persons(
        self, people: Sequence[str], dur: int, event: Event, site: str | None, steps: Counts
    ) -> Costs:
        """``[person, step]``: `person` of some people at some steps only."""
        if self.at_once and not any(self._events.get(person) for person in people):
            return self.timeline.persons(people, dur, event, steps)
        return np.array([self.person(person, dur, event, site)[steps] for person in people])

    def at(self, person: str, dur: int, event: Event, site: str | None, step: int) -> int:
        """`person` at one step."""
        if self.at_once and not self._events.get(person):
            return self.timeline.at(person, dur, event, step)
        return int(self.person(person, dur, event, site)[step])

    def _overlaid(self, person: str, taken: list[Taken], dur: int, event: Event, site: str | None) -> Costs:
        timeline = self.timeline
        out = timeline.person(person, dur, event).copy()
        for other in taken:
            gap = timeline.gap(site, other.site)
            out[touching((other.start - gap, other.end + gap), dur, timeline.grid)] = BIG
        if event is Event.INTERVIEW:
            for interval in self._full(person, taken, dur):
                out[inside(interval, 1, timeline.grid)] = BIG
        return out

    def _full(self, person: str, taken: list[Taken], dur: int) -> list[Interval]:
        """Local days and weeks with a new interview in which one more of ``dur`` breaks a cap."""
        who = self.timeline.people[person]
        interviews = [t for t in taken if t.interview]
        out = []
        for bounds, most, minutes in self.timeline.caps(who):
            for index in {day_of(bounds, t.start) for t in interviews} - {-1}:
                start, end = bounds[index]
                lengths = [t.end - t.start for t in interviews if start <= t.start < end]
                lengths += [e - s for s, e in who.held if start <= s < end]
                if len(lengths) >= most or (minutes is not None and sum(lengths) + dur > minutes):
                    out.append(bounds[index])
        return out

    def room(self, room: str, dur: int) -> Mask:
        """`Timeline.room` with the rooms of the placed loops in use."""
        used = self._rooms.get(room)
        if not used:
            return self.timeline.room(room, dur)
        found = self._room_cache[room].get(dur)
        if found is None:
            found = self.timeline.room(room, dur).copy()
            for block in used:
                found[touching(block, dur, self.timeline.grid)] = False
            self._room_cache[room][dur] = found
        return found


def caps_room(usage: Usage, person: str) -> list[tuple[Interval, int, int | None]]:
    """``(day or week, interviews left, minutes left)`` for one person, placed loops counted."""
    who = usage.timeline.people[person]
    blocks = [(t.start, t.end) for t in usage.events(person) if t.interview] + list(who.held)
    out = []
    for bounds, most, minutes in usage.timeline.caps(who):
        for interval in bounds:
            lengths = [e - s for s, e in blocks if interval[0] <= s < interval[1]]
            left = None if minutes is None else minutes - sum(lengths)
            out.append((interval, most - len(lengths), left))
    return out
