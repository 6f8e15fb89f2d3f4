"""What a person could change about one loop: named groups of demands, and the problem without one.

`bare` strips a problem to one loop and to whether it can be placed at all: only the people it names,
no price on anything. `relaxed` lifts one group of demands completely and prices its use, so that a
cheapest plan shows how little of it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from solver.problem.plan import LoopPlan
from solver.problem.values import (
    Busy,
    BusyKind,
    Gap,
    Interval,
    Loop,
    Person,
    Problem,
    Room,
    Seat,
    Session,
    Weights,
)
from solver.rules.view import merged

FREE = 1_000_000
"""A limit that never binds, in minutes or interviews."""

STAND_IN = "somebody"
PRICE = 1
"""Of one use of what is lifted."""

MORE_DAYS = 2
"""How many days more a candidate may be asked for; the placement's tables grow with the number."""

NO_PRICE = Weights(**{weight.name: 0 for weight in fields(Weights)})


class Kind(StrEnum):
    """What can be changed. The order is that of the easiest first."""

    ROOMS = "rooms"  # one more room at a site
    CAPS = "caps"  # more interviews for somebody
    BUFFER = "buffer"  # less time between two events of one person
    ORDER = "order"  # a session need not come after others
    GAP = "gap"  # the time between two sessions
    BREAKS = "breaks"  # the least break between sessions
    LONGEST_RUN = "longest_run"  # interviews without a break
    DAY_MINUTES = "day_minutes"  # minutes of interviews on a day
    SPAN = "span"  # the length of a day
    SAME_DAY = "same_day"
    DIFFERENT_DAY = "different_day"
    DEBRIEF = "debrief"  # the debrief's deadline
    PERSON = "person"  # somebody's calendar
    POOL = "pool"  # one more person for a session
    SAME_PEOPLE = "same_people"
    BARRED = "barred"  # people of an earlier round
    TRAVEL = "travel"
    WINDOW = "window"  # the hours of a session
    LOCK = "lock"  # what is pinned about a session or the debrief
    DAYS = "days"  # the number of days
    AVAILABILITY = "availability"  # what the candidate offers
    LOOP = "loop"  # another loop gives way


