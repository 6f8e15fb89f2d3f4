"""A few loops of a batch taken out and placed again together, exactly, with all others as they are.

Placing one loop after another never finds what takes two of them to move at once. Here the exact
model does, over the starts that a better placement of these few could use (`solver.many.proof`).

Source: Shaw, Using constraint programming and local search methods to solve vehicle routing problems
(1998): large neighbourhood search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.bounds.rows import Bounds
from solver.exact.build import build
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Contender
from solver.ground.subsets import MOST_SESSIONS
from solver.ground.timeline import BEYOND
from solver.ground.timely import timely
from solver.ground.usage import Usage
from solver.many.proof import MOST_STARTS, within
from solver.problem.errors import OutOfTime
from solver.problem.plan import LoopPlan, Status

WORK = 0.2
"""Deterministic time that one such search may take."""

BUILT = 0.02
"""Deterministic work counted for bounding one loop and building its part of the model."""

REACH = 3_000
"""How far above a loop's least price starts are looked at, in minutes of price, however much there is to gain."""


def together(
    usage: Usage, frames: Sequence[Frame], forced: frozenset[str], prices: Mapping[str, int], budget: Budget
) -> Mapping[str, LoopPlan | None] | None:
    """The loops placed at a lower price than now; ``None`` = no such placement was found.

    ``usage`` holds all other loops. ``prices``: per loop what leaving it out costs, and under the empty
    name what these loops cost now.
    """
    if any(len(frame.sessions) > MOST_SESSIONS for frame in frames):
        return None
    budget.spend(BUILT * len(frames))
    try:
        with timely(usage.timeline, budget):
            loops = _contenders(usage, frames, forced, prices)
    except OutOfTime:
        return None
    if (
        not loops
        or sum(len(times) for _, domain, _ in loops for times in domain.starts.values()) > MOST_STARTS
    ):
        return None
    model = build(usage, loops)
    absent = sum(prices[frame.loop.id] for frame in frames) - sum(prices[f.loop.id] for f, _, _ in loops)
    model.between(0, prices[""] - absent - 1)
    found = model.solve(budget.allow(work=WORK, linear=1))
    budget.spend(found.work)
    return found.plans if found.status in (Status.OPTIMAL, Status.FEASIBLE) else None


def _contenders(
    usage: Usage, frames: Sequence[Frame], forced: frozenset[str], prices: Mapping[str, int]
) -> list[Contender]:
    """The loops with the starts that may make them cheaper together; none if nothing can."""
    bounds = {frame.loop.id: Bounds(frame, usage) for frame in frames}
    shares = {}
    for name, each in bounds.items():
        least = each.lowest() if each.possible else BEYOND
        shares[name] = least if name in forced else min(least, prices[name])
    slack = prices[""] - sum(shares.values()) - 1
    if slack < 0:
        return []
    found = [
        (frame, within(bounds[name], shares[name] + min(slack, REACH)), name in forced)
        for frame in frames
        for name in [frame.loop.id]
    ]
    return [each for each in found if all(each[1].starts.values())]
