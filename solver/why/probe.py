"""Can one loop be placed if some groups of demands are lifted? Asked many times, answered quickly.

Told by `tests/solver/test_explain.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from solver.ground.best import IMPOSSIBLE, Best, unfinished
from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.one.placer import Placer
from solver.problem.errors import OutOfTime
from solver.problem.plan import LoopPlan, Plan, Status
from solver.problem.values import Problem
from solver.rules.check import Judge
from solver.rules.view import Book, Placed, placed_loops
from solver.why.amend import amended
from solver.why.changes import NeededChange, changes
from solver.why.gaps import AvailabilityGap, gaps
from solver.why.groups import NO_PRICE, Group, Kind, bare, groups, in_turn, people_of, relaxed

SHARE = 0.3
"""The most deterministic work of one placement with something lifted."""

ROWS = 60
"""The most steps of a placement that asks whether there is a way; so many without one count as none."""

PATIENCE = 12
"""The most steps of one that looks for the least change; a proof that it is the least is not needed."""


OUT_OF_TIME = unfinished(None, 0)


class Probe:
    """One loop of a problem, alone or beside the placed loops of a plan."""

    def __init__(
        self,
        problem: Problem,
        name: str,
        plan: Plan | None,
        budget: Budget,
        kept: frozenset[Kind] = frozenset(),
    ) -> None:
        """``kept``: kinds of demands that are not up for change."""
        self.problem, self.budget, self.kept = problem, budget, kept
        self.loop = next(loop for loop in problem.loops if loop.id == name)
        self.bare = bare(problem, self.loop)
        self.judge = Judge(self.bare)
        self.timeline = Timeline(self.bare)
        self.timeline.late = self._late
        self.whole = Judge(problem)
        placed = {} if plan is None else {key: got for key, got in plan.loops.items() if key != name}
        self.plan = Plan(placed)
        self.others = placed_loops(self.whole.look, self.plan)
        self._known: dict[frozenset[Group], Best] = {}

    def rough(self) -> Probe:
        """The same question on a grid of up to a quarter of an hour, which is answered much sooner.

        Whatever is found there is on the true grid as well; something that only fits between is missed.
        """
        pins = [
            session.lock.start for loop in self.problem.loops for session in loop.sessions if session.lock
        ]
        pins += [loop.debrief.lock for loop in self.problem.loops if loop.debrief is not None]
        for grid in (15, 10, 5):
            kept = all(pin is None or pin % grid == 0 for pin in pins)
            if grid > self.problem.grid and grid % self.problem.grid == 0 and kept:
                rough = replace(self.problem, grid=grid)
                return Probe(rough, self.loop.id, self.plan, self.budget, self.kept)
        return self

    def groups(self) -> Iterator[Group]:
        """Everything that could be changed, easiest first."""
        order = list(Kind)
        every = [*groups(self.bare, self.loop), *self._neighbours()]
        found = (group for group in every if group.kind not in self.kept)
        return iter(sorted(found, key=lambda group: (order.index(group.kind), group.label)))

    def _neighbours(self) -> Iterator[Group]:
        """Placed loops that share a person or a site's rooms with this one."""
        mine = people_of(self.loop)
        for other in self.others:
            if mine.intersection(person for person, _ in other.bookings) or other.loop.site == self.loop.site:
                yield Group(Kind.LOOP, other.loop.id)

    def worth(self, found: tuple[AvailabilityGap, ...]) -> list[Group]:
        """Groups that could close every gap by themselves."""
        useful = [
            group
            for group in self.groups()
            if all(not gap.helps or group in gap.helps or group.kind is Kind.LOOP for gap in found)
        ]
        return useful

    def gaps(self) -> tuple[AvailabilityGap, ...]:
        """What has no time at all; nothing is said if time ran out."""
        usage = self._usage(self.bare, ())
        try:
            return gaps(Frame(usage.timeline, self.bare.loops[0]), usage)
        except OutOfTime:
            return ()

    def fits(self, lifted: tuple[Group, ...]) -> bool:
        """Whether the loop can be placed with these groups lifted (no, if their share of work ran out)."""
        return self._best(lifted).plan is not None

    def hopeless(self, lifted: tuple[Group, ...]) -> bool:
        """Whether it is certain that lifting these groups, or some of them, does not help."""
        return self._best(lifted).status is Status.INFEASIBLE

    def status(self) -> Status:
        """Whether the loop can be placed as things are: *unknown* only if all time ran out."""
        return self._best(()).status

    def witness(self, lifted: tuple[Group, ...], *, brief: bool = False) -> LoopPlan | None:
        """A plan that uses little of what is lifted: the least that a short search finds.

        If that finds none, any plan will do, unless only a ``brief`` search is wanted.
        """
        problem = self._lifted(lifted)
        little = self._place(problem, self._usage(problem, lifted), PATIENCE, SHARE)
        unknown = little.status is Status.UNKNOWN and not brief
        found = self._best(lifted).plan if unknown else little.plan
        return None if found is None else in_turn(self.loop, found)

    def soonest(self, plan: LoopPlan) -> LoopPlan:
        """A plan whose debrief waits as few business minutes as any can, given one that waits."""
        loop = self.bare.loops[0]
        if loop.debrief is None:
            return plan
        low, high = loop.debrief.within, self._waits(plan)
        while high - low > self.bare.grid:
            within = (low + high) // 2
            tighter = replace(loop, debrief=replace(loop.debrief, within=within))
            problem = replace(self.bare, loops=(tighter,))
            found = self._place(problem, self._usage(problem, ()), ROWS, SHARE).plan
            if found is None:
                low = within
            else:
                plan, high = found, self._waits(found)
        return plan

    def _waits(self, plan: LoopPlan) -> int:
        placed = Placed(self.judge.look, self.bare.loops[0], plan)
        wanted, start, end = placed.loop.debrief, plan.debrief, placed.last_end
        if wanted is None or start is None or end is None:
            return 0
        return placed.look.calendar(wanted.calendar or placed.loop.site).minutes(end, start)

    def _best(self, lifted: tuple[Group, ...]) -> Best:
        key = frozenset(lifted)
        if key not in self._known:
            problem = replace(self._lifted(lifted), weights=NO_PRICE) if lifted else self.bare
            usage = self._usage(problem, lifted)
            rows, work = (ROWS, SHARE) if lifted else (None, self.budget.work_left)
            self._known[key] = self._place(problem, usage, rows, work)
        return self._known[key]

    def _lifted(self, lifted: tuple[Group, ...]) -> Problem:
        problem = self.bare
        for group in lifted:
            if group.kind is not Kind.LOOP:
                problem = relaxed(problem, group)
        return problem

    def _place(self, problem: Problem, usage: Usage, rows: int | None, work: float | None) -> Best:
        """One placement within its share of rows and work, counted in all of it."""
        if self.budget.over():
            return OUT_OF_TIME
        frame = Frame(usage.timeline, problem.loops[0])
        try:
            if gaps(frame, usage):
                return IMPOSSIBLE
        except OutOfTime:
            return OUT_OF_TIME
        share = self.budget.part(work=work, steps=rows)
        # With something lifted a wrong *infeasible* costs little: a change that would help is not offered.
        best = Placer(Judge(problem), usage, share, twice=problem is self.bare).place(frame)
        self.budget.spend(share.work)
        return best

    def _late(self) -> bool:
        return self.budget.late()

    def _usage(self, problem: Problem, lifted: tuple[Group, ...]) -> Usage:
        gone = {group.name for group in lifted if group.kind is Kind.LOOP}
        usage = Usage(Timeline(problem, base=self.timeline))
        usage.timeline.late = self._late
        for other in self.others:
            if other.loop.id not in gone:
                usage.add(other.loop, other.plan)
        return usage

    def changes(self, lifted: tuple[Group, ...], plan: LoopPlan) -> tuple[NeededChange, ...]:
        """What the plan uses of each group."""
        placed = Placed(self.judge.look, self.bare.loops[0], plan)
        gone = {group.name for group in lifted if group.kind is Kind.LOOP}
        book = Book.of(self.whole.look, [other for other in self.others if other.loop.id not in gone])
        book.add(placed)
        return tuple(change for group in lifted for change in changes(group, placed, book))

    def accepts(self, made: tuple[NeededChange, ...], plan: LoopPlan) -> bool:
        """Whether the plan is legal in the problem with these changes, beside the other loops."""
        problem = amended(self.problem, made)
        left = {loop.id for loop in problem.loops}
        others = {name: got for name, got in self.plan.loops.items() if name in left}
        whole = Plan({**others, self.loop.id: plan})
        return not Judge(problem).violations(whole, only=[self.loop.id])
