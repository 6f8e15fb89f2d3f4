"""Priced rules of the exact model: one function per rule, returning its share of the price.

Symbols as in `solver.exact.constraints`; ``w.·`` are the problem's weights. The shares are those of
`solver.rules.check` wherever the model is at its minimum; the checker has the last word.

Told by `tests/solver/test_model_rules.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from solver.exact.runs import run_lengths
from solver.exact.variables import Literal, LoopVars, Sum, Variables, total
from solver.ground.timeline import BIG, Costs
from solver.problem.values import Weights


def _weights(v: LoopVars) -> Weights:
    return v.frame.problem.weights


def finish(v: LoopVars) -> Sum:
    """w.finish · (end of the debrief, or of the last session without one, − first availability)."""
    weight, origin, debrief = _weights(v).finish, v.frame.origin, v.loop.debrief
    if weight == 0:
        return 0
    if debrief is not None:
        return total(weight * (d + debrief.dur - origin) * z for d, z in v.debrief.items())
    ends = [t + v.frame.by_id[sid].session.dur for sid, starts in v.start.items() for t in starts]
    last = v.model.new_int_var(0, max([0, *(end - origin for end in ends)]), "finish")
    for sid, starts in v.start.items():
        dur = v.frame.by_id[sid].session.dur
        v.model.add(last >= total((t + dur - origin) * x for t, x in starts.items()))
    return weight * last


def idle(v: LoopVars) -> Sum:
    """w.idle · (Σ over days span(j) − Σ dur(s) · P)."""
    weight = _weights(v).idle
    if weight == 0:
        return 0
    minutes = sum(session.dur for session in v.loop.sessions)
    return weight * (total(v.spans.values()) - minutes * v.placed)


def extra_day(v: LoopVars) -> Sum:
    """w.extra_day · (Σ over days used(j) − P)."""
    weight = _weights(v).extra_day
    if weight == 0 or v.loop.max_days == 1:
        return 0
    return weight * (total(v.used.values()) - v.placed)


def overlaps(v: LoopVars) -> Sum:
    """w.tentative, w.focus per event and person that overlap such blocks: q ≥ here + Σ over t with that price x[s,t] − 1."""
    grid = v.frame.timeline.grid
    terms: list[Sum] = []
    for frame in v.frame.sessions:
        sid = frame.session.id
        groups = [v.seat[sid, k] for k in range(len(frame.seats))] + [v.shadow[sid]]
        for group in groups:
            for person, here in group.items():
                by_price = _prices(v.start[sid], v.person_costs(frame, person), grid)
                terms += [price * _both(v, here, at) for price, at in by_price.items()]
    if v.loop.debrief is not None:
        attend = set(v.loop.debrief.attend)
        for person in sorted(attend | v.panel.keys()):
            by_price = _prices(v.debrief, v.debrief_costs(person), grid)
            if person in attend:
                terms += [price * z for price, at in by_price.items() for z in at]
            elif by_price:
                here = v.attends(person)
                terms += [price * _both(v, here, at) for price, at in by_price.items()]
    return total(terms)


def _prices(literals: dict[int, Literal], costs: Costs, grid: int) -> dict[int, list[Literal]]:
    """Start literals by the price of the soft blocks that they overlap."""
    out: defaultdict[int, list[Literal]] = defaultdict(list)
    for t, literal in literals.items():
        price = int(costs[t // grid])
        if 0 < price < BIG:
            out[price].append(literal)
    return out


def _both(v: LoopVars, here: Literal, at: Iterable[Literal]) -> Literal:
    """True at least where ``here`` and one of ``at`` hold."""
    both = v.model.new_bool_var("")
    v.model.add(total(at) + here - 1 <= both)
    return both


def outside_pref(v: LoopVars) -> Sum:
    """w.outside_pref · Σ over interviews s and t outside the preferred hours x[s,t]."""
    grid, weight = v.frame.timeline.grid, _weights(v).outside_pref
    if weight == 0:
        return 0
    terms: list[Literal] = []
    for frame in v.frame.sessions:
        if frame.interview:
            outside = v.frame.timeline.outside_preferred(v.loop, frame.session)
            terms += [x for t, x in v.start[frame.session.id].items() if outside[t // grid]]
    return weight * total(terms)


def rank(v: LoopVars) -> Sum:
    """w.rank · (Σ rank(s,k)[p] · y[s,k,p] + Σ shadow.rank(s)[p] · h[s,p])."""
    terms: list[Sum] = []
    for frame in v.frame.sessions:
        for k, seat in enumerate(frame.seats):
            literals = v.seat[frame.session.id, k]
            terms += [units * literals[p] for p, units in seat.seat.rank.items() if p in literals]
        wanted = frame.session.shadow
        if wanted is not None:
            literals = v.shadow[frame.session.id]
            terms += [units * literals[p] for p, units in wanted.rank.items() if p in literals]
    return _weights(v).rank * total(terms)


def no_shadow(v: LoopVars) -> Sum:
    """w.no_shadow · Σ over sessions that want a trainee (P − Σ_p h[s,p])."""
    missing = [
        v.placed - total(v.shadow[session.id].values())
        for session in v.loop.sessions
        if session.shadow is not None
    ]
    return _weights(v).no_shadow * total(missing)


def optional_empty(v: LoopVars) -> Sum:
    """w.optional_empty · Σ over optional seats (P − open(s,k))."""
    empty = [
        v.placed - v.open[frame.session.id, k]
        for frame in v.frame.sessions
        for k, seat in enumerate(frame.session.seats)
        if seat.optional and frame.seats[k].optional
    ]
    pinned_empty = sum(
        seat.optional and frame.seats[k].n == 0
        for frame in v.frame.sessions
        for k, seat in enumerate(frame.session.seats)
        if not frame.seats[k].optional
    )
    return _weights(v).optional_empty * (total(empty) + pinned_empty)


def run(v: LoopVars) -> Sum:
    """If the longest run is soft: w.run · Σ over interviews s that end a run max(0, length − minutes)."""
    limit, weight = v.loop.longest_run, _weights(v).run
    if limit is None or limit.hard or weight == 0:
        return 0
    excess: list[Sum] = []
    for length, continued in run_lengths(v, limit):
        over = v.model.new_int_var(0, v.frame.timeline.steps * v.frame.timeline.grid, "over")
        v.model.add(over >= length - limit.minutes).only_enforce_if([~literal for literal in continued])
        excess.append(over)
    return weight * total(excess)


def room_change(v: LoopVars) -> Sum:
    """w.room_change · (rooms used − 1)."""
    weight = _weights(v).room_change
    in_rooms = [rooms for rooms in v.room.values() if rooms]
    if weight == 0 or len(in_rooms) < 2:
        return 0
    used = []
    for name in sorted({name for rooms in in_rooms for name in rooms}):
        literal = v.model.new_bool_var(f"{v.loop.id} uses {name}")
        for rooms in in_rooms:
            if name in rooms:
                v.model.add_implication(rooms[name], literal)
        used.append(literal)
    return weight * (total(used) - v.placed)


def moved_time(v: LoopVars) -> Sum:
    """w.moved_time · Σ over sessions with an earlier plan (P − x[s, previous])."""
    terms = [
        v.placed - v.start[session.id].get(session.previous.start, 0)
        for session in v.loop.sessions
        if session.previous is not None
    ]
    return _weights(v).moved_time * total(terms)


def moved_person(v: LoopVars) -> Sum:
    """w.moved_person · Σ over sessions and their earlier people p (P − Σ_k y[s,k,p])."""
    terms = [
        v.placed - total(v.seated(person, session.id))
        for session in v.loop.sessions
        if session.previous is not None
        for person in sorted({p for seat in session.previous.people for p in seat})
    ]
    return _weights(v).moved_person * total(terms)


def moved_room(v: LoopVars) -> Sum:
    """w.moved_room · Σ over sessions with an earlier plan (P − r[s, previous])."""
    terms: list[Sum] = []
    for session in v.loop.sessions:
        if session.previous is None or (session.previous.room is None and not session.room):
            continue
        kept = v.room[session.id].get(session.previous.room or "", 0)
        terms.append(v.placed - kept)
    return _weights(v).moved_room * total(terms)


def moved_debrief(v: LoopVars) -> Sum:
    """w.moved_debrief · (P − z[previous])."""
    debrief = v.loop.debrief
    if debrief is None or debrief.previous is None:
        return 0
    return _weights(v).moved_debrief * (v.placed - v.debrief.get(debrief.previous, 0))


def unscheduled(v: LoopVars) -> Sum:
    """w.unscheduled · priority · (1 − P)."""
    return _weights(v).unscheduled * v.loop.priority * (1 - v.placed)


def fair(variables: Variables) -> Sum:
    """w.fair · Σ_p ((load + n)² − load²) with n = Σ y over interviews.

    Convex in n, so it is a sum of steps: the j-th seat (from 0) costs 2 (load + j) + 1.
    """
    weight = variables.usage.timeline.problem.weights.fair
    if weight == 0:
        return 0
    seats: defaultdict[str, list[Literal]] = defaultdict(list)
    most: defaultdict[str, int] = defaultdict(int)
    for v in variables.loops:
        chained = any(session.same_people_as for session in v.loop.sessions)
        for person, literals in v.panel.items():
            seats[person] += literals
            most[person] += len(literals) if chained else 1
    terms: list[Sum] = []
    for person, literals in seats.items():
        load = variables.usage.load(person)
        if most[person] == 1:
            terms.append((2 * load + 1) * total(literals))
            continue
        steps = [variables.model.new_bool_var("") for _ in range(most[person])]
        variables.model.add(total(literals) == total(steps))
        terms += [(2 * (load + j) + 1) * step for j, step in enumerate(steps)]
    return weight * total(terms)
