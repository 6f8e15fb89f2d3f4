"""Many loops together: packed one after another, then proven or improved while time lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from solver.answer import Answer, nothing, price_of_leaving_out
from solver.budget import Budget
from solver.check import Judge, pinned
from solver.domain import full_domain
from solver.frame import Frame
from solver.loop import Best, Placer, possible
from solver.model import Model
from solver.plan import LoopPlan, Plan, Progress, Status
from solver.problem import Problem
from solver.timeline import Timeline
from solver.usage import Usage
from solver.variables import Domain

EXACT_LITERALS = 1500
"""Start literals up to which all loops go into one exact model."""

Report = Callable[[Progress], None]


def pack(problem: Problem, judge: Judge, budget: Budget, progress: Report | None) -> Answer:
    """All loops, one after another by priority, then together in the exact model where that is small."""
    return Packer(problem, judge, budget, progress).pack()


class Packer:
    def __init__(self, problem: Problem, judge: Judge, budget: Budget, progress: Report | None) -> None:
        self.problem, self.judge, self.budget, self.progress = problem, judge, budget, progress
        timeline = Timeline(problem)
        self.frames = [Frame(timeline, loop) for loop in problem.loops]
        self.usage = Usage(timeline)
        self.placer = Placer(judge, self.usage, budget)
        self.plans: dict[str, LoopPlan] = {}
        self.alone: dict[str, Best] = {}

    def pack(self) -> Answer:
        if not self._pinned_first():
            return self._infeasible()
        self._insert([frame for frame in self._order() if not frame.pinned])
        bound = self._bound()
        if all(best.status is Status.INFEASIBLE for best in self.alone.values()) and not self.budget.over():
            return self._infeasible()
        return self._together(bound)

    def _order(self) -> list[Frame]:
        return sorted(self.frames, key=lambda frame: (-frame.loop.priority, frame.loop.id))

    def _insert(self, frames: list[Frame]) -> None:
        for frame in frames:
            if self.budget.over():
                return
            best = self.placer.place(frame)
            if best.plan is not None and best.cost <= price_of_leaving_out(self.problem, frame.loop):
                self.plans[frame.loop.id] = best.plan
                self.usage.add(frame.loop, best.plan)
                self._report("insert")

    def _pinned_first(self) -> bool:
        """Places all pinned loops, together if one after another fails; False = proven impossible."""
        fixed = [frame for frame in self.frames if pinned(frame.loop)]
        for frame in fixed:
            best = self.placer.place(frame)
            if best.plan is None:
                break
            self.plans[frame.loop.id] = best.plan
            self.usage.add(frame.loop, best.plan)
        else:
            return True
        self._clear()
        domains = [(frame, full_domain(frame, self.usage)) for frame in fixed]
        if not all(possible(frame, domain) for frame, domain in domains):
            return False
        status, plans = self._exact([(frame, domain, True) for frame, domain in domains], None)
        for frame in fixed:
            plan = plans.get(frame.loop.id)
            if plan is not None:
                self.plans[frame.loop.id] = plan
                self.usage.add(frame.loop, plan)
        return status is not Status.INFEASIBLE

    def _clear(self) -> None:
        for frame in self.frames:
            plan = self.plans.pop(frame.loop.id, None)
            if plan is not None:
                self.usage.remove(frame.loop, plan)

    def _exact(
        self, loops: list[tuple[Frame, Domain, bool]], hint: Mapping[str, LoopPlan] | None
    ) -> tuple[Status, Mapping[str, LoopPlan | None]]:
        found = Model(self.usage, loops).solve(self.budget.search(linear=1))
        self.budget.spend(found.work)
        if found.status is Status.INFEASIBLE:
            search = replace(self.budget.search(linear=1), presolve=False)
            found = Model(self.usage, loops).solve(search)
            self.budget.spend(found.work)
        self._last_bound = found.bound
        return found.status, found.plans

    def _bound(self) -> int:
        """Σ over loops of the cheaper of placing it alone and leaving it out."""
        empty = Usage(self.usage.timeline)
        placer = Placer(self.judge, empty, self.budget)
        total = 0
        for frame in self.frames:
            best = self.alone[frame.loop.id] = placer.place(frame)
            out = price_of_leaving_out(self.problem, frame.loop)
            total += out if best.status is Status.INFEASIBLE else min(out, best.bound)
        return total

    def _together(self, bound: int) -> Answer:
        plan = Plan({frame.loop.id: self.plans.get(frame.loop.id) for frame in self.frames})
        cost = self.judge.cost(plan)
        done = Answer(Status.OPTIMAL if cost == bound else Status.FEASIBLE, plan, bound)
        if any(pinned(f.loop) and f.loop.id not in self.plans for f in self.frames):
            done = Answer(Status.UNKNOWN, nothing(self.problem), bound)
        if cost == bound or self.budget.over():
            return done
        self._clear()
        domains = [(frame, full_domain(frame, self.usage)) for frame in self.frames]
        loops = [(f, d, f.pinned) for f, d in domains if possible(f, d)]
        if sum(len(times) for _, d, _ in loops for times in d.starts.values()) > EXACT_LITERALS:
            return done
        status, plans = self._exact(loops, self.plans)
        self.budget.over()
        if status is Status.INFEASIBLE:
            return self._infeasible()
        absent = sum(price_of_leaving_out(self.problem, f.loop) for f, d in domains if not possible(f, d))
        bound = max(bound, self._last_bound + absent) if plans else bound
        better = Plan({frame.loop.id: plans.get(frame.loop.id) for frame in self.frames})
        if plans and (self.judge.cost(better) <= cost or done.status is Status.UNKNOWN):
            return Answer(status, better, bound)
        return Answer(done.status, done.plan, bound)

    def _infeasible(self) -> Answer:
        out = sum(price_of_leaving_out(self.problem, loop) for loop in self.problem.loops)
        return Answer(Status.INFEASIBLE, nothing(self.problem), out)

    def _report(self, phase: str) -> None:
        if self.progress is not None:
            total = len(self.frames)
            self.progress(Progress(self.budget.seconds, len(self.plans), total, None, None, phase))
