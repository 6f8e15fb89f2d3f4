"""Wishes (`solver.ground.wishes`) in the exact model: one function each, the formula as its docstring.

Symbols as in `solver.exact.constraints`.

Told by `tests/solver/test_alternatives.py`.
"""

from __future__ import annotations

from typing import assert_never

from solver.exact.variables import Literal, LoopVars, Sum, total
from solver.ground.wishes import (
    Apart,
    OtherTimes,
    SteadyShadows,
    Wish,
    interviewers,
    least_moved,
    slots,
)
from solver.problem.plan import LoopPlan


def demand(v: LoopVars, wish: Wish) -> None:
    """Adds what a wish demands of a loop."""
    match wish:
        case OtherTimes():
            other_times(v, wish)
        case Apart():
            apart(v, wish)
        case _:
            assert_never(wish)


def other_times(v: LoopVars, wish: OtherTimes) -> None:
    """For every known plan k: Σ over its slots (t, minutes, kind) and the sessions s like that of x[s,t] ≤ sessions − least."""
    for plan in wish.known:
        v.model.add(_kept(v, plan) <= len(plan.sessions) - least_moved(v.loop))


def apart(v: LoopVars, wish: Apart) -> None:
    """For every known plan k: enough slots are others, or other days are used, or other people interview.

    Others interview where Σ over people p not in k of y ≥ 1, or Σ over p in k of i[p] < the people of k,
    with i[p] ≥ y for every interview seat of p.
    """
    for number, plan in enumerate(wish.known):
        before = interviewers(v.loop, plan)
        others = total(y for person, seats in v.panel.items() if person not in before for y in seats)
        demands = [
            _kept(v, plan) <= len(plan.sessions) - least_moved(v.loop),
            others >= 1,
            total(_interviews(v, person, number) for person in sorted(before)) <= len(before) - 1,
        ]
        if v.loop.max_days > 1:
            there = {day: total(x for sid in v.start for x in v.in_day(sid, day)) for day in v.days}
            known = {v.frame.day(got.start) for got in plan.sessions.values()}
            demands.append(total(there[day] for day in v.days if day not in known) >= 1)
            demands += [there.get(day, total(())) == 0 for day in sorted(known)]
        ways = [v.model.new_bool_var(f"apart {number} by {way}") for way in range(len(demands))]
        for way, each in zip(ways, demands, strict=True):
            v.model.add(each).only_enforce_if(way)
        v.model.add_bool_or(ways)


def _interviews(v: LoopVars, person: str, number: int) -> Literal:
    """True at least where a person holds an interview seat."""
    out = v.model.new_bool_var(f"{person} interviews, for {number}")
    for y in v.panel.get(person, []):
        v.model.add_implication(y, out)
    return out


def _kept(v: LoopVars, plan: LoopPlan) -> Sum:
    """How many slots of a plan are slots again. No two sessions start at once, so each counts at most once."""
    return total(
        v.start[session.id][t]
        for t, minutes, kind in sorted(slots(v.loop, plan))
        for session in v.loop.sessions
        if (session.dur, session.kind) == (minutes, kind) and t in v.start[session.id]
    )


def steady_shadows(v: LoopVars, wish: SteadyShadows) -> Sum:
    """price · Σ over sessions s with a booked trainee p (P − h[s,p])."""
    return total(
        wish.price * (v.placed - v.shadow[sid][got.shadow])
        for sid, got in wish.booked[v.loop.id].sessions.items()
        if got.shadow is not None and got.shadow in v.shadow[sid]
    )
