"""A problem with changes made: what a fix proposes, carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from solver.problem.values import Busy, Debrief, Interval, Lock, Loop, Person, Problem, Room, Session
from solver.rules.view import merged
from solver.why.changes import NeededChange, clashes
from solver.why.groups import Kind, outside, spare_name, stand_ins, with_stand_ins


def amended(problem: Problem, changes: Iterable[NeededChange]) -> Problem:
    """The problem after all of these changes, and nothing else."""
    for change in changes:
        problem = _AMEND[change.kind](problem, change)
    return problem


def _loop_of(problem: Problem, change: NeededChange) -> Loop:
    return next(loop for loop in problem.loops if loop.id == change.loop)


def _with_loop(problem: Problem, change: NeededChange, **values: Any) -> Problem:
    loops = (replace(loop, **values) if loop.id == change.loop else loop for loop in problem.loops)
    return replace(problem, loops=tuple(loops))


def _with_session(problem: Problem, change: NeededChange, alter: Callable[[Session], Session]) -> Problem:
    sessions = _loop_of(problem, change).sessions
    name = change.sessions[0]
    return _with_loop(
        problem, change, sessions=tuple(alter(one) if one.id == name else one for one in sessions)
    )


def _with_people(problem: Problem, change: NeededChange, alter: Callable[[Person], Person]) -> Problem:
    people = (alter(one) if one.id in change.people else one for one in problem.people)
    return replace(problem, people=tuple(people))


def _person(problem: Problem, change: NeededChange) -> Problem:
    return _with_people(problem, change, lambda one: freed(one, change.times, problem.buffer))


def freed(person: Person, times: tuple[Interval, ...], buffer: int) -> Person:
    """Works at these times, and has nothing in the calendar then."""
    busy: list[Busy] = []
    for block in person.busy:
        rest = outside(list(times), [(block.start, block.end)])
        busy += [Busy(start, end, block.kind) for start, end in rest]
    held = tuple(one for one in person.held if not clashes(one, times, buffer))
    work = tuple(merged([*person.work, *times]))
    return replace(person, work=work, held=held, busy=tuple(sorted(busy, key=lambda block: block.start)))


def _pool(problem: Problem, change: NeededChange) -> Problem:
    loop, name = _loop_of(problem, change), change.sessions[0]
    extra = stand_ins(loop, name)[: dict(change.limits)["people"]]
    times = tuple(merged(change.times))
    return with_stand_ins(problem, loop, name, dict.fromkeys(extra, times))


def _caps(problem: Problem, change: NeededChange) -> Problem:
    return _with_people(problem, change, lambda one: replace(one, **dict(change.limits)))  # type: ignore[arg-type]


def _rooms(problem: Problem, change: NeededChange) -> Problem:
    sessions = [one for one in _loop_of(problem, change).sessions if one.id in change.sessions]
    features = frozenset(feature for session in sessions for feature in session.features)
    site = change.site or ""
    spare = Room(spare_name(site), site, dict(change.limits)["cap"], (), features)
    return replace(problem, rooms=(*problem.rooms, spare))


def _buffer(problem: Problem, change: NeededChange) -> Problem:
    return replace(problem, buffer=dict(change.limits)["buffer"])


def _travel(problem: Problem, _: NeededChange) -> Problem:
    return replace(problem, travel=())


def _order(problem: Problem, change: NeededChange) -> Problem:
    late = change.sessions[1:]
    return _with_session(
        problem, change, lambda one: replace(one, after=tuple(name for name in one.after if name not in late))
    )


def _gap(problem: Problem, change: NeededChange) -> Problem:
    then, first = change.sessions
    minutes = dict(change.limits)["minutes"]
    kept = []
    for gap in _loop_of(problem, change).gaps:
        if (gap.first, gap.then) != (first, then):
            kept.append(gap)
        elif minutes >= 0:
            most = None if gap.greatest is None else max(gap.greatest, minutes)
            kept.append(replace(gap, least=min(gap.least, minutes), greatest=most))
    return _with_loop(problem, change, gaps=tuple(kept))


def _loop_limits(problem: Problem, change: NeededChange) -> Problem:
    """`min_break`, `max_span`, `max_days`, `max_day_minutes`."""
    return _with_loop(problem, change, **dict(change.limits))


def _longest_run(problem: Problem, change: NeededChange) -> Problem:
    limit = _loop_of(problem, change).longest_run
    longer = None if limit is None else replace(limit, minutes=dict(change.limits)["minutes"])
    return _with_loop(problem, change, longest_run=longer)


def _same_day(problem: Problem, change: NeededChange) -> Problem:
    kept = tuple(names for names in _loop_of(problem, change).same_day if names != change.sessions)
    return _with_loop(problem, change, same_day=kept)


def _different_day(problem: Problem, change: NeededChange) -> Problem:
    kept = tuple(names for names in _loop_of(problem, change).different_day if names != change.sessions)
    return _with_loop(problem, change, different_day=kept)


def _with_debrief(problem: Problem, change: NeededChange, **values: Any) -> Problem:
    debrief: Debrief | None = _loop_of(problem, change).debrief
    return problem if debrief is None else _with_loop(problem, change, debrief=replace(debrief, **values))


def _debrief(problem: Problem, change: NeededChange) -> Problem:
    return _with_debrief(problem, change, within=dict(change.limits)["within"])


def _same_people(problem: Problem, change: NeededChange) -> Problem:
    return _with_session(problem, change, lambda one: replace(one, same_people_as=None))


def _barred(problem: Problem, change: NeededChange) -> Problem:
    return _with_loop(problem, change, barred=_loop_of(problem, change).barred.difference(change.people))


def _window(problem: Problem, change: NeededChange) -> Problem:
    return _with_session(
        problem, change, lambda one: replace(one, window=tuple(merged([*one.window, *change.times])))
    )


def _lock(problem: Problem, change: NeededChange) -> Problem:
    if not change.sessions:
        return _with_debrief(problem, change, lock=None)
    return _with_session(problem, change, lambda one: replace(one, lock=_still(one.lock, change)))


def _still(lock: Lock | None, change: NeededChange) -> Lock | None:
    """What remains pinned: the time or the people, where they are as they were."""
    if lock is None:
        return None
    start = lock.start if lock.start == change.times[0][0] else None
    people = None
    if lock.people is not None and sorted(change.people) == sorted(
        who for seat in lock.people for who in seat
    ):
        people = lock.people
    left = Lock(start=start, people=people)
    return None if left == Lock() else left


def _availability(problem: Problem, change: NeededChange) -> Problem:
    loop = _loop_of(problem, change)
    return _with_loop(problem, change, availability=tuple(merged([*loop.availability, *change.times])))


def _loop(problem: Problem, change: NeededChange) -> Problem:
    gone = {name for name, _ in change.limits}
    return replace(problem, loops=tuple(loop for loop in problem.loops if loop.id not in gone))


_AMEND: Mapping[Kind, Callable[[Problem, NeededChange], Problem]] = {
    Kind.ROOMS: _rooms,
    Kind.CAPS: _caps,
    Kind.BUFFER: _buffer,
    Kind.ORDER: _order,
    Kind.GAP: _gap,
    Kind.BREAKS: _loop_limits,
    Kind.LONGEST_RUN: _longest_run,
    Kind.DAY_MINUTES: _loop_limits,
    Kind.SPAN: _loop_limits,
    Kind.SAME_DAY: _same_day,
    Kind.DIFFERENT_DAY: _different_day,
    Kind.DEBRIEF: _debrief,
    Kind.PERSON: _person,
    Kind.POOL: _pool,
    Kind.SAME_PEOPLE: _same_people,
    Kind.BARRED: _barred,
    Kind.TRAVEL: _travel,
    Kind.WINDOW: _window,
    Kind.LOCK: _lock,
    Kind.DAYS: _loop_limits,
    Kind.AVAILABILITY: _availability,
    Kind.LOOP: _loop,
}
