"""Hard rules about time: each alone, holding and broken."""

from __future__ import annotations

import pytest

from solver.problem.values import Gap, LongestRun
from solver.rules.check import violations
from tests.solver.build import (
    at,
    broken,
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
)

S, T = "loops[L].sessions[s]", "loops[L].sessions[t]"
TWO = (session("s", "ann"), session("t", "bob"))


def test_known_holds() -> None:
    assert broken(problem(loop(*TWO)), plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob")))) == []


def test_known_broken_by_an_unknown_loop() -> None:
    assert broken(problem(loop(*TWO)), plan(X=None)) == [("known", "loops[X]")]


def test_known_broken_by_a_session_too_few_and_one_too_many() -> None:
    answer = plan(L=placed(s=got(at(0, 9), "ann"), u=got(at(0, 10), "bob")))
    assert broken(problem(loop(*TWO)), answer) == [("known", "loops[L].sessions[u]"), ("known", T)]


def test_left_out_holds_for_a_loop_without_pins() -> None:
    assert broken(problem(loop(*TWO)), plan()) == []
    assert broken(problem(loop(session("s", "ann", lock=lock()))), plan(L=None)) == []


@pytest.mark.parametrize("pin", [lock(at(0, 9)), lock(None, "ann"), lock(None, room="R")])
def test_left_out_broken_by_any_pin(pin: object) -> None:
    it = problem(loop(session("s", "ann", room=True, lock=pin)))
    assert broken(it, plan()) == broken(it, plan(L=None)) == [("left_out", "loops[L]")]
    assert violations(it, plan(), excused=True) == ()


def test_left_out_broken_by_a_pinned_debrief() -> None:
    it = problem(loop(session("s", "ann"), debrief=debrief(lock=at(0, 12))))
    assert broken(it, plan()) == [("left_out", "loops[L]")]


ONE = loop(session("s", "ann"), debrief=debrief())


def test_grid_holds() -> None:
    assert broken(problem(ONE), plan(L=placed(at(0, 10, 15), s=got(at(0, 9), "ann")))) == []


def test_grid_broken() -> None:
    answer = plan(L=placed(at(0, 10, 20), s=got(at(0, 9, 5), "ann")))
    assert broken(problem(ONE), answer) == [("grid", S), ("grid", "loops[L].debrief")]


def test_horizon_holds_and_does_not_bind_the_debrief() -> None:
    it = problem(ONE, horizon=at(0, 10))
    assert broken(it, plan(L=placed(at(0, 10), s=got(at(0, 9), "ann")))) == []


def test_horizon_broken() -> None:
    it = problem(ONE, horizon=at(0, 10))
    assert broken(it, plan(L=placed(at(0, 12), s=got(at(0, 9, 15), "ann")))) == [("horizon", S)]


def test_availability_holds_to_the_minute() -> None:
    it = problem(loop(session("s", "ann"), availability=((at(0, 9), at(0, 10)),)))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann")))) == []


def test_availability_broken_across_two_touching_intervals() -> None:
    it = problem(loop(session("s", "ann"), availability=((at(0, 9), at(0, 10)), (at(0, 10), at(0, 11)))))
    assert broken(it, plan(L=placed(s=got(at(0, 9, 30), "ann")))) == [("availability", S)]


def test_window_holds_in_any_of_them_and_without_one() -> None:
    it = problem(loop(session("s", "ann", window=hours(9, 10)), session("t", "bob")))
    assert broken(it, plan(L=placed(s=got(at(1, 9), "ann"), t=got(at(1, 14), "bob")))) == []


def test_window_broken() -> None:
    it = problem(loop(session("s", "ann", window=hours(9, 10))))
    assert broken(it, plan(L=placed(s=got(at(1, 9, 15), "ann")))) == [("window", S)]


def test_lock_holds_with_the_people_of_a_seat_in_any_order() -> None:
    pinned = lock(at(0, 9), "ann bob", room="R")
    it = problem(loop(session("s", seat("ann bob cy", 2), room=True, lock=pinned)))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "bob ann", room="R")))) == []


@pytest.mark.parametrize(
    ("pin", "what"),
    [(lock(at(0, 10)), "start"), (lock(None, "bob"), "people"), (lock(None, room="Q"), "room")],
)
def test_lock_broken_by_each_pin_alone(pin: object, what: str) -> None:
    it = problem(loop(session("s", "ann bob", room=True, lock=pin)), rooms=[room("Q"), room("R")])
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann", room="R")))) == [("lock", f"{S}.{what}")]


def test_lock_broken_by_the_debrief() -> None:
    it = problem(loop(session("s", "ann"), debrief=debrief(lock=at(0, 12))))
    assert broken(it, plan(L=placed(at(0, 12), s=got(at(0, 9), "ann")))) == []
    assert broken(it, plan(L=placed(at(0, 13), s=got(at(0, 9), "ann")))) == [("lock", "loops[L].debrief")]


def test_breaks_holds() -> None:
    it = problem(loop(*TWO, min_break=15))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 15), "bob")))) == []


