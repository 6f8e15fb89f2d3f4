"""The door of the exact model, the only one: it loads OR-Tools, which takes a second, when a model is built.

Told by `tests/solver/test_rooms.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from solver.ground.frame import Frame
from solver.ground.starts import Contender, Domain
from solver.ground.usage import Usage
from solver.ground.wishes import SteadyShadows

if TYPE_CHECKING:
    from solver.exact.model import Model


def build(usage: Usage, loops: Sequence[Contender], steady: SteadyShadows | None = None) -> Model:
    """One CP-SAT model over some loops (`solver.exact.model.Model`), the rest of the world as in the usage."""
    from solver.exact.model import Model

    return Model(usage, loops, steady)


def possible(frame: Frame, domain: Domain) -> bool:
    """Whether every session, and the debrief, has a start at all; otherwise no model need be built."""
    return all(domain.starts.values()) and (bool(domain.debrief) or frame.loop.debrief is None)
