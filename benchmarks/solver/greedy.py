"""First slot that fits, as a baseline: what a script over free/busy times does.

Loops by priority; the sessions of a loop in an order that `after` allows, each at the first start
at which the candidate, enough of the pool and a room are free; when the interviews stand, the
first slot at which their people can meet for the debrief. A day on which a session or the debrief
finds no slot is given up for the next one; when the days are used up, the loop is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from solver.problem.plan import Assignment, LoopPlan, Plan, Result, Status
from solver.problem.values import BusyKind, Interval, Loop, Person, Problem, Session, SessionKind
from solver.rules.check import Judge


def solve(problem: Problem) -> Result:
    """Packs loop after loop, never looking back."""
    began = time.perf_counter()
    greedy = _Greedy(problem)
    loops: dict[str, LoopPlan | None] = {}
    for loop in sorted(problem.loops, key=lambda loop: -loop.priority):
        loops[loop.id] = greedy.loop(loop)
    plan = Plan(loops)
    seconds = time.perf_counter() - began
    price = Judge(problem).price(plan)
    placed = any(found is not None for found in loops.values())
    cost = sum(price.values())
    return Result(Status.FEASIBLE if placed else Status.UNKNOWN, plan, price, cost, 0, seconds)


class _Greedy:
    """What is booked so far, and the next loop on top of it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.people = {person.id: person for person in problem.people}
        self.booked: dict[str, list[Interval]] = {person.id: [] for person in problem.people}
        self.interviews: dict[str, list[int]] = {person.id: [] for person in problem.people}
        self.rooms: dict[str, list[Interval]] = {room.id: [] for room in problem.rooms}

    def loop(self, loop: Loop) -> LoopPlan | None:
        for sessions in self.days(loop):
            start = self.debrief(loop, sessions)
            if loop.debrief is None or start is not None:
                plan = LoopPlan(sessions, start)
                self.take(loop, plan)
                return plan
        return None

    def days(self, loop: Loop) -> Iterator[dict[str, Assignment]]:
        """The sessions packed from each day on, where they all fit."""
        order = _in_order(loop)
        for day in range(len(loop.days)):
            got: dict[str, Assignment] = {}
            for session in order:
                found = self.session(loop, session, got, loop.days[day : day + loop.max_days])
                if found is None:
                    break
                got[session.id] = found
            else:
                yield got

    def session(
        self, loop: Loop, session: Session, got: dict[str, Assignment], days: Sequence[Interval]
    ) -> Assignment | None:
        """The first start on one of these days that suits the candidate, the people and a room."""
        durations = {other.id: other.dur for other in loop.sessions}
        taken = [(at.start, at.start + durations[name]) for name, at in got.items()]
        earliest = max(
            (got[name].start + durations[name] + loop.min_break for name in session.after), default=0
        )
        lock = session.lock
        for start in self.starts(loop, session, days):
            end = start + session.dur
            if start < earliest or (lock is not None and lock.start not in (None, start)):
                continue
            near = any(
                start < last + loop.min_break and first < end + loop.min_break for first, last in taken
            )
            if near or not self.short_enough(loop, start, end, taken, days):
                continue
            found = self.staff(loop, session, start, got)
            if found is not None:
                return found
        return None

    def starts(self, loop: Loop, session: Session, days: Sequence[Interval]) -> Iterator[int]:
        grid = self.problem.grid
        for first, last in days:
            for opens, closes in loop.availability:
                low, high = max(first, opens), min(last, closes, self.problem.horizon) - session.dur
                for start in range(-(-low // grid) * grid, high + 1, grid):
                    windows = session.window
                    if not windows or any(a <= start and start + session.dur <= b for a, b in windows):
                        yield start

    def short_enough(
        self, loop: Loop, start: int, end: int, taken: Sequence[Interval], days: Sequence[Interval]
    ) -> bool:
        """The day of a new session stays within `max_span`."""
        day = next(day for day in days if day[0] <= start < day[1])
        today = [span for span in taken if day[0] <= span[0] < day[1]]
        return (
            max([end, *(last for _, last in today)]) - min([start, *(first for first, _ in today)])
            <= loop.max_span
        )

    def staff(
        self, loop: Loop, session: Session, start: int, got: dict[str, Assignment]
    ) -> Assignment | None:
        """The first free people of every seat, a free trainee, the smallest free room."""
        end, lunch = start + session.dur, session.kind is SessionKind.LUNCH
        used = set() if lunch else self.interviewers(loop, got)
        seats = []
        for at, seat in enumerate(session.seats):
            pool: Sequence[str] = seat.pool
            if session.lock is not None and session.lock.people is not None:
                pool = session.lock.people[at]
            chosen = []
            for person in pool:
                if (
                    len(chosen) < seat.n
                    and person not in used
                    and self.free(person, start, end, session.kind.value)
                ):
                    chosen.append(person)
            if len(chosen) < seat.n:
                return None
            used.update(chosen)
            seats.append(tuple(chosen))
        trainees = () if session.shadow is None else session.shadow.pool
        shadow = next(
            (one for one in trainees if one not in used and self.free(one, start, end, session.kind.value)),
            None,
        )
        heads = 1 + sum(map(len, seats)) + (shadow is not None)
        room = self.room(loop, session, start, end, heads)
        if session.room and room is None:
            return None
        return Assignment(start, tuple(seats), shadow, room)

    def interviewers(self, loop: Loop, got: dict[str, Assignment]) -> set[str]:
        kinds = {session.id: session.kind for session in loop.sessions}
        return {
            person
            for name, at in got.items()
            if kinds[name] is SessionKind.INTERVIEW
            for person in (*(one for seat in at.people for one in seat), *([at.shadow] if at.shadow else []))
        }

    def free(self, person: str, start: int, end: int, kind: str) -> bool:
        """Working, not busy, with the buffer to everything booked, and under the caps."""
        one, buffer = self.people[person], self.problem.buffer
        if not any(first <= start and end <= last for first, last in one.work):
            return False
        for block in one.busy:
            blocks = block.kind is BusyKind.HARD or (block.kind is BusyKind.LUNCH and kind != "lunch")
            if blocks and block.start < end and start < block.end:
                return False
        if any(start < last + buffer and first < end + buffer for first, last in self.booked[person]):
            return False
        return kind != "interview" or self.under_caps(one, start)

    def under_caps(self, one: Person, start: int) -> bool:
        """One interview more fits the local day and week."""
        for cap, bounds in (
            (one.max_day, self.problem.day_bounds[one.tz]),
            (one.max_week, self.problem.week_bounds[one.tz]),
        ):
            for first, last in bounds:
                if first <= start < last:
                    taken = sum(first <= other < last for other in self.interviews[one.id])
                    if taken >= cap:
                        return False
        return True

    def room(self, loop: Loop, session: Session, start: int, end: int, heads: int) -> str | None:
        """The smallest free room, if the session needs one."""
        if not session.room:
            return None
        pinned = session.lock.room if session.lock is not None else None
        for room in sorted(self.problem.rooms, key=lambda room: room.cap):
            if room.site != loop.site or room.cap < heads or pinned not in (None, room.id):
                continue
            if not any(start < last and first < end for first, last in (*room.busy, *self.rooms[room.id])):
                return room.id
        return None

    def debrief(self, loop: Loop, got: dict[str, Assignment]) -> int | None:
        """The first slot within the deadline at which everybody can come."""
        wanted = loop.debrief
        if wanted is None:
            return None
        ends = {session.id: got[session.id].start + session.dur for session in loop.sessions}
        panel = {*wanted.attend, *self.seated(loop, got)}
        last: dict[str, int] = {}
        for name, at in got.items():
            for person in (*(one for seat in at.people for one in seat), at.shadow or ""):
                last[person] = max(ends[name], last.get(person, 0))
        end, grid, buffer = max(ends.values()), self.problem.grid, self.problem.buffer
        for start in range(-(-end // grid) * grid, self.problem.horizon, grid):
            hours = self.problem.calendars[loop.site]
            if sum(max(0, min(start, closes) - max(end, opens)) for opens, closes in hours) > wanted.within:
                return None
            if all(
                self.free(person, start, start + wanted.dur, "debrief")
                and start >= last.get(person, -buffer) + buffer
                for person in panel
            ):
                return start
        return None

    def seated(self, loop: Loop, got: dict[str, Assignment]) -> set[str]:
        """Everybody in an interview seat."""
        kinds = {session.id: session.kind for session in loop.sessions}
        return {
            person
            for name, at in got.items()
            if kinds[name] is SessionKind.INTERVIEW
            for seat in at.people
            for person in seat
        }

    def take(self, loop: Loop, plan: LoopPlan) -> None:
        """Books everybody and every room of a placed loop."""
        for session in loop.sessions:
            got = plan.sessions[session.id]
            span = (got.start, got.start + session.dur)
            for person in (
                *(one for seat in got.people for one in seat),
                *([got.shadow] if got.shadow else []),
            ):
                self.booked[person].append(span)
                if session.kind is SessionKind.INTERVIEW:
                    self.interviews[person].append(got.start)
            if got.room is not None:
                self.rooms[got.room].append(span)
        if loop.debrief is not None and plan.debrief is not None:
            for person in {*loop.debrief.attend, *self.seated(loop, dict(plan.sessions))}:
                self.booked[person].append((plan.debrief, plan.debrief + loop.debrief.dur))


def _in_order(loop: Loop) -> list[Session]:
    """As they stand, but after what they must come after."""
    waiting, done = list(loop.sessions), list[Session]()
    while waiting:
        names = {session.id for session in done}
        ready = [session for session in waiting if names.issuperset(session.after)]
        ready = min(ready, key=lambda session: not session.window)
        waiting.remove(ready)
        done.append(ready)
    return done