@pytest.mark.parametrize("start", [at(0, 9), at(0, 9, 30), at(0, 10)])
def test_breaks_broken(start: int) -> None:
    it = problem(loop(*TWO, min_break=15))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(start, "bob")))
    assert broken(it, answer) == [("breaks", T)]


def test_breaks_broken_by_a_session_inside_a_longer_one() -> None:
    it = problem(loop(session("s", "ann", dur=180), session("t", "bob"), session("u", "cy")))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 9, 30), "bob"), u=got(at(0, 11), "cy")))
    assert broken(it, answer) == [("breaks", T), ("breaks", "loops[L].sessions[u]")]


def test_order_holds() -> None:
    it = problem(loop(session("s", "ann"), session("t", "bob", after=("s",)), min_break=15))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 15), "bob")))) == []


def test_order_broken() -> None:
    it = problem(loop(session("s", "ann"), session("t", "bob", after=("s",))))
    assert broken(it, plan(L=placed(s=got(at(0, 11), "ann"), t=got(at(0, 10), "bob")))) == [("order", T)]


@pytest.mark.parametrize(("least", "greatest"), [(0, None), (30, 30), (0, 45), (30, None)])
def test_gap_holds(least: int, greatest: int | None) -> None:
    it = problem(loop(*TWO, gaps=(Gap("s", "t", least, greatest),)))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 30), "bob")))) == []


@pytest.mark.parametrize(("least", "greatest"), [(0, 0), (45, None), (0, 15)])
def test_gap_broken(least: int, greatest: int | None) -> None:
    it = problem(loop(*TWO, gaps=(Gap("s", "t", least, greatest),)))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 30), "bob")))
    assert broken(it, answer) == [("gap", T)]


def test_gap_broken_by_the_wrong_order() -> None:
    it = problem(loop(*TWO, gaps=(Gap("s", "t"),)))
    assert broken(it, plan(L=placed(s=got(at(0, 11), "ann"), t=got(at(0, 9), "bob")))) == [("gap", T)]


ELSEWHERE = loop(session("s", "ann"), session("t", "bob", site="there"))
WAY = {"travel": (("there", "here", 45),), "calendars": {"here": hours(9, 17), "there": hours(9, 17)}}


def test_travel_holds() -> None:
    it = problem(ELSEWHERE, **WAY)
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 45), "bob")))) == []


def test_travel_broken_either_way() -> None:
    it = problem(ELSEWHERE, **WAY)
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10, 30), "bob")))) == [("travel", T)]
    assert broken(it, plan(L=placed(s=got(at(0, 10), "ann"), t=got(at(0, 9), "bob")))) == [("travel", S)]


def test_day_holds_on_a_day_of_the_candidate_that_is_not_a_utc_day() -> None:
    it = problem(loop(session("s", "ann"), days=((at(0, 9), at(1, 9)),)))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann")))) == []


def test_day_broken_across_midnight() -> None:
    it = problem(loop(session("s", "ann"), days=((at(0, 0), at(0, 10)), (at(0, 10), at(1, 0)))))
    assert broken(it, plan(L=placed(s=got(at(0, 9, 30), "ann")))) == [("day", S)]


def test_max_days_holds() -> None:
    it = problem(loop(*TWO, max_days=2))
    assert broken(it, plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(3, 9), "bob")))) == []


def test_max_days_broken() -> None:
    it = problem(loop(*TWO, max_days=1))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(3, 9), "bob")))
    assert broken(it, answer) == [("max_days", "loops[L]")]


def test_max_span_holds_per_day() -> None:
    it = problem(loop(*TWO, session("u", "cy"), max_span=180))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 11), "bob"), u=got(at(1, 9), "cy")))
    assert broken(it, answer) == []


def test_max_span_broken() -> None:
    it = problem(loop(*TWO, max_span=180))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 11, 15), "bob")))
    assert broken(it, answer) == [("max_span", S)]


def test_same_day_holds() -> None:
    it = problem(loop(*TWO, same_day=(("s", "t"),)))
    assert broken(it, plan(L=placed(s=got(at(2, 9), "ann"), t=got(at(2, 16), "bob")))) == []


def test_same_day_broken() -> None:
    it = problem(loop(*TWO, same_day=(("s", "t"),)))
    answer = plan(L=placed(s=got(at(2, 9), "ann"), t=got(at(1, 16), "bob")))
    assert broken(it, answer) == [("same_day", "loops[L]")]


THREE = (*TWO, session("u", "cy"))


def test_different_day_holds() -> None:
    it = problem(loop(*THREE, different_day=(("s", "t", "u"),)))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(1, 9), "bob"), u=got(at(2, 9), "cy")))
    assert broken(it, answer) == []


def test_different_day_broken_by_any_two() -> None:
    it = problem(loop(*THREE, different_day=(("s", "t", "u"),)))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(1, 9), "bob"), u=got(at(0, 12), "cy")))
    assert broken(it, answer) == [("different_day", "loops[L]")]


LUNCHED = loop(*TWO, lunch("l"), max_day_minutes=120)