@dataclass(frozen=True, slots=True)
class Group:
    """One thing that a person could change. ``name`` is a session, person, site or loop of it.

    The time between two sessions (`Kind.GAP`) has the earlier one as ``name``, and ``then``.
    """

    kind: Kind
    name: str
    then: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, or both."""
        return (self.name, self.then) if self.kind is Kind.GAP else (self.name,)

    @property
    def label(self) -> str:
        """Its name in one word, for order and for reports."""
        return ">".join(self.names)


def between(gap: Gap) -> Group:
    """The time between two sessions as something that could be changed."""
    return Group(Kind.GAP, gap.first, gap.then)


def bare(problem: Problem, loop: Loop) -> Problem:
    """One loop, the people it names, and no price on anything but being left out."""
    names = people_of(loop)
    return replace(
        problem,
        people=tuple(_strict(person) for person in problem.people if person.id in names),
        loops=(replace(loop, sessions=tuple(map(_plain, loop.sessions)), preferred=loop.days),),
        weights=NO_PRICE,
    )


def people_of(loop: Loop) -> set[str]:
    """Everybody a loop could involve."""
    names: set[str] = set(loop.barred)
    for session in loop.sessions:
        for seat in session.seats:
            names.update(seat.pool, seat.rank)
        if session.shadow is not None:
            names.update(session.shadow.pool, session.shadow.rank)
    if loop.debrief is not None:
        names.update(loop.debrief.attend)
    return names


def _strict(person: Person) -> Person:
    """Without the blocks that may be overlapped anyway."""
    kinds = (BusyKind.HARD, BusyKind.LUNCH)
    return replace(person, busy=tuple(block for block in person.busy if block.kind in kinds))


def _plain(session: Session) -> Session:
    """Without trainees and ranks, which never make a loop impossible."""
    seats = tuple(replace(seat, rank={}) for seat in session.seats)
    return replace(session, seats=seats, shadow=None, previous=None)


def groups(problem: Problem, loop: Loop) -> Iterator[Group]:
    """Everything that could be changed about a loop, one group at a time."""
    for session in loop.sessions:
        if session.after:
            yield Group(Kind.ORDER, session.id)
        if session.window:
            yield Group(Kind.WINDOW, session.id)
        if session.lock is not None:
            yield Group(Kind.LOCK, session.id)
        if session.same_people_as is not None:
            yield Group(Kind.SAME_PEOPLE, session.id)
        if session.seats:
            yield Group(Kind.POOL, session.id)
    yield from map(between, loop.gaps)
    yield from (Group(Kind.ROOMS, site) for site in sorted(_room_sites(loop)))
    yield from (Group(Kind.PERSON, name) for name in sorted(_needed(loop)))
    yield from _limits(problem, loop)


def _limits(problem: Problem, loop: Loop) -> Iterator[Group]:
    """Groups of the loop as a whole."""
    there = {
        Kind.AVAILABILITY: True,
        Kind.CAPS: True,
        Kind.SPAN: True,
        Kind.DAYS: loop.max_days < len(loop.days),
        Kind.BREAKS: loop.min_break > 0,
        Kind.BUFFER: problem.buffer > 0,
        Kind.DEBRIEF: loop.debrief is not None,
        Kind.SAME_DAY: bool(loop.same_day),
        Kind.DIFFERENT_DAY: bool(loop.different_day),
        Kind.LONGEST_RUN: loop.longest_run is not None and loop.longest_run.hard,
        Kind.DAY_MINUTES: loop.max_day_minutes is not None,
        Kind.BARRED: bool(loop.barred),
        Kind.TRAVEL: bool(problem.travel),
    }
    yield from (Group(kind, loop.id) for kind, applies in there.items() if applies)
    if loop.debrief is not None and loop.debrief.lock is not None:
        yield Group(Kind.LOCK, loop.id)


def _room_sites(loop: Loop) -> set[str]:
    return {session.site or loop.site for session in loop.sessions if session.room}


def _needed(loop: Loop) -> set[str]:
    """Everybody with a seat to fill, and whoever attends the debrief."""
    names = {name for session in loop.sessions for seat in session.seats for name in seat.pool}
    return names.union(() if loop.debrief is None else loop.debrief.attend)


# -- one group lifted -----------------------------------------------------------------------------


def relaxed(problem: Problem, group: Group) -> Problem:
    """A bare problem in which one group demands nothing; what is used of it has a price."""
    kind, name, loop = group.kind, group.name, problem.loops[0]
    weights = replace(problem.weights, **_PRICES.get(kind, {}))
    match kind:
        case Kind.PERSON:
            people = tuple(_freed(problem, one) if one.id == name else one for one in problem.people)
            return replace(problem, people=people, weights=weights)
        case Kind.CAPS:
            return replace(problem, people=tuple(map(_uncapped, problem.people)))
        case Kind.ROOMS:
            return replace(problem, rooms=(*problem.rooms, spare_room(loop, name)))
        case Kind.POOL:
            free = dict.fromkeys(stand_ins(loop, name), ())
            return with_stand_ins(replace(problem, weights=weights), loop, name, free)
        case Kind.BUFFER:
            return replace(problem, buffer=0)
        case Kind.TRAVEL:
            return replace(problem, travel=())
        case Kind.AVAILABILITY:
            open_to = replace(loop, availability=_working(problem, loop), preferred=loop.availability)
            return replace(problem, loops=(open_to,), weights=weights)
    return replace(problem, loops=(_loosened(loop, group),), weights=weights)


def _working(problem: Problem, loop: Loop) -> tuple[Interval, ...]:
    """When anybody of the loop works, and what was offered, within the candidate's days."""
    hours = merged([*loop.availability, *(span for person in problem.people for span in person.work)])
    within = [
        (max(start, first), min(end, last))
        for first, last in loop.days
        for start, end in hours
        if start < last and first < end
    ]
    return tuple(within) if problem.people else loop.days


_PRICES: Mapping[Kind, Mapping[str, int]] = {
    Kind.PERSON: {"tentative": PRICE, "focus": 4 * PRICE},
    Kind.POOL: {"rank": PRICE},
    Kind.AVAILABILITY: {"outside_pref": PRICE},
    Kind.SPAN: {"idle": PRICE},
    Kind.DAYS: {"extra_day": PRICE},
}


def _loosened(loop: Loop, group: Group) -> Loop:
    """A loop without one of its own demands."""
    match group.kind:
        case Kind.SPAN:
            return replace(loop, max_span=FREE)
        case Kind.DAYS:
            return replace(loop, max_days=min(len(loop.days), loop.max_days + MORE_DAYS))
        case Kind.BREAKS:
            return replace(loop, min_break=0)
        case Kind.SAME_DAY:
            return replace(loop, same_day=())
        case Kind.DIFFERENT_DAY:
            return replace(loop, different_day=())
        case Kind.LONGEST_RUN:
            return replace(loop, longest_run=None)
        case Kind.DAY_MINUTES:
            return replace(loop, max_day_minutes=None)
        case Kind.BARRED:
            return replace(loop, barred=frozenset())
        case Kind.GAP:
            return replace(loop, gaps=tuple(gap for gap in loop.gaps if between(gap) != group))
        case Kind.DEBRIEF if loop.debrief is not None:
            return replace(loop, debrief=replace(loop.debrief, within=FREE))
        case Kind.LOCK if loop.debrief is not None and group.name == loop.id:
            return replace(loop, debrief=replace(loop.debrief, lock=None))
    return replace(
        loop,
        sessions=tuple(_unbound(one, group.kind) if one.id == group.name else one for one in loop.sessions),
    )


