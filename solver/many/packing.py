"""A batch in the making: which loop is placed how, what that takes, and what it costs.

`Packing` keeps plans, usage and price in step while a search adds and takes out loops. The best
state so far is kept aside (`keep`) and can be restored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.ground.frame import Frame
from solver.ground.usage import Usage
from solver.one.answer import price_of_leaving_out
from solver.one.attempts import fair_of
from solver.problem.plan import LoopPlan, Plan
from solver.rules.check import Judge, pinned


class Packing:
    """Plans of a problem's loops with their usage and price."""

    def __init__(self, judge: Judge, usage: Usage) -> None:
        self.judge = judge
        self.problem = judge.problem
        self.usage = usage
        timeline = self.usage.timeline
        self.frames = {loop.id: Frame(timeline, loop) for loop in self.problem.loops}
        self.order = {name: index for index, name in enumerate(self.frames)}
        self.pinned = frozenset(loop.id for loop in self.problem.loops if pinned(loop))
        self.out = {loop.id: price_of_leaving_out(self.problem, loop) for loop in self.problem.loops}
        self.plans: dict[str, LoopPlan] = {}
        self._own: dict[str, int] = {}
        self.cost = sum(self.out.values())
        self.best: Mapping[str, LoopPlan] = {}
        self.best_cost: int | None = None

    def add(self, name: str, plan: LoopPlan, own: int | None = None) -> None:
        """Places a loop (``own``: its own price, if known). The caller knows that nothing is in its way."""
        frame = self.frames[name]
        if own is None:
            own = sum(self.judge.loop_price(name, plan).values())
        self._own[name] = own
        self.cost += own + fair_of(frame, self.usage, plan) - self.out[name]
        self.usage.add(frame.loop, plan)
        self.plans[name] = plan

    def remove(self, name: str) -> LoopPlan:
        """Takes a loop out; returns how it was placed."""
        frame, plan = self.frames[name], self.plans.pop(name)
        self.usage.remove(frame.loop, plan)
        self.cost -= self._own.pop(name) + fair_of(frame, self.usage, plan) - self.out[name]
        return plan

    def own(self, name: str) -> int:
        """A placed loop's own price, without fair load."""
        return self._own[name]

    def worth(self, name: str, added: int) -> bool:
        """Whether a loop is better placed for ``added`` than left out."""
        return name in self.pinned or added <= self.out[name]

    def missing(self) -> list[str]:
        """Loops that are not placed, in the problem's order."""
        return [name for name in self.frames if name not in self.plans]

    @property
    def whole(self) -> bool:
        """Whether every pinned loop is placed: only then is this a plan."""
        return all(name in self.plans for name in self.pinned)

    def keep(self) -> bool:
        """Remembers this state if it is the best plan so far; says so."""
        if not self.whole or (self.best_cost is not None and self.cost >= self.best_cost):
            return False
        self.best, self.best_cost = dict(self.plans), self.cost
        return True

    def restore(self, plans: Mapping[str, LoopPlan] | None = None) -> None:
        """Goes to other plans (those kept, by default) with as few changes as possible."""
        wanted = self.best if plans is None else plans
        for name in [name for name, plan in self.plans.items() if wanted.get(name) is not plan]:
            self.remove(name)
        for name, plan in wanted.items():
            if name not in self.plans:
                self.add(name, plan)

    def plan(self, plans: Mapping[str, LoopPlan]) -> Plan:
        """Some loops' plans as a plan of the whole problem."""
        return Plan({name: plans.get(name) for name in self.frames})

    def by_priority(self, names: Iterable[str]) -> list[str]:
        """Most urgent first; among equals those with fewest people to choose from."""
        return sorted(names, key=lambda name: (*self._urgency(name), self.order[name]))

    def _urgency(self, name: str) -> tuple[int, int]:
        loop = self.frames[name].loop
        hours = sum(end - start for start, end in loop.availability)
        return (-loop.priority, hours)
