"""repair(): the least change, level by level, and who declined is not asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.problem.plan import Limits, Plan, Status
from solver.problem.values import Problem, Shadow
from solver.questions.repair import Change, Repair, repair
from solver.questions.solve import solve
from solver.rules.check import faults, violations
from tests.solver.build import (
    at,
    busy,
    debrief,
    got,
    hours,
    loop,
    person,
    placed,
    plan,
    problem,
    room,
    seat,
    session,
    weights,
)
from tests.solver.test_solve import crowd

SHORT = Limits(seconds=30.0)
COMFORT = weights(finish=1, idle=4, rank=75, unscheduled=100_000)


def day(*sessions: object, people: tuple[object, ...] = (), **given: object) -> Problem:
    made = loop(*sessions, max_days=1, availability=hours(9, 12, (0,)), **given)  # type: ignore[arg-type]
    return problem(made, people=people, weights=COMFORT)  # type: ignore[arg-type]


def mended(it: Problem, booked: Plan, *declined: tuple[str, str]) -> Repair:
    found = repair(it, booked, declined, SHORT)
    assert faults(it, found.result) == ()
    for who, sid in declined:
        for one in it.loops:
            after = found.result.plan.loops[one.id]
            if after is not None and sid in after.sessions:
                assert who not in [p for seat in after.sessions[sid].people for p in seat]
    return found


def test_nothing_broken_changes_nothing() -> None:
    it = day(session("s", "ann bob"))
    booked = plan(L=placed(s=got(at(0, 10), "bob")))
    found = mended(it, booked)
    assert (found.level, found.changes, found.result.plan) == ("people", (), booked)


def test_a_decline_takes_another_person_at_the_same_time() -> None:
    it = day(session("s", "ann bob"), session("t", "cy"))
    booked = plan(L=placed(s=got(at(0, 10), "ann"), t=got(at(0, 11), "cy")))
    found = mended(it, booked, ("ann", "s"))
    assert found.level == "people"
    assert found.changes == (Change("L", "s", "people", ("ann",), ("bob",)),)


def test_a_new_conflict_is_seen_without_being_told() -> None:
    ann = person("ann", busy=(busy(at(0, 10), at(0, 11)),))
    it = day(session("s", "ann bob"), people=(ann,))
    found = mended(it, plan(L=placed(s=got(at(0, 10), "ann"))))
    assert [change.what for change in found.changes] == ["people"]


def test_a_lost_room_changes_the_room_only() -> None:
    made = loop(session("s", "ann bob", room=True), max_days=1)
    it = problem(made, rooms=(room("R", busy=((0, at(1, 0)),)), room("Q")), weights=COMFORT)
    found = mended(it, plan(L=placed(s=got(at(0, 10), "bob", room="R"))))
    assert found.changes == (Change("L", "s", "room", "R", "Q"),)


@pytest.mark.parametrize("name", ["L", "a]b", "loops[L].sessions[s]", "ü.[", "]"])
def test_ids_hold_any_sign(name: str) -> None:
    """A hole is found by ids, whatever signs they hold: nothing is read back from a sentence."""
    made = loop(session("s", "ann bob", room=True), session(name, "cy dee"), name=name, max_days=1)
    busy_cy = person("cy", busy=(busy(at(0, 11), at(0, 12)),))
    lost = room("R", busy=((0, at(1, 0)),))
    it = problem(made, rooms=(lost, room("Q")), people=(busy_cy,), weights=COMFORT)
    booked = Plan({name: placed(**{"s": got(at(0, 10), "bob", room="R"), name: got(at(0, 11), "cy")})})
    assert sorted(mended(it, booked).changes, key=lambda change: change.what) == [
        Change(name, name, "people", ("cy",), ("dee",)),
        Change(name, "s", "room", "R", "Q"),
    ]


def test_a_session_without_a_hole_keeps_everybody_however_dear() -> None:
    """Dee would be so much cheaper than cy that even the price of a change does not hold her back."""
    it = day(session("s", "ann bob"), session("t", seat("cy dee", rank={"cy": 1})))
    it = replace(it, weights=weights(rank=50_000, unscheduled=1_000_000))
    booked = plan(L=placed(s=got(at(0, 10), "ann"), t=got(at(0, 11), "cy")))
    assert mended(it, booked, ("ann", "s")).changes == (Change("L", "s", "people", ("ann",), ("bob",)),)


def test_a_trainee_stays_unless_that_is_dearer_than_a_room_that_moves() -> None:
    for dislike, now in ((200, "x"), (501, "y")):
        wanted = Shadow(("x", "y"), {"x": dislike})
        prices = weights(rank=1, no_shadow=1_000, unscheduled=1_000_000)
        it = replace(day(session("s", "ann bob", shadow=wanted)), weights=prices)
        booked = plan(L=placed(s=got(at(0, 10), "ann", shadow="x")))
        found = mended(it, booked, ("ann", "s"))
        assert found.changes == (Change("L", "s", "people", ("ann", "x"), ("bob", now)),)


def test_a_hole_is_of_its_own_loop() -> None:
    """Two loops call a session alike; where it is broken in one, the other loop keeps everything."""
    first = loop(session("s", "ann bob"), session("t", "cy dee"), name="L", availability=hours(9, 12, (0,)))
    second = replace(first, id="M")
    away = person("ann", busy=(busy(at(0, 9), at(0, 10)),))
    it = problem(first, second, people=(away,), weights=COMFORT)
    booked = plan(
        L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "cy")),
        M=placed(s=got(at(0, 10), "bob"), t=got(at(0, 11), "cy")),
    )
    assert mended(it, booked).changes == (Change("L", "s", "people", ("ann",), ("bob",)),)


def test_one_session_moves_when_nobody_else_can() -> None:
    ann = person("ann", busy=(busy(at(0, 10), at(0, 11)),))
    it = day(session("s", "ann"), session("t", "cy"), people=(ann,))
    found = mended(it, plan(L=placed(s=got(at(0, 10), "ann"), t=got(at(0, 11), "cy"))))
    assert found.level == "move"
    assert found.changes == (Change("L", "s", "time", at(0, 10), at(0, 9)),)


def test_two_sessions_swap_when_one_move_is_not_enough() -> None:
    ann = person("ann", work=((at(0, 10), at(0, 11)),))
    it = day(session("s", "ann"), session("t", "cy"), session("u", "dee"), people=(ann,))
    booked = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "cy"), u=got(at(0, 11), "dee")))
    found = mended(it, booked)
    assert found.level == "two"
    assert sorted(change.session for change in found.changes) == ["s", "t"]


def test_the_whole_loop_moves_when_its_day_is_gone() -> None:
    it = problem(
        loop(session("s", "ann"), session("t", "ann bob"), session("u", "cy"), max_days=1),
        people=(person("ann", work=hours(8, 18, (1, 2))),),
        weights=COMFORT,
    )
    booked = plan(L=placed(s=got(at(0, 9), "ann"), t=got(at(0, 10), "bob"), u=got(at(0, 11), "cy")))
    found = mended(it, booked)
    assert found.level == "loop"
    assert len([change for change in found.changes if change.what == "time"]) == 3


def test_the_debrief_follows_its_panel() -> None:
    bob = person("bob", busy=(busy(at(0, 13), at(0, 14)),))
    it = day(session("s", "ann bob"), debrief=debrief("dee"), people=(bob,))
    found = mended(it, plan(L=placed(at(0, 13), s=got(at(0, 10), "ann"))), ("ann", "s"))
    assert found.level == "people"
    assert [(change.session, change.what) for change in found.changes] == [
        ("s", "people"),
        ("debrief", "time"),
    ]


def test_a_chain_of_swaps_keeps_every_time() -> None:
    """Only bob can take the hole; cy can take what bob leaves in the other loop."""
    first = loop(session("s", "ann bob"), name="L", availability=hours(9, 10, (0,)))
    second = loop(session("t", "bob cy"), name="M", availability=hours(9, 10, (0,)))
    it = problem(first, second, weights=COMFORT)
    booked = plan(L=placed(s=got(at(0, 9), "ann")), M=placed(t=got(at(0, 9), "bob")))
    found = mended(it, booked, ("ann", "s"))
    assert found.level == "people"
    assert {(c.session, c.after) for c in found.changes} == {("s", ("bob",)), ("t", ("cy",))}


def test_a_neighbour_gives_way_when_nothing_else_helps() -> None:
    first = loop(session("s", "ann bob"), name="L", availability=hours(9, 10, (0,)))
    second = loop(session("t", "bob"), name="M", availability=hours(9, 12, (0,)))
    it = problem(first, second, weights=COMFORT)
    booked = plan(L=placed(s=got(at(0, 9), "ann")), M=placed(t=got(at(0, 9), "bob")))
    found = mended(it, booked, ("ann", "s"))
    assert found.level == "neighbour"
    assert [(c.loop, c.what) for c in found.changes] == [("L", "people"), ("M", "time")]


def test_no_way_out_leaves_the_loop_out_and_says_so() -> None:
    it = day(session("s", "ann"))
    found = mended(it, plan(L=placed(s=got(at(0, 9), "ann"))), ("ann", "s"))
    assert (found.level, found.result.plan.loops["L"]) == ("none", None)


def test_no_way_out_of_a_pin_is_unknown() -> None:
    it = day(session("s", "ann"))
    pinned = replace(it.loops[0].sessions[0], lock=None)
    assert pinned.lock is None
    from tests.solver.build import lock

    it = replace(it, loops=(replace(it.loops[0], sessions=(replace(pinned, lock=lock(at(0, 9))),)),))
    found = repair(it, plan(L=placed(s=got(at(0, 9), "ann"))), [("ann", "s")], SHORT)
    assert (found.level, found.result.status) == ("none", Status.UNKNOWN)


def test_a_person_who_left_the_company_is_replaced() -> None:
    it = day(session("s", "bob"))
    found = mended(it, plan(L=placed(s=got(at(0, 9), "gone"))))
    assert found.changes == (Change("L", "s", "people", ("gone",), ("bob",)),)


def test_other_loops_of_a_batch_stay_as_they_are() -> None:
    it = crowd(6)
    result = solve(it, Limits(seconds=60, deterministic=0.5))
    assert violations(it, result.plan) == ()
    name, got_plan = next((n, p) for n, p in result.plan.loops.items() if p is not None)
    sid = f"{name[1:]}.b"
    who = got_plan.sessions[sid].people[0][0]
    found = mended(it, result.plan, (who, sid))
    touched = {change.loop for change in found.changes}
    for other, before in result.plan.loops.items():
        if other not in touched and other != name:
            assert found.result.plan.loops[other] == before
