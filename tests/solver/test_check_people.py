"""Hard rules about people and rooms: each alone, holding and broken."""

from __future__ import annotations

import pytest

from tests.solver.build import (
    at,
    broken,
    busy,
    debrief,
    got,
    hours,
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

NINE = at(0, 9)
S, T = "loops[L].sessions[s]", "loops[L].sessions[t]"


def test_seats_holds() -> None:
    it = problem(loop(session("s", seat("ann bob cy", 2), "dee")))
    assert broken(it, plan(L=placed(s=got(NINE, "cy ann", "dee")))) == []


@pytest.mark.parametrize(
    ("people", "where"),
    [
        (("ann", "dee"), [f"{S}.people[0]"]),
        (("ann bob cy", "dee"), [f"{S}.people[0]"]),
        (("ann ann", "dee"), [f"{S}.people[0]"]),
        (("ann dee", "eve"), [f"{S}.people[0]", f"{S}.people[1]"]),
        (("ann nobody", "dee"), [f"{S}.people[0]"]),
        (("ann bob",), [f"{S}.people"]),
        (("ann bob", "dee", "cy"), [f"{S}.people"]),
    ],
)
def test_seats_broken(people: tuple[str, ...], where: list[str]) -> None:
    it = problem(loop(session("s", seat("ann bob cy", 2), "dee"), session("t", "eve")))
    answer = plan(L=placed(s=got(NINE, *people), t=got(at(1, 9), "eve")))
    assert [fault for fault in broken(it, answer) if fault[0] == "seats"] == [("seats", at) for at in where]


def test_seats_holds_for_an_optional_seat_that_is_empty() -> None:
    it = problem(loop(session("s", "ann", seat("bob cy", 2, optional=True))))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "")))) == []
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "bob cy")))) == []


def test_seats_broken_for_an_optional_seat_that_is_half_full() -> None:
    it = problem(loop(session("s", "ann", seat("bob cy", 2, optional=True))))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "bob")))) == [("seats", f"{S}.people[1]")]


def test_shadow_holds_present_or_missing() -> None:
    it = problem(loop(session("s", "ann", shadow="tim")))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", shadow="tim")))) == []
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []


def test_shadow_broken() -> None:
    it = problem(loop(session("s", "ann", shadow="tim"), session("t", "bob")))
    answer = plan(L=placed(s=got(NINE, "ann", shadow="bob"), t=got(at(1, 9), "bob", shadow="tim")))
    assert [fault for fault in broken(it, answer) if fault[0] == "shadow"] == [
        ("shadow", f"{S}.shadow"),
        ("shadow", f"{T}.shadow"),
    ]


def test_once_in_session_holds() -> None:
    it = problem(loop(session("s", "ann bob", "ann bob", shadow="ann cy")))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "bob", shadow="cy")))) == []


def test_once_in_session_broken_between_seats_and_with_the_shadow() -> None:
    it = problem(loop(session("s", "ann bob", "ann bob", shadow="ann cy")))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "ann")))) == [("once_in_session", S)]
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "bob", shadow="ann")))) == [("once_in_session", S)]


def test_once_in_session_broken_at_lunch() -> None:
    it = problem(loop(lunch("s", "ann", "ann")))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "ann")))) == [("once_in_session", S)]


def test_once_in_loop_holds_with_lunch_exempt() -> None:
    it = problem(loop(session("s", "ann"), lunch("t", "ann")))
    assert broken(it, plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 12), "ann")))) == []


def test_once_in_loop_broken_by_seats_and_by_shadows() -> None:
    it = problem(loop(session("s", "ann"), session("t", "ann bob", shadow="ann")))
    seats = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 12), "ann")))
    assert broken(it, seats) == [("once_in_loop", T)]
    shadowed = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 12), "bob", shadow="ann")))
    assert broken(it, shadowed) == [("once_in_loop", T)]


SAME = loop(session("s", "ann bob"), session("t", "ann bob", same_people_as="s"), session("u", "ann bob"))
U = "loops[L].sessions[u]"


def test_same_people_holds_and_lifts_the_ban_between_these_sessions() -> None:
    answer = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 11), "ann"), u=got(at(0, 13), "bob")))
    assert broken(problem(SAME), answer) == []


