"""Interviews and seats added to a loop, or taken out of it, by hand. Pure.

Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import InterviewLock
from scheduler.domain.templates import InterviewKind, InterviewSpec, Modality, SeatKind, SeatSpec
from scheduler.services.asking.prepare import prepare
from scheduler.services.changing import asked
from scheduler.services.changing.draft import Draft, known, seat_number, unlocked_seat, usable
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.sessions import solver_seats


def add(made: Draft, change: asked.Add) -> None:
    """One more interview; when it takes place, and with whom, is looked for."""
    spec, template = change.spec, made.loop.template
    ids = [i.id for i in template.interviews]
    if spec.id in (*ids, DEBRIEF):
        raise BadInput("add.id", f"there is an interview {spec.id!r} already", "give it another id")
    if spec.kind in (InterviewKind.DEBRIEF, InterviewKind.TAKE_HOME):
        raise BadInput("add.kind", f"a {spec.kind.value} is not added by hand", "add an interview or a lunch")
    if spec.incomplete:
        raise BadInput("add", f"it {spec.incomplete}", "say its minutes and its seats")
    for n, before in enumerate(spec.after):
        if before not in ids:
            raise BadInput(
                f"add.after[{n}]", f"no interview {before!r} in this loop", f"use one of {', '.join(ids)}"
            )
    if spec.modality is Modality.ON_SITE and made.loop.site is None:
        raise BadInput("add.modality", "the loop takes place nowhere on site", "make it a video call")
    for n, seat in enumerate(spec.seats):
        _fillable(made, seat, f"add.seats[{n}]")
    spec = replace(spec, branch=None, same_people_as=None)
    made.loop = replace(made.loop, template=replace(template, interviews=(*template.interviews, spec)))


def remove(made: Draft, change: asked.Remove) -> None:
    """Leave an interview out; what came after it comes after what was before it."""
    known(made, change.interview)
    calendar = [i.id for i in made.loop.template.interviews if i.kind is not InterviewKind.TAKE_HOME]
    if calendar == [change.interview]:
        raise BadInput("interview", "is the only one", "cancel the loop instead")
    template = prepare(made.loop.template, leave_out=[change.interview])
    locks = tuple(held for held in made.loop.locks if held.interview != change.interview)
    made.loop = replace(made.loop, template=template, locks=locks)
    made.wanted.pop(change.interview, None)
    made.pins.pop(change.interview, None)


def add_seat(made: Draft, change: asked.AddSeat) -> None:
    """One more seat in an interview."""
    spec = known(made, change.interview)
    assert spec is not None
    _alone(made, spec)
    _fillable(made, change.seat, "seat")
    _with(made, replace(spec, seats=(*spec.seats, change.seat)))
    was = made.wanted.get(spec.id)
    if was is not None and change.seat.kind is not SeatKind.SHADOW:
        new = (change.seat.person,) if change.seat.person else ()
        made.wanted[spec.id] = replace(was, people=(*was.people, new))


def remove_seat(made: Draft, change: asked.RemoveSeat) -> None:
    """One seat less; the seats behind it move up."""
    spec = known(made, change.interview)
    assert spec is not None
    _alone(made, spec)
    number = seat_number(spec, change.seat)
    unlocked_seat(made, spec.id, number)
    seats = solver_seats(spec)
    if len(seats) == 1:
        raise BadInput("seat", f"is the only one of {spec.title}", "remove the interview instead")
    at = [n for n, s in enumerate(spec.seats) if s.kind is not SeatKind.SHADOW][number]
    _with(made, replace(spec, seats=(*spec.seats[:at], *spec.seats[at + 1 :])))
    was = made.wanted.get(spec.id)
    if was is not None:
        made.wanted[spec.id] = replace(was, people=(*was.people[:number], *was.people[number + 1 :]))
    old = made.shaped.get(spec.id, list(range(len(seats))))
    made.shaped[spec.id] = [-1 if n == number else n - 1 if n > number else n for n in old]
    _renumber(made, spec.id, number)


def _alone(made: Draft, spec: InterviewSpec) -> None:
    """Interviews with the same people have the same seats."""
    linked = [i.id for i in made.loop.template.interviews if i.same_people_as == spec.id]
    others = [*linked, *([spec.same_people_as] if spec.same_people_as else [])]
    if others:
        raise BadInput(
            "interview", f"{spec.title} has the same people as {others[0]}", "its seats stay as they are"
        )


def _with(made: Draft, spec: InterviewSpec) -> None:
    template = made.loop.template
    steps = tuple(spec if i.id == spec.id else i for i in template.interviews)
    made.loop = replace(made.loop, template=replace(template, interviews=steps))


def _renumber(made: Draft, id: str, gone: int) -> None:
    """Locks and what was asked for follow the seats that have moved up."""

    def moved(lock: InterviewLock) -> InterviewLock:
        if lock.interview != id:
            return lock
        people = tuple((n - (n > gone), who) for n, who in lock.people if n != gone)
        return replace(lock, people=people)

    made.loop = replace(made.loop, locks=tuple(map(moved, made.loop.locks)))
    made.pins = {name: moved(pin) for name, pin in made.pins.items()}


def _fillable(made: Draft, seat: SeatSpec, field: str) -> None:
    """Raises `BadInput` for a seat that nobody could ever fill."""
    if sum(map(bool, (seat.person, seat.role, seat.pools))) != 1:
        raise BadInput(field, "names nobody, or in two ways", "give one of person, role, pools")
    if seat.person:
        usable(made, seat.person, f"{field}.person")
    if seat.count > 1 and (seat.person or seat.role):
        raise BadInput(f"{field}.count", "is of one person", "leave it out")
    for n, pool in enumerate(seat.pools):
        if pool not in made.ground.pools:
            fix = f"use one of {', '.join(sorted(made.ground.pools))}"
            raise BadInput(f"{field}.pools[{n}]", f"no pool {pool!r}", fix)
