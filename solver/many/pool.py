"""Every plan that the search has made of a loop, kept, and recombined: the best of many passes at once.

A pass places loops one after another, so it finds good plans of each and seldom those that suit each other.
Which of all that were ever seen go together best is a small question of its own (`solver.exact.master`).

Source: Rochat & Taillard, Probabilistic diversification and intensification in local search for vehicle
routing (1995): a pool of routes, and set partitioning over it.

Told by `tests/solver/test_pool.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from solver.exact.build import packed
from solver.ground.best import Column
from solver.ground.budget import Budget
from solver.ground.usage import Usage
from solver.many.packing import Packing
from solver.problem.plan import LoopPlan

MOST = 40
"""Of one loop so many of the cheapest plans are kept, and as many of the newest."""

WORK = 0.3
"""Deterministic time that one recombination may take."""

BUILT = 2e-5
"""Deterministic work counted for one column of a master."""

MOST_COLUMNS = 6_000
"""Columns in one question; where there are more, each loop gives its cheapest."""

Key = tuple[object, ...]


class Pool:
    """Plans of a batch's loops with their own prices."""

    def __init__(self, packing: Packing) -> None:
        self.packing = packing
        self.empty = Usage(packing.usage.timeline)
        self._kept: dict[str, dict[Key, tuple[LoopPlan, int]]] = {}

    def keep(self, name: str, plan: LoopPlan, own: int) -> None:
        """Remembers one way to place a loop; ``own`` is its price without fair load."""
        kept = self._kept.setdefault(name, {})
        key = (*plan.sessions.items(), plan.debrief)
        if key in kept:
            return
        kept[key] = (plan, own)
        if len(kept) > 3 * MOST:
            newest = list(kept)[-MOST:]
            cheapest = sorted(kept, key=lambda each: kept[each][1])[:MOST]
            chosen = {*newest, *cheapest}
            self._kept[name] = {each: found for each, found in kept.items() if each in chosen}

    def recombined(self, than: int, budget: Budget) -> Mapping[str, LoopPlan] | None:
        """Plans of the pool that cost less together than ``than``; ``None`` if none were found in time."""
        packing = self.packing
        most = max(MOST_COLUMNS // max(len(self._kept), 1), 1)
        columns = []
        for name, kept in self._kept.items():
            now = packing.best.get(name)
            cheapest = sorted(kept.values(), key=lambda each: each[1])[:most]
            if now is not None and all(plan is not now and plan != now for plan, _ in cheapest):
                cheapest.append((now, sum(packing.judge.loop_price(name, now).values())))
            columns += [Column(packing.frames[name], plan, own, plan == now) for plan, own in cheapest]
        found, work = packed(self.empty, columns, packing.out, packing.pinned, than, budget.allow(work=WORK))
        budget.spend(work + BUILT * len(columns))
        return found
