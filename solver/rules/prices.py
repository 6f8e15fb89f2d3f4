"""Priced rules: what a legal plan costs, rule by rule, in minutes.

Those of one loop take a placed loop; `fair` and `unscheduled` take the whole plan. Each returns
its share with its weight already applied. Symbols as in `solver.rules.time` and
`solver.rules.people`; ``w.x`` is the weight of that name.
"""

from __future__ import annotations

from collections.abc import Iterable

from solver.problem.plan import Plan
from solver.problem.values import BusyKind
from solver.rules.time import runs, span
from solver.rules.view import Lookup, Placed


def finish(placed: Placed) -> int:
    """w.finish · (end of the debrief, or E without one − start of the earliest availability)."""
    debrief, start = placed.loop.debrief, placed.plan.debrief
    end = placed.last_end if debrief is None or start is None else start + debrief.dur
    if end is None or not placed.loop.availability:
        return 0
    return placed.look.problem.weights.finish * (end - placed.loop.availability[0][0])


def idle(placed: Placed) -> int:
    """w.idle · Σ per day (max e(s) − min a(s) − Σ dur(s))."""
    days = placed.used_days.values()
    minutes = sum(span(meetings) - sum(m.session.dur for m in meetings) for meetings in days)
    return placed.look.problem.weights.idle * minutes


def extra_day(placed: Placed) -> int:
    """w.extra_day · (days used − 1)."""
    return placed.look.problem.weights.extra_day * max(0, len(placed.used_days) - 1)


def tentative(placed: Placed) -> int:
    """w.tentative · |{(event, p): event overlaps tentative(p)}|."""
    return placed.look.problem.weights.tentative * _overlaps(placed, BusyKind.TENTATIVE)


def focus(placed: Placed) -> int:
    """w.focus · |{(event, p): event overlaps focus(p)}|."""
    return placed.look.problem.weights.focus * _overlaps(placed, BusyKind.FOCUS)


def _overlaps(placed: Placed, kind: BusyKind) -> int:
    """(event, person) pairs that overlap blocks of a kind; several blocks count once."""
    total = 0
    for person, event in placed.bookings:
        diary = placed.look.diary(person)
        total += diary is not None and diary.blocks[kind].overlaps(event.start, event.end)
    return total


def outside_pref(placed: Placed) -> int:
    """w.outside_pref · |{interviews s: [a(s), e(s)) inside no preferred interval}|."""
    preferred = placed.look.spans(placed.loop, "preferred")
    outside = sum(m.interview and preferred.index(m.start, m.end) is None for m in placed.meetings)
    return placed.look.problem.weights.outside_pref * outside


def rank(placed: Placed) -> int:
    """w.rank · (Σ rank(s, j)[p] over p ∈ P(s, j) + Σ shadow.rank(s)[h(s)])."""
    units = 0
    for m in placed.meetings:
        for seat, people in zip(m.session.seats, m.got.people, strict=False):
            units += sum(seat.rank.get(person, 0) for person in people)
        if m.session.shadow is not None and m.got.shadow is not None:
            units += m.session.shadow.rank.get(m.got.shadow, 0)
    return placed.look.problem.weights.rank * units


def no_shadow(placed: Placed) -> int:
    """w.no_shadow · |{s: shadow wanted, h(s) = ⊥}|."""
    missing = sum(m.session.shadow is not None and m.got.shadow is None for m in placed.meetings)
    return placed.look.problem.weights.no_shadow * missing


def optional_empty(placed: Placed) -> int:
    """w.optional_empty · |{optional seats (s, j): P(s, j) = ∅}|."""
    empty = sum(
        seat.optional and not people
        for m in placed.meetings
        for seat, people in zip(m.session.seats, m.got.people, strict=False)
    )
    return placed.look.problem.weights.optional_empty * empty


def run(placed: Placed) -> int:
    """If the longest run is soft: w.run · Σ over runs max(0, length − minutes)."""
    limit = placed.loop.longest_run
    if limit is None or limit.hard:
        return 0
    over = sum(max(0, span(meetings) - limit.minutes) for meetings in runs(placed, limit))
    return placed.look.problem.weights.run * over


def room_change(placed: Placed) -> int:
    """w.room_change · max(0, |{R(s)}| − 1)."""
    rooms = {m.got.room for m in placed.meetings if m.got.room is not None}
    return placed.look.problem.weights.room_change * max(0, len(rooms) - 1)


def moved_time(placed: Placed) -> int:
    """w.moved_time · |{s: a(s) ≠ previous(s).start}|."""
    moved = sum(
        m.session.previous is not None and m.session.previous.start != m.start for m in placed.meetings
    )
    return placed.look.problem.weights.moved_time * moved


def moved_person(placed: Placed) -> int:
    """w.moved_person · Σ |people of previous(s) \\ P(s)|."""
    gone = 0
    for m in placed.meetings:
        if m.session.previous is not None:
            before = {person for seat in m.session.previous.people for person in seat}
            gone += len(before.difference(m.seated))
    return placed.look.problem.weights.moved_person * gone


def moved_room(placed: Placed) -> int:
    """w.moved_room · |{s: R(s) ≠ previous(s).room}|."""
    moved = sum(
        m.session.previous is not None and m.session.previous.room != m.got.room for m in placed.meetings
    )
    return placed.look.problem.weights.moved_room * moved


def moved_debrief(placed: Placed) -> int:
    """w.moved_debrief · [d ≠ debrief.previous]."""
    debrief, start = placed.loop.debrief, placed.plan.debrief
    if debrief is None or debrief.previous is None or debrief.previous == start:
        return 0
    return placed.look.problem.weights.moved_debrief


def interviews_held(placed: Iterable[Placed]) -> dict[str, int]:
    """Interview seats per person: no shadowing, no lunch, no debrief."""
    count: dict[str, int] = {}
    for loop in placed:
        for m in loop.meetings:
            if m.interview:
                for person in m.seated:
                    count[person] = count.get(person, 0) + 1
    return count


def fair(look: Lookup, placed: Iterable[Placed]) -> int:
    """w.fair · Σ over p ((prior(p) + n(p))² − prior(p)²), n(p) = interview seats held."""
    total = 0
    for name, n in interviews_held(placed).items():
        diary = look.diary(name)
        prior = 0 if diary is None else diary.person.prior
        total += (prior + n) ** 2 - prior**2
    return look.problem.weights.fair * total


def unscheduled(look: Lookup, plan: Plan) -> int:
    """w.unscheduled · Σ priority over loops left out."""
    left_out = sum(loop.priority for loop in look.problem.loops if plan.loops.get(loop.id) is None)
    return look.problem.weights.unscheduled * left_out
