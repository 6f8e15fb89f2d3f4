"""People and rooms for given starts: the cheapest staffing by a small exact search.

The relaxation says when; this says who. It knows that nobody fills two interview seats, that the
panel attends the debrief and that rooms are large enough. What it does not look at (buffers
between a lunch and an interview, caps of one person in linked sessions) the checker does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from solver.bounds.arrays import seat_price
from solver.bounds.rows import Path
from solver.ground.frame import Frame, SeatFrame, SessionFrame
from solver.ground.timeline import BEYOND, BIG, Event
from solver.ground.usage import Usage
from solver.problem.plan import Assignment, LoopPlan

NODES = 3000
"""Search steps after which the best staffing so far is taken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to fill a seat, or to shadow."""

    price: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One seat (or the shadow) of a group of sessions with the same people, its choices cheapest first."""

    sessions: tuple[str, ...]
    seat: int | None
    choices: tuple[Choice, ...]
    scope: str
    """Slots of one scope share nobody: all interviews of a loop, or one lunch."""


def staff(frame: Frame, usage: Usage, path: Path) -> LoopPlan | None:
    """The cheapest people for the starts of a path, with rooms; ``None`` where there are none."""
    slots = _slots(frame, usage, path)
    if slots is None:
        return None
    chosen = _CheapestStaffing(slots).best()
    if chosen is None:
        return None
    people: dict[tuple[str, int | None], tuple[str, ...]] = {}
    for slot, choice in zip(slots, chosen, strict=True):
        for sid in slot.sessions:
            people[sid, slot.seat] = choice.people
    rooms = _rooms(frame, usage, path, people)
    if rooms is None:
        return None
    sessions = {}
    for session in frame.sessions:
        sid = session.session.id
        seats = tuple(people[sid, k] for k in range(len(session.seats)))
        shadow = next(iter(people.get((sid, None), ())), None)
        sessions[sid] = Assignment(path.starts[sid], seats, shadow, rooms.get(sid))
    return LoopPlan(sessions, path.debrief)


# -- who ------------------------------------------------------------------------------------------


def _slots(frame: Frame, usage: Usage, path: Path) -> list[Slot] | None:
    out = []
    for group in groups(frame):
        first = group[0]
        names = tuple(session.session.id for session in group)
        scope = "interviews" if first.interview else first.session.id
        for k in range(len(first.seats)):
            choices = _seat_choices(usage, frame, path, group, k)
            if not choices:
                return None
            out.append(Slot(names, k, choices, scope))
        for session in group:
            if session.session.shadow is not None:
                choices = _shadow_choices(usage, session, path)
                out.append(Slot((session.session.id,), None, choices, scope))
    return out


def groups(frame: Frame) -> list[list[SessionFrame]]:
    """Sessions linked by "the same people as", each group led by one that is linked to no other."""
    leader: dict[str, str] = {}
    for session in frame.sessions:
        sid, other = session.session.id, session.session.same_people_as
        leader[sid] = sid if other is None else other
    out: dict[str, list[SessionFrame]] = {}
    for session in frame.sessions:
        root = session.session.id
        for _ in leader:
            root = leader[root]
        out.setdefault(root, []).append(session)
    return list(out.values())


def _seat_choices(
    usage: Usage, frame: Frame, path: Path, group: list[SessionFrame], k: int
) -> tuple[Choice, ...]:
    """Who can fill seat k of every session of the group, cheapest first."""
    priced = []
    for person in group[0].seats[k].pool:
        price = sum(_at(usage, session, path, person, session.seats[k]) for session in group)
        price += _debrief(usage, frame, path, group[0], person)
        if price < BEYOND:
            priced.append((price, person))
    priced.sort()
    seat = group[0].seats[k]
    if seat.n == 1:
        out = [Choice(price, (person,)) for price, person in priced]
    else:
        out = [
            Choice(sum(price for price, _ in team), tuple(person for _, person in team))
            for team in combinations(priced[: seat.n + 6], seat.n)
        ]
        out.sort(key=lambda choice: choice.price)
    if seat.optional:
        empty = usage.timeline.problem.weights.optional_empty * len(group)
        out.append(Choice(empty, ()))
        out.sort(key=lambda choice: choice.price)
    return tuple(out)