def test_day_minutes_holds_and_does_not_count_lunch() -> None:
    answer = plan(L=placed(s=got(at(0, 9), "ann"), l=got(at(0, 10)), t=got(at(0, 11), "bob")))
    assert broken(problem(LUNCHED), answer) == []


def test_day_minutes_broken() -> None:
    it = problem(loop(*THREE, max_day_minutes=120))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob"), u=got(at(0, 11), "cy")))
    assert broken(it, answer) == [("day_minutes", S)]


RUN = LongestRun(minutes=120, rest=30, hard=True)


def test_longest_run_holds_with_a_rest_long_enough() -> None:
    it = problem(loop(*THREE, longest_run=RUN))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob"), u=got(at(0, 11, 30), "cy")))
    assert broken(it, answer) == []


def test_longest_run_holds_with_a_lunch_between() -> None:
    it = problem(loop(*THREE, lunch("l", dur=15), longest_run=RUN))
    answer = plan(
        L=placed(
            s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob"), l=got(at(0, 11)), u=got(at(0, 11, 15), "cy")
        )
    )
    assert broken(it, answer) == []


def test_longest_run_broken_by_rests_too_short() -> None:
    it = problem(loop(*THREE, longest_run=RUN))
    answer = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob"), u=got(at(0, 11, 15), "cy")))
    assert broken(it, answer) == [("longest_run", S)]


def test_debrief_holds_with_and_without_one() -> None:
    assert broken(problem(ONE), plan(L=placed(at(0, 10), s=got(at(0, 9), "ann")))) == []
    assert broken(problem(loop(session("s", "ann"))), plan(L=placed(s=got(at(0, 9), "ann")))) == []


def test_debrief_broken_by_one_too_few_or_too_many() -> None:
    assert broken(problem(ONE), plan(L=placed(s=got(at(0, 9), "ann")))) == [("debrief", "loops[L].debrief")]
    it = problem(loop(session("s", "ann")))
    assert broken(it, plan(L=placed(at(0, 10), s=got(at(0, 9), "ann")))) == [("debrief", "loops[L].debrief")]


def test_debrief_after_holds() -> None:
    it = problem(loop(session("s", "ann"), lunch("l"), debrief=debrief(least=15)))
    assert broken(it, plan(L=placed(at(0, 11, 15), s=got(at(0, 9), "ann"), l=got(at(0, 10))))) == []


@pytest.mark.parametrize("start", [at(0, 10, 30), at(0, 11)])
def test_debrief_after_broken_though_the_last_session_is_a_lunch(start: int) -> None:
    it = problem(loop(session("s", "ann"), lunch("l"), debrief=debrief(least=15)))
    answer = plan(L=placed(start, s=got(at(0, 9), "ann"), l=got(at(0, 10))))
    assert broken(it, answer) == [("debrief_after", "loops[L].debrief")]


def test_debrief_within_holds_counting_business_minutes_only() -> None:
    it = problem(loop(session("s", "ann"), debrief=debrief(within=120)))
    assert broken(it, plan(L=placed(at(1, 10), s=got(at(0, 15), "ann")))) == []


def test_debrief_within_holds_outside_business_hours_and_the_horizon() -> None:
    late = person("ann", work=hours(8, 20))
    it = problem(loop(session("s", "ann"), debrief=debrief(within=0)), people=[late], horizon=at(0, 18))
    assert broken(it, plan(L=placed(at(0, 19), s=got(at(0, 17), "ann")))) == []


def test_debrief_within_broken() -> None:
    it = problem(loop(session("s", "ann"), debrief=debrief(within=120)))
    answer = plan(L=placed(at(1, 10, 15), s=got(at(0, 15), "ann")))
    assert broken(it, answer) == [("debrief_within", "loops[L].debrief")]


def test_debrief_within_broken_on_another_calendar() -> None:
    other = {"here": hours(9, 17), "hq": hours(0, 24)}
    it = problem(loop(session("s", "ann"), debrief=debrief(within=120, calendar="hq")), calendars=other)
    answer = plan(L=placed(at(1, 10), s=got(at(0, 15), "ann")))
    assert broken(it, answer) == [("debrief_within", "loops[L].debrief")]


def test_the_debrief_is_planned_by_the_rules_of_people_not_of_the_candidate() -> None:
    """Availability, days and least breaks are the candidate's; working hours are everybody's."""
    one = loop(
        session("s", "ann"),
        availability=((at(0, 9), at(0, 10)),),
        days=((0, at(0, 11)),),
        min_break=30,
        debrief=debrief("bob"),
    )
    assert broken(problem(one), plan(L=placed(at(0, 10), s=got(at(0, 9), "ann")))) == []
    away = [person("bob", busy=(busy(at(0, 10), at(0, 11)),), work=((at(0, 8), at(0, 10, 15)),))]
    answer = plan(L=placed(at(0, 10), s=got(at(0, 9), "ann")))
    assert broken(problem(one, people=away), answer) == [
        ("work", "loops[L].debrief"),
        ("busy", "loops[L].debrief"),
    ]
