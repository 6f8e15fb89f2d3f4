"""Wishes (`solver.ground.wishes`) in the exact model: one function each, the formula as its docstring.

Symbols as in `solver.exact.constraints`.

Told by `tests/solver/test_alternatives.py`.
"""

from __future__ import annotations

from typing import assert_never

from solver.exact.variables import LoopVars, Sum, total
from solver.ground.wishes import NOTICED, Apart, OtherTimes, SteadyShadows, Wish, interviewers
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
    """For every known plan k: Σ_s x[s, start of s in k] ≤ sessions − least."""
    for plan in wish.known:
        v.model.add(_still(v, plan) <= len(plan.sessions) - wish.least)


def apart(v: LoopVars, wish: Apart) -> None:
    """For every known plan: enough sessions move, or other days are used, or the interviewers are others."""
    seated = total(y for literals in v.panel.values() for y in literals)
    for plan in wish.known:
        before = interviewers(v.loop, plan)
        same = total(y for sid, person in before for y in v.seated(person, sid))
        demands = [
            _still(v, plan) <= len(plan.sessions) - min(NOTICED, len(plan.sessions)),
            seated >= len(before) + 1,
            same <= len(before) - 1,
        ]
        used = {v.frame.day(got.start) for got in plan.sessions.values()}
        if v.loop.max_days > 1:
            there = {day: total(x for sid in v.start for x in v.in_day(sid, day)) for day in v.days}
            demands.append(total(there[day] for day in v.days if day not in used) >= 1)
            demands += [there.get(day, total(())) == 0 for day in sorted(used)]
        ways = [v.model.new_bool_var(f"apart {number}") for number in range(len(demands))]
        for way, each in zip(ways, demands, strict=True):
            v.model.add(each).only_enforce_if(way)
        v.model.add_bool_or(ways)


def _still(v: LoopVars, plan: LoopPlan) -> Sum:
    """How many sessions start when they do in a plan."""
    return total(v.start[sid][got.start] for sid, got in plan.sessions.items() if got.start in v.start[sid])


def steady_shadows(v: LoopVars, wish: SteadyShadows) -> Sum:
    """price · Σ over sessions s with a booked trainee p (P − h[s,p])."""
    return total(
        wish.price * (v.placed - v.shadow[sid][got.shadow])
        for sid, got in wish.booked[v.loop.id].sessions.items()
        if got.shadow is not None and got.shadow in v.shadow[sid]
    )