def _at(usage: Usage, session: SessionFrame, path: Path, person: str, seat: SeatFrame) -> int:
    if person not in seat.pool:
        return BIG
    step = path.starts[session.session.id] // usage.timeline.grid
    time = usage.at(person, session.session.dur, session.event, session.site, step)
    return time + seat_price(usage, session, seat, person)


def _debrief(usage: Usage, frame: Frame, path: Path, session: SessionFrame, person: str) -> int:
    debrief = frame.loop.debrief
    if debrief is None or path.debrief is None or not session.interview or person in debrief.attend:
        return 0
    return usage.at(person, debrief.dur, Event.DEBRIEF, None, path.debrief // usage.timeline.grid)


def _shadow_choices(usage: Usage, session: SessionFrame, path: Path) -> tuple[Choice, ...]:
    """Trainees who can observe, cheapest first, and the price of none."""
    wanted = session.session.shadow
    assert wanted is not None
    weights = usage.timeline.problem.weights
    step = path.starts[session.session.id] // usage.timeline.grid
    out = [Choice(weights.no_shadow, ())]
    for person in session.shadows:
        price = usage.at(person, session.session.dur, session.event, session.site, step)
        if price < BEYOND:
            out.append(Choice(price + weights.rank * wanted.rank.get(person, 0), (person,)))
    return tuple(sorted(out, key=lambda choice: (choice.price, choice.people)))


class _CheapestStaffing:
    """Depth first over slots, fewest choices first, cut by the sum of the cheapest choices left."""

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.order = sorted(range(len(slots)), key=lambda i: (len(slots[i].choices), i))
        least = [slots[i].choices[0].price for i in self.order]
        self.rest = [sum(least[i:]) for i in range(len(least) + 1)]
        self.nodes = 0
        self.price: int | None = None
        self.found: list[Choice] | None = None
        self.picked: list[Choice | None] = [None] * len(slots)

    def best(self) -> list[Choice] | None:
        self._descend(0, 0, {})
        return self.found

    def _descend(self, depth: int, price: int, used: dict[str, set[str]]) -> None:
        self.nodes += 1
        if depth == len(self.order):
            self.price = price
            self.found = [choice for choice in self.picked if choice is not None]
            return
        index = self.order[depth]
        slot = self.slots[index]
        taken = used.setdefault(slot.scope, set())
        for choice in slot.choices:
            total = price + choice.price
            if self.price is not None and total + self.rest[depth + 1] >= self.price:
                return
            if self.nodes > NODES:
                return
            if not taken.isdisjoint(choice.people):
                continue
            taken.update(choice.people)
            self.picked[index] = choice
            self._descend(depth + 1, total, used)
            taken.difference_update(choice.people)


# -- where ----------------------------------------------------------------------------------------


def _rooms(
    frame: Frame, usage: Usage, path: Path, people: dict[tuple[str, int | None], tuple[str, ...]]
) -> dict[str, str] | None:
    """A free room per session: the earlier one, else one that serves most sessions, else the smallest."""
    weights = frame.problem.weights
    able = {}
    for session in frame.sessions:
        if session.session.room:
            sid = session.session.id
            heads = 1 + sum(len(who) for (name, _), who in people.items() if name == sid)
            free = _free_rooms(session, usage, path.starts[sid], heads)
            previous = session.session.previous
            picky = weights.room_change or (weights.moved_room and previous is not None)
            able[sid] = list(free) if picky else list(islice(free, 1))
            if not able[sid]:
                return None
    out = {}
    for sid, rooms in able.items():
        previous = frame.by_id[sid].session.previous
        kept = previous.room if previous is not None and weights.moved_room else None
        if weights.room_change:
            shared = {room: sum(room in others for others in able.values()) for room in rooms}
            rooms = sorted(rooms, key=lambda room: -shared[room])
        out[sid] = kept if kept in rooms else rooms[0]
    return out


def _free_rooms(session: SessionFrame, usage: Usage, start: int, heads: int) -> Iterator[str]:
    """Rooms that hold so many and are free then, smallest first."""
    timeline = usage.timeline
    step = start // timeline.grid
    for room in session.rooms:
        if timeline.rooms[room].cap >= heads and usage.room(room, session.session.dur)[step]:
            yield room
