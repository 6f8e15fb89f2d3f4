"""The candidate's runs in the exact model: how long each interview's run is when it ends.

A run is a maximal chain of interviews of one day with less than ``rest`` minutes between neighbours;
a lunch ends a run and belongs to none.

Told by `tests/solver/test_model_rules.py`.
"""

from __future__ import annotations

from itertools import permutations

from ortools.sat.python import cp_model

from solver.exact.variables import Literal, LoopVars, Sum
from solver.problem.values import LongestRun


def run_lengths(v: LoopVars, limit: LongestRun) -> list[tuple[Sum, list[Literal]]]:
    """Builds, per interview s: (e(s) − start of its run, the literals "s is followed in its run").

    near(a, b) is true exactly if b starts at or after e(a), less than ``rest`` later, on the same
    day, with no lunch between. Then both are of one run: an interview between them is near both.
    The run of b starts no later than b, and no later than that of any a with near(a, b).
    """
    model = v.model
    interviews = [frame.session for frame in v.frame.sessions if frame.interview]
    first = {s.id: model.new_int_var(0, _latest(v), f"run of {s.id}") for s in interviews}
    followed: dict[str, list[Literal]] = {s.id: [] for s in interviews}
    for session in interviews:
        model.add(first[session.id] <= v.begin(session.id))
    for a, b in permutations(interviews, 2):
        near = _near(v, a.id, b.id, limit.rest)
        model.add(first[b.id] <= first[a.id]).only_enforce_if(near)
        followed[a.id].append(near)
    return [(v.begin(s.id) + s.dur - first[s.id], followed[s.id]) for s in interviews]


def _latest(v: LoopVars) -> int:
    return v.frame.timeline.steps * v.frame.timeline.grid


def _near(v: LoopVars, a: str, b: str, rest: int) -> Literal:
    model = v.model
    gap = v.begin(b) - v.begin(a) - v.frame.by_id[a].session.dur
    close = model.new_bool_var(f"{b} soon after {a}")
    model.add(gap < rest).only_enforce_if(close)
    model.add(gap >= rest).only_enforce_if(~close)
    terms: list[cp_model.LiteralT] = [_before(v, a, b), close, _same_day(v, a, b)]
    for frame in v.frame.sessions:
        if not frame.interview:
            lunch = frame.session.id
            between = model.new_bool_var(f"{lunch} between {a} and {b}")
            model.add_multiplication_equality(between, [_before(v, a, lunch), _before(v, lunch, b)])
            terms.append(~between)
    near = model.new_bool_var(f"{a} runs into {b}")
    model.add_bool_and(terms).only_enforce_if(near)
    model.add_bool_or([near, *(~term for term in terms)])
    return near


def _before(v: LoopVars, a: str, b: str) -> Literal:
    """True exactly if b starts at or after the end of a."""
    found = v.before.get((a, b))
    if found is None:
        found = v.before[a, b] = v.model.new_bool_var(f"{a} before {b}")
        gap = v.begin(b) - v.begin(a) - v.frame.by_id[a].session.dur
        v.model.add(gap >= 0).only_enforce_if(found)
        v.model.add(gap < 0).only_enforce_if(~found)
    return found


def _same_day(v: LoopVars, a: str, b: str) -> Literal:
    """True exactly if both start on one of the candidate's days."""
    same = v.model.new_bool_var(f"{a} and {b} on one day")
    for day in v.days:
        here, there = sum(v.in_day(a, day)), sum(v.in_day(b, day))
        v.model.add(here == there).only_enforce_if(same)
        v.model.add(here + there <= 1).only_enforce_if(~same)
    return same
