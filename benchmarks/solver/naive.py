"""The model that most people would write first, as a baseline: CP-SAT, one variable per thing.

An integer start per session, an optional interval per (session, seat, person), busy time as fixed
intervals, NoOverlap per person, room and candidate, and CP-SAT's defaults. It carries every rule
and every price of ``loopbench/1``, so its answers are judged by the same checker; it knows
nothing of ``loopbench/2``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from solver.problem.plan import Assignment, LoopPlan, Plan, Result, Status
from solver.problem.values import BusyKind, Interval, Loop, Person, Problem, Session, SessionKind
from solver.rules.check import Judge, pinned
from solver.rules.view import Diary, Spans, merged

Literal = cp_model.IntVar


def solve(problem: Problem, seconds: float, workers: int = 0) -> Result:
    """Builds and solves the whole model at once; ``workers`` 0 is CP-SAT's own choice."""
    began = time.perf_counter()
    naive = _Naive(problem)
    for loop in problem.loops:
        naive.add_loop(loop)
    naive.add_people()
    naive.add_rooms()
    naive.model.minimize(sum(naive.costs))
    engine = cp_model.CpSolver()
    engine.parameters.max_time_in_seconds = max(0.01, seconds - (time.perf_counter() - began))
    if workers:
        engine.parameters.num_workers = workers
    status = engine.solve(naive.model)
    plan = naive.plan(engine) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else Plan({})
    return result(problem, plan, status, engine.best_objective_bound, time.perf_counter() - began)


def result(problem: Problem, plan: Plan, status: int, least: float, seconds: float) -> Result:
    judge = Judge(problem)
    price = judge.price(plan)
    cost = sum(price.values())
    placed = any(loop is not None for loop in plan.loops.values())
    if status == cp_model.OPTIMAL:
        said = Status.OPTIMAL if placed else Status.INFEASIBLE
    elif status == cp_model.INFEASIBLE:
        said = Status.INFEASIBLE
    else:
        said = Status.FEASIBLE if status == cp_model.FEASIBLE else Status.UNKNOWN
    bound = cost if said in (Status.OPTIMAL, Status.INFEASIBLE) else max(0, int(least))
    return Result(said, plan, price, cost, min(bound, cost), seconds, cut=said is Status.FEASIBLE)


@dataclass
class _Event:
    """A new event of one person, present when its literal is true."""

    person: str
    start: cp_model.LinearExprT
    dur: int
    here: Literal
    kind: str
    """``interview``, ``shadow``, ``lunch`` or ``debrief``."""


@dataclass
class _Here:
    """The variables of one session."""

    loop: Loop
    session: Session
    start: cp_model.LinearExprT
    end: cp_model.LinearExprT
    seats: list[dict[str, Literal]] = field(default_factory=list)
    shadow: dict[str, Literal] = field(default_factory=dict)
    rooms: dict[str, Literal] = field(default_factory=dict)


