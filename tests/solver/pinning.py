"""One given plan in the exact model: does the model allow it, and what does it say it costs?"""

from __future__ import annotations

from solver.exact.model import Model
from solver.exact.variables import LoopVars
from solver.ground.budget import Allowance
from solver.ground.frame import Frame
from solver.ground.starts import Domain, attend_costs
from solver.ground.timeline import BIG, Timeline
from solver.ground.usage import Usage
from solver.problem.plan import LoopPlan, Plan, Status
from solver.problem.values import Problem


def model_price(it: Problem, answer: Plan) -> int | None:
    """The model's price of exactly this plan, ``None`` where the model forbids it."""
    timeline = Timeline(it)
    usage = Usage(timeline)
    loops = []
    for one in it.loops:
        got = answer.loops.get(one.id)
        if got is None:
            continue
        starts = {sid: [at.start] for sid, at in got.sessions.items()}
        domain = Domain(starts, () if got.debrief is None else (got.debrief,))
        frame = Frame(timeline, one)
        if not all(
            frame.by_id[sid].starts[at[0] // it.grid] and at[0] % it.grid == 0 for sid, at in starts.items()
        ):
            return None
        if got.debrief is not None and attend_costs(frame, usage)[got.debrief // it.grid] >= BIG:
            return None
        loops.append((frame, domain, True))
    model = Model(usage, loops)
    for v in model.variables.loops:
        got = answer.loops[v.loop.id]
        assert got is not None
        if not _pin(v, got):
            return None
    found = model.solve(Allowance(seconds=10))
    if found.status is not Status.OPTIMAL:
        assert found.status is Status.INFEASIBLE
        return None
    out = sum(it.weights.unscheduled * one.priority for one in it.loops if answer.loops.get(one.id) is None)
    return found.objective + out


def _pin(v: LoopVars, got: LoopPlan) -> bool:
    """Fixes people, shadow and room; False where one of them is no choice at all."""
    for sid, at in got.sessions.items():
        for k, literals in ((k, v.seat[sid, k]) for k in range(len(v.frame.by_id[sid].seats))):
            people = at.people[k] if k < len(at.people) else ()
            if not _only(v, literals, people):
                return False
        if not _only(v, v.shadow[sid], () if at.shadow is None else (at.shadow,)):
            return False
        if not _only(v, v.room[sid], () if at.room is None else (at.room,)):
            return False
    return True


def _only(v: LoopVars, literals: dict[str, object], names: tuple[str, ...]) -> bool:
    for name, literal in literals.items():
        v.model.add(literal == int(name in names))
    return all(name in literals for name in names)
