"""As many of some loops as there is room for, whatever they cost: one after another does not find that.

Without prices, and without the trainees that nobody must have, the exact model packs some twenty loops
in seconds, often with proof; improving what it finds is then the work of the usual moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from solver.exact.build import build
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import full_domain
from solver.ground.usage import Usage
from solver.problem.plan import LoopPlan
from solver.problem.values import Loop

MOST_STARTS = 12_000
"""Starts of all loops together from which on it is not tried."""


def completed(
    usage: Usage,
    loops: Sequence[tuple[Frame, bool]],
    losses: Mapping[str, int],
    budget: Budget,
    *,
    seconds: float | None = None,
    work: float | None = None,
) -> tuple[Mapping[str, LoopPlan], int]:
    """Plans that leave out least, and a lower bound on min Σ losses(l) over the loops left out.

    ``loops``: frames, and whether one must be placed. ``seconds`` and ``work`` (deterministic time)
    limit the search within the budget. Nothing, and 0, if there are too many starts or time is short.
    """
    bare = [(Frame(frame.timeline, without_shadows(frame)), forced) for frame, forced in loops]
    contenders = [(frame, full_domain(frame, usage), forced) for frame, forced in bare]
    if sum(len(times) for _, domain, _ in contenders for times in domain.starts.values()) > MOST_STARTS:
        return {}, 0
    model = build(usage, contenders)
    model.leave_out_least(losses)
    allowed = budget.allow(seconds=seconds, work=work)
    found = model.solve(replace(allowed, light=True))
    budget.spend(found.work)
    return {name: plan for name, plan in found.plans.items() if plan is not None}, max(found.bound, 0)


def without_shadows(frame: Frame) -> Loop:
    """The loop without its wish for trainees."""
    sessions = tuple(replace(session, shadow=None) for session in frame.loop.sessions)
    return replace(frame.loop, sessions=sessions)
