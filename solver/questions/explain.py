"""Why a loop cannot be placed, and what would make it possible.

    explain(problem)             every loop by itself: would it fit alone, and if not, why not
    explain(problem, plan=plan)  the loops that a batch's plan leaves out, with the others in place

Nothing is guessed. A fix is found by lifting one group of demands (`solver.why.groups`) and solving
again; the plan that this gives is read for how little of the group it needed (`solver.why.changes`),
and that little change is made (`solver.why.amend`) and the plan checked against it. Where no single
change helps, the same is done with two at a time, and otherwise with the fewest that are found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from solver.ground.budget import Budget
from solver.one.answer import RefusedPlan
from solver.problem.plan import Limits, LoopPlan, Plan, Status
from solver.problem.values import Problem
from solver.questions.solve import solve
from solver.why.amend import amended
from solver.why.changes import NeededChange
from solver.why.gaps import AvailabilityGap, Lack
from solver.why.groups import Group, Kind
from solver.why.probe import Probe
from solver.why.wording import change_sentence, gap_sentence

__all__ = ["AvailabilityGap", "Explanation", "Fix", "LoopExplanation", "NeededChange", "explain"]

DEFAULT = Limits()
PAIRS = 40
"""The most further pairs that are tried when no single change helps."""

MANY = 4
"""Groups of one kind that are tried together first: most often none of them helps."""

LEAST = 1.0
"""Seconds that the search for what would help one loop of many gets at least, while there are any."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A set of changes after which the loop can be placed. Nearly always one change."""

    changes: tuple[NeededChange, ...]
    witness: LoopPlan
    """A plan of the loop that the changes allow, accepted by the checker."""

    @property
    def effort(self) -> int:
        """For ranking: the least is the easiest to get."""
        return sum(change.effort for change in self.changes)

    def sentence(self, name: Callable[[str], str], when: Callable[[int, int], str] | None = None) -> str:
        """In plain words; ``name`` maps ids to names, ``when`` an interval to words (else none are said)."""
        words = [change_sentence(change, name, when) for change in self.changes]
        return "It would fit if " + ", and if ".join(words) + "."


@dataclass(frozen=True, slots=True)
class LoopExplanation:
    """Why one loop is not placed. ``alone``: it would fit if it were the only one.

    ``gaps`` name what has no time, ``fixes`` what would help, easiest first. Both are empty for a loop
    that fits; ``fixes`` is also empty if nothing could be found in time (`Explanation.cut`).
    """

    alone: bool
    gaps: tuple[AvailabilityGap, ...] = ()
    fixes: tuple[Fix, ...] = ()
    beside: bool = False
    """It fits as things are, beside everything in the plan that was asked about."""

    def sentence(self, name: Callable[[str], str], when: Callable[[int, int], str] | None = None) -> str:
        """The whole explanation in plain words."""
        if self.beside:
            return "It fits beside the others."
        first = "It would fit alone." if self.alone else "It is impossible even alone."
        reasons = [gap_sentence(gap, name) for gap in self.gaps]
        return " ".join([first, *reasons, *(fix.sentence(name, when) for fix in self.fixes[:3])])


@dataclass(frozen=True, slots=True)
class Explanation:
    """Per loop that was asked about. ``cut``: time ran out, so loops, gaps or fixes may be missing."""

    loops: Mapping[str, LoopExplanation] = field(default_factory=dict)
    cut: bool = False


def explain(
    problem: Problem,
    limits: Limits = DEFAULT,
    *,
    plan: Plan | None = None,
    kept: Collection[Kind] = (),
    stop: Callable[[], bool] | None = None,
) -> Explanation:
    """Explains every loop by itself, or with ``plan`` those it leaves out, beside those it places. No fix changes
    anything of the kinds ``kept``.

    First it is told of every loop whether it would fit alone, then what would help, loop by loop: each
    gets its share of the time that is left, so that one hard loop does not silence the others.
    """
    budget = Budget(limits, stop)
    asked = [loop.id for loop in problem.loops if plan is None or plan.loops.get(loop.id) is None]
    fixed = frozenset(kept)
    found = {name: told for name in asked if (told := _told(problem, name, plan, budget, fixed)) is not None}
    open_ = [name for name, told in found.items() if not told.fits]
    cut = found.keys() != set(asked)
    for at, name in enumerate(open_):
        seconds = max(LEAST, budget.left / (len(open_) - at))
        share = budget.part(seconds=min(seconds, budget.left), work=budget.work_left)
        found[name] = found[name].searched(share)
        budget.spend(share.work)
        cut |= share.over()
    return Explanation({name: told.explanation for name, told in found.items()}, cut)


@dataclass(frozen=True)
class _Told:
    """What is known of one loop: where it does not fit, and in a batch whether it would fit alone."""

    probe: Probe
    explanation: LoopExplanation
    fits: bool

    def searched(self, budget: Budget) -> _Told:
        """The same with what would help."""
        self.probe.budget = budget
        gaps, fixes = _search(self.probe, self.explanation.gaps)
        return replace(self, explanation=replace(self.explanation, gaps=gaps, fixes=fixes))


