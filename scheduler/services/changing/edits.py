"""Times, rooms and people changed by hand on a plan. Pure; input that cannot be meant is refused with what to do.

Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Person
from scheduler.domain.templates import InterviewSpec
from scheduler.domain.time import Span, instant
from scheduler.services.asking import requests
from scheduler.services.changing import asked
from scheduler.services.changing.draft import (
    Draft,
    in_words,
    known,
    on_grid,
    seat_number,
    seated,
    there,
    title,
    twins,
    unlocked_seat,
    usable,
)
from scheduler.services.planning.sessions import solver_seats

# -- times and rooms --------------------------------------------------------------------------------


def move(made: Draft, change: asked.Move) -> None:
    known(made, change.interview, debrief=True)
    was = there(made, change.interview)
    held = made.loop.lock_of(change.interview)
    start = instant(change.to, made.loop.zone, "to")
    if held is not None and held.start not in (None, start):
        fault = f"{title(made, change.interview)} is locked to {in_words(made, held.start or start)}"
        fix = f'unlock it first: {{"do": "unlock", "interview": "{change.interview}", "time": true}}'
        raise BadInput("to", fault, fix)
    on_grid(made, start)
    if start <= made.ground.now:
        raise BadInput("to", f"{in_words(made, start)} is past", "choose a time that is still ahead")
    length = was.span.end - was.span.start
    made.wanted[change.interview] = replace(was, span=Span(start, start + length))
    made.pin(change.interview, start=start)


def place(made: Draft, change: asked.Place) -> None:
    spec, was = known(made, change.interview), there(made, change.interview)
    assert spec is not None
    if not spec.needs_room:
        raise BadInput("interview", f"{spec.title} needs no room", "leave this change out")
    held = made.loop.lock_of(change.interview)
    if held is not None and held.room not in (None, change.room):
        fix = f'unlock it first: {{"do": "unlock", "interview": "{change.interview}", "room": true}}'
        raise BadInput("room", f"{spec.title} is locked to the room {held.room}", fix)
    usable = {r.id for r in made.ground.rooms.values() if r.active and r.site == made.loop.site}
    if change.room not in usable:
        fix = f"use one of {', '.join(sorted(usable))}" if usable else "the site has no rooms"
        raise BadInput("room", f"no room {change.room!r} at {made.loop.site}", fix)
    made.wanted[change.interview] = replace(was, room=change.room)
    made.pin(change.interview, room=change.room)


def windows(made: Draft, change: asked.Windows) -> None:
    said = change.zone or made.ground.application.candidate.zone
    found = requests.windows(change.windows, said, made.ground.now)
    if not found:
        raise BadInput("windows", "empty", "give at least one window")
    horizon = requests.moved_on(made.loop, made.ground.now)
    made.loop = replace(made.loop, windows=tuple(found), horizon=horizon)


def horizon(made: Draft, change: asked.Horizon) -> None:
    said = change.zone or made.ground.application.candidate.zone
    horizon = requests.said_horizon((change.start, change.end), said, made.ground.now)
    made.loop = replace(made.loop, horizon=horizon)


# -- people -----------------------------------------------------------------------------------------


def give(made: Draft, change: asked.Give) -> None:
    spec = known(made, change.interview)
    assert spec is not None
    who = usable(made, change.person)
    there(made, change.interview)
    number = _seat_of(made, spec, change)
    for id in twins(made, change.interview):
        _not_declined(made, id, who)
        unlocked_seat(made, id, number)
        people = list(made.wanted[id].people[number])
        if change.person in people:
            continue
        _let_in(made, id, number, people, change)
        made.pin_seat(id, number)
    if change.person in made.wanted[change.interview].people[number]:
        made.pin_seat(change.interview, number)


def _not_declined(made: Draft, id: str, who: Person) -> None:
    if (who.id, id) in made.loop.declined:
        raise BadInput("person", f"{who.name} has declined {title(made, id)}", "seat somebody else")


def _seat_of(made: Draft, spec: InterviewSpec, change: asked.Give) -> int:
    """The seat that is meant: the one named, or the only one, or that of whom they replace."""
    seats, people = solver_seats(spec), made.wanted[spec.id].people
    if change.seat is not None:
        return seat_number(spec, change.seat)
    if change.instead_of is not None:
        found = [n for n, who in enumerate(people) if change.instead_of in who]
        if not found:
            fault = f"{made.ground.name(change.instead_of)} does not sit in {spec.title}"
            raise BadInput("instead_of", fault, _those(made, spec.id))
        return found[0]
    if len(seats) > 1:
        raise BadInput("seat", f"{spec.title} has {len(seats)} seats", f"say which: 0 to {len(seats) - 1}")
    return 0


def _those(made: Draft, id: str) -> str:
    people = [p for seat in made.wanted[id].people for p in seat]
    return f"name one of {', '.join(people)}" if people else "nobody sits there"


def _let_in(made: Draft, id: str, number: int, people: list[str], change: asked.Give) -> None:
    """Put somebody in a seat: in a free place of it, or instead of whom they replace."""
    seat = solver_seats(made.loop.template.interview(id))[number]
    if change.instead_of is not None and change.instead_of in people:
        people[people.index(change.instead_of)] = change.person
    elif len(people) < seat.count:
        people.append(change.person)
    elif seat.count == 1:
        people[0] = change.person
    else:
        fault = f"the seat holds {' and '.join(made.ground.name(p) for p in people)}"
        raise BadInput("instead_of", fault, f"say whom they replace: {' or '.join(people)}")
    seated(made, id, number, people)


def free(made: Draft, change: asked.Free) -> None:
    spec = known(made, change.interview)
    assert spec is not None
    number = _where(made, change.interview, change.person, "person")
    seat = solver_seats(spec)[number]
    if seat.person or seat.role:
        fault = f"the seat is {made.ground.name(change.person)}'s by the template"
        raise BadInput("person", fault, "remove the seat, and add one for somebody else where it is needed")
    for id in twins(made, change.interview):
        unlocked_seat(made, id, number, "person")
        seated(made, id, number, [p for p in made.wanted[id].people[number] if p != change.person])
        made.freed.add((change.person, id))


def _where(made: Draft, id: str, person: str, field: str) -> int:
    people = there(made, id).people
    found = [n for n, who in enumerate(people) if person in who]
    if not found:
        fault = f"{made.ground.name(person)} does not sit in {title(made, id)}"
        raise BadInput(field, fault, _those(made, id))
    return found[0]


def _not_there(made: Draft, id: str, person: str, field: str) -> None:
    """Nobody has two places of one interview."""
    if any(person in seat for seat in made.wanted[id].people):
        fault = f"{made.ground.name(person)} already sits in {title(made, id)}"
        raise BadInput(field, fault, "seat them where they are needed, and free the other place")


def swap(made: Draft, change: asked.Swap) -> None:
    known(made, change.interview)
    known(made, change.other_interview, "other_interview")
    one = _where(made, change.interview, change.person, "person")
    other = _where(made, change.other_interview, change.other_person, "other_person")
    _not_declined(made, change.other_interview, made.ground.people[change.person])
    _not_declined(made, change.interview, made.ground.people[change.other_person])
    if change.interview != change.other_interview:
        _not_there(made, change.other_interview, change.person, "person")
        _not_there(made, change.interview, change.other_person, "other_person")
    here, away = twins(made, change.interview), twins(made, change.other_interview)
    pairs = (
        (here, one, change.person, change.other_person),
        (away, other, change.other_person, change.person),
    )
    for ids, number, out, in_ in pairs:
        for id in ids:
            unlocked_seat(made, id, number, "person" if ids is here else "other_person")
            people = made.wanted[id].people[number]
            seated(made, id, number, [in_ if p == out else p for p in people])
    for id, number in (*((i, one) for i in here), *((i, other) for i in away)):
        made.pin_seat(id, number)
