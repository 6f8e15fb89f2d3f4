"""Priced rules: each alone, with its exact price where it bites and zero where it does not."""

from __future__ import annotations

import pytest

from solver.problem.plan import LoopPlan, Plan, Result, Status
from solver.problem.values import LongestRun, Loop, Person, Problem, Shadow, Weights
from solver.rules import book as rules
from solver.rules.check import cost, faults, price
from tests.solver.build import (
    at,
    busy,
    debrief,
    got,
    hours,
    lock,
    loop,
    lunch,
    person,
    placed,
    plan,
    problem,
    room,
    seat,
    session,
    weights,
)

NINE = at(0, 9)


def share(rule: str, one: Loop, answer: LoopPlan, *people: Person, weight: int = 7, **given: object) -> int:
    """What a rule charges when it is the only one with a weight, which must be the whole cost."""
    it = problem(one, people=people, weights=weights(**{rule: weight}), **given)
    shares = price(it, plan(L=answer))
    assert set(shares) == set(rules.PRICED) == set(Weights.__dataclass_fields__)
    assert cost(it, plan(L=answer)) == sum(shares.values()) == shares[rule]
    return shares[rule]


S = loop(session("s", "ann bob"))
TWO = loop(session("s", "ann"), session("t", "bob"))


def both(first: int, then: int) -> LoopPlan:
    return placed(s=got(first, "ann"), t=got(then, "bob"))


def test_finish_holds_nothing_but_the_session_itself() -> None:
    assert share("finish", S, placed(s=got(at(0, 8), "ann"))) == 7 * 60


def test_finish_broken_by_every_minute_after_the_first_offer() -> None:
    assert share("finish", S, placed(s=got(at(1, 9), "ann"))) == 7 * (1440 + 60 + 60)


def test_finish_broken_by_the_debrief_which_ends_it() -> None:
    one = loop(session("s", "ann"), debrief=debrief(dur=30))
    assert share("finish", one, placed(at(0, 12), s=got(at(0, 8), "ann"))) == 7 * (4 * 60 + 30)


def test_idle_holds_without_a_wait() -> None:
    assert share("idle", TWO, both(NINE, at(0, 10))) == 0
    assert share("idle", TWO, both(NINE, at(1, 12))) == 0


def test_idle_broken_by_waiting_but_not_by_lunch() -> None:
    assert share("idle", TWO, both(NINE, at(0, 11))) == 7 * 60
    lunched = loop(session("s", "ann"), session("t", "bob"), lunch("l", dur=45))
    answer = placed(s=got(NINE, "ann"), l=got(at(0, 10)), t=got(at(0, 11), "bob"))
    assert share("idle", lunched, answer) == 7 * 15


def test_extra_day_holds_on_one_day() -> None:
    assert share("extra_day", TWO, both(NINE, at(0, 16))) == 0


def test_extra_day_broken() -> None:
    assert share("extra_day", TWO, both(NINE, at(3, 9))) == 7


def soft(kind: str) -> Person:
    return person("ann", busy=(busy(NINE, at(0, 9, 15), kind), busy(at(0, 9, 30), at(0, 11), kind)))


@pytest.mark.parametrize("kind", ["tentative", "focus"])
def test_soft_blocks_count_once_per_event_and_person(kind: str) -> None:
    assert share(kind, S, placed(s=got(at(0, 11), "ann")), soft(kind)) == 0
    assert share(kind, S, placed(s=got(NINE, "ann")), soft(kind)) == 7
    other = "focus" if kind == "tentative" else "tentative"
    assert share(kind, S, placed(s=got(NINE, "ann")), soft(other)) == 0


def test_tentative_holds_when_touching() -> None:
    assert share("tentative", S, placed(s=got(at(0, 11), "ann")), soft("tentative")) == 0


def test_tentative_broken_by_lunch_shadow_and_debrief() -> None:
    one = loop(
        session("s", "bob", shadow="ann"),
        lunch("l", "ann"),
        session("t", "ann eve"),
        debrief=debrief("ann", 60),
    )
    all_day = person("ann", busy=(busy(at(0, 8), at(0, 18), "tentative"),))
    answer = placed(
        at(0, 12),
        s=got(NINE, "bob", shadow="ann"),
        l=got(at(0, 10), "ann"),
        t=got(at(0, 11), "eve"),
    )
    assert share("tentative", one, answer, all_day) == 3 * 7


def test_focus_holds_when_touching() -> None:
    assert share("focus", S, placed(s=got(at(0, 8), "ann")), soft("focus")) == 0


def test_focus_broken_beside_tentative_charges_both() -> None:
    mixed = person("ann", busy=(busy(NINE, at(0, 10), "focus"), busy(NINE, at(0, 10), "tentative")))
    it = problem(S, people=[mixed], weights=weights(focus=3, tentative=5))
    shares = price(it, plan(L=placed(s=got(NINE, "ann"))))
    assert (shares["focus"], shares["tentative"]) == (3, 5)


