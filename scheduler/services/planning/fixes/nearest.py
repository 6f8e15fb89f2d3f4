"""What would help, each shown by the plan with the least change to one that stands: of a change by hand that is refused,
and of a repair that failed.

Told by `tests/stories/test_changing_fixes.py` and `tests/stories/test_repair_fixes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from scheduler.domain.fixes.fix import Fix
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.app import App
from scheduler.services.planning import naming
from scheduler.services.planning.encode import Encoded, booked_plan, decode, encode
from scheduler.services.planning.fixes.eased import eased
from scheduler.services.planning.fixes.found import fix as as_data
from scheduler.services.planning.picture import Picture
from scheduler.services.solving import SolveFailed, Solver
from solver import Kind, LoopPlan, Problem, ProblemError, amended

MOST = 6
"""Ways that are shown by a plan of their own."""
SECONDS = 3.0
"""Longest search for one of them."""

Decoder = Callable[[Encoded, LoopPlan], tuple[PlannedInterview, ...]]


def nearest(solver: Solver, problem: Problem, drawn: LoopPlan) -> LoopPlan | None:
    """The plan of the problem nearest to ``drawn``; ``None`` where none was found."""
    try:
        return solver.nearest(problem, drawn).plan
    except (SolveFailed, ProblemError):
        return None


def explained(
    solver: Solver,
    picture: Picture,
    encoded: Encoded,
    drawn: LoopPlan,
    kept: Collection[Kind] = (),
    planned: Decoder = decode,
) -> tuple[list[Fix], bool]:
    """The solver's ways out in our words, each with the plan nearest to ``drawn``, and whether time ran out before all
    were found. Nothing of the kinds ``kept`` is changed for them."""
    try:
        explanation = solver.explain(encoded.problem, tuple(kept))
    except (SolveFailed, ProblemError):
        return [], True
    name, when = naming.names(picture, encoded), naming.times(picture, encoded)
    found = list[Fix]()
    for one in explanation.loops[picture.loop.id].fixes[:MOST]:
        plan = nearest(solver, amended(encoded.problem, one.changes), drawn)
        found.append(replace(as_data(encoded, one, name, when), plan=planned(encoded, plan or one.witness)))
    return found, explanation.cut


def mending(app: App, picture: Picture, pinned: frozenset[str]) -> tuple[Fix, ...]:
    """What would make a repair possible that is proven to be none, the easiest first; the interviews ``pinned`` stay
    as they are."""
    solver = app.solver.within(SECONDS)

    def drawn_in(encoded: Encoded) -> LoopPlan:
        plan = booked_plan(encoded, picture.standing).loops[picture.loop.id]
        assert plan is not None
        return plan

    def plan(_: App, other: Picture) -> tuple[PlannedInterview, ...] | None:
        encoded = encode(other, pinned=pinned)
        if isinstance(encoded, tuple):
            return None
        found = nearest(solver, encoded.problem, drawn_in(encoded))
        return None if found is None else decode(encoded, found)

    fixes = [*eased(app, picture, plan)]
    encoded = encode(picture, pinned=pinned)
    if not isinstance(encoded, tuple):
        kept = (Kind.LOCK,) if pinned else ()
        fixes += explained(solver, picture, encoded, drawn_in(encoded), kept)[0]
    return tuple({fix.id: fix for fix in sorted(fixes, key=lambda fix: fix.effort)}.values())[:MOST]