def _told(
    problem: Problem, name: str, plan: Plan | None, budget: Budget, kept: frozenset[Kind]
) -> _Told | None:
    """``None`` if time ran out before it was known whether the loop fits."""
    for beside in (None,) if plan is None else (None, plan):
        if budget.over():
            return None
        probe = Probe(problem, name, beside, budget, kept)
        gaps = probe.gaps()
        status = Status.INFEASIBLE if gaps else probe.status()
        if status is Status.INFEASIBLE:
            return _Told(probe, LoopExplanation(beside is not None, gaps), False)
        if status is Status.UNKNOWN:
            return None
    return _Told(probe, LoopExplanation(alone=True, beside=plan is not None), True)


def _search(
    probe: Probe, gaps: tuple[AvailabilityGap, ...]
) -> tuple[tuple[AvailabilityGap, ...], tuple[Fix, ...]]:
    """Gaps and fixes of a loop that is known not to fit, as far as the time goes."""
    rough = probe.rough()
    helping: dict[Group, Fix] = {}
    for group in _hopeful(probe, rough, probe.worth(gaps)):
        if probe.budget.over():
            break
        fix = _fix(rough, (group,)) or (None if rough is probe else _fix(probe, (group,), brief=True))
        if fix is not None:
            helping[group] = fix
    fixes = list(helping.values())
    if not fixes and not probe.budget.over():
        fixes = _several(rough, gaps)
    if not gaps:
        gaps = (AvailabilityGap(Lack.TOGETHER, probe.loop.id, helps=frozenset(helping)),)
    return gaps, tuple(sorted(fixes, key=lambda fix: fix.effort))


def _hopeful(probe: Probe, rough: Probe, worth: list[Group]) -> Iterator[Group]:
    """Groups without those of kinds of which even all together do not help."""
    for _, alike in groupby(worth, key=lambda group: group.kind):
        members = tuple(alike)
        hopeless = len(members) >= MANY and all(
            one.hopeless(members) for one in dict.fromkeys((rough, probe))
        )
        yield from () if hopeless else members


def _fix(probe: Probe, groups: tuple[Group, ...], *, brief: bool = False) -> Fix | None:
    """The fix that lifting these groups shows, if it does help; ``brief``: by a short search only."""
    plan = probe.witness(groups, brief=brief)
    if plan is None:
        return None
    if [group.kind for group in groups] == [Kind.DEBRIEF]:
        plan = probe.soonest(plan)
    changes = probe.changes(groups, plan)
    if not probe.accepts(changes, plan):
        raise RefusedPlan(f"{changes} do not allow the plan they were read from")
    return Fix(changes, plan)


def _several(probe: Probe, gaps: tuple[AvailabilityGap, ...]) -> list[Fix]:
    """Where no single change helps: pairs, or one smallest set if no pair does either."""
    every = list(probe.groups())
    pairs = _pairs(gaps, every)
    core: list[Group] = []
    if len(gaps) < 2:
        core = _core(probe, every)
        pairs = [pair for pair in pairs if set(pair) & set(core)] if len(core) == 2 else []
    found = []
    for pair in pairs[:PAIRS]:
        if probe.budget.over():
            break
        fix = _fix(probe, pair) if probe.fits(pair) else None
        found += [] if fix is None else [fix]
    if not found and not probe.budget.over():
        core = core or _core(probe, every)
        found = [fix for fix in (_fix(probe, tuple(core)),) if core and fix is not None]
    return found


def _core(probe: Probe, every: list[Group]) -> list[Group]:
    """The smaller of the smallest sets found from either end; two are as few as there can be."""
    easy = _smallest(probe, every)
    return easy if len(easy) <= 2 else min(easy, _smallest(probe, every[::-1]) or easy, key=len)


def _smallest(probe: Probe, every: list[Group]) -> list[Group]:
    """Groups that help when lifted together, none to spare, easy ones preferred; none if all do not."""
    if not probe.fits(tuple(every)):
        return []
    found = _quick(every, lambda lifted: probe.fits(tuple(lifted)))
    return found if probe.fits(tuple(found)) else []


def _quick(every: list[Group], enough: Callable[[list[Group]], bool]) -> list[Group]:
    """A part of ``every`` that is enough, none to spare; early ones are kept first (QuickXplain).

    ``enough`` grows: what is enough stays so with more. Junker, QuickXplain (2004).
    """

    def needed(given: list[Group], fresh: bool, rest: list[Group]) -> list[Group]:
        if fresh and enough(given):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        of_second = needed([*given, *first], True, second)
        of_first = needed([*given, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    return needed([], False, every) if every else []


def _pairs(gaps: tuple[AvailabilityGap, ...], every: list[Group]) -> list[tuple[Group, Group]]:
    """Pairs that could close every gap, easiest first."""
    return [
        (one, other)
        for at, one in enumerate(every)
        for other in every[at + 1 :]
        if all(not gap.helps or gap.helps & {one, other} for gap in gaps)
    ]


def verified(problem: Problem, fix: Fix, limits: Limits = DEFAULT) -> bool:
    """Whether a solve of the changed problem does place the loop: a fix tried from scratch."""
    result = solve(amended(problem, fix.changes), limits)
    placed = result.plan.loops.get(fix.changes[0].loop) is not None
    return placed and result.status in (Status.OPTIMAL, Status.FEASIBLE)
