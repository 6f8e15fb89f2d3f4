"""Many loops together: packed one after another, then improved and bounded while time lasts.

1. Pinned loops first, together in the exact model if one after another fails.
2. The first pass: every loop once, most urgent first, each where it costs least.
3. A bound: what each loop costs alone, summed (`solver.many.completion` and `solver.many.prices` sharpen it).
4. The rest of the time: forcing in and ruining (`solver.many.improve`), and, where few starts are left that
   a better plan could use (`solver.many.proof`), all loops in one exact model, to proof. If some are still
   left out after a few moves, all at once without prices (`solver.many.completion`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from solver.exact.build import build, possible
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.starts import Contender, full_domain
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.many.completion import completed
from solver.many.improve import STEP, Improver
from solver.many.packing import Packing
from solver.many.prices import Pricing
from solver.many.proof import Prover
from solver.one.answer import judged, nothing
from solver.one.placer import Placer
from solver.problem.plan import LoopPlan, Plan, Progress, Result, Status
from solver.problem.values import Problem
from solver.rules.check import Judge

MOVES = 25
"""Moves before the second try to prove a batch; twice as many before each later one."""

SHARE = 0.5
"""The part of what is left that one try to prove may take, once there is a plan."""

PRICED = 0.2
"""The part of what is left that raising the bound by prices may take, each time the moves rest."""

FIRST_EFFORT = 4
"""How hard the first pass tries to place a loop; what it leaves out the improvement takes up."""

CACHE_SHARE = 4
"""The part of the memory limit that kept calendars may take; the rest is for searches."""

PROVEN_ALONE = 40
"""Loops up to which each one's least price is proven, not only bounded."""

Report = Callable[[Progress], None]


def pack(problem: Problem, judge: Judge, budget: Budget, progress: Report | None) -> Result:
    """The best plan for all loops within the budget, with a bound on the best price."""
    return _Batch(problem, judge, budget, progress).run()


