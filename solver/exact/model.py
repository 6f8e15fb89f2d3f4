"""The exact model: the rule book as constraints and prices of CP-SAT. This is the table of contents.

`Model` takes loops with the starts each may use; everything else (people, rooms, orders, spans,
debriefs, caps, prices) is a rule below. `Model.solve` searches it under limits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ortools.sat.python import cp_model

from solver.exact import constraints, constraints_shared, objectives, wishes
from solver.exact.variables import LoopVars, Sum, Variables, total
from solver.ground.budget import Allowance
from solver.ground.starts import Contender
from solver.ground.usage import Usage
from solver.ground.wishes import SteadyShadows, Wish
from solver.problem.plan import Assignment, LoopPlan, Status

CONSTRAINTS: Final[tuple[Callable[[LoopVars], None], ...]] = (
    constraints.placed,
    constraints.seats,
    constraints.shadow,
    constraints.once_in_session,
    constraints.once_in_loop,
    constraints.same_people,
    constraints.free,
    constraints.room,
    constraints.room_fits,
    constraints.breaks,
    constraints.order,
    constraints.travel,
    constraints.max_days,
    constraints.max_span,
    constraints.same_day,
    constraints.different_day,
    constraints.day_minutes,
    constraints.longest_run,
    constraints.debrief_after,
    constraints.debrief_within,
    constraints.debrief_panel,
)
"""Hard rules of one loop."""

SHARED: Final[tuple[Callable[[Variables], None], ...]] = (
    constraints_shared.apart_people,
    constraints_shared.travel_person,
    constraints_shared.room_once,
    constraints_shared.caps,
)
"""Hard rules between events of one person or uses of one room."""

PRICES: Final[tuple[Callable[[LoopVars], Sum], ...]] = (
    objectives.finish,
    objectives.idle,
    objectives.extra_day,
    objectives.overlaps,
    objectives.outside_pref,
    objectives.rank,
    objectives.no_shadow,
    objectives.optional_empty,
    objectives.run,
    objectives.room_change,
    objectives.moved_time,
    objectives.moved_person,
    objectives.moved_room,
    objectives.moved_debrief,
    objectives.unscheduled,
)
"""Priced rules of one loop."""

SHARED_PRICES: Final[tuple[Callable[[Variables], Sum], ...]] = (objectives.fair,)
"""Priced rules over all loops."""

_STATUS = {
    cp_model.OPTIMAL: Status.OPTIMAL,
    cp_model.FEASIBLE: Status.FEASIBLE,
    cp_model.INFEASIBLE: Status.INFEASIBLE,
}


class _CpModel(cp_model.CpModel):
    """Without the camel-case names of old, whose making costs as much as a small allowed."""

    def _add_pre_pep8_methods(self) -> None:
        return


@dataclass(frozen=True)
class Found:
    """A search's end: plans per loop (``None`` = left out), the model's price and bound."""

    status: Status
    plans: Mapping[str, LoopPlan | None]
    objective: int
    bound: int
    work: float


class Model:
    """One CP-SAT model over the given loops, with the rest of the world frozen in a `Usage`."""

    def __init__(
        self,
        usage: Usage,
        loops: Sequence[Contender],
        steady: SteadyShadows | None = None,
    ) -> None:
        """``steady``: what it costs besides that a booked trainee goes elsewhere."""
        self.cp = _CpModel()
        self.variables = Variables(self.cp, usage)
        for frame, domain, forced in loops:
            self.variables.loops.append(LoopVars(self.cp, usage, frame, domain, forced=forced))
        for v in self.variables.loops:
            for constraint in CONSTRAINTS:
                constraint(v)
        for shared in SHARED:
            shared(self.variables)
        shares = [price(v) for v in self.variables.loops for price in PRICES]
        shares += [price(self.variables) for price in SHARED_PRICES]
        if steady is not None:
            shares += [wishes.steady_shadows(v, steady) for v in self.variables.loops]
        self.price = total(shares)
        self.cp.minimize(self.price)
        self._enough: int | None = None

    @property
    def size(self) -> int:
        """Variables and constraints so far."""
        return len(self.cp.proto.variables) + len(self.cp.proto.constraints)

    def between(self, least: int, most: int) -> None:
        """Asks for a price of at most ``most``, and says that less than ``least`` is proven impossible."""
        self.cp.add_linear_constraint(self.price, least, most)

    def enough(self, price: int) -> None:
        """Ends the search at the first plan that costs ``price`` or less: whoever asks knows that nothing better counts."""
        self._enough = price

    def demand(self, wish: Wish) -> None:
        """Demands of every loop what is wished besides the rules."""
        for v in self.variables.loops:
            wishes.demand(v, wish)

    def keep(self, booked: Mapping[str, LoopPlan], sessions: Collection[str]) -> bool:
        """Pins everything of some sessions to where they are booked; False where that is no choice any more."""
        return all(
            v.keep(sid, booked[v.loop.id].sessions[sid])
            for v in self.variables.loops
            for sid in sessions
            if sid in v.start
        )

    def leave_out_least(self, losses: Mapping[str, int]) -> None:
        """Minimises Σ losses(l) over the loops left out, and nothing else."""
        self.cp.minimize(total(losses[v.loop.id] * (1 - v.placed) for v in self.variables.loops))

    def solve(self, allowed: Allowance) -> Found:
        """Searches until proven, stopped, out of budget, or at a price that is `enough`; that is *optimal* too."""
        reached = None if self._enough is None else Reached(self._enough)
        solver, status = searched(self.cp, allowed, reached)
        work = solver.response_proto.deterministic_time
        if status not in (Status.OPTIMAL, Status.FEASIBLE):
            return Found(status, {}, 0, _bound(solver), work)
        plans = {v.loop.id: _plan(solver, v) for v in self.variables.loops}
        objective = round(solver.objective_value)
        if self._enough is not None and objective <= self._enough:
            status = Status.OPTIMAL
        return Found(status, plans, objective, _bound(solver), work)


def searched(
    cp: cp_model.CpModel, allowed: Allowance, watched: cp_model.CpSolverSolutionCallback | None = None
) -> tuple[cp_model.CpSolver, Status]:
    """A search within what is allowed: CP-SAT with what it found, and how that ended."""
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = allowed.workers
    parameters.random_seed = allowed.seed
    parameters.linearization_level = allowed.linear
    parameters.cp_model_presolve = allowed.presolve
    if allowed.light:
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        parameters.max_presolve_iterations = 1
    if allowed.memory_mb is not None:
        parameters.max_memory_in_mb = allowed.memory_mb
    if allowed.seconds is not None:
        parameters.max_time_in_seconds = max(allowed.seconds, 0.0)
    if allowed.work is not None:
        parameters.max_deterministic_time = max(allowed.work, 0.0)
    with _Watch(solver, allowed.stop):
        code = solver.solve(cp, watched)
    if code == cp_model.MODEL_INVALID:
        raise RuntimeError(f"the exact model is invalid: {cp.validate()}")
    return solver, _STATUS.get(code, Status.UNKNOWN)


def _bound(solver: cp_model.CpSolver) -> int:
    """The proven lower bound, rounded up: prices are whole."""
    return int(-(-(solver.best_objective_bound - 1e-6) // 1))


def _plan(solver: cp_model.CpSolver, v: LoopVars) -> LoopPlan | None:
    if not solver.boolean_value(v.placed):
        return None
    sessions = {}
    for frame in v.frame.sessions:
        sid = frame.session.id
        people = tuple(
            tuple(p for p, y in v.seat[sid, k].items() if solver.boolean_value(y))
            for k in range(len(frame.seats))
        )
        start = next(t for t, x in v.start[sid].items() if solver.boolean_value(x))
        shadow = next((p for p, h in v.shadow[sid].items() if solver.boolean_value(h)), None)
        room = next((r for r, x in v.room[sid].items() if solver.boolean_value(x)), None)
        sessions[sid] = Assignment(start, people, shadow, room)
    debrief = next((d for d, z in v.debrief.items() if solver.boolean_value(z)), None)
    return LoopPlan(sessions, debrief)


class Reached(cp_model.CpSolverSolutionCallback):
    """Ends a search at its first solution of a price or less.

    A bound from outside can be told to CP-SAT as a constraint only, and it may look for a proof of its own
    long after a solution has met it. `stop_search` of a callback is heard at once, unlike that of the solver.
    """

    def __init__(self, price: int) -> None:
        super().__init__()
        self._price = price

    def on_solution_callback(self) -> None:
        """Called by CP-SAT at every better solution."""
        if round(self.objective_value) <= self._price:
            self.stop_search()


class _Watch:
    """Ends a search soon after ``stop()`` turns true.

    It goes on asking until the search has ended: CP-SAT forgets a stop that is asked for before its
    search has begun, and building and presolving a large model takes seconds (OR-Tools 9.15).
    """

    PERIOD = 0.02  # seconds between two looks

    def __init__(self, solver: cp_model.CpSolver, stop: Callable[[], bool] | None) -> None:
        self._solver, self._stop = solver, stop
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True) if stop is not None else None

    def __enter__(self) -> None:
        if self._thread is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        assert self._stop is not None
        wanted = False
        while not self._done.wait(self.PERIOD):
            wanted = wanted or self._stop()
            if wanted:
                self._solver.stop_search()