def test_same_people_broken() -> None:
    answer = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 11), "bob"), u=got(at(0, 13), "bob")))
    assert broken(problem(SAME), answer) == [("once_in_loop", U), ("same_people", f"{T}.people")]


def test_once_in_loop_broken_by_a_third_session_of_the_same_person() -> None:
    answer = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 11), "ann"), u=got(at(0, 13), "ann")))
    assert broken(problem(SAME), answer) == [("once_in_loop", U)]


def test_same_people_holds_through_a_chain() -> None:
    chain = loop(
        session("s", "ann", same_people_as="t"), session("t", "ann", same_people_as="u"), session("u", "ann")
    )
    answer = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 11), "ann"), u=got(at(0, 13), "ann")))
    assert broken(problem(chain), answer) == []


def test_same_people_broken_when_seats_are_swapped() -> None:
    it = problem(
        loop(session("s", "ann bob", "ann bob"), session("t", "ann bob", "ann bob", same_people_as="s"))
    )
    answer = plan(L=placed(s=got(NINE, "ann", "bob"), t=got(at(0, 11), "bob", "ann")))
    assert broken(it, answer) == [("same_people", f"{T}.people")]


BARRED = loop(
    session("s", "ann bob", shadow="ann"),
    lunch("t", "ann"),
    barred=frozenset({"ann"}),
    debrief=debrief("ann"),
)


def test_barred_holds_for_lunch_shadow_and_debrief() -> None:
    answer = plan(L=placed(at(0, 13), s=got(NINE, "bob", shadow="ann"), t=got(at(0, 12), "ann")))
    assert broken(problem(BARRED), answer) == []


def test_barred_broken() -> None:
    answer = plan(L=placed(at(0, 13), s=got(NINE, "ann"), t=got(at(0, 12), "ann")))
    assert broken(problem(BARRED), answer) == [("barred", f"{S}.people")]


def test_work_holds_to_the_minute() -> None:
    it = problem(loop(session("s", "ann")), people=[person("ann", work=hours(9, 10))])
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []


@pytest.mark.parametrize("work", [hours(10, 18), ((NINE, at(0, 9, 30)), (at(0, 9, 30), at(0, 18))), ()])
def test_work_broken(work: tuple[tuple[int, int], ...]) -> None:
    it = problem(loop(session("s", "ann")), people=[person("ann", work=work)])
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == [("work", S)]


def test_work_broken_by_a_shadow_and_at_lunch() -> None:
    away = [person("tim", work=()), person("ann", work=())]
    it = problem(loop(session("s", "bob", shadow="tim"), lunch("t", "ann")), people=away)
    answer = plan(L=placed(s=got(NINE, "bob", shadow="tim"), t=got(at(0, 12), "ann")))
    assert broken(it, answer) == [("work", S), ("work", T)]


def blocked(kind: str) -> list[object]:
    return [person("ann", busy=(busy(at(0, 8, 30), NINE, kind), busy(at(0, 9, 45), at(0, 10, 30), kind)))]


def test_busy_holds_when_touching_and_over_soft_blocks() -> None:
    it = problem(loop(session("s", "ann", dur=45)), people=blocked("hard"))
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []
    for kind in ("tentative", "focus"):
        it = problem(loop(session("s", "ann")), people=blocked(kind))
        assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []


def test_busy_broken_even_by_a_lunch() -> None:
    answer = plan(L=placed(s=got(NINE, "ann")))
    assert broken(problem(loop(session("s", "ann")), people=blocked("hard")), answer) == [("busy", S)]
    assert broken(problem(loop(lunch("s", "ann")), people=blocked("hard")), answer) == [("busy", S)]


def test_busy_broken_by_a_block_inside_a_longer_one() -> None:
    blocks = (busy(at(0, 8), at(0, 12)), busy(at(0, 8, 15), at(0, 8, 30)))
    it = problem(loop(session("s", "ann")), people=[person("ann", busy=blocks)])
    assert broken(it, plan(L=placed(s=got(at(0, 10), "ann")))) == [("busy", S)]


def test_lunch_block_holds_for_a_lunch() -> None:
    it = problem(loop(lunch("s", "ann")), people=blocked("lunch"))
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []


