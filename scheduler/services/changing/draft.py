"""A plan on which changes are made by hand, and what each of them looks up on it. Pure.

Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import InterviewLock, Loop
from scheduler.domain.people import Person
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.templates import InterviewKind, InterviewSpec
from scheduler.domain.time import utc, zone
from scheduler.services.changing.ground import Ground
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.sessions import solver_seats


@dataclass
class Draft:
    """``wanted`` is the plan with the changes in it, which may break rules; ``pins`` what of it was asked for;
    ``freed`` who leaves which interview; ``shaped`` the interviews whose seats are others now, each with where the
    old seats have gone (−1: nowhere)."""

    ground: Ground
    loop: Loop
    wanted: dict[str, PlannedInterview]
    pins: dict[str, InterviewLock] = field(default_factory=dict)
    freed: set[tuple[str, str]] = field(default_factory=set)
    shaped: dict[str, list[int]] = field(default_factory=dict)

    def pin(self, interview: str, **what: object) -> None:
        """Keep something of an interview in the plan that is looked for."""
        known = self.pins.get(interview, InterviewLock(interview))
        self.pins[interview] = replace(known, **what)  # type: ignore[arg-type]

    def pin_seat(self, interview: str, number: int) -> None:
        """Keep who sits in a seat now, if it is full."""
        people = self.wanted[interview].people[number]
        rest = tuple(p for p in self.pins.get(interview, InterviewLock(interview)).people if p[0] != number)
        full = len(people) == solver_seats(self.loop.template.interview(interview))[number].count
        self.pin(interview, people=(*rest, (number, people)) if full else rest)

    def locked(self) -> Loop:
        """The loop with what was asked for locked as well."""
        held = {lock.interview: lock for lock in self.loop.locks}
        for id, pin in self.pins.items():
            was = held.get(id, InterviewLock(id))
            seats = {**dict(was.people), **dict(pin.people)}
            held[id] = InterviewLock(id, pin.start or was.start, tuple(seats.items()), pin.room or was.room)
        return replace(self.loop, locks=tuple(held.values()))


def known(made: Draft, id: str, field: str = "interview", *, debrief: bool = False) -> InterviewSpec | None:
    """The template's interview, or ``None`` for the debrief. Raises `BadInput` for one that cannot be changed."""
    specs = {i.id: i for i in made.loop.template.interviews if i.kind is not InterviewKind.TAKE_HOME}
    if id == DEBRIEF and debrief and DEBRIEF in made.wanted:
        spec = None
    elif id not in specs:
        fault = (
            "the debrief has no seats of its own" if id == DEBRIEF else f"no interview {id!r} in this loop"
        )
        raise BadInput(field, fault, f"use one of {', '.join(specs)}")
    else:
        spec = specs[id]
    if id in made.ground.begun:
        raise BadInput(field, f"{title(made, id)} has begun", "change what is still ahead")
    return spec


def title(made: Draft, id: str) -> str:
    return "The debrief" if id == DEBRIEF else made.loop.template.interview(id).title


def there(made: Draft, id: str, field: str = "interview") -> PlannedInterview:
    """The interview in the plan; one that was just added has no time and no people yet."""
    found = made.wanted.get(id)
    if found is None:
        raise BadInput(
            field, f"{title(made, id)} has no time and no people yet", "add it first, then change it"
        )
    return found


def twins(made: Draft, id: str) -> list[str]:
    """The interview and those that have the same people."""
    found, specs = {id}, made.loop.template.interviews
    for _ in specs:
        for spec in specs:
            if spec.same_people_as and {spec.id, spec.same_people_as} & found:
                found |= {spec.id, spec.same_people_as}
    return [s.id for s in specs if s.id in found and s.id in made.wanted]


def unlocked_seat(made: Draft, id: str, number: int, field: str = "seat") -> None:
    held = made.loop.lock_of(id)
    people = held.of_seat(number) if held else ()
    if people:
        names = " and ".join(made.ground.name(p) for p in people)
        fix = f'unlock it first: {{"do": "unlock", "interview": "{id}", "seats": [{number}]}}'
        raise BadInput(field, f"{title(made, id)} is locked to {names}", fix)


def in_words(made: Draft, when: datetime) -> str:
    return f"{when.astimezone(zone(made.loop.zone)):%A %d %B %H:%M} ({made.loop.zone})"


def on_grid(made: Draft, start: datetime, field: str = "to") -> None:
    """Raises `BadInput` for a start that no plan could have, with the two beside it."""
    step = timedelta(minutes=made.loop.template.grid)
    midnight = utc(start).replace(hour=0, minute=0, second=0, microsecond=0)
    over = (start - midnight) % step
    if over:
        tz = zone(made.loop.zone)
        near = [(start - over + n * step).astimezone(tz).isoformat(timespec="minutes") for n in (0, 1)]
        fault = f"{in_words(made, start)} is not on the grid of {made.loop.template.grid} minutes"
        raise BadInput(field, fault, f"use {near[0]} or {near[1]}")


def usable(made: Draft, person: str, field: str = "person") -> Person:
    """Somebody who can be asked. Raises `BadInput`."""
    found = made.ground.people.get(person)
    if found is None:
        raise BadInput(field, f"no person {person!r}", "use the id of a person of the company")
    if not found.active:
        raise BadInput(field, f"{found.name} is no longer with the company", "seat somebody else")
    return found


def seat_number(spec: InterviewSpec, number: int, field: str = "seat") -> int:
    seats = solver_seats(spec)
    if not 0 <= number < len(seats):
        known = f"use 0 to {len(seats) - 1}" if len(seats) > 1 else "it has one seat, 0"
        raise BadInput(field, f"{spec.title} has no seat {number}", known)
    return number


def seated(made: Draft, id: str, number: int, people: list[str]) -> None:
    was = made.wanted[id]
    seats = (*was.people[:number], tuple(people), *was.people[number + 1 :])
    made.wanted[id] = replace(was, people=seats)
