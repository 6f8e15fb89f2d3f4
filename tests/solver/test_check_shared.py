"""Hard rules across loops: buffers, held interviews, travel, rooms and caps, holding and broken."""

from __future__ import annotations

import pytest

from solver.problem.plan import LoopPlan
from solver.problem.values import Loop, Person
from solver.rules.check import Judge
from tests.solver.build import (
    TZ,
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
    session,
)

NINE = at(0, 9)
L, M = "loops[L].sessions[s]", "loops[M].sessions[s]"


def twice(**given: object) -> tuple[Loop, Loop]:
    """Two candidates who both want ann."""
    return loop(session("s", "ann", **given)), loop(session("s", "ann", **given), name="M")


def both(first: int, then: int) -> dict[str, LoopPlan]:
    return {"L": placed(s=got(first, "ann")), "M": placed(s=got(then, "ann"))}


@pytest.mark.parametrize(("buffer", "start"), [(0, at(0, 10)), (15, at(0, 10, 15)), (15, at(0, 7, 45))])
def test_apart_holds(buffer: int, start: int) -> None:
    early = [person("ann", work=hours(6, 20))]
    loops = [loop(session("s", "ann"), name=name, availability=hours(6, 20)) for name in "LM"]
    assert broken(problem(*loops, people=early, buffer=buffer), plan(**both(NINE, start))) == []


@pytest.mark.parametrize(("buffer", "start"), [(0, at(0, 9, 45)), (15, at(0, 10))])
def test_apart_broken(buffer: int, start: int) -> None:
    assert broken(problem(*twice(), buffer=buffer), plan(**both(NINE, start))) == [("apart", M)]


def test_apart_broken_between_an_interview_and_its_own_debrief() -> None:
    it = problem(loop(session("s", "ann"), debrief=debrief()), buffer=15)
    assert broken(it, plan(L=placed(at(0, 10, 15), s=got(NINE, "ann")))) == []
    assert broken(it, plan(L=placed(at(0, 10), s=got(NINE, "ann")))) == [("apart", "loops[L].debrief")]


def test_apart_broken_by_lunch_and_by_shadowing() -> None:
    eating = loop(lunch("s", "ann"), name="M")
    watching = loop(session("s", "bob", shadow="ann"), name="M")
    answer = plan(L=placed(s=got(NINE, "ann")), M=placed(s=got(NINE, "ann")))
    assert broken(problem(twice()[0], eating), answer) == [("apart", M)]
    answer = plan(L=placed(s=got(NINE, "ann")), M=placed(s=got(NINE, "bob", shadow="ann")))
    assert broken(problem(twice()[0], watching), answer) == [("apart", M)]


def test_apart_broken_by_a_short_event_inside_a_long_one() -> None:
    long = loop(session("s", "ann", dur=180))
    short = loop(session("s", "ann", dur=15), name="M")
    third = loop(session("s", "ann", dur=15), name="N")
    answer = plan(
        L=placed(s=got(NINE, "ann")), M=placed(s=got(at(0, 9, 30), "ann")), N=placed(s=got(at(0, 11), "ann"))
    )
    assert broken(problem(long, short, third), answer) == [("apart", M), ("apart", "loops[N].sessions[s]")]


def test_apart_holds_for_blocks_in_the_calendar_without_a_buffer() -> None:
    taken = [person("ann", busy=(busy(at(0, 10), at(0, 11)),))]
    it = problem(twice()[0], people=taken, buffer=15)
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []


HOLDER = [person("ann", held=((at(0, 10, 15), at(0, 11)),))]


def test_held_holds() -> None:
    it = problem(twice()[0], people=HOLDER, buffer=15)
    assert broken(it, plan(L=placed(s=got(NINE, "ann")))) == []
    assert broken(it, plan(L=placed(s=got(at(0, 11, 15), "ann")))) == []


