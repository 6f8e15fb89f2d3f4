"""Hard rules between events of one person or uses of one room, over all loops of a model.

Symbols as in `solver.exact.constraints`. Inside one loop the candidate attends every session, so two
sessions never overlap; these rules bite between loops, and inside one where a buffer or a way is
longer than the candidate's own break.

Told by `tests/solver/test_model_rules.py`.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from solver.exact.variables import Attendance, Literal, LoopVars, Variables, total
from solver.ground.timeline import Event
from solver.ground.usage import caps_room
from solver.problem.values import Interval


def apart_people(variables: Variables) -> None:
    """Events x, y of one person that both happen: b(y) ≥ e(x) + buffer or b(x) ≥ e(y) + buffer."""
    model, buffer = variables.model, variables.usage.timeline.problem.buffer
    if len(variables.loops) == 1 and buffer <= _kept_apart(variables.loops[0]):
        return
    for person, events in variables.events.items():
        clashing = [e for e in events if any(_may_clash(variables, e, other, buffer) for other in events)]
        if len(clashing) > 1:
            model.add_no_overlap(
                [
                    model.new_optional_fixed_size_interval_var(
                        e.begin, e.dur + buffer, e.here, f"{person} {e.session or e.loop}"
                    )
                    for e in clashing
                ]
            )


def _kept_apart(v: LoopVars) -> int:
    """Minutes that the candidate's own breaks keep between any two events of the loop."""
    debrief = v.loop.debrief
    return v.loop.min_break if debrief is None else min(v.loop.min_break, debrief.least)


def _may_clash(variables: Variables, one: Attendance, other: Attendance, gap: int) -> bool:
    """Whether another rule does not yet keep the two ``gap`` minutes apart."""
    if one is other or (one.here is other.here and one.session == other.session):
        return False
    if one.loop != other.loop:
        return True
    loop = next(v.loop for v in variables.loops if v.loop.id == one.loop)
    if one.session is None or other.session is None:
        assert loop.debrief is not None
        return loop.debrief.least < gap
    return one.session != other.session and loop.min_break < gap


def travel_person(variables: Variables) -> None:
    """Sessions x, y of one person at different sites: b(y) ≥ e(x) + travel or b(x) ≥ e(y) + travel."""
    model, timeline = variables.model, variables.usage.timeline
    if not timeline.problem.travel:
        return
    for events in variables.events.values():
        for one, other in combinations(events, 2):
            if one.site is None or other.site is None or one.site == other.site:
                continue
            way = timeline.travel(one.site, other.site)
            if way <= timeline.problem.buffer or one.session == other.session:
                continue
            first = model.new_bool_var("")
            both = [one.here, other.here]
            model.add(other.begin - one.begin >= one.dur + way).only_enforce_if([first, *both])
            model.add(one.begin - other.begin >= other.dur + way).only_enforce_if([~first, *both])


def room_once(variables: Variables) -> None:
    """Sessions s ≠ t in one room do not overlap (inside one loop they never do)."""
    model = variables.model
    if len(variables.loops) < 2:
        return
    uses: defaultdict[str, list[tuple[LoopVars, str, Literal]]] = defaultdict(list)
    for v in variables.loops:
        for sid, rooms in v.room.items():
            for name, literal in rooms.items():
                uses[name].append((v, sid, literal))
    for name, users in uses.items():
        if len({v.loop.id for v, _, _ in users}) > 1:
            model.add_no_overlap(
                [
                    model.new_optional_fixed_size_interval_var(
                        v.begin(sid), v.frame.by_id[sid].session.dur, literal, f"{name} {sid}"
                    )
                    for v, sid, literal in users
                ]
            )


def caps(variables: Variables) -> None:
    """Per local day or week i of p: Σ over interviews here and starting in i ≤ interviews left (also in minutes).

    "Here and in i" is a literal w ≥ here + Σ over t in i x[s,t] − 1.
    """
    loops = {v.loop.id: v for v in variables.loops}
    if len(loops) == 1 and not any(s.same_people_as for s in variables.loops[0].loop.sessions):
        return  # one interview each, and the usage knows who has none left
    for person, events in variables.events.items():
        interviews = [e for e in events if e.event is Event.INTERVIEW]
        for interval, left, minutes in caps_room(variables.usage, person):
            inside = [e for e in interviews if _starts_in(loops[e.loop], e, interval)]
            sessions = {(e.loop, e.session): e.dur for e in inside}
            few = len(sessions) <= left
            short = minutes is None or sum(sessions.values()) <= minutes
            if few and short:
                continue
            here = [(_both(variables, loops[e.loop], e, interval), e.dur) for e in inside]
            if not few:
                variables.model.add(total(w for w, _ in here) <= max(left, 0))
            if minutes is not None and not short:
                variables.model.add(total(dur * w for w, dur in here) <= max(minutes, 0))


def _starts_in(v: LoopVars, event: Attendance, interval: Interval) -> bool:
    assert event.session is not None
    return any(interval[0] <= t < interval[1] for t in v.start[event.session])


def _both(variables: Variables, v: LoopVars, event: Attendance, interval: Interval) -> Literal:
    """True at least where the person is in the session and it starts in the interval."""
    assert event.session is not None
    outside = v.starts_where(event.session, lambda t: not interval[0] <= t < interval[1])
    if not outside:
        return event.here
    both = variables.model.new_bool_var("")
    variables.model.add_bool_or([both, ~event.here, *outside, ~v.placed])
    return both
