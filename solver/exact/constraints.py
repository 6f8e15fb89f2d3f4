"""Hard rules of the exact model: one function per rule, its formula as docstring.

Symbols: ``x[s,t]`` session s starts at t · ``y[s,k,p]`` p sits in seat k of s · ``h[s,p]`` p shadows s ·
``r[s,i]`` s is in room i · ``z[d]`` the debrief starts at d · ``b(s)`` start, ``e(s)`` end of s ·
``P`` the loop is placed. What a start, a person or a room must satisfy by itself (grid, horizon,
availability, windows, locks, working hours, busy blocks, held interviews, bars, features) never
becomes a literal: `solver.ground.timeline` and `solver.ground.frame` carry these rules.

Told by `tests/solver/test_model_rules.py`.
"""

from __future__ import annotations

from itertools import combinations

from solver.exact.runs import run_lengths
from solver.exact.variables import Literal, LoopVars, total
from solver.ground.timeline import BIG
from solver.problem.values import SessionKind


def placed(v: LoopVars) -> None:
    """Σ_t x[s,t] = P for every session s, and Σ_d z[d] = P where the loop wants a debrief."""
    groups = [list(starts.values()) for starts in v.start.values()]
    if v.loop.debrief is not None:
        groups.append(list(v.debrief.values()))
    for literals in groups:
        if v.forced:
            v.model.add_exactly_one(literals)
        else:
            v.model.add_exactly_one([*literals, ~v.placed])


def seats(v: LoopVars) -> None:
    """Σ_p y[s,k,p] = n(s,k) · open(s,k), where open = P unless the seat is optional (then open ≤ P)."""
    for frame in v.frame.sessions:
        for k, seat in enumerate(frame.seats):
            literals, is_open = v.seat[frame.session.id, k], v.open[frame.session.id, k]
            if seat.n > len(literals):
                v.model.add(is_open == 0)
                v.model.add(total(literals.values()) == 0)
            elif seat.n == 1 and not seat.optional and v.forced:
                v.model.add_exactly_one(literals.values())
            else:
                v.model.add(total(literals.values()) == seat.n * is_open)
            if seat.optional:
                v.model.add_implication(is_open, v.placed)


def shadow(v: LoopVars) -> None:
    """Σ_p h[s,p] ≤ P."""
    for literals in v.shadow.values():
        if literals:
            v.model.add(total(literals.values()) <= v.placed)


def once_in_session(v: LoopVars) -> None:
    """Σ_k y[s,k,p] + h[s,p] ≤ 1."""
    for frame in v.frame.sessions:
        for literals in _by_person(v, [frame.session.id]).values():
            if len(literals) > 1:
                v.model.add_at_most_one(literals)


def once_in_loop(v: LoopVars) -> None:
    """Interviews s, t of different same-people groups: (y or h)[s,p] + (y or h)[t,p] ≤ 1."""
    groups = twins(v)
    if all(len(group) == 1 for group in groups):
        members = [group[0] for group in groups]
        for literals in _by_person(v, members).values():
            if len(literals) > 1:
                v.model.add_at_most_one(literals)
        return
    for one, other in combinations(groups, 2):
        here, there = _by_person(v, one), _by_person(v, other)
        for person in here.keys() & there.keys():
            for a in here[person]:
                for b in there[person]:
                    v.model.add_at_most_one([a, b])


def same_people(v: LoopVars) -> None:
    """t = same_people_as(s): y[s,k,p] = y[t,k,p] for every seat k and person p."""
    for frame in v.frame.sessions:
        other = frame.session.same_people_as
        if other is None:
            continue
        for k in range(len(frame.seats)):
            mine, theirs = v.seat[frame.session.id, k], v.seat[other, k]
            for person in mine.keys() | theirs.keys():
                v.model.add(mine.get(person, 0) == theirs.get(person, 0))