@pytest.mark.parametrize("start", [at(0, 9, 15), at(0, 10, 15), at(0, 11)])
def test_held_broken(start: int) -> None:
    it = problem(twice()[0], people=HOLDER, buffer=15)
    assert broken(it, plan(L=placed(s=got(start, "ann")))) == [("held", L)]


WAY = {"travel": (("here", "there", 60),), "calendars": {"here": hours(9, 17), "there": hours(9, 17)}}


def test_travel_person_holds() -> None:
    here, there = twice()[0], loop(session("s", "ann", site="there"), name="M")
    assert broken(problem(here, there, **WAY), plan(**both(NINE, at(0, 11)))) == []
    assert broken(problem(here, here_too := twice()[1], **WAY), plan(**both(NINE, at(0, 10)))) == []
    assert here_too.site == "here"


def test_travel_person_broken_either_way() -> None:
    here, there = twice()[0], loop(session("s", "ann"), name="M", site="there")
    assert broken(problem(here, there, **WAY), plan(**both(NINE, at(0, 10, 45)))) == [("travel_person", M)]
    assert broken(problem(here, there, **WAY), plan(**both(at(0, 10, 45), NINE))) == [("travel_person", L)]


def test_travel_person_holds_for_a_debrief_which_is_nowhere() -> None:
    far = loop(session("s", "ann"), name="M", site="there", debrief=debrief())
    it = problem(twice()[0], far, **WAY)
    answer = plan(L=placed(s=got(NINE, "ann")), M=placed(at(0, 12), s=got(at(0, 11), "ann")))
    assert broken(it, answer) == []


def roomed(first: int, then: int) -> dict[str, LoopPlan]:
    return {"L": placed(s=got(first, "ann", room="R")), "M": placed(s=got(then, "bob", room="R"))}


ROOMS = (loop(session("s", "ann", room=True)), loop(session("s", "bob", room=True), name="M"))


def test_room_once_holds_without_any_buffer() -> None:
    assert broken(problem(*ROOMS, buffer=15), plan(**roomed(NINE, at(0, 10)))) == []


def test_room_once_broken() -> None:
    assert broken(problem(*ROOMS), plan(**roomed(NINE, at(0, 9, 45)))) == [("room_once", f"{M}.room")]


def three_on(ann: Person, *starts: int, **given: object) -> list[tuple[str, str]]:
    """ann interviews as many candidates as there are starts."""
    loops = [loop(session("s", "ann", **given), name=f"N{index}") for index in range(len(starts))]
    answer = {f"N{index}": placed(s=got(start, "ann")) for index, start in enumerate(starts)}
    return broken(problem(*loops, people=[ann]), plan(**answer))


def test_max_day_holds_per_local_day() -> None:
    assert three_on(person("ann", max_day=2), at(0, 9), at(0, 11), at(1, 9)) == []


def test_max_day_broken() -> None:
    ann = person("ann", max_day=2)
    assert three_on(ann, at(0, 9), at(0, 11), at(0, 13)) == [("max_day", "loops[N2].sessions[s]")]


def test_max_day_broken_by_shadowing_but_not_by_lunch_or_debrief() -> None:
    ann = [person("ann", max_day=1)]
    free = loop(session("s", "bob"), lunch("l", "ann"), name="M", debrief=debrief("ann"))
    answer = plan(
        L=placed(s=got(NINE, "ann")), M=placed(at(0, 14), s=got(at(0, 10), "bob"), l=got(at(0, 12), "ann"))
    )
    assert broken(problem(twice()[0], free, people=ann), answer) == []
    watching = loop(session("s", "bob", shadow="ann"), name="M")
    answer = plan(L=placed(s=got(NINE, "ann")), M=placed(s=got(at(0, 11), "bob", shadow="ann")))
    assert broken(problem(twice()[0], watching, people=ann), answer) == [("max_day", M)]


