"""What holds of the checker for any plan, legal or not, on drawn batches."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.solver import greedy
from benchmarks.solver.families import make
from solver.problem.codec import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from solver.problem.plan import Assignment, LoopPlan, Plan
from solver.problem.values import Problem
from solver.rules.check import Judge
from tests.solver.build import at
from tests.solver.tiny import NAMES, tiny


@cache
def packed(family: str, seed: int) -> tuple[Problem, Plan]:
    """A batch with most of its loops placed, legally."""
    it = make(family, seed)
    return it, greedy.solve(it).plan


CARELESS = st.lists(
    st.tuples(
        st.integers(0, 39),
        st.integers(0, 2),
        st.sampled_from(["out", "start", "people", "room"]),
        st.integers(-40, 40),
    ),
    max_size=6,
)
"""Which loop, which of its sessions, what is changed, and how far."""
Changes = list[tuple[int, int, str, int]]
SEEDS = st.integers(0, 3)


def spoiled(seed: int, changes: Changes) -> tuple[Problem, Plan]:
    """A batch's plan after a few careless changes: moved starts, other people, rooms, left-out loops."""
    it, plan = packed("superday", seed)
    loops = dict(plan.loops)
    for number, which, what, far in changes:
        name = it.loops[number].id
        got = loops[name]
        if got is not None:
            session = it.loops[number].sessions[which].id
            loops[name] = None if what == "out" else careless(it, got, session, what, far)
    return it, Plan(loops)


def careless(it: Problem, got: LoopPlan, session: str, what: str, far: int) -> LoopPlan:
    old = got.sessions[session]
    if what == "start":
        new = replace(old, start=old.start + 5 * far)
    elif what == "people":
        new = replace(old, people=((it.people[far % len(it.people)].id,),))
    else:
        new = replace(old, room=it.rooms[far % len(it.rooms)].id)
    return replace(got, sessions={**got.sessions, session: new})


@settings(max_examples=60, deadline=None)
@given(SEEDS, CARELESS)
def test_judging_loop_by_loop_finds_what_judging_the_whole_finds(seed: int, changes: Changes) -> None:
    it, plan = spoiled(seed, changes)
    judge = Judge(it)
    whole = set(judge.violations(plan))
    parts = [set(judge.violations(plan, only=[loop.id])) for loop in it.loops]
    assert set().union(*parts) == whole
    assert {
        fault for loop, got in plan.loops.items() if got for fault in judge.loop_violations(loop, got)
    } <= whole


@settings(max_examples=60, deadline=None)
@given(SEEDS, CARELESS)
def test_the_price_is_the_sum_of_its_loops_the_fairness_and_what_is_left_out(
    seed: int, changes: Changes
) -> None:
    it, plan = spoiled(seed, changes)
    judge = Judge(it)
    shares = judge.price(plan)
    loops = [judge.loop_price(name, got) for name, got in plan.loops.items() if got is not None]
    for rule in loops[0] if loops else ():
        assert shares[rule] == sum(one[rule] for one in loops)
    assert judge.cost(plan) == sum(shares.values())
    left_out = [loop.priority for loop in it.loops if plan.loops[loop.id] is None]
    assert shares["unscheduled"] == it.weights.unscheduled * sum(left_out)


@settings(max_examples=40, deadline=None)
@given(SEEDS, CARELESS)
def test_the_order_of_things_means_nothing(seed: int, changes: Changes) -> None:
    it, plan = spoiled(seed, changes)
    other = replace(it, loops=it.loops[::-1], people=it.people[::-1], rooms=it.rooms[::-1])
    assert set(Judge(other).violations(plan)) == set(Judge(it).violations(plan))
    assert Judge(other).price(plan) == Judge(it).price(plan)


@settings(max_examples=40, deadline=None)
@given(SEEDS, CARELESS)
def test_a_book_kept_current_equals_one_made_anew(seed: int, changes: Changes) -> None:
    it, plan = spoiled(seed, changes)
    judge = Judge(it)
    _, legal = packed("superday", it.seed)
    book = judge.book(legal)
    for name, got in plan.loops.items():
        before = legal.loops[name]
        if got != before:
            if before is not None:
                book.remove(judge.placed(name, before))
            if got is not None:
                book.add(judge.placed(name, got))
    fresh = judge.book(plan)
    assert set(judge.shared_violations(book, book.people, book.rooms)) == set(
        judge.shared_violations(fresh, fresh.people, fresh.rooms)
    )


@settings(max_examples=40, deadline=None)
@given(SEEDS, CARELESS)
def test_any_plan_survives_json(seed: int, changes: Changes) -> None:
    it, plan = spoiled(seed, changes)
    assert plan_from_json(plan_to_json(plan)) == plan
    assert problem_from_json(problem_to_json(it)) == it


OF_SOMEBODY = {
    "shadow",
    "once_in_session",
    "once_in_loop",
    "barred",
    "work",
    "busy",
    "lunch_block",
    "apart",
    "held",
    "travel_person",
    "max_day",
    "max_week",
    "max_day_minutes",
    "max_week_minutes",
}


def test_what_is_broken_of_somebody_names_them() -> None:
    seen = set()
    for seed in range(150):
        it, random = tiny(seed), Random(seed)
        judge, one = Judge(it), it.loops[0]
        for _ in range(4):
            sessions = {
                s.id: Assignment(
                    at(random.choice((0, 1)), random.choice((9, 10, 11))),
                    tuple(tuple(random.sample(NAMES, seat.n)) for seat in s.seats),
                    random.choice((None, *NAMES)),
                    random.choice(("R", "Q")) if s.room else None,
                )
                for s in one.sessions
            }
            meeting = at(1, random.choice((9, 11, 22))) if one.debrief else None
            for broken in judge.violations(Plan({one.id: LoopPlan(sessions, meeting)})):
                assert bool(broken.people) or broken.rule not in OF_SOMEBODY, broken
                assert all(person in broken.text for person in broken.people), broken
                seen.add(broken.rule)
    assert seen | {"travel_person"} >= OF_SOMEBODY, OF_SOMEBODY - seen
