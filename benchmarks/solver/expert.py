"""One loop as somebody writes it who knows CP-SAT well: the second baseline.

A literal per start that person, candidate, window and room leave, a literal per person and seat, no interval
at all (a candidate attends everything, so sessions cannot overlap); one model per last day, in the order of a
cheap bound, each held below the best plan so far; one worker, and the linear relaxation only over several days.
It carries the rules and prices of ``loopbench/1`` for single loops without pins, on calendars that lie on the
grid; anything else is refused. Its answers are judged by the same checker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from benchmarks.solver.naive import result
from benchmarks.solver.world import AWAY, FOCUS, TENTATIVE, Steps, World
from solver.problem.plan import Assignment, LoopPlan, Plan, Result
from solver.problem.values import Problem, Session, SessionKind
from solver.rules.check import pinned

Literal = cp_model.IntVar


def solve(problem: Problem, seconds: float) -> Result:
    """The proven best plan of the only loop, or the best within the limit.

    Raises `ValueError` where the problem is beyond what this model says.
    """
    began = time.perf_counter()
    loop = problem.loops[0]
    if (
        len(problem.loops) > 1
        or pinned(loop)
        or problem.travel
        or any(person.held for person in problem.people)
    ):
        raise ValueError("no single plain loop")
    world = World(problem, loop)
    best: Plan | None = None
    out = problem.weights.unscheduled * loop.priority
    status, limit = cp_model.INFEASIBLE, out
    for bound, last in sorted((world.bound(day), day) for day in world.days):
        if bound >= limit:
            break
        model = DayModel(world, last)
        if not model.possible:
            continue
        model.model.add(model.cost <= limit - 1)
        engine = cp_model.CpSolver()
        engine.parameters.max_time_in_seconds = max(0.01, seconds - (time.perf_counter() - began))
        engine.parameters.num_workers = 1
        engine.parameters.linearization_level = 0 if loop.max_days == 1 else 2
        found = engine.solve(model.model)
        if found in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            best, limit = model.plan(engine), round(engine.objective_value)
            status = cp_model.OPTIMAL
        if found not in (cp_model.OPTIMAL, cp_model.INFEASIBLE):
            status = cp_model.FEASIBLE if best is not None else cp_model.UNKNOWN
            break
    return result(problem, best or Plan({loop.id: None}), status, 0.0, time.perf_counter() - began)


@dataclass
class _Meeting:
    session: Session
    x: dict[int, Literal]
    seats: list[dict[str, Literal]] = field(default_factory=list)
    shadow: dict[str, Literal] = field(default_factory=dict)
    rooms: dict[str, Literal] = field(default_factory=dict)

    def among(self, times: Iterable[int]) -> list[Literal]:
        return [self.x[t] for t in times]


class DayModel:
    """All plans whose last session is on one day."""

    def __init__(self, world: World, last: int) -> None:
        self.world, self.last, self.model = world, last, cp_model.CpModel()
        self.costs: list[cp_model.LinearExprT] = []
        loop = world.loop
        self.meetings = [self.meeting(session) for session in loop.sessions]
        self.possible = all(m.x for m in self.meetings)
        if not self.possible:
            return
        self.apart()
        self.once()
        self.days()
        self.finish()
        self.cost = sum(self.costs)
        self.model.minimize(self.cost)

    def meeting(self, session: Session) -> _Meeting:
        world, model, weights = self.world, self.model, self.world.problem.weights
        day = world.day[session.id]
        wanted = day == self.last if world.loop.max_days == 1 else day <= self.last
        times = (world.times[session.id][wanted] * world.grid).tolist()
        here = _Meeting(session, {t: model.new_bool_var("") for t in times})
        if not times:
            return here
        model.add_exactly_one(here.x.values())
        if session.kind is SessionKind.INTERVIEW:
            inside = world.mask(world.loop.preferred, session.dur)
            self.costs += [weights.outside_pref * x for t, x in here.x.items() if not inside[t // world.grid]]
        for seat in session.seats:
            chosen = {p: model.new_bool_var("") for p in seat.pool}
            model.add(sum(chosen.values()) == seat.n)
            here.seats.append(chosen)
            for person, y in chosen.items():
                self.costs.append(world.price(session, person, seat.rank.get(person, 0)) * y)
                self.comes(here, person, y)
        if session.shadow is not None:
            here.shadow = {p: model.new_bool_var("") for p in session.shadow.pool}
            model.add_at_most_one(here.shadow.values())
            self.costs.append(weights.no_shadow * (1 - sum(here.shadow.values())))
            for person, y in here.shadow.items():
                self.comes(here, person, y)
        self.room(here)
        return here

    def comes(self, here: _Meeting, person: str, y: Literal) -> None:
        """Only when free; overlaps with soft blocks are paid for."""
        lunch = here.session.kind is SessionKind.LUNCH
        touched = self.world.touched(person, here.session.dur, lunch=lunch)
        self.pays(touched, here.x, y)

    def pays(self, touched: Steps, starts: dict[int, Literal], y: Literal) -> None:
        model, weights, grid = self.model, self.world.problem.weights, self.world.grid
        away = [x for t, x in starts.items() if touched[t // grid] & AWAY]
        if len(away) == len(starts):
            model.add(y == 0)
            return
        if away:
            model.add_at_most_one([y, *away])
        for kind, weight in ((TENTATIVE, weights.tentative), (FOCUS, weights.focus)):
            over = [x for t, x in starts.items() if touched[t // grid] & (kind | AWAY) == kind]
            if over and weight:
                both = model.new_bool_var("")
                model.add(sum(over) + y - 1 <= both)
                self.costs.append(weight * both)

    def room(self, here: _Meeting) -> None:
        world, model = self.world, self.model
        if not here.session.room:
            return
        here.rooms = {room: model.new_bool_var("") for room in world.rooms(here.session)}
        model.add_exactly_one(here.rooms.values())
        caps = {room.id: room.cap for room in world.problem.rooms}
        least = 1 + sum(seat.n for seat in here.session.seats)
        for room, literal in here.rooms.items():
            free = world.roomy(room, here.session.dur)
            taken = [x for t, x in here.x.items() if not free[t // world.grid]]
            if taken:
                model.add_at_most_one([literal, *taken])
            if caps[room] <= least and here.shadow:
                model.add_at_most_one([literal, *here.shadow.values()])

    def apart(self) -> None:
        """The candidate is in one place; orders."""
        model, loop, grid = self.model, self.world.loop, self.world.grid
        every = sorted({t for m in self.meetings for t in m.x})
        for u in range(every[0], every[-1] + 1, grid):
            running = [
                x
                for m in self.meetings
                for t, x in m.x.items()
                if t <= u < t + m.session.dur + loop.min_break
            ]
            if len(running) > 1:
                model.add_at_most_one(running)
        by_id = {m.session.id: m for m in self.meetings}
        for m in self.meetings:
            for before in (by_id[name] for name in m.session.after):
                for t, x in m.x.items():
                    done = t - before.session.dur - loop.min_break
                    model.add_bool_or([~x, *(w for u, w in before.x.items() if u <= done)])

    def once(self) -> None:
        """Nobody has two places of one session, or of two interviews."""
        found: dict[tuple[str, str], list[Literal]] = {}
        for m in self.meetings:
            scope = "" if m.session.kind is SessionKind.INTERVIEW else m.session.id
            for chosen in (*m.seats, m.shadow):
                for person, y in chosen.items():
                    found.setdefault((scope, person), []).append(y)
        for literals in found.values():
            if len(literals) > 1:
                self.model.add_at_most_one(literals)

    def days(self) -> None:
        """Idle time, span and number of days; the last day is used."""
        model, world, loop = self.model, self.world, self.world.loop
        weights, used = world.problem.weights, []
        for day in world.days if loop.max_days > 1 else [self.last]:
            if day > self.last:
                continue
            low, high = loop.days[day]
            on = {m.session.id: m.among(t for t in m.x if low <= t < high) for m in self.meetings}
            here = model.new_bool_var("")
            used.append(here)
            for literals in on.values():
                if literals and loop.max_days > 1:
                    model.add(sum(literals) <= here)
            first, last = model.new_int_var(low, high, ""), model.new_int_var(low, high, "")
            model.add(last - first <= loop.max_span * here)
            model.add(last >= first)
            for m in self.meetings:
                for t, x in m.x.items():
                    if low <= t < high:
                        model.add(first <= t).only_enforce_if(x)
                        model.add(last >= t + m.session.dur).only_enforce_if(x)
            busy = sum(m.session.dur * sum(on[m.session.id]) for m in self.meetings)
            self.costs.append(weights.idle * (last - first - busy))
            if day == self.last:
                model.add(here == 1)
                model.add_bool_or([x for literals in on.values() for x in literals])
        model.add(sum(used) <= loop.max_days)
        self.costs.append(weights.extra_day * (sum(used) - 1))

    def finish(self) -> None:
        """When all is over; the debrief with its people, not before the last session and not too late."""
        world, model, loop = self.world, self.model, self.world.loop
        weights, debrief, buffer = world.problem.weights, loop.debrief, world.problem.buffer
        origin = loop.availability[0][0]
        if debrief is None:
            end = model.new_int_var(0, world.steps * world.grid, "")
            for m in self.meetings:
                for t, x in m.x.items():
                    model.add(end >= t + m.session.dur).only_enforce_if(x)
            self.costs.append(weights.finish * (end - origin))
            return
        low, high = loop.days[self.last]
        ends = [t + m.session.dur for m in self.meetings for t in m.x if low <= t < high]
        self.z = {
            d: model.new_bool_var("")
            for d, least in world.debriefs
            if least <= max(ends) and d >= min(ends) + buffer
        }
        model.add_bool_or(self.z.values())
        model.add_at_most_one(self.z.values())
        earliest = dict(world.debriefs)
        for d, z in self.z.items():
            late = [x for m in self.meetings for t, x in m.x.items() if t + m.session.dur >= earliest[d]]
            model.add_bool_or([~z, *late])
            for m in self.meetings:
                gap = buffer if m.session.kind is SessionKind.INTERVIEW else 0
                after = [x for t, x in m.x.items() if t + m.session.dur + gap > d]
                if after:
                    model.add_at_most_one([z, *after])
        self.costs += [weights.finish * (d + debrief.dur - origin) * z for d, z in self.z.items()]
        self.panel(debrief.attend, debrief.dur)

    def panel(self, attend: tuple[str, ...], dur: int) -> None:
        """Interviewers come to the debrief; with the buffer after a lunch they sat in."""
        seats: dict[str, list[Literal]] = {}
        for m in self.meetings:
            if m.session.kind is SessionKind.INTERVIEW:
                for chosen in m.seats:
                    for person, y in chosen.items():
                        seats.setdefault(person, []).append(y)
        for person in dict.fromkeys((*attend, *seats)):
            here = self.model.new_bool_var("")
            self.model.add(here >= (1 if person in attend else sum(seats[person])))
            self.pays(self.world.touched(person, dur, lunch=False), self.z, here)
            self.lunch_before(person, here)

    def lunch_before(self, person: str, comes: Literal) -> None:
        """The buffer between a lunch that somebody sits in and the debrief."""
        buffer = self.world.problem.buffer
        for m in self.meetings:
            if buffer and m.session.kind is SessionKind.LUNCH:
                for y in [chosen[person] for chosen in m.seats if person in chosen]:
                    for t, x in m.x.items():
                        near = [z for d, z in self.z.items() if d < t + m.session.dur + buffer]
                        if near:
                            self.model.add_bool_or([~y, ~comes, ~x, ~sum_of(self.model, near)])

    def plan(self, engine: cp_model.CpSolver) -> Plan:
        def chosen(literals: dict[str, Literal]) -> tuple[str, ...]:
            return tuple(name for name, literal in literals.items() if engine.boolean_value(literal))

        sessions = {
            m.session.id: Assignment(
                next(t for t, x in m.x.items() if engine.boolean_value(x)),
                tuple(chosen(seat) for seat in m.seats),
                next(iter(chosen(m.shadow)), None),
                next(iter(chosen(m.rooms)), None),
            )
            for m in self.meetings
        }
        at = next((d for d, z in getattr(self, "z", {}).items() if engine.boolean_value(z)), None)
        return Plan({self.world.loop.id: LoopPlan(sessions, at)})


def sum_of(model: cp_model.CpModel, literals: list[Literal]) -> Literal:
    """A literal that is true where one of them is."""
    out = model.new_bool_var("")
    for literal in literals:
        model.add_implication(literal, out)
    return out
