"""The exact model against the checker, rule by rule: it forbids what that refuses, at the same price.

Every case is one plan pinned into the model. The table has for each hard rule a plan that breaks
it and nothing else (the checker confirms that), and one that keeps it.
"""

from __future__ import annotations

from random import Random

import pytest

from solver.exact import model as contents
from solver.problem.plan import Assignment, LoopPlan, Plan
from solver.problem.values import Gap, LongestRun, Problem, Session
from solver.rules.book import HARD, PRICED
from solver.rules.check import Judge, cost
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
    weights,
)
from tests.solver.pinning import model_price
from tests.solver.tiny import NAMES, tiny

S, T = session("s", "ann bob"), session("t", "ann bob cy")
TWO = problem(loop(S, T))
ROOMY = session("s", "ann", room=True)
NINE, TEN, ELEVEN = at(0, 9), at(0, 10), at(0, 11)


def both(s: int, t: int, who: str = "ann", whom: str = "bob", **given: object) -> Plan:
    return plan(L=placed(s=got(s, who), t=got(t, whom), **given))


def one(start: int = NINE, who: str = "ann", **given: object) -> Plan:
    return plan(L=placed(s=got(start, who, **given)))


def gapped(least: int, greatest: int | None) -> Problem:
    return problem(loop(S, T, gaps=(Gap("s", "t", least, greatest),)))


def pair(**given: object) -> Problem:
    return problem(loop(S, name="L"), loop(session("t", "ann"), name="M"), **given)


def pair_at(s: int, t: int) -> Plan:
    return plan(L=placed(s=got(s, "ann")), M=placed(t=got(t, "ann")))


def met(start: int, **rules: object) -> tuple[Problem, Plan]:
    it = problem(loop(S, debrief=debrief("dee", **rules)), people=(person("dee", work=hours(8, 12)),))
    return it, plan(L=placed(start, s=got(NINE, "ann")))


SITES = {"travel": (("here", "there", 60),), "calendars": {"here": hours(9, 17), "there": hours(9, 17)}}
AWAY = session("t", "ann bob cy", site="there")
RUN = LongestRun(90, 30, hard=True)
SAME = session("t", "ann bob", same_people_as="s")

