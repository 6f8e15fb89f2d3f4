"""The legal plan nearest to one that somebody has drawn up by hand.

The drawn plan itself where it breaks no rule. Else, with all that is pinned where it is, the plan with the
least change to the drawn one: a moved session costs most, then a person, then the debrief, then a room
(`solver.questions.repair.MOVED`, where the problem has no prices of its own); among plans that change as
little, the cheapest. Nobody comes in unasked: a session that the drawn plan leaves without a trainee stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from solver.ground.budget import Budget
from solver.ground.frame import Frame
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.one.answer import DEFAULT, RefusedPlan
from solver.one.placer import Placer
from solver.problem.plan import Assignment, Limits, LoopPlan, Plan, Status, Violation
from solver.problem.values import Loop, Problem, Session, Shadow
from solver.questions.repair import MOVED
from solver.rules.check import Judge


@dataclass(frozen=True, slots=True)
class Nearest:
    """``plan`` is ``None`` where there is none (*infeasible*: proven) or none was found in time (*unknown*).

    ``broken``: what the drawn plan breaks. ``price`` is per rule, by the problem as it was given.
    """

    status: Status
    plan: LoopPlan | None
    broken: tuple[Violation, ...]
    price: Mapping[str, int]


def nearest(
    problem: Problem,
    drawn: LoopPlan,
    limits: Limits = DEFAULT,
    *,
    stop: Callable[[], bool] | None = None,
) -> Nearest:
    """The plan nearest to ``drawn``, which may lack sessions, of the problem's only loop."""
    (loop,) = problem.loops
    judge = Judge(problem)
    broken = judge.violations(Plan({loop.id: drawn}))
    if not broken:
        return Nearest(Status.OPTIMAL, drawn, (), judge.price(Plan({loop.id: drawn})))
    steady = kept(problem, drawn)
    timeline = Timeline(steady)
    placer = Placer(Judge(steady), Usage(timeline), Budget(limits, stop))
    best = placer.place(Frame(timeline, steady.loops[0]))
    if best.plan is None:
        return Nearest(best.status, None, broken, {})
    plan = Plan({loop.id: best.plan})
    wrong = judge.violations(plan)
    if wrong:
        raise RefusedPlan("; ".join(f"{v.rule} at {v.where}: {v.text}" for v in wrong[:5]))
    return Nearest(best.status, best.plan, broken, judge.price(plan))


def kept(problem: Problem, drawn: LoopPlan, also: Callable[[Loop], Loop] = lambda loop: loop) -> Problem:
    """The problem in which leaving a drawn plan has its price; ``also`` changes its loop as well."""
    (loop,) = problem.loops
    weights = problem.weights
    prices = {name: price for name, price in MOVED.items() if not getattr(weights, name)}
    return replace(problem, loops=(also(_kept(loop, drawn)),), weights=replace(weights, **prices))


def _kept(loop: Loop, drawn: LoopPlan) -> Loop:
    debrief = loop.debrief
    if debrief is not None:
        debrief = replace(debrief, previous=drawn.debrief)
    return replace(loop, sessions=tuple(_steady(loop.sessions, drawn)), debrief=debrief)


def _steady(sessions: tuple[Session, ...], drawn: LoopPlan) -> Iterator[Session]:
    for session in sessions:
        got = drawn.sessions.get(session.id)
        yield session if got is None else replace(session, previous=got, shadow=_shadow(session, got))


def _shadow(session: Session, got: Assignment) -> Shadow | None:
    """The trainee who is there may stay; nobody else comes."""
    if session.shadow is None or got.shadow not in session.shadow.pool:
        return None
    return replace(session.shadow, pool=(got.shadow,), rank={})
