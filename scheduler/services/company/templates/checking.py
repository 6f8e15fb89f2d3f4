"""What a loop template must keep to be planned at all: one function per rule, each fault with its place.

A rule only speaks up where no plan could ever exist or a name leads nowhere. That today's calendars
leave no room is the solver's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from scheduler.domain.people import Person, Pool, Room, Standing
from scheduler.domain.templates import (
    ClockWindow,
    InterviewKind,
    LoopTemplate,
    SeatKind,
    SeatSpec,
)
from scheduler.services.company.faults import Fault, Loc, leads_nowhere, nearest
from scheduler.services.company.templates.ordering import (
    branches_are_choices,
    day_groups_hold,
    order_holds,
    same_people_exist,
    steps,
)
from scheduler.services.company.templates.staffing import short_of_people

MOST_PEOPLE = 200
"""Seats of one loop; beyond that it is no loop."""

_OPEN = "or say `open: true` if the step is still to be defined"


@dataclass(frozen=True, slots=True)
class World:
    """What a template may refer to. ``unsure`` names the pools whose members are not known for certain."""

    people: Mapping[str, Person]
    pools: Mapping[str, Pool]
    rooms: tuple[Room, ...]
    sites: Collection[str]
    templates: Collection[str]
    unsure: Collection[str] = field(default_factory=frozenset)

    def fit(self, seat: SeatSpec) -> set[str]:
        """The ids of everybody active who may sit on a pool seat."""
        standing = {
            SeatKind.SHADOW: (Standing.SHADOWING, Standing.TRAINEE),
            SeatKind.REVERSE_SHADOW: (Standing.REVERSE_SHADOWING,),
        }.get(seat.kind, (Standing.QUALIFIED,))
        ids = {p for pool in seat.pools if pool in self.pools for p in self.pools[pool].of(*standing)}
        return {
            p.id
            for p in (self.people[i] for i in ids if i in self.people)
            if p.active and seat.skills <= p.skills and (not seat.levels or p.level in seat.levels)
        }


Rule = Callable[[LoopTemplate, World], Iterator[Fault]]


def template_faults(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """Everything that is wrong with a template, by the rules in their order; places are relative to it."""
    for rule in RULES:
        yield from rule(template, world)


def has_steps(template: LoopTemplate, _: World) -> Iterator[Fault]:
    """A loop has at least one interview, and no more people than a loop can have."""
    if not template.interviews:
        yield Fault(("interviews",), "is empty", "give at least one interview")
    people = sum(seat.count for step in template.interviews for seat in step.seats)
    if people > MOST_PEOPLE:
        yield Fault(("interviews",), f"ask for {people} people", f"a loop has at most {MOST_PEOPLE} seats")


def ids_differ(template: LoopTemplate, _: World) -> Iterator[Fault]:
    """Every step has an id of its own; ``debrief`` is taken."""
    seen: dict[str, int] = {}
    for loc, step in steps(template):
        if step.id == "debrief":
            yield Fault((*loc, "id"), "'debrief' is the name of the debrief itself", "choose another id")
        if step.id in seen:
            fault = f"{step.id!r} is already the id of interviews[{seen[step.id]}]"
            yield Fault((*loc, "id"), fault, "give every interview its own id")
        seen.setdefault(step.id, int(loc[-1]))


def is_defined(template: LoopTemplate, _: World) -> Iterator[Fault]:
    """A step says how long it is and who takes part, or that this is still open."""
    for loc, step in steps(template):
        if step.kind is InterviewKind.TAKE_HOME:
            if step.seats:
                yield Fault((*loc, "seats"), "a take-home has nobody in it", "remove the seats")
            if not step.due_days and not step.open:
                yield Fault((*loc, "due_days"), "missing", f"give the days until it is due, {_OPEN}")
            continue
        if step.due_days:
            yield Fault(
                (*loc, "due_days"), "only a take-home has a due date", "remove it, or say `kind: take_home`"
            )
        if step.kind is InterviewKind.DEBRIEF:
            yield Fault(
                (*loc, "kind"),
                "the debrief is not an interview",
                "describe it under the template's `debrief`",
            )
        if step.minutes is None and not step.open:
            yield Fault((*loc, "minutes"), "missing", f"give the minutes, {_OPEN}")
        if not step.seats and not step.open and step.same_people_as is None:
            yield Fault((*loc, "seats"), "missing", f"say who takes part, {_OPEN}")


def seats_are_clear(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """A seat names one of person, role and pools, each of them known; somebody has to be there."""
    for loc, step in steps(template):
        for n, seat in enumerate(step.seats):
            yield from _seat_faults((*loc, "seats", n), seat, world)
        if step.seats and all(s.kind in (SeatKind.SHADOW, SeatKind.OPTIONAL) for s in step.seats):
            yield Fault((*loc, "seats"), "nobody has to be there", "make one seat a `lead`")
        named = [s.person or s.role for s in step.seats if s.person or s.role]
        for twice in sorted({str(p) for p in named if named.count(p) > 1}):
            yield Fault((*loc, "seats"), f"{twice!r} has two seats in one interview", "keep one of them")


def _seat_faults(loc: Loc, seat: SeatSpec, world: World) -> Iterator[Fault]:
    ways = [bool(seat.person), bool(seat.role), bool(seat.pools)]
    if sum(ways) != 1:
        fault = "says nobody" if not any(ways) else "names more than one of person, role and pool"
        yield Fault(loc, fault, "give exactly one of `person`, `role`, `pool` or `pools`")
        return
    if not seat.pools and seat.count != 1:
        yield Fault((*loc, "count"), f"{seat.count} seats for one person", "leave `count` out")
    if seat.person:
        yield from known_person((*loc, "person"), seat.person, world)
    for n, pool in enumerate(seat.pools):
        if leads_nowhere(pool, world.pools):
            where: Loc = ("pool",) if len(seat.pools) == 1 else ("pools", n)
            yield Fault((*loc, *where), f"unknown pool {pool!r}", nearest(pool, world.pools))


def known_person(loc: Loc, person: str, world: World) -> Iterator[Fault]:
    """Somebody named is of the company and can be asked."""
    if leads_nowhere(person, world.people):
        yield Fault(loc, f"unknown person {person!r}", nearest(person, world.people))
    elif person in world.people and not world.people[person].active:
        yield Fault(loc, f"{person!r} is not active", "name somebody else, or set them active")


def pools_are_large_enough(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """A pool has as many people who qualify as a seat wants; for observers none is needed."""
    for loc, step in steps(template):
        for n, seat in enumerate(step.seats):
            certain = all(p in world.pools and p not in world.unsure for p in seat.pools)
            if not seat.pools or not certain or seat.kind is SeatKind.SHADOW:
                continue
            have = len(world.fit(seat))
            if have < seat.count:
                fault = f"{_people(seat.count)} wanted, but {_described(seat)} has {have}"
                yield Fault((*loc, "seats", n, "count"), fault, "add people to the pool, or ask for fewer")


def _people(count: int) -> str:
    return "1 person is" if count == 1 else f"{count} people are"


def _described(seat: SeatSpec) -> str:
    pools = " or ".join(repr(p) for p in seat.pools)
    needs = sorted(seat.skills) + sorted(f"level {x}" for x in seat.levels)
    return f"{pools} with {', '.join(needs)}" if needs else pools


def enough_different_people(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """Nobody sits in two interviews of a loop, so its seats together need as many different people."""
    wanted = [
        (step.id, seat.count, world.fit(seat))
        for step in template.interviews
        if step.kind is not InterviewKind.LUNCH and not step.branch and not step.same_people_as
        for seat in step.seats
        if seat.pools and seat.kind not in (SeatKind.SHADOW, SeatKind.OPTIONAL)
        if all(p in world.pools and p not in world.unsure for p in seat.pools)
        if len(world.fit(seat)) >= seat.count
    ]
    if sum(count for _, count, _ in wanted) > MOST_PEOPLE:
        return
    short = short_of_people(wanted)
    if short:
        together, number, people = short
        fault = f"{', '.join(together)} together need {number} different people, but only {len(people)} can be asked"
        yield Fault(("interviews",), f"{fault} ({', '.join(people)})", "add people to their pools")


def times_fit(template: LoopTemplate, _: World) -> Iterator[Fault]:
    """A step fits into one of its windows and into a day, all of them into the days there are."""
    total = 0
    for loc, step in steps(template):
        if step.minutes is None or step.kind is InterviewKind.TAKE_HOME:
            continue
        total += 0 if step.branch else step.minutes
        longest = max(map(_length, step.windows), default=step.minutes)
        if longest < step.minutes:
            yield Fault((*loc, "windows"), f"none has room for {step.minutes} minutes", "widen one of them")
        if step.minutes > template.max_span:
            fault = f"{step.minutes} minutes are more than the `max_span` of {template.max_span}"
            yield Fault((*loc, "minutes"), fault, "shorten the step, or raise `max_span`")
    room = template.max_days * template.max_span
    if total > room:
        fault = (
            f"{total} minutes of interviews do not fit into {template.max_days} × {template.max_span} minutes"
        )
        yield Fault(("interviews",), fault, "raise `max_days` or `max_span`")


def _length(window: ClockWindow) -> int:
    start, end = window.start, window.end
    return (end.hour - start.hour) * 60 + end.minute - start.minute


def rooms_exist(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """A step that needs a room finds one at the site that is large enough and has what it asks for."""
    rooms = [r for r in world.rooms if r.active and template.site in (None, r.site)]
    for loc, step in steps(template):
        if not step.needs_room or step.kind is InterviewKind.TAKE_HOME:
            continue
        heads = 1 + sum(s.count for s in step.seats if s.kind not in (SeatKind.SHADOW, SeatKind.OPTIONAL))
        if not rooms:
            place = f"at {template.site!r}" if template.site else "in this company"
            yield Fault(
                (*loc, "room"),
                f"a room is needed, and there is none {place}",
                "add rooms, or say `room: false`",
            )
        elif not any(step.features <= r.features for r in rooms):
            yield Fault(
                (*loc, "features"), f"no room has {', '.join(sorted(step.features))}", _offered(rooms)
            )
        elif not any(step.features <= r.features and r.capacity >= heads for r in rooms):
            fault = f"no room that fits has space for {heads} people, the candidate included"
            yield Fault((*loc, "seats"), fault, "add a larger room, or ask for fewer people")


def _offered(rooms: list[Room]) -> str:
    features = sorted(set().union(*(r.features for r in rooms)))
    return f"rooms offer: {', '.join(features)}" if features else "no room has any features"


def names_lead_somewhere(template: LoopTemplate, world: World) -> Iterator[Fault]:
    """Site, earlier rounds and the debrief's guests are known."""
    if template.site is not None and leads_nowhere(template.site, world.sites):
        yield Fault(("site",), f"unknown site {template.site!r}", nearest(template.site, world.sites))
    for n, other in enumerate(template.other_people_than):
        if other == template.id:
            yield Fault(("other_people_than", n), "names the template itself", "name an earlier round")
        elif leads_nowhere(other, world.templates):
            fault = f"unknown template {other!r} in `other_people_than`"
            yield Fault(("other_people_than", n), fault, nearest(other, world.templates))
    for n, person in enumerate(template.debrief.also if template.debrief else ()):
        yield from known_person(("debrief", "also", n), person, world)


RULES: tuple[Rule, ...] = (
    has_steps,
    ids_differ,
    is_defined,
    seats_are_clear,
    pools_are_large_enough,
    enough_different_people,
    order_holds,
    same_people_exist,
    branches_are_choices,
    day_groups_hold,
    times_fit,
    rooms_exist,
    names_lead_somewhere,
)
"""The table of contents: every rule of a template, in the order in which it is checked."""
