"""Making a packed batch better: forcing in what was left out, and ruining parts to build them anew.

Both moves place single loops with the relaxation and its staffing (`Placer.quick`), a few
milliseconds each; the best plan found is kept by `Packing`. Every choice comes from one seeded
generator, so the same seed and the same amount of work walk the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from solver.ground.best import Best
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.usage import events_of
from solver.many.ejection import Contested, Owners
from solver.many.neighbourhood import together
from solver.many.packing import Packing
from solver.many.pool import Pool
from solver.one.placer import Placer
from solver.problem.plan import Assignment, LoopPlan

MOST_EJECTED = 4
"""Loops that may be taken out for one."""

WORTH = 25_000
"""Price of ejecting a loop of worth 1, in minutes: above what any single placement costs in comfort."""

STEP = 0.004
"""Deterministic work counted for placing one loop."""

THOROUGH = 0.15
"""How often a loop that finds no place quickly is searched for exactly before others give way."""

EXACTLY = 12
"""Every so many moves without a new best a few loops are placed again together."""

MOST_TOGETHER = 4

TOGETHER = 0.05
"""The part of all work that placing loops together may take."""

RECOMBINED = 8
"""Moves without a new best after which every loop is placed anew in another order, and all plans that were ever made
are recombined."""

MOST_ANEW = 60
"""Loops up to which that is done: with more a pass takes too long to have many."""

RECOMBINING = 0.2
"""The part of all work that this may take."""

DRIFT = 60
"""Moves without a new best after which the search goes back to the best plan."""


class Improver:
    """Improves a packing until its budget ends, or nothing is left to gain."""

    def __init__(
        self, packing: Packing, budget: Budget, alone: dict[str, int | None], report: Callable[[str], None]
    ) -> None:
        """``alone``: per loop the least price of placing it in an empty world, ``None`` = impossible."""
        self.packing, self.budget, self.alone, self.report = packing, budget, alone, report
        self.random = Random(budget.limits.seed)
        self.worth = {name: packing.frames[name].loop.priority for name in packing.frames}
        self.owners = Owners(packing.usage)
        for name, plan in packing.plans.items():
            self.owners.add(packing.frames[name], plan)
        self.placer = Placer(packing.judge, packing.usage, budget)
        self.waiting: list[str] = []
        self.pool = Pool(packing)
        for name, plan in packing.plans.items():
            self.pool.keep(name, plan, packing.own(name))
        self.recombined = 0.0
        """Work spent on recombining."""
        self.exact = 0.0
        """Work spent on placing loops together."""

    # -- state --------------------------------------------------------------------------------

    def add(self, name: str, plan: LoopPlan, own: int | None = None) -> None:
        self.packing.add(name, plan, own)
        self.owners.add(self.packing.frames[name], plan)
        self.pool.keep(name, plan, self.packing.own(name))

    def remove(self, name: str) -> LoopPlan:
        plan = self.packing.remove(name)
        self.owners.remove(self.packing.frames[name], plan)
        return plan

    def restore(self, plans: dict[str, LoopPlan]) -> None:
        """Goes to other plans with as few changes as possible."""
        for name in [n for n, plan in self.packing.plans.items() if plans.get(n) is not plan]:
            self.remove(name)
        for name, plan in plans.items():
            if name not in self.packing.plans:
                self.add(name, plan)

    def place(self, name: str) -> Best | None:
        """The best quick placement of a loop among the others, if it is worth it."""
        self.budget.spend(STEP)
        best = self.placer.quick(self.packing.frames[name])
        if best is None or not self.packing.worth(name, best.cost):
            return None
        return best

    # -- the search ---------------------------------------------------------------------------

    def run(self, until: Callable[[], bool], moves: int) -> None:
        """So many moves, or until told to end; leaves the packing at its best plan."""
        stale = 0
        for _ in range(moves):
            if until() or self.budget.over():
                break
            wanted = self._wanted()
            if stale % EXACTLY == EXACTLY - 1 and self.exact <= TOGETHER * self.budget.work:
                self._together(wanted)
            elif wanted and self.random.random() < 0.75:
                self._force(self.random.choice(wanted) if not self.waiting else self._next(wanted))
            else:
                self._ruin()
            if stale % RECOMBINED == RECOMBINED - 1:
                self._recombine()
            if self.packing.keep():
                stale = 0
                self.report("improve")
            else:
                stale += 1
            if stale > DRIFT:
                stale = 0
                self.restore(dict(self.packing.best))
                self.waiting = []
        self.restore(dict(self.packing.best))

    def _recombine(self) -> None:
        """The best of all plans that were ever seen, after another pass, where that is better than the best so far."""
        best, spent = self.packing.best_cost, self.budget.work
        if best is None or len(self.packing.frames) > MOST_ANEW or self.recombined > RECOMBINING * spent:
            return
        self._pass()
        found = self.pool.recombined(min(best, self.packing.cost), self.budget)
        self.recombined += self.budget.work - spent
        if found is not None:
            self.restore(dict(found))

    def _pass(self) -> None:
        """Every loop once more from nothing, in an order near that of urgency; goes back to what was there."""
        packing, before = self.packing, dict(self.packing.plans)
        names = packing.by_priority(name for name in packing.frames if name not in packing.pinned)
        for name in names:
            if name in packing.plans:
                self.remove(name)
        place = {name: at + self.random.random() * len(names) for at, name in enumerate(names)}
        for name in sorted(names, key=lambda name: place[name]):
            if self.budget.over():
                break
            best = self.place(name)
            if best is not None and best.plan is not None:
                self.add(name, best.plan, best.own)
        if not packing.keep():
            self.restore(before)

    def _wanted(self) -> list[str]:
        """Loops left out that could be placed if they were alone."""
        return [name for name in self.packing.missing() if self.alone.get(name, 0) is not None]

    def _next(self, wanted: list[str]) -> str:
        """The loop that was ejected last, as long as it still waits."""
        name = self.waiting.pop()
        return name if name in wanted else self.random.choice(wanted)

    def _force(self, name: str) -> None:
        """Places a loop, if need be in place of others that are worth no more."""
        best = self.place(name)
        if best is None and self.random.random() < THOROUGH:
            best = self._searched(name)
        if best is not None and best.plan is not None:
            self.add(name, best.plan)
            return
        self.worth[name] += 1
        found = self._contested(name)
        if found is None:
            return
        plan, ejected = found
        if len(ejected) > MOST_EJECTED or sum(self.worth[other] for other in ejected) > self.worth[name]:
            return
        for other in sorted(ejected, key=lambda other: self.packing.order[other]):
            self.remove(other)
            self.waiting.append(other)
        self.add(name, plan)

    def _searched(self, name: str) -> Best | None:
        """The exact search for a loop: dearer, and it finds what staffing the best rows misses."""
        best = self.placer.place(self.packing.frames[name])
        return best if best.plan is not None and self.packing.worth(name, best.cost) else None

    def _contested(self, name: str) -> tuple[LoopPlan, set[str]] | None:
        """The least contested placement of a loop and the loops in its way."""
        packing, frame = self.packing, self.packing.frames[name]
        price = {other: WORTH * self.worth[other] for other in packing.plans if other not in packing.pinned}
        world = Contested(packing.usage, self.owners, price)
        self.budget.spend(STEP)
        best = Placer(packing.judge, world, self.budget).quick(frame)
        if best is None or best.plan is None:
            return None
        plan = with_rooms(best.plan, self.owners.freest(frame, best.plan, price))
        ejected = self.owners.in_the_way(frame, plan, price)
        return None if ejected & packing.pinned else (plan, ejected)

    def _ruin(self) -> None:
        """Takes out a few loops that share people and places them again in another order."""
        packing = self.packing
        placed = [name for name in packing.plans if name not in packing.pinned]
        if not placed:
            return
        before, cost = dict(packing.plans), packing.cost
        chosen = self._related(self.random.choice(placed), self.random.randint(1, 4))
        for name in chosen:
            self.remove(name)
        self.random.shuffle(chosen)
        extra = [name for name in self._wanted() if name not in chosen]
        if extra:
            chosen.insert(self.random.randint(0, len(chosen)), self.random.choice(extra))
        for name in chosen:
            best = self.place(name)
            if best is not None and best.plan is not None:
                self.add(name, best.plan, best.own)
        if packing.cost > cost:
            self.restore(before)

    def _together(self, wanted: list[str]) -> None:
        """Takes out a few loops that share people and places them again, exactly and at once."""
        packing = self.packing
        placed = [name for name in packing.plans if name not in packing.pinned]
        if not placed and not wanted:
            return
        first = self.random.choice(wanted if wanted and self.random.random() < 0.75 else placed or wanted)
        chosen = self._related(first, self.random.randint(2, MOST_TOGETHER))
        before, cost = dict(packing.plans), packing.cost
        for name in chosen:
            if name in packing.plans:
                self.remove(name)
        outs = {name: packing.out[name] for name in chosen}
        outs[""] = cost - packing.cost + sum(outs.values())
        frames = [packing.frames[name] for name in chosen]
        spent = self.budget.work
        found = together(packing.usage, frames, packing.pinned, outs, self.budget)
        self.exact += self.budget.work - spent
        if found is None:
            self.restore(before)
            return
        for name, plan in found.items():
            if plan is not None:
                self.add(name, plan)

    def _related(self, name: str, count: int) -> list[str]:
        """A loop and those that share most people and hours with it."""
        packing = self.packing
        first, last = self._span(name)
        shared: dict[str, int] = {}
        people = {p for seat in _seats(packing.frames[name]) for p in seat}
        for person in sorted(people):
            for owner, taken in self.owners.events(person):
                if owner != name and owner not in packing.pinned and first - 600 < taken.start < last + 600:
                    shared[owner] = shared.get(owner, 0) + 1
        ranked = sorted(
            shared, key=lambda other: (-shared[other] * self.random.random(), packing.order[other])
        )
        return [name, *ranked[: count - 1]]

    def _span(self, name: str) -> tuple[int, int]:
        """From when to when a loop takes place, or could."""
        loop, plan = self.packing.frames[name].loop, self.packing.plans.get(name)
        if plan is None:
            return loop.availability[0][0], loop.availability[-1][1]
        mine = events_of(loop, plan)
        return min(t.start for _, t in mine), max(t.end for _, t in mine)


def with_rooms(plan: LoopPlan, rooms: dict[str, str]) -> LoopPlan:
    """The same plan in other rooms."""
    sessions = {
        sid: Assignment(got.start, got.people, got.shadow, rooms.get(sid, got.room))
        for sid, got in plan.sessions.items()
    }
    return LoopPlan(sessions, plan.debrief)


def _seats(frame: Frame) -> list[tuple[str, ...]]:
    return [seat.pool for session in frame.sessions for seat in session.seats]
