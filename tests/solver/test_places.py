"""Where one session could be, and who could sit in it: against all plans of problems small enough to try them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from solver.problem.plan import LoopPlan, Plan
from solver.problem.values import Lock, Problem
from solver.questions.nearest import kept
from solver.questions.places import Place, starts, substitutes
from solver.rules.check import Judge
from tests.solver.build import at
from tests.solver.tiny import GRID, NAMES, every_loop_plan, tiny

SEEDS = range(24)


def standing(it: Problem, random: Random) -> LoopPlan | None:
    """One of the legal plans."""
    judge, one = Judge(it), it.loops[0]
    legal = [p for p in every_loop_plan(it, judge, one) if not judge.violations(Plan({one.id: p}))]
    return random.choice(legal) if legal else None


def only(it: Problem, plan: LoopPlan, free: set[str]) -> Problem:
    """The problem in which changing a plan has its price, and all but some sessions are pinned to it."""
    steady = kept(it, plan)
    one = steady.loops[0]
    held = {s: Lock(got.start, got.people, got.room) for s, got in plan.sessions.items() if s not in free}
    sessions = tuple(replace(s, lock=held[s.id]) if s.id in held else s for s in one.sessions)
    return replace(steady, loops=(replace(one, sessions=sessions),))


def every(it: Problem) -> list[tuple[LoopPlan, int]]:
    """All legal plans with their prices."""
    weigh, one = Judge(it), it.loops[0]
    return [
        (p, weigh.cost(whole))
        for p in every_loop_plan(it, weigh, one)
        if not weigh.violations(whole := Plan({one.id: p}))
    ]


def agrees(it: Problem, found: Place, drawn: LoopPlan, narrow: Problem, costs: list[int]) -> str:
    """Whether an answer is what trying every plan says, whose ``costs`` these are; what kind of answer it is."""
    judge, one = Judge(it), it.loops[0]
    broken = judge.violations(Plan({one.id: drawn}))
    if not broken:
        assert found.plan == drawn
    if found.plan is None:
        assert broken and found.proven
        assert {v.rule for v in found.against} <= {v.rule for v in broken}, (found, broken)
        assert costs == []
        return "no"
    assert judge.violations(Plan({one.id: found.plan})) == ()
    if broken:
        assert Judge(narrow).cost(Plan({one.id: found.plan})) == min(costs)
    return "otherwise" if broken else "as drawn"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_start_is_what_trying_every_plan_says(seed: int) -> None:
    it = tiny(seed)
    plan = standing(it, Random(seed))
    if plan is None:
        return
    one, judge = it.loops[0], Judge(it)
    before = judge.price(Plan({one.id: plan}))
    for session in one.sessions:
        narrow = only(it, plan, {session.id})
        legal = every(narrow)
        found = starts(it, plan, session.id, (0, at(2, 0)))
        assert [p.start for p in found] == list(range(0, at(2, 0), GRID))
        for place in found:
            got = replace(plan.sessions[session.id], start=place.start)
            drawn = LoopPlan({**plan.sessions, session.id: got}, plan.debrief)
            agrees(
                it, place, drawn, narrow, [c for p, c in legal if p.sessions[session.id].start == place.start]
            )
            if place.plan is not None:
                now = judge.price(Plan({one.id: place.plan}))
                assert place.price == {
                    rule: now[rule] - before[rule] for rule in now if now[rule] != before[rule]
                }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_substitute_is_what_trying_every_plan_says(seed: int) -> None:
    it = tiny(seed)
    plan = standing(it, Random(seed))
    if plan is None:
        return
    one = it.loops[0]
    groups = Judge(it).look.twins(one)
    for session in one.sessions:
        twins = [s for s, group in groups.items() if group == groups[session.id]]
        for seat, spec in enumerate(session.seats):
            if spec.n > 1:
                continue
            for place in substitutes(it, plan, session.id, seat, NAMES):
                assert place.person is not None
                drawn = plan
                for twin in twins:
                    was = drawn.sessions[twin]
                    people = (*was.people[:seat], (place.person,), *was.people[seat + 1 :])
                    drawn = replace(drawn, sessions={**drawn.sessions, twin: replace(was, people=people)})
                if not _whole(it, drawn):
                    assert place.plan is None and place.against
                    continue
                narrow = _roomy(it, drawn, twins)
                agrees(it, place, drawn, narrow, [cost for _, cost in every(narrow)])


def _roomy(it: Problem, drawn: LoopPlan, free: list[str]) -> Problem:
    """All sessions pinned to a drawn plan, some of them but for their rooms."""
    narrow = only(it, drawn, set())
    one = narrow.loops[0]
    sessions = tuple(
        replace(s, lock=replace(s.lock or Lock(), room=_own_room(it, s.id))) if s.id in free else s
        for s in one.sessions
    )
    return replace(narrow, loops=(replace(one, sessions=sessions),))


def _own_room(it: Problem, session: str) -> str | None:
    lock = next(s.lock for s in it.loops[0].sessions if s.id == session)
    return lock.room if lock else None


def _whole(it: Problem, drawn: LoopPlan) -> bool:
    """Whether everybody sits in a seat whose pool they are of: else a pin could not be written down."""
    one = it.loops[0]
    return all(
        set(people) <= set(seat.pool)
        for s in one.sessions
        for seat, people in zip(s.seats, drawn.sessions[s.id].people, strict=True)
    ) and all(len(set(who)) == len(who) for s in one.sessions if (who := _everybody(drawn, s.id)))


def _everybody(plan: LoopPlan, session: str) -> list[str]:
    return [p for seat in plan.sessions[session].people for p in seat]


def test_the_cases_hold_answers_of_every_kind() -> None:
    kinds = set()
    for seed in SEEDS:
        it = tiny(seed)
        plan = standing(it, Random(seed))
        if plan is not None:
            one = it.loops[0].sessions[0]
            narrow = only(it, plan, {one.id})
            legal = every(narrow)
            for place in starts(it, plan, one.id, (at(0, 9), at(2, 0))):
                drawn = LoopPlan(
                    {**plan.sessions, one.id: replace(plan.sessions[one.id], start=place.start)}, plan.debrief
                )
                costs = [c for p, c in legal if p.sessions[one.id].start == place.start]
                kinds.add(agrees(it, place, drawn, narrow, costs))
        if len(kinds) == 3:
            return
    raise AssertionError(kinds)


def test_the_debrief_is_moved_alone() -> None:
    for seed in SEEDS:
        it = tiny(seed)
        plan = standing(it, Random(seed))
        if plan is None or plan.debrief is None:
            continue
        judge, one = Judge(it), it.loops[0]
        for place in starts(it, plan, "debrief", (0, at(2, 0))):
            broken = judge.violations(Plan({one.id: replace(plan, debrief=place.start)}))
            assert (place.plan is None, place.against) == (bool(broken), broken)
