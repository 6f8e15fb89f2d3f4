"""What people lock and unlock: an interview's time, its people, its room, each for itself. Pure.

Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import InterviewLock
from scheduler.domain.templates import InterviewSpec
from scheduler.services.changing import asked
from scheduler.services.changing.draft import Draft, known, seat_number, there, title, twins
from scheduler.services.planning.sessions import solver_seats


def lock(made: Draft, change: asked.Lock) -> None:
    """Keep what the interview has in the plan as it is drawn so far."""
    spec = known(made, change.interview, debrief=True)
    numbers = _numbers(spec, change)
    _says_something(change, numbers)
    was = there(made, change.interview)
    held = made.loop.lock_of(change.interview) or InterviewLock(change.interview)
    if change.time:
        _can_both_stand(made, change.interview)
        held = replace(held, start=was.span.start)
    if change.room:
        if was.room is None:
            raise BadInput("room", f"{title(made, change.interview)} has no room", "lock its time or people")
        held = replace(held, room=was.room)
    _keep(made, held)
    for number in numbers:
        assert spec is not None
        people = was.people[number]
        if len(people) < solver_seats(spec)[number].count:
            raise BadInput("seats", f"seat {number} of {spec.title} is not filled", "fill it first")
        for id in twins(made, spec.id):
            _keep_seat(made, id, number, people)


def unlock(made: Draft, change: asked.Unlock) -> None:
    """Let an interview's time, people or room change again."""
    spec = known(made, change.interview, debrief=True)
    numbers = _numbers(spec, change)
    _says_something(change, numbers)
    held = made.loop.lock_of(change.interview)
    if held is None:
        raise BadInput("interview", f"nothing of {title(made, change.interview)} is locked", "leave it out")
    held = replace(held, start=None if change.time else held.start, room=None if change.room else held.room)
    _keep(made, held)
    for id in twins(made, change.interview) if numbers else ():
        kept = made.loop.lock_of(id)
        if kept is not None:
            _keep(made, replace(kept, people=tuple(p for p in kept.people if p[0] not in numbers)))


def _numbers(spec: InterviewSpec | None, change: asked.Lock | asked.Unlock) -> tuple[int, ...]:
    if spec is None:
        if change.people or change.seats or change.room:
            raise BadInput("interview", "the debrief has no seats and no room of its own", "lock its time")
        return ()
    if change.people:
        return tuple(range(len(solver_seats(spec))))
    return tuple(dict.fromkeys(seat_number(spec, n, "seats") for n in change.seats))


def _says_something(change: asked.Lock | asked.Unlock, numbers: tuple[int, ...]) -> None:
    if not (change.time or change.room or numbers):
        raise BadInput("time", "nothing is named", "say time, people, seats or room")


def _can_both_stand(made: Draft, id: str) -> None:
    """Two locked times of one candidate that overlap could never be kept."""
    span = made.wanted[id].span
    for other in made.loop.locks:
        there = made.wanted.get(other.interview)
        if other.interview != id and other.start is not None and there and there.span.overlaps(span):
            fault = f"{title(made, id)} and {title(made, other.interview)} cannot both keep their times: they overlap"
            raise BadInput("time", fault, "move or unlock one of them first")


def _keep_seat(made: Draft, id: str, number: int, people: tuple[str, ...]) -> None:
    held = made.loop.lock_of(id) or InterviewLock(id)
    rest = tuple(p for p in held.people if p[0] != number)
    _keep(made, replace(held, people=tuple(sorted((*rest, (number, people))))))


def _keep(made: Draft, lock: InterviewLock) -> None:
    """Put a lock in its place; one that holds nothing any more is gone."""
    rest = [held for held in made.loop.locks if held.interview != lock.interview]
    empty = lock.start is None and not lock.people and lock.room is None
    made.loop = replace(made.loop, locks=(*rest, *(() if empty else (lock,))))
