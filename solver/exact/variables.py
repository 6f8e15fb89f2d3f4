"""The decision variables of the exact model, and the questions that rules ask of them.

Every decision is a literal: session s starts at t, person p sits in seat k of s, trainee p shadows s,
s is in room r, the debrief starts at d. A rule (`constraints`, `objectives`) asks this container
for literals and sums and never builds one of the five itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from solver.ground.frame import Frame, SessionFrame
from solver.ground.starts import Domain
from solver.ground.timeline import BIG, Costs, Event, Mask
from solver.ground.usage import Usage
from solver.problem.plan import Assignment

Literal = cp_model.IntVar
Sum = Any
"""A linear expression or a number: CP-SAT's operators take and give both, which its type hints do not say."""


@dataclass(frozen=True)
class Attendance:
    """One possible event of a person: ``begin`` minutes, ``dur`` long, real where ``here`` is true."""

    loop: str
    session: str | None
    begin: Sum
    dur: int
    site: str | None
    event: Event
    here: Literal


def total(terms: Iterable[Sum]) -> Sum:
    """A sum that may be empty."""
    return cp_model.LinearExpr.sum(list(terms))


def _weighted(literals: Sequence[Literal], factors: Sequence[int]) -> Sum:
    return cp_model.LinearExpr.weighted_sum(literals, factors)


