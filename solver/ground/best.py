"""The best way to place one loop, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from solver.ground.frame import Frame
from solver.problem.plan import LoopPlan, Status


@dataclass(frozen=True)
class Best:
    """The best way to place one loop: ``status`` as in a result.

    ``cost`` is what placing it adds to the price of what the usage holds, ``bound`` the proven least.
    """

    status: Status
    plan: LoopPlan | None
    cost: int
    bound: int
    own: int = 0
    """The part of ``cost`` that is this loop's own; the rest is fair load."""


IMPOSSIBLE = Best(Status.INFEASIBLE, None, 0, 0)


def cheaper(best: Best | None, found: Best | None) -> Best | None:
    """The cheaper one of two that have a plan; the first among equals."""
    if found is None or found.plan is None or (best is not None and best.cost <= found.cost):
        return best
    return found


def unfinished(best: Best | None, lowest: int) -> Best:
    """What there is when time ends; nothing costs less than ``lowest``."""
    if best is None:
        return Best(Status.UNKNOWN, None, 0, lowest)
    return replace(best, status=Status.FEASIBLE, bound=min(lowest, best.cost))


class Column(NamedTuple):
    """One way to place a loop; ``own`` is its price without fair load, ``taken`` whether it is so now."""

    frame: Frame
    plan: LoopPlan
    own: int
    taken: bool