def test_lunch_block_broken_by_interview_shadow_and_debrief() -> None:
    eater = [person("ann", busy=(busy(at(0, 12), at(0, 13), "lunch"),))]
    it = problem(loop(session("s", "bob", shadow="ann")), people=eater)
    assert broken(it, plan(L=placed(s=got(at(0, 12), "bob", shadow="ann")))) == [("lunch_block", S)]
    it = problem(loop(session("s", "bob"), debrief=debrief("ann")), people=eater)
    answer = plan(L=placed(at(0, 12), s=got(at(0, 9), "bob")))
    assert broken(it, answer) == [("lunch_block", "loops[L].debrief")]


def test_debrief_needs_the_seats_of_interviews_but_no_shadow_and_nobody_from_lunch() -> None:
    away = [person(name, busy=(busy(at(0, 14), at(0, 18)),)) for name in ("ann", "tim", "lea")]
    it = problem(
        loop(session("s", "ann bob", shadow="tim"), lunch("l", "lea"), debrief=debrief()), people=away
    )
    free = placed(at(0, 14), s=got(NINE, "bob", shadow="tim"), l=got(at(0, 12), "lea"))
    assert broken(it, plan(L=free)) == []
    missing = placed(at(0, 14), s=got(NINE, "ann", shadow="tim"), l=got(at(0, 12), "lea"))
    assert broken(it, plan(L=missing)) == [("busy", "loops[L].debrief")]


ROOMED = loop(session("s", "ann", room=True), session("t", "bob"))


def test_room_holds() -> None:
    answer = plan(L=placed(s=got(NINE, "ann", room="R"), t=got(at(0, 10), "bob")))
    assert broken(problem(ROOMED), answer) == []


def test_room_broken_both_ways() -> None:
    answer = plan(L=placed(s=got(NINE, "ann"), t=got(at(0, 10), "bob", room="R")))
    assert broken(problem(ROOMED), answer) == [("room", f"{S}.room"), ("room", f"{T}.room")]


def test_room_fits_holds_exactly() -> None:
    fitting = room("R", 4, features=frozenset({"video", "accessible"}))
    it = problem(
        loop(session("s", "ann bob", "cy", shadow="tim", room=True, features=frozenset({"video"}))),
        rooms=[fitting],
    )
    assert broken(it, plan(L=placed(s=got(NINE, "ann", "cy", shadow="tim", room="R")))) == []
    there = problem(
        loop(session("s", "ann", room=True, site="there")), rooms=[room(), room("Q", site="there")]
    )
    assert broken(there, plan(L=placed(s=got(NINE, "ann", room="Q")))) == []


@pytest.mark.parametrize(
    "wrong",
    [room("R", 3), room("R", site="there"), room("R", features=frozenset({"accessible"}))],
    ids=["too small for candidate, panel and shadow", "another site", "no video"],
)
def test_room_fits_broken(wrong: object) -> None:
    features = frozenset({"video"}) if getattr(wrong, "features", None) else frozenset()
    it = problem(loop(session("s", "ann", "cy", shadow="tim", room=True, features=features)), rooms=[wrong])
    answer = plan(L=placed(s=got(NINE, "ann", "cy", shadow="tim", room="R")))
    assert broken(it, answer) == [("room_fits", f"{S}.room")]


def test_room_fits_broken_by_an_unknown_room() -> None:
    it = problem(loop(session("s", "ann", room=True)))
    assert broken(it, plan(L=placed(s=got(NINE, "ann", room="X")))) == [("room_fits", f"{S}.room")]


def test_room_busy_holds_when_touching() -> None:
    taken = room("R", busy=((at(0, 8), NINE), (at(0, 10), at(0, 11))))
    it = problem(loop(session("s", "ann", room=True)), rooms=[taken])
    assert broken(it, plan(L=placed(s=got(NINE, "ann", room="R")))) == []


def test_room_busy_broken() -> None:
    taken = room("R", busy=((at(0, 8), at(0, 8, 30)), (at(0, 9, 45), at(0, 11))))
    it = problem(loop(session("s", "ann", room=True)), rooms=[taken])
    assert broken(it, plan(L=placed(s=got(NINE, "ann", room="R")))) == [("room_busy", f"{S}.room")]
