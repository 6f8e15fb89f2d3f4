"""What a problem must be before anybody tries to solve it.

Refused are contradictions in the document itself (an unknown id, a seat larger than its pool, an
order that bites its tail). A problem that is merely impossible (nobody is free) is well formed:
saying so, and why, is the solver's answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from solver.problem.errors import ProblemError

if TYPE_CHECKING:
    from solver.problem.values import (
        Debrief,
        Interval,
        Lock,
        Loop,
        Person,
        Problem,
        Room,
        Seat,
        Session,
        Weights,
    )

LIMITS: Final[Mapping[str, int]] = {
    "loops": 500,
    "sessions": 12,  # of one loop
    "seats": 12,  # of one session
    "pool": 500,  # of one seat
    "people": 10_000,
    "rooms": 1_000,
    "steps": 200_000,  # grid steps until anything of a plan can end: four months of minutes
    "minute": 10_000_000,  # any point in time, and any duration
    "weight": 10_000_000,
    "units": 10_000,  # rank units, prior load
    "count": 10_000_000,  # interviews of a cap, heads of a room
}
"""Sizes up to which everything holds its promises; beyond them a problem is refused by name.

`weight`, `minute`, `count` and `units` keep every price far inside 64 bits.
"""


def validate(problem: Problem) -> None:
    """Refuses a problem that contradicts itself (`ProblemError` with the field's path)."""
    _top(problem)
    known = _Known(problem)
    for at, person in enumerate(problem.people):
        _person(f"people[{at}]", person, problem, known)
    for at, room in enumerate(problem.rooms):
        _room(f"rooms[{at}]", room)
    for at, loop in enumerate(problem.loops):
        _loop(f"loops[{at}]", loop, problem, known)


class _Known:
    """The ids that other fields may name."""

    def __init__(self, problem: Problem) -> None:
        self.people = _unique("people", [person.id for person in problem.people])
        self.rooms = _unique("rooms", [room.id for room in problem.rooms])
        _unique("loops", [loop.id for loop in problem.loops])
        self.calendars = frozenset(problem.calendars)
        self.sites = self.calendars.union(
            (person.site for person in problem.people), (room.site for room in problem.rooms)
        )
        self.days = {tz: _joined(bounds) for tz, bounds in problem.day_bounds.items()}
        self.weeks = {tz: _joined(bounds) for tz, bounds in problem.week_bounds.items()}
        for at, (one, other, minutes) in enumerate(problem.travel):
            path = f"travel[{at}]"
            _ids(path, (one, other), self.sites, "site")
            _minutes(path + "[2]", minutes)
            if one == other:
                raise ProblemError(path, f"is a way from {one} to itself", "name two sites")
        pairs = [tuple(sorted((one, other))) for one, other, _ in problem.travel]
        for at, pair in enumerate(pairs):
            if pair in pairs[:at]:
                raise ProblemError(f"travel[{at}]", f"gives {pair[0]} and {pair[1]} twice", "keep one")


def _top(problem: Problem) -> None:
    _least("grid", problem.grid, 1)
    _minutes("grid", problem.grid, 1)
    _within("horizon", problem.horizon, problem, 1)
    _within("buffer", problem.buffer, problem)
    _limit("people", "people", len(problem.people), "people")
    _limit("rooms", "rooms", len(problem.rooms), "rooms")
    _limit("loops", "loops", len(problem.loops), "loops")
    _weights(problem.weights)
    for name in ("calendars", "day_bounds", "week_bounds"):
        for key, bounds in getattr(problem, name).items():
            _intervals(f"{name}[{key}]", bounds)
    for key, bounds in problem.day_bounds.items():
        _reach(f"day_bounds[{key}]", bounds, problem)


def _weights(weights: Weights) -> None:
    for weight in fields(weights):
        value = getattr(weights, weight.name)
        _least(f"weights.{weight.name}", value, 0)
        _limit(f"weights.{weight.name}", "weight", value, "")


def _person(path: str, person: Person, problem: Problem, known: _Known) -> None:
    _intervals(path + ".work", person.work)
    _reach(path + ".work", person.work, problem)
    last, most = -LIMITS["minute"], LIMITS["minute"]
    for block in person.busy:  # said twice, since problems are built often and have many blocks
        if not last <= block.start < block.end <= most:
            _blocks(path + ".busy", [(each.start, each.end) for each in person.busy])
        last = block.start
    _blocks(path + ".held", person.held)
    _reach(path + ".held", person.held, problem)
    for name in ("max_day", "max_week", "max_day_minutes", "max_week_minutes", "prior"):
        value = getattr(person, name)
        if value is not None:
            _least(f"{path}.{name}", value, 0)
            _limit(f"{path}.{name}", "count", value, "")
    _limit(path + ".prior", "units", person.prior, "")
    for name, bounds in (("day_bounds", known.days), ("week_bounds", known.weeks)):
        if person.tz not in bounds:
            raise ProblemError(path + ".tz", f"{person.tz} has no {name}", f"add {name}[{person.tz}]")
        _covered(path, person.work, bounds[person.tz], f"{name}[{person.tz}]")


def _covered(path: str, work: Sequence[Interval], bounds: Sequence[Interval], name: str) -> None:
    """Every working interval lies inside the joined bounds; both are sorted."""
    at = 0
    for index, (start, end) in enumerate(work):
        while at < len(bounds) and bounds[at][1] < end:
            at += 1
        if at == len(bounds) or start < bounds[at][0]:
            raise ProblemError(
                f"{path}.work[{index}]", f"{start}–{end} is not covered by {name}", f"extend {name}"
            )


def _room(path: str, room: Room) -> None:
    _least(path + ".cap", room.cap, 1)
    _limit(path + ".cap", "count", room.cap, "heads")
    _blocks(path + ".busy", room.busy)


def _loop(path: str, loop: Loop, problem: Problem, known: _Known) -> None:
    _ids(path + ".site", (loop.site,), known.sites, "site")
    for name in ("availability", "days", "preferred"):
        _intervals(f"{path}.{name}", getattr(loop, name))
    _reach(path + ".availability", loop.availability, problem)
    _least(path + ".max_days", loop.max_days, 1)
    _limit(path + ".max_days", "count", loop.max_days, "days")
    _minutes(path + ".max_span", loop.max_span, 1)
    _minutes(path + ".min_break", loop.min_break)
    if not 1 <= loop.priority <= 3:
        raise ProblemError(path + ".priority", f"is {loop.priority}", "give 1, 2 or 3")
    _least(path + ".sessions", len(loop.sessions), 1, "sessions")
    _limit(path + ".sessions", "sessions", len(loop.sessions), "sessions")
    sessions = {session.id: session for session in loop.sessions}
    _unique(path + ".sessions", [session.id for session in loop.sessions])
    for at, session in enumerate(loop.sessions):
        _session(f"{path}.sessions[{at}]", session, sessions, problem, known)
    if loop.debrief is not None:
        _debrief(path + ".debrief", loop, loop.debrief, problem, known)
    _relations(path, loop, sessions, known)
    _acyclic(path, loop)


def _relations(path: str, loop: Loop, sessions: Mapping[str, Session], known: _Known) -> None:
    """What a loop says about its sessions together (fields of the second format)."""
    for at, gap in enumerate(loop.gaps):
        where = f"{path}.gaps[{at}]"
        _ids(where, (gap.first, gap.then), sessions, "session of this loop")
        _minutes(where + ".least", gap.least)
        _minutes(where + ".greatest", gap.greatest or 0, None)
        if gap.greatest is not None and gap.greatest < gap.least:
            raise ProblemError(where + ".greatest", f"is less than least ({gap.least})", "raise it")
    apart = [frozenset(group) for group in loop.different_day]
    for name in ("same_day", "different_day"):
        for at, group in enumerate(getattr(loop, name)):
            where = f"{path}.{name}[{at}]"
            _ids(where, group, sessions, "session of this loop")
            _least(where, len(_unique(where, group)), 2, "sessions")
            if name == "same_day" and any(len(other.intersection(group)) > 1 for other in apart):
                raise ProblemError(where, "contradicts different_day", "drop one of the two")
    if loop.longest_run is not None:
        _minutes(path + ".longest_run.minutes", loop.longest_run.minutes, 1)
        _minutes(path + ".longest_run.rest", loop.longest_run.rest, 1)
    if loop.max_day_minutes is not None:
        _minutes(path + ".max_day_minutes", loop.max_day_minutes)
    _ids(path + ".barred", loop.barred, known.people, "person")


def _acyclic(path: str, loop: Loop) -> None:
    """``after`` and ``gaps`` together leave an order in which to hold the sessions."""
    before = {session.id: set(session.after) for session in loop.sessions}
    for gap in loop.gaps:
        before[gap.then].add(gap.first)
    while before:
        free = [name for name, waits in before.items() if not waits.intersection(before)]
        if not free:
            names = [session.id for session in loop.sessions]
            at = min(names.index(name) for name in before)
            fault = f"the order of {', '.join(sorted(before))} is a circle"
            raise ProblemError(f"{path}.sessions[{at}].after", fault, "drop one of the orders (after, gaps)")
        for name in free:
            del before[name]


def _session(
    path: str, session: Session, sessions: Mapping[str, Session], problem: Problem, known: _Known
) -> None:
    _within(path + ".dur", session.dur, problem, 1)
    _intervals(path + ".window", session.window)
    _ids(path + ".after", session.after, sessions, "session of this loop")
    _unique(path + ".after", session.after)
    _limit(path + ".seats", "seats", len(session.seats), "seats")
    for at, seat in enumerate(session.seats):
        _seat(f"{path}.seats[{at}]", seat, known)
    if session.shadow is not None:
        _pool(path + ".shadow", session.shadow.pool, session.shadow.rank, known)
    if session.lock is not None:
        _lock(path + ".lock", session, session.lock, problem, known)
    if session.site is not None:
        _ids(path + ".site", (session.site,), known.sites, "site")
    if session.same_people_as is not None:
        _same_people(path + ".same_people_as", session, sessions)


def _same_people(path: str, session: Session, sessions: Mapping[str, Session]) -> None:
    name = session.same_people_as or ""
    _ids(path, (name,), sessions, "session of this loop")
    other = sessions[name]
    if other is session:
        raise ProblemError(path, "names the session itself", "name another one")
    if [(seat.n, seat.optional) for seat in session.seats] != [
        (seat.n, seat.optional) for seat in other.seats
    ]:
        raise ProblemError(
            path, f"{name} has other seats", "give both the same number of people, seat by seat"
        )


def _seat(path: str, seat: Seat, known: _Known) -> None:
    _least(path + ".n", seat.n, 1)
    _pool(path, seat.pool, seat.rank, known)
    if seat.n > len(seat.pool):
        fix = "lower n or name more people"
        raise ProblemError(path + ".n", f"wants {seat.n} people out of a pool of {len(seat.pool)}", fix)


def _pool(path: str, pool: Sequence[str], rank: Mapping[str, int], known: _Known) -> None:
    _limit(path + ".pool", "pool", len(pool), "people")
    _ids(path + ".pool", pool, known.people, "person")
    _unique(path + ".pool", pool)
    _ids(path + ".rank", rank, known.people, "person")
    for person, units in rank.items():
        _least(f"{path}.rank[{person}]", units, 0)
        _limit(f"{path}.rank[{person}]", "units", units, "")


def _lock(path: str, session: Session, lock: Lock, problem: Problem, known: _Known) -> None:
    if lock.start is not None:
        _on_grid(path + ".start", lock.start, problem)
        if lock.start + session.dur > problem.horizon:
            fault = f"{lock.start} + {session.dur} minutes is beyond the horizon ({problem.horizon})"
            raise ProblemError(path + ".start", fault, "pin it earlier or extend the horizon")
    if lock.room is not None:
        _ids(path + ".room", (lock.room,), known.rooms, "room")
        if not session.room:
            raise ProblemError(path + ".room", "the session needs no room", "drop the pin or set room")
    if lock.people is not None:
        _lock_people(path + ".people", session, lock.people)


def _lock_people(path: str, session: Session, people: Sequence[Sequence[str]]) -> None:
    """Pinned people have the answer's shape and fill every seat out of its pool."""
    if len(people) != len(session.seats):
        fix = f"give {len(session.seats)} lists, one a seat"
        raise ProblemError(path, f"has {len(people)} seats, the session has {len(session.seats)}", fix)
    seen: set[str] = set()
    for at, (seat, names) in enumerate(zip(session.seats, people, strict=True)):
        where = f"{path}[{at}]"
        if len(names) != seat.n and not (seat.optional and not names):
            raise ProblemError(
                where, f"pins {len(names)} people, the seat wants {seat.n}", "pin the whole seat"
            )
        _ids(where, names, seat.pool, "person of the seat's pool")
        for name in names:
            if name in seen:
                raise ProblemError(where, f"{name} is pinned twice in one session", "keep one place")
            seen.add(name)


def _debrief(path: str, loop: Loop, debrief: Debrief, problem: Problem, known: _Known) -> None:
    _within(path + ".dur", debrief.dur, problem, 1)
    _minutes(path + ".within", debrief.within)
    _within(path + ".least", debrief.least, problem)
    _within(path + ".previous", debrief.previous or 0, problem, None)
    _ids(path + ".attend", debrief.attend, known.people, "person")
    _unique(path + ".attend", debrief.attend)
    calendar = debrief.calendar or loop.site
    if calendar not in known.calendars:
        fault = f"{calendar} has no business hours to count its deadline in"
        raise ProblemError(path, fault, f"add calendars[{calendar}]")
    if debrief.lock is not None:
        _on_grid(path + ".lock", debrief.lock, problem)


def _on_grid(path: str, start: int, problem: Problem) -> None:
    _within(path, start, problem)
    if start % problem.grid:
        raise ProblemError(path, f"{start} is off the grid of {problem.grid}", "give a multiple of the grid")


def _least(path: str, value: int, least: int, what: str = "") -> None:
    if value < least:
        noun = f" {what}" if what else ""
        raise ProblemError(path, f"is {value}{noun}", f"give at least {least}")


def _limit(path: str, name: str, value: int, what: str) -> None:
    most = LIMITS[name]
    if value > most:
        noun = f" {what}" if what else ""
        fix = "give less" if name in ("minute", "weight", "units", "count") else "split the problem"
        raise ProblemError(path, f"is {value}{noun}, the limit `{name}` is {most}", fix)


def _minutes(path: str, value: int, least: int | None = 0) -> None:
    """A length, or a point in time where ``least`` is none."""
    if least is not None:
        _least(path, value, least)
    _limit(path, "minute", abs(value), "minutes")


def _within(path: str, value: int, problem: Problem, least: int | None = 0) -> None:
    """A length or a point in time that a plan's steps have to reach."""
    _minutes(path, value, least)
    _limit(path, "steps", value // problem.grid, "grid steps")


def _reach(path: str, intervals: Sequence[Interval], problem: Problem) -> None:
    """The same of the end of a list of intervals."""
    if intervals:
        _within(f"{path}[{len(intervals) - 1}]", intervals[-1][1], problem, None)


def _ids(path: str, names: Iterable[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise ProblemError(path, f"{name!r} is no {what}", "name one that exists")


def _unique(path: str, names: Sequence[str]) -> frozenset[str]:
    once = frozenset(names)
    if len(once) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ProblemError(path, f"{twice!r} is given twice", "keep one")
    return once


def _blocks(path: str, intervals: Sequence[Interval]) -> None:
    """Blocks that last, by start; they may overlap."""
    for at, (start, end) in enumerate(intervals):
        if start >= end:
            fault = f"{start}–{end} is no interval"
            raise ProblemError(f"{path}[{at}]", fault, "give start < end, in minutes")
        if end > LIMITS["minute"] or start < -LIMITS["minute"]:
            _limit(f"{path}[{at}]", "minute", max(end, -start), "minutes")
        if at and start < intervals[at - 1][0]:
            raise ProblemError(
                f"{path}[{at}]", f"starts at {start}, before the one in front", "sort by start"
            )


def _intervals(path: str, intervals: Sequence[Interval]) -> None:
    """Blocks that do not overlap either; touching is fine."""
    _blocks(path, intervals)
    for at, (start, _) in enumerate(intervals):
        if at and start < intervals[at - 1][1]:
            before = intervals[at - 1]
            fault = f"starts at {start}, inside {before[0]}–{before[1]}"
            raise ProblemError(f"{path}[{at}]", fault, "make the intervals disjoint")


def _joined(bounds: Sequence[Interval]) -> list[Interval]:
    """Touching intervals as one."""
    joined: list[Interval] = []
    for start, end in bounds:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