PREFERRED = loop(session("s", "ann"), lunch("l"), preferred=hours(10, 12))


def test_outside_pref_holds_inside_and_for_lunch() -> None:
    assert share("outside_pref", PREFERRED, placed(s=got(at(0, 10), "ann"), l=got(at(0, 13)))) == 0


def test_outside_pref_broken() -> None:
    assert share("outside_pref", PREFERRED, placed(s=got(at(0, 11, 15), "ann"), l=got(at(0, 13)))) == 7


RANKED = loop(session("s", seat("ann bob", rank={"bob": 2})), lunch("l", seat("cy dee", rank={"dee": 3})))


def test_rank_holds_for_first_choices() -> None:
    assert share("rank", RANKED, placed(s=got(NINE, "ann"), l=got(at(0, 12), "cy"))) == 0


def test_rank_broken_lunch_included() -> None:
    assert share("rank", RANKED, placed(s=got(NINE, "bob"), l=got(at(0, 12), "dee"))) == 7 * 5


def test_rank_broken_by_a_trainee() -> None:
    trained = loop(session("s", "ann", shadow=Shadow(("tim", "uma"), {"uma": 4})))
    assert share("rank", trained, placed(s=got(NINE, "ann", shadow="uma"))) == 7 * 4
    assert share("rank", trained, placed(s=got(NINE, "ann", shadow="tim"))) == 0


SHADOWED = loop(session("s", "ann", shadow="tim"), session("t", "bob"))


def test_no_shadow_holds() -> None:
    answer = placed(s=got(NINE, "ann", shadow="tim"), t=got(at(0, 10), "bob"))
    assert share("no_shadow", SHADOWED, answer) == 0


def test_no_shadow_broken_once_per_missing_trainee() -> None:
    assert share("no_shadow", SHADOWED, both(NINE, at(0, 10))) == 7


def test_fair_holds_for_everything_but_interview_seats() -> None:
    one = loop(session("s", shadow="tim"), lunch("l", "ann"), debrief=debrief("cy"))
    answer = placed(at(0, 14), s=got(NINE, shadow="tim"), l=got(at(0, 12), "ann"))
    assert share("fair", one, answer) == 0


def test_fair_broken_by_the_square_of_the_load() -> None:
    carrying = person("ann", prior=3)
    assert share("fair", S, placed(s=got(NINE, "ann")), carrying) == 7 * (16 - 9)
    assert share("fair", S, placed(s=got(NINE, "bob")), carrying) == 7


def test_fair_broken_over_all_loops_together() -> None:
    loops = [loop(session("s", "ann"), name=name) for name in "LMN"]
    it = problem(*loops, people=[person("ann", prior=1)], weights=weights(fair=2))
    answer = plan(**{name: placed(s=got(at(0, 9 + index), "ann")) for index, name in enumerate("LMN")})
    assert price(it, answer)["fair"] == cost(it, answer) == 2 * (16 - 1)


def test_unscheduled_holds_when_all_are_placed() -> None:
    assert share("unscheduled", S, placed(s=got(NINE, "ann"))) == 0


def test_unscheduled_broken_by_priority_null_and_missing_alike() -> None:
    loops = [
        loop(session("s", "ann"), name=name, priority=rank) for name, rank in (("L", 1), ("M", 2), ("N", 3))
    ]
    it = problem(*loops, weights=weights(unscheduled=10))
    assert cost(it, plan(L=placed(s=got(NINE, "ann")), M=None)) == 10 * (2 + 3)


OPTIONAL = loop(session("s", "ann", seat("bob cy", 2, optional=True)))


def test_optional_empty_holds_when_filled() -> None:
    assert share("optional_empty", OPTIONAL, placed(s=got(NINE, "ann", "bob cy"))) == 0


def test_optional_empty_broken_once_a_seat() -> None:
    assert share("optional_empty", OPTIONAL, placed(s=got(NINE, "ann", ""))) == 7


THREE = (session("s", "ann"), session("t", "bob"), session("u", "cy"))


def in_a_row(third: int) -> LoopPlan:
    return placed(s=got(NINE, "ann"), t=got(at(0, 10), "bob"), u=got(third, "cy"))


def test_run_holds_with_a_rest_and_when_hard() -> None:
    soft_limit = loop(*THREE, longest_run=LongestRun(120, 30))
    assert share("run", soft_limit, in_a_row(at(0, 11, 30))) == 0
    hard_limit = loop(*THREE, longest_run=LongestRun(120, 30, hard=True))
    assert share("run", hard_limit, in_a_row(at(0, 11, 30))) == 0


def test_run_broken_by_every_minute_over() -> None:
    limited = loop(*THREE, longest_run=LongestRun(120, 30))
    assert share("run", limited, in_a_row(at(0, 11, 15))) == 7 * 75


