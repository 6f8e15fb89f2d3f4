"""Plans that were ever made of loops, put together: the best choice among them, and no rule broken between them."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from solver.exact.build import packed
from solver.ground.best import Column
from solver.ground.budget import Allowance, Budget
from solver.ground.timeline import Timeline
from solver.ground.usage import Usage
from solver.many import pool as pool_of
from solver.many.packing import Packing
from solver.many.pool import Pool
from solver.problem.plan import Limits, LoopPlan, Plan
from solver.problem.values import Problem
from solver.rules.check import Judge
from tests.solver.build import at, debrief, got, loop, person, placed, problem, room, seat, session, weights


def made(random: Random) -> Problem:
    """Three loops of two interviews that compete for four people and two rooms, two sites and caps among them."""
    people = [
        person("ann", max_day=2, prior=1),
        person("bob", max_day_minutes=90),
        person("cy", max_week=2),
        person("di"),
    ]
    loops = []
    for name in ("A", "B", "C"):
        sessions = [
            session(f"{name}{k}", seat("ann bob cy di", rank={"di": 1}), room=True, dur=30 + 30 * k)
            for k in range(2)
        ]
        ending = debrief() if random.random() < 0.5 else None
        loops.append(loop(*sessions, name=name, debrief=ending, priority=random.randrange(1, 3), max_days=1))
    prices = weights(finish=1, rank=9, fair=20, unscheduled=2500)
    way = (("here", "there", 45),) if random.random() < 0.5 else ()
    return problem(
        *loops,
        people=people,
        rooms=[room("R"), room("S"), room("T", site="there")],
        buffer=10,
        weights=prices,
        travel=way,
    )


def some_plans(it: Problem, judge: Judge, random: Random, name: str, count: int) -> list[LoopPlan]:
    """Legal plans of one loop by itself, drawn at random."""
    found: list[LoopPlan] = []
    which = next(one for one in it.loops if one.id == name)
    while len(found) < count:
        first, second = sorted(random.sample(range(at(0, 9), at(0, 12), 15), 2))
        one, other = random.sample(["ann", "bob", "cy", "di"], 2)
        sessions = {
            f"{name}0": got(first, one, room=random.choice("RS")),
            f"{name}1": got(second, other, room=random.choice("RS")),
        }
        plan = placed(None if which.debrief is None else second + 75, **sessions)
        if not judge.loop_violations(name, plan) and not judge.violations(Plan({name: plan})):
            found.append(plan)
    return found


def test_the_best_of_all_choices_is_found_and_none_breaks_a_rule() -> None:
    taken, left_out = 0, 0
    for seed in range(6):
        random = Random(seed)
        it = made(random)
        judge, timeline = Judge(it), Timeline(it)
        packing = Packing(judge, Usage(timeline))
        plans = {name: some_plans(it, judge, random, name, 4) for name in packing.frames}
        every = [
            Plan(dict(zip(plans, chosen, strict=True)))
            for chosen in product(*([None, *each] for each in plans.values()))
        ]
        best = min(judge.cost(plan) for plan in every if not judge.violations(plan))
        columns = [
            Column(packing.frames[name], plan, sum(judge.loop_price(name, plan).values()), False)
            for name, each in plans.items()
            for plan in each
        ]
        ask = (Usage(timeline), columns, packing.out, packing.pinned)
        found, _ = packed(*ask, best + 1, Allowance())
        assert found is not None
        whole = packing.plan(found)
        assert not judge.violations(whole)
        assert judge.cost(whole) == best
        assert packed(*ask, best, Allowance())[0] is None
        taken += len(found)
        left_out += 3 - len(found)
    assert taken > 9 and left_out > 0


def test_of_more_plans_than_a_pool_keeps_some_that_suit_each_other_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_of, "MOST", 8)
    it = made(Random(3))
    judge = Judge(it)
    packing = Packing(judge, Usage(Timeline(it)))
    pool, random = Pool(packing), Random(7)
    for name in packing.frames:
        for plan in some_plans(it, judge, random, name, 30):
            pool.keep(name, plan, sum(judge.loop_price(name, plan).values()))
    budget = Budget(Limits())
    found = pool.recombined(packing.cost, budget)
    assert found and budget.work > 0
    cost = judge.cost(packing.plan(found))
    assert cost < packing.cost and not judge.violations(packing.plan(found))
    again = pool.recombined(cost, budget)
    assert again is None or judge.cost(packing.plan(again)) < cost