CASES: dict[str, tuple[tuple[Problem, Plan], tuple[Problem, Plan]]] = {
    # rule: (holding, broken)
    "grid": ((TWO, both(NINE, TEN)), (TWO, both(NINE, TEN + 5))),
    "horizon": ((problem(loop(S), horizon=TEN), one()), (problem(loop(S), horizon=TEN - 1), one())),
    "availability": (
        (TWO, both(NINE, TEN)),
        (problem(loop(S, T, availability=hours(8, 10))), both(NINE, TEN)),
    ),
    "window": tuple(
        (problem(loop(session("s", "ann", window=((TEN, ELEVEN),)))), one(t)) for t in (TEN, NINE)
    ),  # type: ignore[dict-item]
    "lock": tuple(
        (problem(loop(session("s", "ann bob", lock=lock(NINE, "ann")))), one(NINE, p)) for p in ("ann", "bob")
    ),  # type: ignore[dict-item]
    "seats": tuple(
        (problem(loop(session("s", seat("ann bob cy", 2)))), one(NINE, p)) for p in ("ann cy", "ann")
    ),  # type: ignore[dict-item]
    "shadow": tuple(
        (problem(loop(session("s", "ann", shadow="bob")), people=(person("cy"),)), one(NINE, shadow=p))
        for p in ("bob", "cy")
    ),  # type: ignore[dict-item]
    "once_in_session": tuple(
        (problem(loop(session("s", "ann bob", "ann bob"))), plan(L=placed(s=got(NINE, "ann", p))))
        for p in ("bob", "ann")
    ),  # type: ignore[dict-item]
    "once_in_loop": ((TWO, both(NINE, TEN)), (TWO, both(NINE, TEN, "ann", "ann"))),
    "same_people": tuple((problem(loop(S, SAME)), both(NINE, TEN, "ann", p)) for p in ("ann", "bob")),  # type: ignore[dict-item]
    "barred": tuple((problem(loop(S, barred=frozenset(("ann",)))), one(NINE, p)) for p in ("bob", "ann")),  # type: ignore[dict-item]
    "work": tuple(
        (problem(loop(S), people=(person("ann", work=hours(10, 12)),)), one(t)) for t in (TEN, NINE)
    ),  # type: ignore[dict-item]
    "busy": tuple(
        (problem(loop(S), people=(person("ann", busy=(busy(TEN - 5, TEN),)),)), one(t)) for t in (TEN, NINE)
    ),  # type: ignore[dict-item]
    "lunch_block": tuple(
        (problem(loop(make("s", "ann")), people=(person("ann", busy=(busy(NINE, TEN, "lunch"),)),)), one())
        for make in (lunch, session)
    ),  # type: ignore[dict-item]
    "held": tuple(
        (problem(loop(S), buffer=10, people=(person("ann", held=((TEN, ELEVEN),)),)), one(t))
        for t in (at(0, 8, 45), NINE)
    ),  # type: ignore[dict-item]
    "room": tuple((problem(loop(ROOMY)), one(NINE, room=r)) for r in ("R", None)),  # type: ignore[dict-item]
    "room_fits": tuple((problem(loop(ROOMY), rooms=(room(cap=c),)), one(NINE, room="R")) for c in (2, 1)),  # type: ignore[dict-item]
    "room_busy": tuple(
        (problem(loop(ROOMY), rooms=(room(busy=((NINE, TEN),)),)), one(t, room="R")) for t in (TEN, NINE)
    ),  # type: ignore[dict-item]
    "breaks": tuple((problem(loop(S, T, min_break=b)), both(NINE, TEN)) for b in (0, 1)),  # type: ignore[dict-item]
    "order": tuple(
        (problem(loop(S, session("t", "bob", after=("s",)))), both(*ts)) for ts in ((NINE, TEN), (TEN, NINE))
    ),  # type: ignore[dict-item]
    "gap": ((gapped(30, 60), both(NINE, ELEVEN)), (gapped(30, 45), both(NINE, ELEVEN))),
    "travel": tuple((problem(loop(S, AWAY), **SITES), both(NINE, t)) for t in (ELEVEN, TEN + 30)),  # type: ignore[dict-item, arg-type]
    "day": tuple((problem(loop(S, days=((0, d),))), one()) for d in (TEN, TEN - 1)),  # type: ignore[dict-item]
    "max_days": tuple((problem(loop(S, T, max_days=d)), both(NINE, at(1, 9))) for d in (2, 1)),  # type: ignore[dict-item]
    "max_span": tuple((problem(loop(S, T, max_span=m)), both(NINE, ELEVEN)) for m in (180, 179)),  # type: ignore[dict-item]
    "same_day": tuple((problem(loop(S, T, same_day=(("s", "t"),))), both(NINE, t)) for t in (TEN, at(1, 9))),  # type: ignore[dict-item]
    "different_day": tuple(
        (problem(loop(S, T, different_day=(("s", "t"),))), both(NINE, t)) for t in (at(1, 9), TEN)
    ),  # type: ignore[dict-item]
    "day_minutes": tuple((problem(loop(S, T, max_day_minutes=m)), both(NINE, TEN)) for m in (120, 119)),  # type: ignore[dict-item]
    "longest_run": tuple((problem(loop(S, T, longest_run=RUN)), both(NINE, t)) for t in (TEN + 30, TEN + 15)),  # type: ignore[dict-item]
    "debrief_after": (met(TEN), met(TEN, least=15)),
    "debrief_within": (met(ELEVEN, within=60), met(ELEVEN, within=59)),
    "apart": ((pair(buffer=15), pair_at(NINE, TEN + 15)), (pair(buffer=15), pair_at(NINE, TEN))),
    "travel_person": tuple(
        (problem(loop(S, name="L"), loop(AWAY, name="M"), **SITES), pair_at(NINE, t))
        for t in (ELEVEN, TEN + 30)
    ),  # type: ignore[dict-item, arg-type]
    "room_once": tuple(
        (
            problem(loop(ROOMY, name="L"), loop(session("t", "bob", room=True), name="M")),
            plan(L=placed(s=got(NINE, "ann", room="R")), M=placed(t=got(t, "bob", room="R"))),
        )
        for t in (TEN, TEN - 15)
    ),  # type: ignore[dict-item]
    "max_day": tuple((pair(people=(person("ann", max_day=n),)), pair_at(NINE, TEN)) for n in (2, 1)),  # type: ignore[dict-item]
    "max_week": tuple((pair(people=(person("ann", max_week=n),)), pair_at(NINE, at(1, 9))) for n in (2, 1)),  # type: ignore[dict-item]
    "max_day_minutes": tuple(
        (pair(people=(person("ann", max_day_minutes=n),)), pair_at(NINE, TEN)) for n in (120, 119)
    ),  # type: ignore[dict-item]
    "max_week_minutes": tuple(
        (pair(people=(person("ann", max_week_minutes=n),)), pair_at(NINE, at(1, 9))) for n in (120, 119)
    ),  # type: ignore[dict-item]
}

STRUCTURE = {"known", "left_out", "debrief"}
"""Rules about which loops, sessions and debriefs a plan names: the model's answer has the right form anyway."""


def test_every_hard_rule_has_its_case() -> None:
    assert set(CASES) | STRUCTURE == set(HARD)


@pytest.mark.parametrize("rule", CASES)
def test_model_allows_what_holds(rule: str) -> None:
    it, answer = CASES[rule][0]
    assert broken(it, answer) == []
    assert model_price(it, answer) == cost(it, answer)


@pytest.mark.parametrize("rule", CASES)
def test_model_forbids_what_is_broken(rule: str) -> None:
    it, answer = CASES[rule][1]
    assert {name for name, _ in broken(it, answer)} == {rule}
    assert model_price(it, answer) is None