def test_run_broken_by_each_run_alone() -> None:
    limited = loop(*THREE, longest_run=LongestRun(45, 30))
    assert share("run", limited, in_a_row(at(0, 15))) == 7 * (75 + 15)


ROOMS = loop(*(session(name, who, room=True) for name, who in (("s", "ann"), ("t", "bob"), ("u", "cy"))))


def moved_through(*names: str) -> int:
    starts = (NINE, at(0, 10), at(0, 11))
    answer = {
        key: got(start, who, room=name)
        for key, who, start, name in zip("stu", ("ann", "bob", "cy"), starts, names, strict=True)
    }
    return share("room_change", ROOMS, placed(**answer), rooms=[room(name) for name in "PQR"])


def test_room_change_holds_in_one_room() -> None:
    assert moved_through("P", "P", "P") == 0


def test_room_change_broken_by_every_further_room() -> None:
    assert moved_through("P", "Q", "P") == 7
    assert moved_through("P", "Q", "R") == 14


WAS = got(NINE, "ann bob", room="P")
MOVED = loop(session("s", seat("ann bob cy", 2), room=True, previous=WAS))
PLACES = {"rooms": [room("P"), room("Q")]}


@pytest.mark.parametrize(
    ("rule", "answer", "units"),
    [
        ("moved_time", got(at(0, 10), "ann bob", room="P"), 1),
        ("moved_person", got(NINE, "cy bob", room="P"), 1),
        ("moved_room", got(NINE, "ann bob", room="Q"), 1),
    ],
)
def test_moves_are_charged_one_by_one(rule: str, answer: object, units: int) -> None:
    for other in ("moved_time", "moved_person", "moved_room"):
        expected = 7 * units if other == rule else 0
        assert share(other, MOVED, placed(s=answer), **PLACES) == expected


def test_moved_time_holds_where_nothing_was_before() -> None:
    assert share("moved_time", S, placed(s=got(NINE, "ann"))) == 0


def test_moved_time_broken() -> None:
    assert share("moved_time", MOVED, placed(s=got(at(1, 9), "ann bob", room="P")), **PLACES) == 7


def test_moved_person_holds_in_another_order() -> None:
    assert share("moved_person", MOVED, placed(s=got(NINE, "bob ann", room="P")), **PLACES) == 0


def test_moved_person_broken_once_a_person_even_if_they_are_gone_for_good() -> None:
    gone = loop(session("s", "ann bob", previous=got(NINE, "zoe yan")))
    assert share("moved_person", gone, placed(s=got(NINE, "ann"))) == 14


def test_moved_room_holds() -> None:
    assert share("moved_room", MOVED, placed(s=got(NINE, "ann cy", room="P")), **PLACES) == 0


def test_moved_room_broken() -> None:
    assert share("moved_room", MOVED, placed(s=got(NINE, "ann bob", room="Q")), **PLACES) == 7


DEBRIEFED = loop(session("s", "ann"), debrief=debrief(previous=at(0, 12)))


def test_moved_debrief_holds() -> None:
    assert share("moved_debrief", DEBRIEFED, placed(at(0, 12), s=got(NINE, "ann"))) == 0
    fresh = loop(session("s", "ann"), debrief=debrief())
    assert share("moved_debrief", fresh, placed(at(0, 13), s=got(NINE, "ann"))) == 0


def test_moved_debrief_broken() -> None:
    assert share("moved_debrief", DEBRIEFED, placed(at(0, 13), s=got(NINE, "ann"))) == 7


def answered(it: Problem, answer: Plan, **claims: object) -> list[str]:
    true = cost(it, answer)
    said = {"status": Status.OPTIMAL, "cost": true, "bound": true, "seconds": 0.0, **claims}
    return [fault.rule for fault in faults(it, Result(plan=answer, price=price(it, answer), **said))]


def test_an_answer_must_not_claim_more_than_its_plan_says() -> None:
    it = problem(S, weights=weights(finish=1, unscheduled=1000))
    good = plan(L=placed(s=got(NINE, "ann")))
    assert answered(it, good) == []
    assert answered(it, good, status=Status.FEASIBLE, bound=0) == []
    assert answered(it, good, cost=1, bound=1) == ["cost"]
    assert answered(it, good, status=Status.FEASIBLE, bound=10_000) == ["bound"]
    assert answered(it, good, bound=0) == ["bound"]
    assert answered(it, good, status=Status.INFEASIBLE) == ["status"]


def test_only_an_answer_without_a_plan_may_leave_out_a_pinned_loop() -> None:
    it = problem(loop(session("s", "ann", lock=lock(NINE))), weights=weights(unscheduled=10))
    assert answered(it, plan(L=None), status=Status.INFEASIBLE) == []
    assert answered(it, plan(L=None), status=Status.UNKNOWN, bound=0) == []
    assert answered(it, plan(L=None), status=Status.FEASIBLE, bound=0) == ["left_out"]
