"""offers(): each plan as it is found, and an honest end; what a person would notice, against every plan there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.ground.wishes import apart, interviewers, slots
from solver.problem.plan import Ending, Limits, LoopPlan, Plan, Result, Status
from solver.problem.values import Problem
from solver.questions.alternatives import WORTH, WORTH_AT_LEAST, offers
from solver.rules.check import Judge, faults
from tests.solver.build import at, hours, loop, lunch, problem, seat, session, weights
from tests.solver.tiny import every_loop_plan, tiny

SHORT = Limits(seconds=60.0)


def all_of(
    it: Problem, k: int = 99, known: tuple[Plan, ...] = (), **given: float
) -> tuple[list[Result], Ending]:
    """Everything that is offered, in the order of finding, and why it ended."""
    search, found = offers(it, k, SHORT, known=known, **given), list[Result]()
    while True:
        try:
            found.append(next(search))
        except StopIteration as end:
            return found, end.value


def plans(it: Problem, found: list[Result]) -> list[LoopPlan]:
    return [got for one in found if (got := one.plan.loops[it.loops[0].id]) is not None]


def pair(minutes: int = 60) -> Problem:
    """Ann and Bob hold one interview each, in two hours of one morning."""
    it = loop(
        session("s", seat("ann bob")),
        session("t", seat("ann bob"), dur=minutes),
        availability=((at(0, 9), at(0, 11)),),
        days=((0, at(1, 0)),),
        max_days=1,
    )
    return problem(it, weights=weights(finish=1, unscheduled=100_000), grid=60)


def test_the_same_people_in_swapped_places_are_one_plan() -> None:
    """Four ways to put two people into two slots; nobody's day differs, so there is one plan to offer."""
    it = pair()
    every = list(every_loop_plan(it, Judge(it), it.loops[0]))
    legal = [got for got in every if not Judge(it).violations(Plan({"L": got}))]
    assert len(legal) == 4
    found, ending = all_of(it)
    assert (len(found), ending) == (1, Ending.NO_OTHER)


def test_where_others_have_taken_the_place_of_what_is_known_there_is_no_other() -> None:
    """The known plan was found in a world with room for it; in today's there is room for none."""
    then = pair()
    (best,), _ = all_of(then)
    gone = replace(then.loops[0], availability=((at(0, 9), at(0, 9) + 30),))
    assert all_of(replace(then, loops=(gone,)), known=(best.plan,)) == ([], Ending.NO_OTHER)


def test_slots_of_other_lengths_are_other_slots() -> None:
    it = pair(30)
    found, ending = all_of(it)
    assert (len(found), ending) == (2, Ending.NO_OTHER)
    assert len({slots(it.loops[0], got) for got in plans(it, found)}) == 2


def test_a_third_interviewer_is_noticed_and_who_joins_the_lunch_is_not() -> None:
    one = loop(
        session("s", seat("ann bob cy")),
        lunch("l", seat("dee eve"), window=((at(0, 10), at(0, 11)),)),
        availability=((at(0, 9), at(0, 11)),),
        days=((0, at(1, 0)),),
        max_days=1,
    )
    it = problem(one, weights=weights(finish=1, unscheduled=100_000), grid=60)
    found, ending = all_of(it)
    assert ending is Ending.NO_OTHER
    assert sorted(map(sorted, (interviewers(one, got) for got in plans(it, found)))) == [
        ["ann"],
        ["bob"],
        ["cy"],
    ]


@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_an_end_with_a_proof_has_missed_nothing(seed: int) -> None:
    """Asked for more than there is: every plan that exists is then hardly another one than one of the offered."""
    it = tiny(seed)
    it = replace(it, weights=replace(it.weights, unscheduled=100_000))
    judge, (one,) = Judge(it), it.loops
    every = [got for got in every_loop_plan(it, judge, one) if not judge.violations(Plan({one.id: got}))]
    found, ending = all_of(it)
    assert all(faults(it, result) == () for result in found)
    assert ending in (Ending.NO_OTHER, Ending.EFFORT)
    if found[0].status is Status.INFEASIBLE:
        assert not every and ending is Ending.NO_OTHER
        return
    offered = plans(it, found)
    missed = [got for got in every if all(apart(one, got, plan) for plan in offered)]
    assert not missed or ending is Ending.EFFORT


def test_most_small_problems_end_with_a_proof() -> None:
    endings = []
    for seed in range(0, 30, 3):
        it = tiny(seed)
        endings.append(all_of(replace(it, weights=replace(it.weights, unscheduled=100_000)))[1])
    assert endings.count(Ending.NO_OTHER) >= 6, endings


def week() -> Problem:
    it = loop(session("s", seat("ann bob")), session("t", "cy"), max_days=1, availability=hours(9, 12))
    return problem(it, weights=weights(finish=1, idle=4, unscheduled=100_000))


def test_each_comes_as_it_is_found() -> None:
    search = offers(week(), 3, SHORT)
    first = next(search)
    assert first.status is Status.OPTIMAL
    second = next(search)
    assert second.effort < first.effort + max(WORTH_AT_LEAST, WORTH * first.effort)
    assert faults(week(), second) == ()


def test_as_many_as_asked_for() -> None:
    found, ending = all_of(week(), 4)
    assert (len(found), ending) == (4, Ending.ASKED)
    alone, ending = all_of(week(), 1)
    assert (len(alone), ending) == (1, Ending.ASKED)


def test_what_is_on_offer_is_known_and_only_others_follow() -> None:
    found, _ = all_of(week(), 3)
    more, ending = all_of(week(), 2, known=tuple(one.plan for one in found), effort=found[0].effort)
    assert (len(more), ending) == (2, Ending.ASKED)
    known = plans(week(), found)
    for got in plans(week(), more):
        assert all(apart(week().loops[0], got, other) for other in known)
        known.append(got)


def test_the_end_by_effort_is_the_same_on_every_run() -> None:
    """A long week of many people has more plans than are worth looking for."""
    pool = " ".join(f"p{n}" for n in range(12))
    it = loop(*(session(f"s{n}", seat(pool)) for n in range(4)), max_days=2, availability=hours(9, 12))
    big = problem(it, weights=weights(finish=1, idle=4, extra_day=60, unscheduled=100_000))
    one, other = all_of(big, 500), all_of(big, 500)
    assert one[1] is other[1] is Ending.EFFORT
    assert [result.plan for result in one[0]] == [result.plan for result in other[0]]


def test_a_stop_ends_it_as_a_limit() -> None:
    asked = iter([False] * 3)
    search = offers(week(), 50, SHORT, stop=lambda: next(asked, True))
    ending: Ending | None = None
    while ending is None:
        try:
            next(search)
        except StopIteration as end:
            ending = end.value
    assert ending is Ending.LIMIT
