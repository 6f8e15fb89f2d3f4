"""Placing a loop at the expense of others: who is in the way counts as a price.

`Contested` is a usage in which events of other loops do not forbid a time but cost what their
loop is worth. The single-loop search on it finds where a loop fits with the least damage; the
loops in its way are taken out and have to find another place themselves. Every loop that had to be
forced in becomes worth more, so the same two loops do not push each other out for ever.

Source: Nagata & Bräysy, A powerful route minimization heuristic for the vehicle routing problem
with time windows (2009), where vehicles take the place that left-out loops have here.

Told by `tests/solver/test_proof.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.ground.frame import Frame
from solver.ground.timeline import BIG, Costs, Event, Mask, day_of, inside, touching
from solver.ground.usage import Taken, Usage, events_of
from solver.problem.plan import LoopPlan
from solver.problem.values import SessionKind


class Contested(Usage):
    """Another usage's events as prices. ``price[loop]``; loops without one cannot be moved.

    It is good for one question: it remembers what it answered.
    """

    at_once = False

    def __init__(self, real: Usage, owners: Owners, price: Mapping[str, int]) -> None:
        super().__init__(real.timeline)
        self.real, self.owners, self.price = real, owners, price
        self._known: dict[tuple[str, int, Event, str | None], Costs] = {}

    def load(self, person: str) -> int:
        return self.real.load(person)

    def person(self, person: str, dur: int, event: Event, site: str | None) -> Costs:
        """`Usage.person`, where an event in the way adds the price of its loop."""
        taken = self.owners.events(person)
        if not taken:
            return self.timeline.person(person, dur, event)
        key = (person, dur, event, site)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._contested(taken, person, dur, event, site)
        return found

    def _contested(
        self, taken: list[tuple[str, Taken]], person: str, dur: int, event: Event, site: str | None
    ) -> Costs:
        timeline = self.timeline
        out = timeline.person(person, dur, event).copy()
        for owner, other in taken:
            gap = timeline.gap(site, other.site)
            out[touching((other.start - gap, other.end + gap), dur, timeline.grid)] += self.price.get(
                owner, BIG
            )
        if event is Event.INTERVIEW:
            for interval, owners in self.owners.full(person, dur):
                least = min((self.price.get(owner, BIG) for owner in owners), default=BIG)
                out[inside(interval, 1, timeline.grid)] += least
        out[out > BIG] = BIG
        return out

    def room(self, room: str, dur: int) -> Mask:
        """Rooms are fought over after the people: only their own blocks count here."""
        return self.timeline.room(room, dur)


class Owners:
    """Whose event it is: every placed loop's events by person, and uses by room."""

    def __init__(self, usage: Usage) -> None:
        self.timeline = usage.timeline
        self._events: dict[str, list[tuple[str, Taken]]] = {}
        self._rooms: dict[str, list[tuple[str, int, int]]] = {}

    def add(self, frame: Frame, plan: LoopPlan) -> None:
        name = frame.loop.id
        for person, taken in events_of(frame.loop, plan):
            self._events.setdefault(person, []).append((name, taken))
        for room, start, end in uses_of(frame, plan):
            self._rooms.setdefault(room, []).append((name, start, end))

    def remove(self, frame: Frame, plan: LoopPlan) -> None:
        name = frame.loop.id
        for person, taken in events_of(frame.loop, plan):
            self._events[person].remove((name, taken))
        for room, start, end in uses_of(frame, plan):
            self._rooms[room].remove((name, start, end))

    def events(self, person: str) -> list[tuple[str, Taken]]:
        return self._events.get(person, [])

    def full(self, person: str, dur: int) -> Iterable[tuple[tuple[int, int], list[str]]]:
        """Days and weeks in which one more interview breaks a cap, with the loops that fill them."""
        who = self.timeline.people[person]
        interviews = [(name, t) for name, t in self.events(person) if t.interview]
        if not interviews:
            return
        for bounds, most, minutes in self.timeline.caps(who):
            if len(interviews) + len(who.held) < most and minutes is None:
                continue
            for index in {day_of(bounds, t.start) for _, t in interviews} - {-1}:
                start, end = bounds[index]
                inner = [(name, t) for name, t in interviews if start <= t.start < end]
                held = [(s, e) for s, e in who.held if start <= s < end]
                used = sum(t.end - t.start for _, t in inner) + sum(e - s for s, e in held)
                if len(inner) + len(held) >= most or (minutes is not None and used + dur > minutes):
                    yield bounds[index], [name for name, _ in inner]

    def in_the_way(self, frame: Frame, plan: LoopPlan, price: Mapping[str, int]) -> set[str]:
        """Loops that cannot stay if this one is placed like that."""
        out: set[str] = set()
        for person, mine in events_of(frame.loop, plan):
            for name, other in self.events(person):
                gap = self.timeline.gap(mine.site, other.site)
                if mine.start < other.end + gap and other.start < mine.end + gap:
                    out.add(name)
        for room, start, end in uses_of(frame, plan):
            out.update(name for name, s, e in self._rooms.get(room, ()) if start < e and s < end)
        out |= self._over_caps(frame, plan, price, out)
        return out

    def _over_caps(self, frame: Frame, plan: LoopPlan, price: Mapping[str, int], gone: set[str]) -> set[str]:
        """Cheapest loops whose leaving keeps everybody of this one under their caps."""
        out: set[str] = set()
        for session in frame.loop.sessions:
            if session.kind is not SessionKind.INTERVIEW:
                continue
            got = plan.sessions[session.id]
            people = [p for seat in got.people for p in seat]
            people += [] if got.shadow is None else [got.shadow]
            for person in people:
                for interval, owners in self.full(person, session.dur):
                    if interval[0] <= got.start < interval[1] and not (gone | out) & set(owners):
                        out.add(min(owners, key=lambda name: (price.get(name, BIG), name)))
        return out

    def freest(self, frame: Frame, plan: LoopPlan, price: Mapping[str, int]) -> dict[str, str]:
        """Per session that needs a room the one whose users are worth least (the smallest if none are)."""
        out = {}
        for session in frame.sessions:
            got = plan.sessions[session.session.id]
            if got.room is None:
                continue
            step = got.start // self.timeline.grid
            end = got.start + session.session.dur
            heads = 1 + sum(map(len, got.people)) + (got.shadow is not None)
            options = [
                room
                for room in session.rooms
                if self.timeline.rooms[room].cap >= heads
                and self.timeline.room(room, session.session.dur)[step]
            ]
            out[session.session.id] = min(options, key=lambda room: self._damage(room, got.start, end, price))
        return out

    def _damage(self, room: str, start: int, end: int, price: Mapping[str, int]) -> int:
        users = {name for name, s, e in self._rooms.get(room, ()) if start < e and s < end}
        return sum(price.get(name, BIG) for name in users)


def uses_of(frame: Frame, plan: LoopPlan) -> list[tuple[str, int, int]]:
    """``(room, start, end)`` of every session in a room."""
    out = []
    for session in frame.loop.sessions:
        got = plan.sessions[session.id]
        if got.room is not None:
            out.append((got.room, got.start, got.start + session.dur))
    return out