class _Batch:
    def __init__(self, problem: Problem, judge: Judge, budget: Budget, progress: Report | None) -> None:
        self.problem, self.judge, self.budget, self.progress = problem, judge, budget, progress
        memory = budget.limits.memory_mb
        cache = None if memory is None else memory // CACHE_SHARE
        self.packing = Packing(judge, Usage(Timeline(problem, cache)))
        self.placer = Placer(judge, self.packing.usage, budget)
        self.alone: dict[str, int | None] = {}
        self.bound = 0

    def run(self) -> Result:
        if not self._pin():
            return self._infeasible()
        self._first_pass()
        if not self._bound_alone():
            return self._answer(Status.FEASIBLE)
        if all(least is None for least in self.alone.values()):
            return self._infeasible()
        try:
            return self._improve()
        except MemoryError:  # of the process; the best state is kept apart from the one being changed
            self.budget.end("memory_mb")
            return self._answer(Status.FEASIBLE)

    def _improve(self) -> Result:
        """Moves while time lasts; between them, ever more rarely, a try to prove that nothing is better."""
        improver = Improver(self.packing, self.budget, self.alone, self._report)
        prover = Prover(self.packing, self.budget, self.alone)
        pricing = Pricing(self.packing, self.alone)
        moves = 0
        while not self.budget.over() and self.packing.best_cost != self.bound:
            proven = self._proven(prover, improver)
            if proven is not None:
                return proven
            if moves == MOVES:
                self._complete(prover, improver, pricing)
            self._price(pricing)
            moves = MOVES if not moves else 2 * moves
            improver.run(lambda: self.packing.best_cost == self.bound, moves)
        return self._answer(Status.FEASIBLE)

    def _price(self, pricing: Pricing) -> None:
        """A higher bound by what competition costs, once there is a plan to aim at."""
        best = self.packing.best_cost
        if best is None or best <= self.bound or pricing.settled:
            return
        share = self._share(PRICED)
        part = self.budget.part(seconds=share["seconds"], work=share["work"])
        self.bound = max(self.bound, pricing.climb(best, part))
        self.budget.settle(part)
        self._report("bound")

    def _complete(self, prover: Prover, improver: Improver, pricing: Pricing) -> None:
        """Leaves out as little as possible of what could be placed alone; and bounds that."""
        names = [name for name, least in self.alone.items() if least is not None]
        if all(name in self.packing.best for name in names):
            return
        loops = [(self.packing.frames[name], name in self.packing.pinned) for name in names]
        losses = {name: self.packing.out[name] - prover.share(name) for name in names}
        plans, least = completed(prover.usage, loops, losses, self.budget, **self._share())
        self.bound = max(self.bound, sum(map(prover.share, self.packing.frames)) + least)
        pricing.lose(losses, least)
        if plans:
            improver.restore(dict(plans))
            self._kept("complete")

    def _kept(self, phase: str) -> None:
        if self.packing.keep():
            self._report(phase)

    def _share(self, part: float = SHARE) -> dict[str, float | None]:
        """The seconds, or the work where that is limited, that one big search may take."""
        work = self.budget.work_left
        return (
            {"seconds": part * self.budget.left, "work": None}
            if work is None
            else {"seconds": None, "work": part * work}
        )

    # -- steps --------------------------------------------------------------------------------

    def _pin(self) -> bool:
        """Places all pinned loops; False = proven impossible."""
        pinned = [name for name in self.packing.frames if name in self.packing.pinned]
        for name in pinned:
            best = self.placer.place(self.packing.frames[name])
            if best.plan is None:
                break
            self.packing.add(name, best.plan)
        else:
            return True
        for name in list(self.packing.plans):
            self.packing.remove(name)
        return self._pin_together([self.packing.frames[name] for name in pinned])

    def _pin_together(self, frames: list[Frame]) -> bool:
        loops = [(frame, full_domain(frame, self.packing.usage), True) for frame in frames]
        status, plans, _ = self._exact(loops)
        for name, plan in plans.items():
            if plan is not None:
                self.packing.add(name, plan)
        return status is not Status.INFEASIBLE

    def _first_pass(self) -> None:
        """Every loop once, most urgent first."""
        for name in self.packing.by_priority(self.packing.missing()):
            if self.budget.over():
                break
            best = self.placer.quick(self.packing.frames[name], FIRST_EFFORT)
            if best is not None and best.plan is not None and self.packing.worth(name, best.cost):
                self.packing.add(name, best.plan, best.own)
                self._report("insert")
        self.packing.keep()
        self._report("bound")

    def _bound_alone(self) -> bool:
        """What each loop costs at least in an empty world; False = out of time."""
        total, placer = 0, Placer(self.judge, Usage(self.packing.usage.timeline), self.budget)
        for name, frame in self.packing.frames.items():
            if self.budget.over():
                self.bound = total
                return False
            least = self.alone[name] = self._least(placer, name, frame)
            out = self.packing.out[name]
            total += out if least is None else least if name in self.packing.pinned else min(out, least)
        self.bound = total
        return True

    def _least(self, placer: Placer, name: str, frame: Frame) -> int | None:
        """The relaxation's bound; proven where that is cheap or tells that a loop cannot be placed at all."""
        small = len(self.packing.frames) <= PROVEN_ALONE
        if small or name not in self.packing.plans:
            best = placer.place(frame)
            return None if best.status is Status.INFEASIBLE else best.bound
        self.budget.spend(STEP)
        return placer.lowest(frame)

    def _proven(self, prover: Prover, improver: Improver) -> Result | None:
        """All loops in one exact model if few starts are left: the proven answer, or `None`."""
        best = self.packing.best_cost
        loops = prover.contenders(None if best is None else best - self.bound - 1)
        if loops is None:
            return None
        names = {frame.loop.id for frame, _, _ in loops}
        absent = sum(out for name, out in self.packing.out.items() if name not in names)
        most = None if best is None else best - absent - 1
        status, plans, bound = self._exact(loops, prover.usage, most)
        if status is Status.INFEASIBLE:
            if best is None:
                return self._infeasible()
            self.bound = best
            return self._answer(Status.OPTIMAL)
        if bound:
            self.bound = max(self.bound, bound + absent)
        if plans:
            improver.restore({name: plan for name, plan in plans.items() if plan is not None})
            self._kept("prove")
        return self._answer(status) if status is Status.OPTIMAL else None

    def _exact(
        self, loops: list[Contender], usage: Usage | None = None, most: int | None = None
    ) -> tuple[Status, Mapping[str, LoopPlan | None], int]:
        """One exact model over some loops, for a price of at most ``most``; *infeasible* is asked twice."""
        if not all(possible(frame, domain) for frame, domain, forced in loops if forced):
            return Status.INFEASIBLE, {}, 0
        world = self.packing.usage if usage is None else usage
        share = {} if most is None else self._share()
        for presolve in (True, False):
            model = build(world, loops)
            if most is not None:
                model.between(0, most)
            allowed = self.budget.allow(**share, linear=1)
            found = model.solve(replace(allowed, presolve=presolve))
            self.budget.spend(found.work)
            if found.status is not Status.INFEASIBLE:
                break
        return found.status, found.plans, found.bound if found.plans else 0

    # -- answers ------------------------------------------------------------------------------

    def _answer(self, status: Status) -> Result:
        """The best plan, proven if its price meets the bound."""
        self.budget.over()
        cost = self.packing.best_cost
        if cost is None:
            return self._judged(Status.UNKNOWN, nothing(self.problem), min(self.bound, self._all_out()))
        if cost <= self.bound:
            status = Status.OPTIMAL
        elif status is not Status.OPTIMAL:
            status = Status.FEASIBLE
        return self._judged(status, self.packing.plan(self.packing.best), min(self.bound, cost))

    def _infeasible(self) -> Result:
        return self._judged(Status.INFEASIBLE, nothing(self.problem), self._all_out())

    def _judged(self, status: Status, plan: Plan, bound: int) -> Result:
        return judged(self.judge, self.budget, status, plan, bound)

    def _all_out(self) -> int:
        return sum(self.packing.out.values())

    def _report(self, phase: str) -> None:
        if self.progress is not None:
            placed, total = len(self.packing.plans), len(self.packing.frames)
            bound = self.bound or None
            self.progress(Progress(self.budget.seconds, placed, total, self.packing.best_cost, bound, phase))
