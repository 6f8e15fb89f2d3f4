"""Hard rules of one loop about people and rooms: who sits where, and whether they can.

Every rule takes a placed loop and yields what breaks it. In the formulas: sessions ``s``,
``P(s, j)`` the people of its seat j, ``P(s)`` = ∪ P(s, j), ``h(s)`` its shadow or ⊥,
``R(s)`` its room or ⊥, ``T(s)`` = [start, end).
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.problem.plan import Violation
from solver.problem.values import BusyKind
from solver.rules.view import Placed


def seats(placed: Placed) -> Iterator[Violation]:
    """P(s, j) ⊆ pool(s, j), no one twice, |P(s, j)| = n(s, j), or = 0 where optional."""
    for m in placed.meetings:
        loop, given = placed.loop.id, len(m.got.people)
        if given != len(m.session.seats):
            text = f"has {given} seats, the session has {len(m.session.seats)}"
            yield Violation("seats", loop, m.id, text, "people")
        for at, (seat, people) in enumerate(zip(m.session.seats, m.got.people, strict=False)):
            part = f"people[{at}]"
            if len(people) != seat.n and not (seat.optional and not people):
                yield Violation("seats", loop, m.id, f"has {len(people)} people, wants {seat.n}", part)
            if len(set(people)) < len(people):
                yield Violation("seats", loop, m.id, "names somebody twice", part)
            for person in people:
                if person not in seat.pool:
                    yield Violation("seats", loop, m.id, f"{person} is not in the pool", part, (person,))


def shadow(placed: Placed) -> Iterator[Violation]:
    """h(s) = ⊥ or h(s) ∈ shadow.pool(s)."""
    for m in placed.meetings:
        wanted, got = m.session.shadow, m.got.shadow
        if got is None or (wanted is not None and got in wanted.pool):
            continue
        fault = "no shadow is wanted" if wanted is None else "is not in the shadow's pool"
        yield Violation("shadow", placed.loop.id, m.id, f"{got}: {fault}", "shadow", (got,))


def once_in_session(placed: Placed) -> Iterator[Violation]:
    """The P(s, j) and {h(s)} are disjoint."""
    for m in placed.meetings:
        seen: set[str] = set()
        for people in (*m.got.people, () if m.got.shadow is None else (m.got.shadow,)):
            for person in sorted(seen.intersection(people)):
                text = f"{person} has two places"
                yield Violation("once_in_session", placed.loop.id, m.id, text, people=(person,))
            seen.update(people)


def once_in_loop(placed: Placed) -> Iterator[Violation]:
    """Interviews s ≠ t not asked to have the same people: (P(s) ∪ {h(s)}) ∩ (P(t) ∪ {h(t)}) = ∅."""
    group = placed.look.twins(placed.loop)
    first: dict[str, str] = {}
    for m in placed.meetings:
        if not m.interview:
            continue
        for person in dict.fromkeys(m.present):
            other = first.setdefault(person, m.id)
            if group[other] != group[m.id]:
                text = f"{person} is in {other} of this loop as well"
                yield Violation("once_in_loop", placed.loop.id, m.id, text, people=(person,))


def same_people(placed: Placed) -> Iterator[Violation]:
    """t = same_people_as(s) ⇒ P(s, j) = P(t, j) for every seat j."""
    for m in placed.meetings:
        other = placed.by_id.get(m.session.same_people_as or "")
        if other is None:
            continue
        if [sorted(seat) for seat in m.got.people] != [sorted(seat) for seat in other.got.people]:
            text = f"has other people than {other.id}"
            yield Violation("same_people", placed.loop.id, m.id, text, "people")


def barred(placed: Placed) -> Iterator[Violation]:
    """Interviews s: P(s) ∩ barred = ∅."""
    for m in placed.meetings:
        if placed.loop.barred and m.interview:
            for person in sorted(placed.loop.barred.intersection(m.seated)):
                text = f"{person} was in an earlier round"
                yield Violation("barred", placed.loop.id, m.id, text, "people", (person,))


def work(placed: Placed) -> Iterator[Violation]:
    """p ∈ P(s) ∪ {h(s)}, or p at the debrief: ∃ w ∈ work(p): T ⊆ w."""
    for person, event in placed.bookings:
        diary = placed.look.diary(person)
        if diary is not None and diary.work.index(event.start, event.end) is None:
            text = f"{person} does not work at {event.start}–{event.end}"
            yield event.broken("work", text, people=(person,))


def busy(placed: Placed) -> Iterator[Violation]:
    """p as in `work`: T ∩ hard(p) = ∅."""
    for person, event in placed.bookings:
        diary = placed.look.diary(person)
        if diary is not None and diary.blocks[BusyKind.HARD].overlaps(event.start, event.end):
            text = f"{person} is busy at {event.start}–{event.end}"
            yield event.broken("busy", text, people=(person,))


def lunch_block(placed: Placed) -> Iterator[Violation]:
    """p as in `work`, the event no lunch: T ∩ lunch(p) = ∅."""
    for person, event in placed.bookings:
        if event.kind == "lunch":
            continue
        diary = placed.look.diary(person)
        if diary is not None and diary.blocks[BusyKind.LUNCH].overlaps(event.start, event.end):
            text = f"{person} has lunch at {event.start}–{event.end}"
            yield event.broken("lunch_block", text, people=(person,))


def room(placed: Placed) -> Iterator[Violation]:
    """R(s) ≠ ⊥ ⇔ s needs a room."""
    for m in placed.meetings:
        if m.session.room and m.got.room is None:
            yield Violation("room", placed.loop.id, m.id, "needs a room and has none", "room")
        elif not m.session.room and m.got.room is not None:
            yield Violation("room", placed.loop.id, m.id, "needs no room and has one", "room")


def room_fits(placed: Placed) -> Iterator[Violation]:
    """site(R(s)) = site(s), cap(R(s)) ≥ 1 + |P(s)| + [h(s) ≠ ⊥], features(s) ⊆ features(R(s))."""
    for m in placed.meetings:
        if m.got.room is None:
            continue
        faults, given, heads = [], placed.look.rooms.get(m.got.room), 1 + len(m.present)
        if given is None:
            faults.append(f"{m.got.room} is no room of the problem")
        else:
            if given.site != m.site:
                faults.append(f"{given.id} is at {given.site}, the session at {m.site}")
            if given.cap < heads:
                faults.append(f"{given.id} seats {given.cap} of {heads}")
            if not m.session.features <= given.features:
                faults.append(f"{given.id} lacks {', '.join(sorted(m.session.features - given.features))}")
        for text in faults:
            yield Violation("room_fits", placed.loop.id, m.id, text, "room")


def room_busy(placed: Placed) -> Iterator[Violation]:
    """T(s) ∩ busy(R(s)) = ∅."""
    for m in placed.meetings:
        given = placed.look.rooms.get(m.got.room or "")
        if given is not None and placed.look.room_busy(given).overlaps(m.start, m.end):
            text = f"{given.id} is taken at {m.start}–{m.end}"
            yield Violation("room_busy", placed.loop.id, m.id, text, "room")