def _unbound(session: Session, kind: Kind) -> Session:
    """A session without one of its demands."""
    match kind:
        case Kind.ORDER:
            return replace(session, after=())
        case Kind.WINDOW:
            return replace(session, window=())
        case Kind.LOCK:
            return replace(session, lock=None)
        case Kind.SAME_PEOPLE:
            return replace(session, same_people_as=None)
    raise ValueError(f"a session has no {kind}")


def _freed(problem: Problem, person: Person) -> Person:
    """Free all day long: what was in the way is now soft, and dearer outside working hours."""
    days = problem.day_bounds[person.tz]
    booked = [(block.start, block.end) for block in person.busy]
    blocks = [Busy(start, end, BusyKind.TENTATIVE) for start, end in merged([*booked, *person.held])]
    blocks += [Busy(start, end, BusyKind.FOCUS) for start, end in outside(merged(person.work), merged(days))]
    return replace(person, work=days, held=(), busy=tuple(sorted(blocks, key=lambda block: block.start)))


def outside(inner: list[Interval], outer: list[Interval]) -> list[Interval]:
    """``outer`` without ``inner``; both sorted and disjoint."""
    rest = []
    for start, end in outer:
        at = start
        for first, last in inner:
            if last > at and first < end:
                if first > at:
                    rest.append((at, first))
                at = max(at, last)
        if at < end:
            rest.append((at, end))
    return rest


def _uncapped(person: Person) -> Person:
    return replace(person, max_day=FREE, max_week=FREE, max_day_minutes=None, max_week_minutes=None)


def spare_room(loop: Loop, site: str) -> Room:
    """A room that suits every session of the loop at a site."""
    wanted = [session for session in loop.sessions if session.room and (session.site or loop.site) == site]
    heads = max((1 + sum(seat.n for seat in session.seats) for session in wanted), default=1)
    features = frozenset(feature for session in wanted for feature in session.features)
    return Room(spare_name(site), site, heads, (), features)


def spare_name(site: str) -> str:
    return f"another room at {site}"


def stand_ins(loop: Loop, name: str) -> list[str]:
    """As many as the session has places."""
    places = next(sum(seat.n for seat in one.seats) for one in loop.sessions if one.id == name)
    return [f"{STAND_IN} {number} for {name}" for number in range(places)]


def in_turn(loop: Loop, plan: LoopPlan) -> LoopPlan:
    """The same plan with the first stand-ins of each session in the places of those it uses."""
    used = {who for got in plan.sessions.values() for seat in got.people for who in seat}
    names: dict[str, str] = {}
    for session in loop.sessions:
        mine = stand_ins(loop, session.id)
        names.update(zip([who for who in mine if who in used], mine, strict=False))
    sessions = {
        key: replace(got, people=tuple(tuple(names.get(who, who) for who in seat) for seat in got.people))
        for key, got in plan.sessions.items()
    }
    return replace(plan, sessions=sessions)


def linked(loop: Loop, name: str) -> set[str]:
    """A session, and those that must have the same people as it."""
    found, more = {name}, True
    while more:
        pairs = [{one.id, one.same_people_as} for one in loop.sessions if one.same_people_as is not None]
        more = any(found & pair and not pair <= found for pair in pairs)
        found = found.union(*(pair for pair in pairs if found & pair))
    return found


def with_stand_ins(
    problem: Problem, loop: Loop, name: str, people: Mapping[str, tuple[Interval, ...]]
) -> Problem:
    """These people join the pools of a session, at these times (always, if there are none)."""
    places = linked(loop, name)
    sessions = tuple(
        replace(one, seats=tuple(_joined(seat, list(people)) for seat in one.seats))
        if one.id in places
        else one
        for one in loop.sessions
    )
    loops = tuple(replace(one, sessions=sessions) if one.id == loop.id else one for one in problem.loops)
    more = tuple(stand_in(problem, loop, who, times) for who, times in people.items())
    return replace(problem, people=(*problem.people, *more), loops=loops)


def _joined(seat: Seat, extra: list[str]) -> Seat:
    return replace(seat, pool=(*seat.pool, *extra), rank={**seat.rank, **dict.fromkeys(extra, 1)})


def stand_in(problem: Problem, loop: Loop, name: str, times: tuple[Interval, ...]) -> Person:
    """Somebody who works at these times (always, if there are none) and has nothing else to do."""
    tz = max(problem.day_bounds, key=lambda zone: _length(problem.day_bounds[zone]), default="")
    work = times or problem.day_bounds.get(tz, ())
    return Person(name, loop.site, tz, tuple(work), (), FREE, FREE, 0)


def _length(intervals: tuple[Interval, ...]) -> int:
    return sum(end - start for start, end in intervals)