def free(v: LoopVars) -> None:
    """(y or h)[s,p] ⇒ p can at the chosen start: y + Σ over t where p cannot x[s,t] ≤ 1 (work, busy, held, caps)."""
    grid = v.frame.timeline.grid
    for frame in v.frame.sessions:
        sid = frame.session.id
        for person, literals in _by_person(v, [sid]).items():
            costs = v.person_costs(frame, person)
            barred = v.starts_where(sid, lambda t, costs=costs: costs[t // grid] >= BIG)  # type: ignore[misc]
            for literal in literals:
                if barred:
                    v.model.add_at_most_one([literal, *barred])


def room(v: LoopVars) -> None:
    """Σ_i r[s,i] = P where s needs a room, and r[s,i] + Σ over t where i is taken x[s,t] ≤ 1."""
    grid = v.frame.timeline.grid
    for frame in v.frame.sessions:
        if not frame.session.room:
            continue
        sid = frame.session.id
        v.model.add_exactly_one([*v.room[sid].values(), ~v.placed])
        for name, literal in v.room[sid].items():
            free_steps = v.room_free(frame, name)
            taken = v.starts_where(sid, lambda t, free_steps=free_steps: not free_steps[t // grid])  # type: ignore[misc]
            if taken:
                v.model.add_at_most_one([literal, *taken])


def room_fits(v: LoopVars) -> None:
    """r[s,i] ⇒ 1 + Σ y[s,·,·] + Σ h[s,·] ≤ cap(i)."""
    for frame in v.frame.sessions:
        sid = frame.session.id
        heads = [y for k in range(len(frame.seats)) for y in v.seat[sid, k].values()]
        heads += v.shadow[sid].values()
        for name, literal in v.room[sid].items():
            cap = v.frame.timeline.rooms[name].cap
            if cap < frame.heads:
                v.model.add(total(heads) <= cap - 1).only_enforce_if(literal)


def breaks(v: LoopVars) -> None:
    """At every start t of s: at most one session runs, or ended less than min_break ago.

    Σ over (s, u) with u ≤ t < u + dur(s) + min_break of x[s,u] ≤ 1. Two sessions are too close
    exactly if one starts inside the other's prolonged time, so looking at starts is enough.
    """
    spans = [
        (t, t + v.frame.by_id[sid].session.dur + v.loop.min_break, x)
        for sid, starts in v.start.items()
        for t, x in starts.items()
    ]
    spans.sort(key=lambda span: span[:2])
    running: list[tuple[int, int, Literal]] = []
    for index, span in enumerate(spans):
        running = [other for other in running if other[1] > span[0]]
        running.append(span)
        last = index + 1 == len(spans) or spans[index + 1][0] > span[0]
        if last and len(running) > 1:
            v.model.add_at_most_one([x for _, _, x in running])


def order(v: LoopVars) -> None:
    """least ≤ b(t) − e(s) ≤ greatest for every order and gap (an order is a least gap of min_break)."""
    for gap in v.frame.gaps:
        dur = v.frame.by_id[gap.first].session.dur
        distance = v.begin(gap.then) - v.begin(gap.first) - dur
        wanted = [v.model.add(distance >= gap.least)]
        if gap.greatest is not None:
            wanted.append(v.model.add(distance <= gap.greatest))
        for constraint in wanted:
            if not v.forced:
                constraint.only_enforce_if(v.placed)


def travel(v: LoopVars) -> None:
    """Sessions s, t at different sites: b(t) ≥ e(s) + travel, or b(s) ≥ e(t) + travel."""
    for one, other in combinations(v.frame.sessions, 2):
        minutes = v.frame.timeline.travel(one.site, other.site)
        if minutes > v.loop.min_break:
            apart(v, one.session.id, other.session.id, minutes, [v.placed])


def apart(v: LoopVars, one: str, other: str, minutes: int, given: list[Literal]) -> None:
    """Keeps two sessions of the loop ``minutes`` apart, whichever comes first, where all of ``given`` hold."""
    first = v.model.new_bool_var(f"{one} before {other}")
    for a, b, literal in ((one, other, first), (other, one, ~first)):
        dur = v.frame.by_id[a].session.dur
        v.model.add(v.begin(b) - v.begin(a) >= dur + minutes).only_enforce_if([literal, *given])


def max_days(v: LoopVars) -> None:
    """Σ_j used(j) ≤ max_days."""
    if len(v.days) > v.loop.max_days:
        v.model.add(total(v.used.values()) <= v.loop.max_days)


def max_span(v: LoopVars) -> None:
    """Per day j: last(j) − first(j) ≤ max_span, with first(j) ≤ b(s) and last(j) ≥ e(s) for every s on it."""
    for span in v.spans.values():
        v.model.add(span <= v.loop.max_span)


def same_day(v: LoopVars) -> None:
    """s, t of one group: Σ over t in day j x[s,t] is equal for both, for every day j."""
    for group in v.loop.same_day:
        for day in v.days:
            for other in group[1:]:
                v.model.add(total(v.in_day(group[0], day)) == total(v.in_day(other, day)))


def different_day(v: LoopVars) -> None:
    """Σ over s of one group and t in day j x[s,t] ≤ 1, for every day j."""
    for group in v.loop.different_day:
        for day in v.days:
            literals = [x for sid in group for x in v.in_day(sid, day)]
            if len(literals) > 1:
                v.model.add_at_most_one(literals)


def day_minutes(v: LoopVars) -> None:
    """Σ over interviews s and t in day j of dur(s) · x[s,t] ≤ max_day_minutes, for every day j."""
    most = v.loop.max_day_minutes
    if most is None:
        return
    for day in v.days:
        terms = [
            frame.session.dur * x
            for frame in v.frame.sessions
            if frame.session.kind is SessionKind.INTERVIEW
            for x in v.in_day(frame.session.id, day)
        ]
        v.model.add(total(terms) <= most)


def longest_run(v: LoopVars) -> None:
    """If it is hard: e(s) − (start of the run of s) ≤ minutes for every interview s."""
    limit = v.loop.longest_run
    if limit is not None and limit.hard:
        for length, _ in run_lengths(v, limit):
            v.model.add(length <= limit.minutes).only_enforce_if(v.placed)


def debrief_after(v: LoopVars) -> None:
    """b(debrief) ≥ e(s) + least for every session s."""
    debrief = v.loop.debrief
    if debrief is None:
        return
    for frame in v.frame.sessions:
        sid = frame.session.id
        after = v.begin(None) - v.begin(sid) >= frame.session.dur + debrief.least
        constraint = v.model.add(after)
        if not v.forced:
            constraint.only_enforce_if(v.placed)


def debrief_within(v: LoopVars) -> None:
    """z[d] ⇒ some session ends at or after earliest_end(d), from where business(·, d) ≤ within."""
    if v.loop.debrief is None:
        return
    for d, literal in v.debrief.items():
        least = v.earliest_end[d]
        late = [
            x
            for frame in v.frame.sessions
            for t, x in v.start[frame.session.id].items()
            if t + frame.session.dur >= least
        ]
        v.model.add_bool_or([*late, ~literal])


def debrief_panel(v: LoopVars) -> None:
    """y[s,k,p] of an interview ⇒ p can at the debrief: y + Σ over d where p cannot z[d] ≤ 1."""
    if v.loop.debrief is None:
        return
    grid = v.frame.timeline.grid
    for person, literals in v.panel.items():
        costs = v.debrief_costs(person)
        barred = [z for d, z in v.debrief.items() if costs[d // grid] >= BIG]
        if barred:
            for literal in literals:
                v.model.add_at_most_one([literal, *barred])


def twins(v: LoopVars) -> list[list[str]]:
    """Interviews grouped by "has the same people as"; most groups hold one session."""
    root = {frame.session.id: frame.session.id for frame in v.frame.sessions}
    for frame in v.frame.sessions:
        other = frame.session.same_people_as
        if other is not None:
            old, new = root[frame.session.id], root[other]
            root = {sid: new if r == old else r for sid, r in root.items()}
    groups: dict[str, list[str]] = {}
    for frame in v.frame.sessions:
        if frame.interview:
            groups.setdefault(root[frame.session.id], []).append(frame.session.id)
    return list(groups.values())


def _by_person(v: LoopVars, sessions: list[str]) -> dict[str, list[Literal]]:
    """Seat and shadow literals of some sessions by person."""
    out: dict[str, list[Literal]] = {}
    for sid in sessions:
        groups = [v.seat[sid, k] for k in range(len(v.frame.by_id[sid].seats))]
        for group in [*groups, v.shadow[sid]]:
            for person, literal in group.items():
                out.setdefault(person, []).append(literal)
    return out
