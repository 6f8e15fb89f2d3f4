"""Why a loop cannot be placed, and what would make it possible.

    explain(problem)             every loop by itself: would it fit alone, and if not, why not
    explain(problem, plan=plan)  the loops that a batch's plan leaves out, with the others in place

Nothing is guessed. A fix is found by lifting one group of demands (`solver.relax`) and solving
again; the plan that this gives is read for how little of the group it needed (`solver.changes`),
and that little change is made (`solver.amend`) and the plan checked against it. Where no single
change helps, the same is done with two at a time, and otherwise with the fewest that are found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from solver.answer import RefusedPlan
from solver.budget import Budget
from solver.changes import Change
from solver.gaps import Gap, Lack
from solver.plan import Limits, LoopPlan, Plan, Status
from solver.probe import Probe
from solver.problem import Problem
from solver.relax import Group, Kind
from solver.wording import change_sentence, gap_sentence

__all__ = ["Change", "Explanation", "Fix", "Gap", "LoopExplanation", "explain"]

DEFAULT = Limits()
PAIRS = 40
"""The most further pairs that are tried when no single change helps."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A set of changes after which the loop can be placed. Nearly always one change."""

    changes: tuple[Change, ...]
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
    gaps: tuple[Gap, ...] = ()
    fixes: tuple[Fix, ...] = ()

    def sentence(self, name: Callable[[str], str], when: Callable[[int, int], str] | None = None) -> str:
        """The whole explanation in plain words."""
        first = "It would fit alone." if self.alone else "It is impossible even alone."
        reasons = [gap_sentence(gap, name) for gap in self.gaps]
        return " ".join([first, *reasons, *(fix.sentence(name, when) for fix in self.fixes[:3])])


@dataclass(frozen=True, slots=True)
class Explanation:
    """Per loop that was asked about. ``cut``: time ran out, so loops or fixes may be missing."""

    loops: Mapping[str, LoopExplanation] = field(default_factory=dict)
    cut: bool = False


def explain(
    problem: Problem,
    limits: Limits = DEFAULT,
    *,
    plan: Plan | None = None,
    stop: Callable[[], bool] | None = None,
) -> Explanation:
    """Explains every loop by itself, or with ``plan`` those it leaves out, beside those it places."""
    budget = Budget(limits, stop)
    found: dict[str, LoopExplanation] = {}
    for loop in problem.loops:
        if plan is not None and plan.loops.get(loop.id) is not None:
            continue
        told = None if budget.over() else _loop(problem, loop.id, plan, budget)
        if told is not None:
            found[loop.id] = told
    asked = {loop.id for loop in problem.loops if plan is None or plan.loops.get(loop.id) is None}
    return Explanation(found, budget.over() or found.keys() != asked)


def _loop(problem: Problem, name: str, plan: Plan | None, budget: Budget) -> LoopExplanation | None:
    """``None`` if time ran out before it was known whether the loop fits."""
    alone = Probe(problem, name, None, budget)
    probes = [alone] if plan is None else [alone, Probe(problem, name, plan, budget)]
    for probe in probes:
        gaps = probe.gaps()
        status = Status.INFEASIBLE if gaps else probe.status()
        if status is Status.INFEASIBLE:
            return LoopExplanation(probe is not alone, *_search(probe, gaps))
        if status is Status.UNKNOWN:
            return None
    return LoopExplanation(alone=True)


def _search(probe: Probe, gaps: tuple[Gap, ...]) -> tuple[tuple[Gap, ...], tuple[Fix, ...]]:
    """Gaps and fixes of a loop that is known not to fit."""
    rough = probe.rough()
    helping: dict[Group, Fix] = {}
    for group in probe.worth(gaps):
        fix = _fix(rough, (group,)) or (None if rough is probe else _fix(probe, (group,)))
        if fix is not None:
            helping[group] = fix
    fixes = list(helping.values()) or _several(rough, gaps)
    if not gaps:
        gaps = (Gap(Lack.TOGETHER, probe.loop.id, helps=frozenset(helping)),)
    return gaps, tuple(sorted(fixes, key=lambda fix: fix.effort))


def _fix(probe: Probe, groups: tuple[Group, ...]) -> Fix | None:
    """The fix that lifting these groups shows, if it does help."""
    plan = probe.witness(groups)
    if plan is None:
        return None
    if [group.kind for group in groups] == [Kind.DEBRIEF]:
        plan = probe.soonest(plan)
    changes = probe.changes(groups, plan)
    if not probe.accepts(changes, plan):
        raise RefusedPlan(f"{changes} do not allow the plan they were read from")
    return Fix(changes, plan)


def _several(probe: Probe, gaps: tuple[Gap, ...]) -> list[Fix]:
    """Where no single change helps: pairs, or one smallest set if no pair does either."""
    every = list(probe.groups())
    pairs = _pairs(gaps, every)
    core: list[Group] = []
    if len(gaps) < 2:
        core = min(_smallest(probe, every), _smallest(probe, every[::-1]), key=len)
        pairs = [pair for pair in pairs if set(pair) & set(core)] if len(core) == 2 else []
    found = [fix for pair in pairs[:PAIRS] if probe.fits(pair) and (fix := _fix(probe, pair)) is not None]
    if not found:
        core = core or min(_smallest(probe, every), _smallest(probe, every[::-1]), key=len)
        found = [fix for fix in (_fix(probe, tuple(core)),) if core and fix is not None]
    return found


def _smallest(probe: Probe, every: list[Group]) -> list[Group]:
    """Groups that help when lifted together, none to spare, easy ones preferred; none if all do not."""
    if not probe.fits(tuple(every)):
        return []
    return _quick(every, lambda lifted: probe.fits(tuple(lifted)))


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


def _pairs(gaps: tuple[Gap, ...], every: list[Group]) -> list[tuple[Group, Group]]:
    """Pairs that could close every gap, easiest first."""
    return [
        (one, other)
        for at, one in enumerate(every)
        for other in every[at + 1 :]
        if all(not gap.helps or gap.helps & {one, other} for gap in gaps)
    ]


def verified(problem: Problem, fix: Fix, limits: Limits = DEFAULT) -> bool:
    """Whether a solve of the changed problem does place the loop: a fix tried from scratch."""
    from solver.amend import amended
    from solver.solve import solve

    result = solve(amended(problem, fix.changes), limits)
    placed = result.plan.loops.get(fix.changes[0].loop) is not None
    return placed and result.status in (Status.OPTIMAL, Status.FEASIBLE)
