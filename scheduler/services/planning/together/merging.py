"""Several loops as one packing problem, for a first idea of who gets what.

What the one problem says of somebody's time is at least as strict as what each loop says of it, so it may
miss a plan and never invents time. Every loop is looked at once more by itself, see `packing`.

Told by `tests/scheduler/services/planning/test_merging.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scheduler.domain.subjects import Subject
from scheduler.domain.templates import Modality
from scheduler.services.planning.encode import Encoded
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.seating import candidates, debrief_attendees
from solver import Interval, Loop, Person, Plan, Problem, Room


@dataclass(frozen=True, slots=True)
class Posed:
    """A loop that can be posed: its picture, and its own problem."""

    picture: Picture
    encoded: Encoded

    @property
    def loop(self) -> Loop:
        return self.encoded.problem.loops[0]

    @property
    def alike(self) -> tuple[int, int, str]:
        """Loops of which this is the same fit into one problem: grid, buffer, and the zero of its minutes."""
        problem = self.encoded.problem
        return problem.grid, problem.buffer, problem.epoch

    def only(self, plan: Plan) -> Plan:
        """What a plan of many loops says of this one."""
        return Plan({self.loop.id: plan.loops[self.loop.id]})


def components(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """The pictures in groups that share neither a person, nor a room, nor a candidate; in their order."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    for picture in pictures:
        for thing in _shared(picture):
            leader[find(thing)] = find(picture.loop.id)
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        groups[find(picture.loop.id)].append(picture)
    return list(groups.values())


def _shared(picture: Picture) -> Iterable[str]:
    """Whatever a plan of the loop might take time of."""
    template, application = picture.loop.template, picture.application
    yield str(application.candidate.subject)
    people = {
        p for i in template.interviews for s in i.seats for p in candidates(s, application, picture.roster)
    }
    people |= {*application.accommodation.also}
    people |= {*debrief_attendees(template, application)} if template.debrief else set()
    yield from sorted(str(Subject.person(p)) for p in people)
    if picture.loop.site and any(i.modality is Modality.ON_SITE for i in picture.loop.template.interviews):
        yield picture.loop.site  # rooms, of which nobody knows yet which


def merged(posed: Sequence[Posed], priority: Mapping[str, int] | None = None) -> Problem:
    """One problem of loops that are `alike`, the first named first served among equals; ``priority`` (1 to 3
    per loop) is what leaving it out weighs."""
    problems = [p.encoded.problem for p in posed]
    widest = max(problems, key=lambda p: p.horizon)
    loops = [p.loop for p in posed]
    if priority is not None:
        loops = [replace(loop, priority=priority.get(loop.id, loop.priority)) for loop in loops]
    return replace(
        widest,
        name=f"{len(posed)} loops",
        calendars=_all(p.calendars for p in [*problems, widest]),
        day_bounds=_all(p.day_bounds for p in [*problems, widest]),
        week_bounds=_all(p.week_bounds for p in [*problems, widest]),
        people=_people(problems),
        rooms=_rooms(problems),
        loops=tuple(loops),
    )


def _all(found: Iterable[Mapping[str, tuple[Interval, ...]]]) -> dict[str, tuple[Interval, ...]]:
    return {name: spans for one in found for name, spans in one.items()}


def _people(problems: Iterable[Problem]) -> tuple[Person, ...]:
    known: dict[str, Person] = {}
    for person in (p for problem in problems for p in problem.people):
        there = known.get(person.id)
        known[person.id] = person if there is None else _both(there, person)
    return tuple(known[id] for id in sorted(known))


def _both(one: Person, other: Person) -> Person:
    """What both pictures allow of one person."""
    return replace(
        one,
        work=_common(one.work, other.work),
        max_day=min(one.max_day, other.max_day),  # one loop may be let off what the other is not
        max_week=min(one.max_week, other.max_week),
        busy=tuple(sorted({*one.busy, *other.busy}, key=lambda b: (b.start, b.end, b.kind.value))),
        held=max(one.held, other.held, key=len),
        prior=max(one.prior, other.prior),
    )


def _common(one: Sequence[Interval], other: Sequence[Interval]) -> tuple[Interval, ...]:
    if one == other:
        return tuple(one)
    found = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple((a, b) for a, b in found if a < b)


def _rooms(problems: Iterable[Problem]) -> tuple[Room, ...]:
    known: dict[str, Room] = {}
    for room in (r for problem in problems for r in problem.rooms):
        there = known.get(room.id)
        if there is not None:
            room = replace(room, cap=min(room.cap, there.cap), busy=tuple(_merged([*room.busy, *there.busy])))
        known[room.id] = room
    return tuple(known[id] for id in sorted(known))


def _merged(spans: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