def test_table_of_contents_names_every_price() -> None:
    functions = {price.__name__ for price in (*contents.PRICES, *contents.SHARED_PRICES)}
    assert functions - {"overlaps"} == set(PRICED) - {"tentative", "focus"}


DEAR = Assignment(ELEVEN, (("bob",),), None, "Q")
PRICES: dict[str, tuple[Problem, Plan, int]] = {
    # weight: (problem with that weight at 7 and no other, plan, its price)
    "finish": (problem(loop(S), weights=weights(finish=7)), one(), 7 * 120),
    "idle": (problem(loop(S, T), weights=weights(idle=7)), both(NINE, ELEVEN), 7 * 60),
    "extra_day": (problem(loop(S, T), weights=weights(extra_day=7)), both(NINE, at(1, 9)), 7),
    "outside_pref": (problem(loop(S, preferred=()), weights=weights(outside_pref=7)), one(), 7),
    "rank": (problem(loop(session("s", seat("ann", rank={"ann": 3}))), weights=weights(rank=7)), one(), 21),
    "no_shadow": (problem(loop(session("s", "ann", shadow="bob")), weights=weights(no_shadow=7)), one(), 7),
    "optional_empty": (problem(loop(session("s", "ann", seat("bob", optional=True))), weights=weights(optional_empty=7)), plan(L=placed(s=got(NINE, "ann", ""))), 7),
    "run": (problem(loop(S, T, longest_run=LongestRun(90, 30)), weights=weights(run=7)), both(NINE, TEN), 7 * 30),
    "room_change": (problem(loop(ROOMY, session("t", "bob", room=True)), rooms=(room(), room("Q")), weights=weights(room_change=7)), plan(L=placed(s=got(NINE, "ann", room="R"), t=got(TEN, "bob", room="Q"))), 7),
    "moved_time": (problem(loop(session("s", "ann", previous=DEAR)), people=(person("bob"),), weights=weights(moved_time=7)), one(), 7),
    "moved_person": (problem(loop(session("s", "ann", previous=DEAR)), people=(person("bob"),), weights=weights(moved_person=7)), one(), 7),
    "moved_room": (problem(loop(session("s", "ann", room=True, previous=DEAR)), people=(person("bob"),), weights=weights(moved_room=7)), one(room="R"), 7),
    "moved_debrief": (problem(loop(S, debrief=debrief(previous=TEN)), weights=weights(moved_debrief=7)), plan(L=placed(ELEVEN, s=got(NINE, "ann"))), 7),
    "tentative": (problem(loop(S), people=(person("ann", busy=(busy(NINE, NINE + 5, "tentative"), busy(NINE + 9, TEN, "tentative"))),), weights=weights(tentative=7)), one(), 7),
    "focus": (problem(loop(S), people=(person("ann", busy=(busy(NINE, NINE + 5, "focus"),)),), weights=weights(focus=7)), one(), 7),
    "fair": (pair(people=(person("ann", prior=2),), weights=weights(fair=7)), pair_at(NINE, TEN), 7 * (16 - 4)),
    "unscheduled": (pair(weights=weights(unscheduled=7)), one(), 7),
}  # fmt: skip


def test_every_priced_rule_has_its_case() -> None:
    assert set(PRICES) == set(PRICED)


@pytest.mark.parametrize("rule", PRICES)
def test_model_charges_exactly_the_price(rule: str) -> None:
    it, answer, price = PRICES[rule]
    assert broken(it, answer) == []
    assert cost(it, answer) == price
    assert model_price(it, answer) == price


def test_model_and_checker_agree_on_random_plans() -> None:
    """Legal or not, and if legal the price: the same answer for every plan that is tried."""
    random, legal = Random(5), 0
    for seed in range(300):
        it = tiny(seed)
        judge = Judge(it)
        for _ in range(6):
            answer = Plan(
                {one.id: _any_plan(random, it, one.sessions, one.debrief is not None) for one in it.loops}
            )
            refused = bool(judge.violations(answer))
            price = model_price(it, answer)
            assert (price is None) == refused, (seed, answer, judge.violations(answer))
            if not refused:
                legal += 1
                assert price == judge.cost(answer), (seed, answer)
    assert legal > 20


def _any_plan(random: Random, it: Problem, sessions: tuple[Session, ...], meets: bool) -> LoopPlan:
    """A plan of the right form, half of the time with everybody out of their pools."""
    day = random.choice((0, 1))
    hours_left = [9, 10, 11]
    random.shuffle(hours_left)
    made = {}
    for one, hour in zip(sessions, hours_left, strict=False):
        people = tuple(
            tuple(random.sample(s.pool, s.n)) if not s.optional or random.random() < 0.5 else ()
            for s in one.seats
        )
        shadow = random.choice((None, *(one.shadow.pool if one.shadow else ()), *NAMES[:1]))
        place = random.choice(it.rooms).id if one.room else None
        made[one.id] = Assignment(at(day, hour), people, shadow if one.shadow else None, place)
    return LoopPlan(made, at(day, random.choice((10, 11, 12))) if meets else None)