def test_max_day_counts_the_local_day_in_which_an_interview_starts() -> None:
    """A person far east: the local day turns at 10 UTC."""
    east = {TZ: ((0, 10_080),), "east": ((0, at(0, 10)), (at(0, 10), at(1, 10)))}
    weeks = {TZ: ((0, 10_080),), "east": ((0, 10_080),)}
    ann = person("ann", max_day=1, tz="east", work=((at(0, 8), at(1, 10)),))
    it = problem(*twice(), people=[ann], day_bounds=east, week_bounds=weeks)
    assert broken(it, plan(**both(at(0, 9), at(0, 10)))) == []
    assert broken(it, plan(**both(at(0, 10), at(0, 12)))) == [("max_day", M)]


def test_max_day_broken_by_what_is_held_already() -> None:
    ann = person("ann", max_day=1, held=((at(0, 15), at(0, 16)),))
    assert three_on(ann, at(1, 9)) == []
    assert three_on(ann, at(0, 9)) == [("max_day", "loops[N0].sessions[s]")]


def test_max_week_holds_per_week() -> None:
    assert three_on(person("ann", max_week=2), at(0, 9), at(4, 9), at(5, 9), at(6, 9)) == []


def test_max_week_broken() -> None:
    found = three_on(person("ann", max_week=2), at(0, 9), at(1, 9), at(4, 9))
    assert found == [("max_week", "loops[N2].sessions[s]")]


def test_max_day_minutes_holds() -> None:
    ann = person("ann", max_day_minutes=120)
    assert three_on(ann, at(0, 9), at(0, 11), at(1, 9)) == []


def test_max_day_minutes_broken_with_what_is_held() -> None:
    ann = person("ann", max_day_minutes=119)
    assert three_on(ann, at(0, 9), at(0, 11)) == [("max_day_minutes", "loops[N1].sessions[s]")]
    ann = person("ann", max_day_minutes=119, held=((at(0, 15), at(0, 16)),))
    assert three_on(ann, at(0, 9)) == [("max_day_minutes", "loops[N0].sessions[s]")]


def test_max_week_minutes_holds() -> None:
    assert three_on(person("ann", max_week_minutes=120), at(0, 9), at(4, 9), at(5, 9)) == []


def test_max_week_minutes_broken() -> None:
    found = three_on(person("ann", max_week_minutes=179), at(0, 9), at(1, 9), at(4, 9))
    assert found == [("max_week_minutes", "loops[N2].sessions[s]")]


def test_one_loop_can_be_judged_with_what_it_shares_with_the_others() -> None:
    it = problem(*twice(), loop(session("s", "bob"), name="N"))
    judge = Judge(it)
    answer = plan(**both(NINE, at(0, 9, 30)), N=placed(s=got(at(0, 3), "bob")))
    assert [fault.rule for fault in judge.violations(answer, only=["M"])] == ["apart"]
    assert [fault.rule for fault in judge.violations(answer, only=["N"])] == ["availability", "work"]
    assert judge.loop_violations("M", placed(s=got(NINE, "ann"))) == ()


def test_a_book_follows_single_loops() -> None:
    judge = Judge(problem(*ROOMS))
    answer = plan(**roomed(NINE, NINE))
    book = judge.book(answer)
    assert [fault.rule for fault in judge.shared_violations(book, book.people, book.rooms)] == ["room_once"]
    moved = placed(s=got(at(0, 12), "bob", room="R"))
    book.remove(judge.placed("M", answer.loops["M"] or moved))
    book.add(judge.placed("M", moved))
    assert judge.shared_violations(book, book.people, book.rooms) == ()
    assert book.people["bob"][0].start == at(0, 12)


def test_a_room_can_be_used_all_day() -> None:
    many = [loop(session("s", f"p{hour}", room=True), name=f"N{hour}") for hour in range(8, 18)]
    answer = {f"N{hour}": placed(s=got(at(0, hour), f"p{hour}", room="R")) for hour in range(8, 18)}
    assert broken(problem(*many, rooms=[room()]), plan(**answer)) == []