class LoopVars:
    """All literals of one loop. ``placed`` is constant 1 where the loop may not be left out."""

    def __init__(self, model: cp_model.CpModel, usage: Usage, frame: Frame, domain: Domain, *, forced: bool):
        self.model, self.usage, self.frame, self.domain = model, usage, frame, domain
        self.loop = frame.loop
        name = self.loop.id
        self.placed: Literal = model.new_constant(1) if forced else model.new_bool_var(f"{name} placed")
        self.forced = forced
        self.start: dict[str, dict[int, Literal]] = {}
        self.seat: dict[tuple[str, int], dict[str, Literal]] = {}
        self.open: dict[tuple[str, int], Literal] = {}
        self.shadow: dict[str, dict[str, Literal]] = {}
        self.room: dict[str, dict[str, Literal]] = {}
        for session in frame.sessions:
            self._session(session)
        self.debrief: dict[int, Literal] = {
            d: model.new_bool_var(f"{name} debrief {d}") for d in domain.debrief
        }
        self.before: dict[tuple[str, str], Literal] = {}
        self._begin: dict[str | None, Literal] = {}
        self._attends: dict[str, Literal] = {}

    def _session(self, frame: SessionFrame) -> None:
        """Literals of one session; people and rooms free at no start of the domain get none."""
        model, sid = self.model, frame.session.id
        times = self.domain.starts[sid]
        self.start[sid] = {t: model.new_bool_var(f"{sid} at {t}") for t in times}
        for k, seat in enumerate(frame.seats):
            able = [p for p in seat.pool if self._ever(self.person_costs(frame, p), times)]
            self.seat[sid, k] = {p: model.new_bool_var(f"{sid} seat {k} {p}") for p in able}
            self.open[sid, k] = model.new_bool_var(f"{sid} seat {k} open") if seat.optional else self.placed
        shadows = [p for p in frame.shadows if self._ever(self.person_costs(frame, p), times)]
        self.shadow[sid] = {p: model.new_bool_var(f"{sid} shadow {p}") for p in shadows}
        rooms = [r for r in frame.rooms if self._free(self.room_free(frame, r), times)]
        self.room[sid] = {r: model.new_bool_var(f"{sid} in {r}") for r in rooms}

    def person_costs(self, frame: SessionFrame, person: str) -> Costs:
        return self.usage.person(person, frame.session.dur, frame.event, frame.site)

    def room_free(self, frame: SessionFrame, room: str) -> Mask:
        return self.usage.room(room, frame.session.dur)

    def debrief_costs(self, person: str) -> Costs:
        assert self.loop.debrief is not None
        return self.usage.person(person, self.loop.debrief.dur, Event.DEBRIEF, None)

    def _ever(self, costs: Costs, times: Sequence[int]) -> bool:
        grid = self.frame.timeline.grid
        return any(costs[t // grid] < BIG for t in times)

    def _free(self, free: Mask, times: Sequence[int]) -> bool:
        grid = self.frame.timeline.grid
        return any(free[t // grid] for t in times)

    # -- questions ----------------------------------------------------------------------------

    def starts_where(self, sid: str, holds: Callable[[int], bool]) -> list[Literal]:
        """Start literals of a session at the minutes for which ``holds``."""
        return [x for t, x in self.start[sid].items() if holds(t)]

    def begin(self, sid: str | None) -> Literal:
        """The start as a number; ``None`` is the debrief. Meaningless where the loop is left out."""
        found = self._begin.get(sid)
        if found is None:
            literals = self.debrief if sid is None else self.start[sid]
            values = sorted(literals) or [0]
            found = self.model.new_int_var_from_domain(
                cp_model.Domain.from_values(values), f"{sid or 'debrief'} begin"
            )
            for t, literal in literals.items():
                self.model.add(found == t).only_enforce_if(literal)
            self._begin[sid] = found
        return found

    def in_day(self, sid: str, day: int) -> list[Literal]:
        """Start literals of a session on one of the candidate's days."""
        return [x for t, x in self.start[sid].items() if self.frame.day(t) == day]

    @cached_property
    def days(self) -> list[int]:
        """The candidate's days on which something could start."""
        return sorted({self.frame.day(t) for starts in self.start.values() for t in starts})

    @cached_property
    def used(self) -> dict[int, Literal]:
        """Per day: something of the loop starts on it (exact, both ways)."""
        out = {}
        for day in self.days:
            literal = self.model.new_bool_var(f"{self.loop.id} uses day {day}")
            here = [x for sid in self.start for x in self.in_day(sid, day)]
            self.model.add_max_equality(literal, here)
            out[day] = literal
        if self.loop.max_days == 1 and self.forced:
            self.model.add_exactly_one(out.values())
        return out

    @cached_property
    def spans(self) -> dict[int, Sum]:
        """Per day at least last end − first start of what is on it, and at least its minutes.

        first ≤ latest + Σ (t − latest) x[s,t] and last ≥ earliest + Σ (end − earliest) x[s,t] over the
        day's starts t of every session s: they bite only where s is on that day.
        """
        out: dict[int, Sum] = {}
        for day in self.days:
            on_day = {sid: self._minutes_in_day(sid, day) for sid in self.start}
            ends = [t + self._dur(sid) for sid, times in on_day.items() for t in times]
            earliest, latest = min(t for times in on_day.values() for t in times), max(ends)
            first = self.model.new_int_var(earliest, latest, f"{self.loop.id} day {day} from")
            last = self.model.new_int_var(earliest, latest, f"{self.loop.id} day {day} to")
            minutes = [self._dur(sid) * x for sid in self.start for x in self.in_day(sid, day)]
            self.model.add(last - first >= total(minutes))
            for sid, times in on_day.items():
                if times:
                    here = [self.start[sid][t] for t in times]
                    self.model.add(first <= latest + _weighted(here, [t - latest for t in times]))
                    dur = self._dur(sid)
                    self.model.add(last >= earliest + _weighted(here, [t + dur - earliest for t in times]))
            out[day] = last - first
        return out

    def _minutes_in_day(self, sid: str, day: int) -> list[int]:
        return [t for t in self.start[sid] if self.frame.day(t) == day]

    def _dur(self, sid: str) -> int:
        return self.frame.by_id[sid].session.dur

    @cached_property
    def earliest_end(self) -> dict[int, int]:
        """Per debrief start: the earliest that the last session may end (`Timeline.earliest_end`)."""
        debrief = self.loop.debrief
        assert debrief is not None
        starts = np.array(list(self.debrief), dtype=np.int64)
        calendar = debrief.calendar or self.loop.site
        least = self.frame.timeline.earliest_end(calendar, debrief.within, starts)
        return dict(zip(self.debrief, least.tolist(), strict=True))

    def seated(self, person: str, sid: str) -> list[Literal]:
        """The literals that put a person into a seat of a session."""
        session = self.frame.by_id[sid]
        found = (self.seat[sid, k].get(person) for k in range(len(session.seats)))
        return [y for y in found if y is not None]

    @cached_property
    def panel(self) -> dict[str, list[Literal]]:
        """Interview seat literals by person: whoever holds one must attend the debrief."""
        out: defaultdict[str, list[Literal]] = defaultdict(list)
        for frame in self.frame.sessions:
            if frame.interview:
                for k in range(len(frame.seats)):
                    for person, y in self.seat[frame.session.id, k].items():
                        out[person].append(y)
        return out

    def attends(self, person: str) -> Literal:
        """True where the person has to be at the debrief."""
        found = self._attends.get(person)
        if found is None:
            assert self.loop.debrief is not None
            seats = self.panel.get(person, [])
            if person in self.loop.debrief.attend:
                found = self.placed
            elif len(seats) == 1:
                found = seats[0]
            else:
                found = self.model.new_bool_var(f"{self.loop.id} debrief with {person}")
                self.model.add_max_equality(found, seats)
            self._attends[person] = found
        return found

    def attendances(self) -> list[tuple[str, Attendance]]:
        """Every possible event of every person in this loop."""
        out: list[tuple[str, Attendance]] = []
        people: set[str] = set()
        for frame in self.frame.sessions:
            sid = frame.session.id
            groups = [self.seat[sid, k] for k in range(len(frame.seats))] + [self.shadow[sid]]
            for group in groups:
                for person, here in group.items():
                    dur = frame.session.dur
                    event = Attendance(self.loop.id, sid, self.begin(sid), dur, frame.site, frame.event, here)
                    out.append((person, event))
            if frame.interview:
                people.update(p for group in groups[:-1] for p in group)
        if self.loop.debrief is not None:
            dur = self.loop.debrief.dur
            for person in sorted(people | set(self.loop.debrief.attend)):
                here = self.attends(person)
                out.append(
                    (
                        person,
                        Attendance(self.loop.id, None, self.begin(None), dur, None, Event.DEBRIEF, here),
                    )
                )
        return out

    def keep(self, sid: str, got: Assignment) -> bool:
        """Pins everything of a session; False where somebody or something of it is not available."""
        for k, people in enumerate(got.people):
            for person in people:
                if person not in self.seat[sid, k]:
                    return False
                self.model.add(self.seat[sid, k][person] == 1)
        for name, literals in ((got.shadow, self.shadow[sid]), (got.room, self.room[sid])):
            if name is not None:
                if name not in literals:
                    return False
                self.model.add(literals[name] == 1)
        return True


@dataclass
class Variables:
    """The variables of all loops of one model."""

    model: cp_model.CpModel
    usage: Usage
    loops: list[LoopVars] = field(default_factory=list)

    @cached_property
    def events(self) -> dict[str, list[Attendance]]:
        """Every possible new event by person, over all loops."""
        out: defaultdict[str, list[Attendance]] = defaultdict(list)
        for loop in self.loops:
            for person, event in loop.attendances():
                out[person].append(event)
        return out