class _Naive:
    """The model while it is built: one method a chapter of the rule book."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.costs: list[cp_model.LinearExprT] = []
        self.events: dict[str, list[_Event]] = {}
        self.here: dict[str, dict[str, _Here]] = {}
        self.placed: dict[str, Literal] = {}
        self.debriefs: dict[str, cp_model.LinearExprT] = {}
        self.people = {person.id: person for person in problem.people}
        self.diaries: dict[str, Diary] = {}
        self.last = max([problem.horizon, *(p.work[-1][1] for p in problem.people if p.work)])

    # one loop

    def add_loop(self, loop: Loop) -> None:
        model, weights = self.model, self.problem.weights
        placed = self.placed[loop.id] = model.new_bool_var(f"placed {loop.id}")
        if pinned(loop):
            model.add(placed == 1)
        self.costs.append(weights.unscheduled * loop.priority * (1 - placed))
        here = self.here[loop.id] = {s.id: self.session(loop, s, placed) for s in loop.sessions}
        breaks = [
            model.new_optional_fixed_size_interval_var(h.start, h.session.dur + loop.min_break, placed, "")
            for h in here.values()
        ]
        model.add_no_overlap(breaks)
        for each in here.values():
            for before in each.session.after:
                model.add(each.start >= here[before].end + loop.min_break).only_enforce_if(placed)
        self.once_in_loop(list(here.values()))
        self.days(loop, list(here.values()), placed)
        self.finish(loop, list(here.values()), placed)

    def session(self, loop: Loop, session: Session, placed: Literal) -> _Here:
        """Its start inside availability and window, its seats, its shadow, its room, its pins."""
        fits = _fits(loop.availability, session.dur).intersection_with(_fits(loop.days, session.dur))
        fits = fits.intersection_with(cp_model.Domain(0, self.problem.horizon - session.dur))
        if session.window:
            fits = fits.intersection_with(_fits(session.window, session.dur))
        start = self.start(fits, placed)
        here = _Here(loop, session, start, start + session.dur)
        self.seats(here, placed)
        self.room(here, placed)
        self.lock(here)
        if session.kind is SessionKind.INTERVIEW:
            outside = self.model.new_bool_var("")
            self.inside(start, session.dur, loop.preferred, placed, ~outside)
            self.costs.append(self.problem.weights.outside_pref * outside)
        return here

    def start(self, fits: cp_model.Domain, placed: Literal) -> cp_model.LinearExprT:
        """A start on the grid, out of those that fit; nobody is placed where none does."""
        grid = self.problem.grid
        spans = [[-(-first // grid), last // grid] for first, last in _pairs(fits)]
        steps = cp_model.Domain.from_intervals([[first, last] for first, last in spans if first <= last])
        if steps.is_empty():
            self.model.add(placed == 0)
            steps = cp_model.Domain(0, 0)
        return grid * self.model.new_int_var_from_domain(steps, "")

    def inside(
        self,
        start: cp_model.LinearExprT,
        dur: int,
        intervals: Iterable[Interval],
        *conditions: cp_model.LiteralT,
    ) -> None:
        """All of ``[start, start + dur)`` lies in one interval, where the conditions hold."""
        self.model.add_linear_expression_in_domain(start, _fits(intervals, dur)).only_enforce_if(*conditions)

    def seats(self, here: _Here, placed: Literal) -> None:
        model, session = self.model, here.session
        lunch = session.kind is SessionKind.LUNCH
        for seat in session.seats:
            chosen = {person: model.new_bool_var("") for person in seat.pool}
            model.add(sum(chosen.values()) == seat.n * placed)
            here.seats.append(chosen)
            for person, literal in chosen.items():
                self.costs.append(self.problem.weights.rank * seat.rank.get(person, 0) * literal)
                self.event(person, here.start, session.dur, literal, "lunch" if lunch else "interview")
        if session.shadow is not None:
            here.shadow = {person: model.new_bool_var("") for person in session.shadow.pool}
            model.add(sum(here.shadow.values()) <= placed)
            self.costs.append(self.problem.weights.no_shadow * (placed - sum(here.shadow.values())))
            for person, literal in here.shadow.items():
                self.event(person, here.start, session.dur, literal, "lunch" if lunch else "shadow")
        for literals in _by_person([*here.seats, here.shadow]).values():
            model.add_at_most_one(literals)

    def event(self, person: str, start: cp_model.LinearExprT, dur: int, here: Literal, kind: str) -> None:
        self.events.setdefault(person, []).append(_Event(person, start, dur, here, kind))

    def room(self, here: _Here, placed: Literal) -> None:
        if not here.session.room:
            return
        rooms = [room for room in self.problem.rooms if room.site == here.loop.site]
        here.rooms = {room.id: self.model.new_bool_var("") for room in rooms}
        self.model.add(sum(here.rooms.values()) == placed)
        heads = 1 + sum(sum(chosen.values()) for chosen in [*here.seats, here.shadow])
        for room in rooms:
            self.model.add(heads <= room.cap).only_enforce_if(here.rooms[room.id])

    def lock(self, here: _Here) -> None:
        lock = here.session.lock
        if lock is None:
            return
        if lock.start is not None:
            self.model.add(here.start == lock.start)
        if lock.room is not None:
            self.model.add(sum(literal for room, literal in here.rooms.items() if room == lock.room) == 1)
        for chosen, people in zip(here.seats, lock.people or (), strict=False):
            for person, literal in chosen.items():
                self.model.add(literal == (person in people))

    def once_in_loop(self, here: list[_Here]) -> None:
        interviews = [h for h in here if h.session.kind is SessionKind.INTERVIEW]
        choices = [chosen for h in interviews for chosen in [*h.seats, h.shadow]]
        for literals in _by_person(choices).values():
            self.model.add_at_most_one(literals)

    def days(self, loop: Loop, here: list[_Here], placed: Literal) -> None:
        """A day per session, days used, and per used day its span."""
        model, weights = self.model, self.problem.weights
        used = [model.new_bool_var("") for _ in loop.days]
        model.add(sum(used) <= loop.max_days)
        model.add(sum(used) >= placed)
        self.costs.append(weights.extra_day * (sum(used) - placed))
        on = {h.session.id: [model.new_bool_var("") for _ in loop.days] for h in here}
        for h in here:
            model.add(sum(on[h.session.id]) == placed)
            for day, literal in zip(loop.days, on[h.session.id], strict=True):
                self.inside(h.start, h.session.dur, [day], literal)
        for at, (day, literal) in enumerate(zip(loop.days, used, strict=True)):
            model.add_max_equality(literal, [on[h.session.id][at] for h in here])
            first = model.new_int_var(*day, "")
            last = model.new_int_var(*day, "")
            model.add(last - first <= loop.max_span).only_enforce_if(literal)
            model.add(last == first).only_enforce_if(~literal)
            for h in here:
                model.add(first <= h.start).only_enforce_if(on[h.session.id][at])
                model.add(last >= h.end).only_enforce_if(on[h.session.id][at])
            busy = sum(h.session.dur * on[h.session.id][at] for h in here)
            idle = model.new_int_var(0, loop.max_span, "")
            model.add(idle >= last - first - busy)
            self.costs.append(weights.idle * idle)

    def finish(self, loop: Loop, here: list[_Here], placed: Literal) -> None:
        """The last end, the debrief with its people and its deadline, and what waiting costs."""
        model, debrief = self.model, loop.debrief
        end = model.new_int_var(0, self.last, "")
        model.add_max_equality(end, [h.end for h in here])
        over: cp_model.LinearExprT = end
        if debrief is not None:
            start = self.debriefs[loop.id] = self.start(cp_model.Domain(0, self.last), placed)
            model.add(start >= end).only_enforce_if(placed)
            waited = self.business(loop.site, start) - self.business(loop.site, end)
            model.add(waited <= debrief.within).only_enforce_if(placed)
            over = start + debrief.dur
            interviews = [h for h in here if h.session.kind is SessionKind.INTERVIEW]
            seats = _by_person([chosen for h in interviews for chosen in h.seats])
            for person, literals in seats.items():
                if person not in debrief.attend:
                    attends = model.new_bool_var("")
                    model.add_max_equality(attends, literals)
                    self.event(person, start, debrief.dur, attends, "debrief")
            for person in debrief.attend:
                self.event(person, start, debrief.dur, placed, "debrief")
        wait = model.new_int_var(0, self.last, "")
        first = loop.availability[0][0] if loop.availability else 0
        model.add(wait >= over - first).only_enforce_if(placed)
        self.costs.append(self.problem.weights.finish * wait)

    def business(self, site: str, instant: cp_model.LinearExprT) -> cp_model.LinearExprT:
        """Business minutes before an instant: Σ over business hours of clamp(instant − opening)."""
        model, total = self.model, []
        for opens, closes in self.problem.calendars.get(site, ()):
            worked = model.new_int_var(0, closes - opens, "")
            capped = model.new_int_var(-opens, closes - opens, "")
            model.add_min_equality(capped, [instant - opens, closes - opens])
            model.add_max_equality(worked, [capped, 0])
            total.append(worked)
        return sum(total)

    # what loops share

    def add_people(self) -> None:
        for name, events in self.events.items():
            person = self.people[name]
            self.diaries[name] = Diary(person)
            self.calendar(person, events)
            self.caps(person, events)
            self.soft(person, events)
            seats = [event.here for event in events if event.kind == "interview"]
            weight = self.problem.weights.fair
            steps = [self.model.new_bool_var("") for _ in seats]
            if seats:
                self.model.add(sum(steps) == sum(seats))
            self.costs += [weight * (2 * (person.prior + j) + 1) * step for j, step in enumerate(steps)]

    def calendar(self, person: Person, events: list[_Event]) -> None:
        """NoOverlap of new events with buffers, and of new events with what the calendar holds."""
        model, buffer = self.model, self.problem.buffer
        buffered = [
            model.new_optional_fixed_size_interval_var(e.start, e.dur + buffer, e.here, "") for e in events
        ]
        if buffer:
            model.add_no_overlap(buffered)
        blocks = self.diaries[person.id].blocks
        hard = _intervals(blocks[BusyKind.HARD])
        lunch = _intervals(blocks[BusyKind.LUNCH])
        for eating in (True, False):
            kept = hard if eating else merged([*hard, *lunch])
            fixed = [model.new_fixed_size_interval_var(start, end - start, "") for start, end in kept]
            mine = [e for e in events if eating or e.kind != "lunch"]
            optional = [model.new_optional_fixed_size_interval_var(e.start, e.dur, e.here, "") for e in mine]
            model.add_no_overlap([*fixed, *optional])
        for event in events:
            self.inside(event.start, event.dur, person.work, event.here)

    def caps(self, person: Person, events: list[_Event]) -> None:
        for cap, bounds in (
            (person.max_day, self.problem.day_bounds[person.tz]),
            (person.max_week, self.problem.week_bounds[person.tz]),
        ):
            counted = [event for event in events if event.kind in ("interview", "shadow")]
            if len(counted) <= cap:
                continue
            within: list[list[Literal]] = [[] for _ in bounds]
            for event in counted:
                literals = [self.model.new_bool_var("") for _ in bounds]
                self.model.add(sum(literals) == event.here)
                for period, literal in enumerate(literals):
                    self.inside(event.start, 1, [bounds[period]], literal)
                    within[period].append(literal)
            for literals in within:
                self.model.add(sum(literals) <= cap)

    def soft(self, person: Person, events: list[_Event]) -> None:
        weights = self.problem.weights
        for kind, weight in ((BusyKind.TENTATIVE, weights.tentative), (BusyKind.FOCUS, weights.focus)):
            blocks = _intervals(self.diaries[person.id].blocks[kind])
            for event in events if blocks else []:
                over = self.model.new_bool_var("")
                covered = [[start - event.dur + 1, end - 1] for start, end in blocks]
                free = cp_model.Domain.from_intervals(covered).complement()
                self.model.add_linear_expression_in_domain(event.start, free).only_enforce_if(
                    event.here, ~over
                )
                self.costs.append(weight * over)

    def add_rooms(self) -> None:
        for room in self.problem.rooms:
            intervals = [
                self.model.new_fixed_size_interval_var(start, end - start, "")
                for start, end in merged(room.busy)
            ]
            for here in self.here.values():
                for h in here.values():
                    if room.id in h.rooms:
                        intervals.append(
                            self.model.new_optional_fixed_size_interval_var(
                                h.start, h.session.dur, h.rooms[room.id], ""
                            )
                        )
            self.model.add_no_overlap(intervals)

    # the answer

    def plan(self, engine: cp_model.CpSolver) -> Plan:
        return Plan(
            {
                loop.id: self.loop_plan(loop, engine) if engine.boolean_value(self.placed[loop.id]) else None
                for loop in self.problem.loops
            }
        )

    def loop_plan(self, loop: Loop, engine: cp_model.CpSolver) -> LoopPlan:
        def chosen(literals: dict[str, Literal]) -> list[str]:
            return [name for name, literal in literals.items() if engine.boolean_value(literal)]

        sessions = {
            name: Assignment(
                start=engine.value(h.start),
                people=tuple(tuple(chosen(seat)) for seat in h.seats),
                shadow=next(iter(chosen(h.shadow)), None),
                room=next(iter(chosen(h.rooms)), None),
            )
            for name, h in self.here[loop.id].items()
        }
        debrief = self.debriefs.get(loop.id)
        return LoopPlan(sessions, None if debrief is None else engine.value(debrief))


def _by_person(choices: Iterable[dict[str, Literal]]) -> dict[str, list[Literal]]:
    """Every literal that puts a person somewhere."""
    found: dict[str, list[Literal]] = {}
    for chosen in choices:
        for person, literal in chosen.items():
            found.setdefault(person, []).append(literal)
    return found


def _intervals(spans: Spans) -> list[Interval]:
    return list(zip(spans.starts, spans.ends, strict=True))


def _fits(intervals: Iterable[Interval], dur: int) -> cp_model.Domain:
    """Starts from which ``dur`` minutes lie in one of the intervals."""
    fitting = [[first, last - dur] for first, last in intervals if last - first >= dur]
    return cp_model.Domain.from_intervals(fitting)


def _pairs(domain: cp_model.Domain) -> list[Interval]:
    flat = domain.flattened_intervals()
    return list(zip(flat[::2], flat[1::2], strict=True))
