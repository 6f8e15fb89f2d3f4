"""The door of the exact model, the only one: it loads OR-Tools, which takes a second, when a model is built.

Told by `tests/solver/test_rooms.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from solver.ground.best import Column
from solver.ground.budget import Allowance
from solver.ground.frame import Frame
from solver.ground.starts import Contender, Domain
from solver.ground.usage import Usage
from solver.ground.wishes import SteadyShadows
from solver.problem.plan import LoopPlan

if TYPE_CHECKING:
    from solver.exact.model import Model


def build(usage: Usage, loops: Sequence[Contender], steady: SteadyShadows | None = None) -> Model:
    """One CP-SAT model over some loops (`solver.exact.model.Model`), the rest of the world as in the usage."""
    from solver.exact.model import Model

    return Model(usage, loops, steady)


def possible(frame: Frame, domain: Domain) -> bool:
    """Whether every session, and the debrief, has a start at all; otherwise no model need be built."""
    return all(domain.starts.values()) and (bool(domain.debrief) or frame.loop.debrief is None)


def packed(
    usage: Usage,
    columns: Sequence[Column],
    outs: Mapping[str, int],
    pinned: frozenset[str],
    than: int,
    allowed: Allowance,
) -> tuple[dict[str, LoopPlan] | None, float]:
    """Columns that cost less than ``than`` together, as plans per loop, and the work spent (`solver.exact.master`).

    ``outs``: per loop the price of leaving it out; ``pinned`` ones may not be. ``None`` = none were found.
    """
    from solver.exact.master import Master

    return Master(usage, columns, outs, pinned).better(than, allowed)
