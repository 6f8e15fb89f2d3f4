"""A problem that contradicts itself is refused when it is built, with the field and the fix."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from solver.problem.codec import problem_from_json, problem_to_json
from solver.problem.plan import Assignment
from solver.problem.validate import LIMITS
from solver.problem.values import Gap, Lock, LongestRun, Problem, ProblemError, Seat, Shadow, Weights
from tests.solver.build import (
    DAY,
    TZ,
    at,
    busy,
    debrief,
    lock,
    loop,
    person,
    problem,
    room,
    seat,
    session,
)

NINE = at(0, 9)
WEEK = ((0, 7 * DAY),)


def refused(build: Callable[[], Problem]) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        build()
    error = caught.value
    assert str(error).startswith(error.path + ": ") and error.fix, error
    return error


def one(*sessions: Any, **given: Any) -> Callable[[], Problem]:
    """A problem of one loop; keywords of the problem start with an underscore."""
    of_problem = {key[1:]: given.pop(key) for key in list(given) if key.startswith("_")}
    return lambda: problem(loop(*(sessions or (session("s", "ann"),)), **given), **of_problem)


def with_seat(wrong: Seat) -> Callable[[], Problem]:
    return one(session("s", wrong), _people=[person(name) for name in ("ann", "bob")])


def worker(**given: Any) -> Callable[[], Problem]:
    return one(_people=[person("ann", **given)])


CASES: dict[str, tuple[Callable[[], Problem], str]] = {
    "a seat larger than its pool": (one(session("s", seat("ann bob", 3))), "loops[0].sessions[0].seats[0].n"),
    "a seat for nobody": (one(session("s", seat("ann", 0))), "loops[0].sessions[0].seats[0].n"),
    "somebody twice in a pool": (one(session("s", seat("ann ann"))), "loops[0].sessions[0].seats[0].pool"),
    "an unknown person in a pool": (
        lambda: replace(problem(loop(session("s", "ann"))), people=()),
        "loops[0].sessions[0].seats[0].pool",
    ),
    "an unknown person in a rank": (
        with_seat(seat("ann", rank={"zoe": 1})),
        "loops[0].sessions[0].seats[0].rank",
    ),
    "a negative rank": (with_seat(seat("ann", rank={"ann": -1})), "loops[0].sessions[0].seats[0].rank[ann]"),
    "an unknown trainee": (
        lambda: replace(problem(loop(session("s", "ann", shadow="tim"))), people=(person("ann"),)),
        "loops[0].sessions[0].shadow.pool",
    ),
    "a negative rank of a trainee": (
        one(session("s", "ann", shadow=Shadow(("tim",), {"tim": -1}))),
        "loops[0].sessions[0].shadow.rank[tim]",
    ),
    "an unknown attendant": (
        lambda: replace(problem(loop(session("s", "ann"), debrief=debrief("bob"))), people=(person("ann"),)),
        "loops[0].debrief.attend",
    ),
    "somebody barred who is unknown": (
        lambda: replace(
            problem(loop(session("s", "ann"), barred=frozenset({"zoe"}))), people=(person("ann"),)
        ),
        "loops[0].barred",
    ),
    "an order after an unknown session": (
        one(session("s", "ann", after=("x",))),
        "loops[0].sessions[0].after",
    ),
    "an order after the session itself": (
        one(session("s", "ann", after=("s",))),
        "loops[0].sessions[0].after",
    ),
    "an order given twice": (
        one(session("s", "ann"), session("t", "bob", after=("s", "s"))),
        "loops[0].sessions[1].after",
    ),
    "an order that is a circle": (
        one(session("s", "ann"), session("t", "bob", after=("u",)), session("u", "cy", after=("t",))),
        "loops[0].sessions[1].after",
    ),
    "a circle of an order and a gap": (
        one(session("s", "ann", after=("t",)), session("t", "bob"), gaps=(Gap("s", "t"),)),
        "loops[0].sessions[0].after",
    ),
    "a session of another loop in an order": (
        lambda: problem(loop(session("s", "ann")), loop(session("t", "ann", after=("s",)), name="M")),
        "loops[1].sessions[0].after",
    ),
    "a session without length": (one(session("s", "ann", dur=0)), "loops[0].sessions[0].dur"),
    "a session of negative length": (one(session("s", "ann", dur=-15)), "loops[0].sessions[0].dur"),
    "a window that ends before it starts": (
        one(session("s", "ann", window=((at(0, 10), NINE),))),
        "loops[0].sessions[0].window[0]",
    ),
    "a session at an unknown site": (one(session("s", "ann", site="mars")), "loops[0].sessions[0].site"),
    "the same people as an unknown session": (
        one(session("s", "ann", same_people_as="x")),
        "loops[0].sessions[0].same_people_as",
    ),
    "the same people as itself": (
        one(session("s", "ann", same_people_as="s")),
        "loops[0].sessions[0].same_people_as",
    ),
    "the same people in other seats": (
        one(session("s", "ann"), session("t", seat("ann bob", 2), same_people_as="s")),
        "loops[0].sessions[1].same_people_as",
    ),
    "a pinned start off the grid": (
        one(session("s", "ann", lock=lock(NINE + 5))),
        "loops[0].sessions[0].lock.start",
    ),
    "a pinned start before the epoch": (
        one(session("s", "ann", lock=lock(-15))),
        "loops[0].sessions[0].lock.start",
    ),
    "a pinned start whose end is beyond the horizon": (
        one(session("s", "ann", lock=lock(at(6, 23, 15)))),
        "loops[0].sessions[0].lock.start",
    ),
    "a pinned room that is unknown": (
        one(session("s", "ann", room=True, lock=lock(room="X"))),
        "loops[0].sessions[0].lock.room",
    ),
    "a pinned room where none is needed": (
        one(session("s", "ann", lock=lock(room="R"))),
        "loops[0].sessions[0].lock.room",
    ),
    "pinned people for too few seats": (
        one(session("s", "ann", "bob", lock=Lock(people=(("ann",),)))),
        "loops[0].sessions[0].lock.people",
    ),
    "too few pinned people in a seat": (
        one(session("s", seat("ann bob", 2), lock=lock(None, "ann"))),
        "loops[0].sessions[0].lock.people[0]",
    ),
    "somebody pinned who is not in the pool": (
        one(session("s", "ann", lock=lock(None, "bob")), _people=[person("bob")]),
        "loops[0].sessions[0].lock.people[0]",
    ),
    "somebody pinned to two seats": (
        one(session("s", "ann bob", "ann bob", lock=lock(None, "ann", "ann"))),
        "loops[0].sessions[0].lock.people[1]",
    ),
    "a debrief without length": (one(debrief=debrief(dur=0)), "loops[0].debrief.dur"),
    "a debrief with a negative deadline": (one(debrief=debrief(within=-1)), "loops[0].debrief.within"),
    "a debrief with a negative distance": (one(debrief=debrief(least=-1)), "loops[0].debrief.least"),
    "somebody twice at the debrief": (one(debrief=debrief("ann ann")), "loops[0].debrief.attend"),
    "a debrief counted in hours nobody gave": (one(debrief=debrief(calendar="hq")), "loops[0].debrief"),
    "a pinned debrief off the grid": (one(debrief=debrief(lock=NINE + 1)), "loops[0].debrief.lock"),
    "a loop at an unknown site": (one(site="mars"), "loops[0].site"),
    "a loop without sessions": (lambda: problem(loop()), "loops[0].sessions"),
    "two sessions of one name": (one(session("s", "ann"), session("s", "bob")), "loops[0].sessions"),
    "availability the wrong way round": (one(availability=((at(0, 12), NINE),)), "loops[0].availability[0]"),
    "availability that overlaps": (
        one(availability=((NINE, at(0, 12)), (at(0, 11), at(0, 13)))),
        "loops[0].availability[1]",
    ),
    "availability out of order": (
        one(availability=((at(1, 9), at(1, 12)), (at(0, 9), at(0, 12)))),
        "loops[0].availability[1]",
    ),
    "days that overlap": (one(days=((0, DAY + 1), (DAY, 2 * DAY))), "loops[0].days[1]"),
    "preferred hours that overlap": (one(preferred=((0, 100), (99, 200))), "loops[0].preferred[1]"),
    "no days allowed": (one(max_days=0), "loops[0].max_days"),
    "no time allowed on a day": (one(max_span=0), "loops[0].max_span"),
    "a negative break": (one(min_break=-5), "loops[0].min_break"),
    "a priority of nothing": (one(priority=0), "loops[0].priority"),
    "a priority too high": (one(priority=4), "loops[0].priority"),
    "a gap of an unknown session": (one(gaps=(Gap("s", "x"),)), "loops[0].gaps[0]"),
    "a gap whose greatest is below its least": (
        one(session("s", "ann"), session("t", "bob"), gaps=(Gap("s", "t", 30, 15),)),
        "loops[0].gaps[0].greatest",
    ),
    "a negative gap": (
        one(session("s", "ann"), session("t", "bob"), gaps=(Gap("s", "t", -1),)),
        "loops[0].gaps[0].least",
    ),
    "a group of one session": (one(same_day=(("s",),)), "loops[0].same_day[0]"),
    "a group with an unknown session": (one(different_day=(("s", "x"),)), "loops[0].different_day[0]"),
    "on one day and on different days": (
        one(session("s", "ann"), session("t", "bob"), same_day=(("s", "t"),), different_day=(("t", "s"),)),
        "loops[0].same_day[0]",
    ),
    "a longest run of nothing": (one(longest_run=LongestRun(0, 15)), "loops[0].longest_run.minutes"),
    "a rest of nothing": (one(longest_run=LongestRun(60, 0)), "loops[0].longest_run.rest"),
    "a negative day": (one(max_day_minutes=-1), "loops[0].max_day_minutes"),
    "two people of one name": (
        lambda: replace(problem(loop(session("s", "ann"))), people=(person("ann"), person("ann"))),
        "people",
    ),
    "working hours that overlap": (
        worker(work=((NINE, at(0, 12)), (at(0, 11), at(0, 13)))),
        "people[0].work[1]",
    ),
    "working hours the wrong way round": (worker(work=((at(0, 12), NINE),)), "people[0].work[0]"),
    "working hours outside the local days": (
        worker(work=((at(8, 9), at(8, 10)),)),
        "people[0].work[0]",
    ),
    "working hours across a hole between local days": (
        one(_day_bounds={TZ: ((0, at(0, 10)), (at(0, 11), 7 * DAY))}),
        "people[0].work[0]",
    ),
    "working hours outside the local weeks": (one(_week_bounds={TZ: ((0, DAY),)}), "people[0].work[1]"),
    "a zone without days": (worker(tz="Mars/Base"), "people[0].tz"),
    "a busy block the wrong way round": (worker(busy=(busy(at(0, 12), NINE),)), "people[0].busy[0]"),
    "busy blocks out of order": (
        worker(busy=(busy(NINE, at(0, 12)), busy(at(0, 8), NINE))),
        "people[0].busy[1]",
    ),
    "held interviews out of order": (worker(held=((NINE, at(0, 10)), (at(0, 8), NINE))), "people[0].held[1]"),
    "a negative cap": (worker(max_day=-1), "people[0].max_day"),
    "a negative cap in minutes": (worker(max_week_minutes=-1), "people[0].max_week_minutes"),
    "a negative load": (worker(prior=-1), "people[0].prior"),
    "two rooms of one name": (one(_rooms=[room(), room()]), "rooms"),
    "a room for nobody": (one(_rooms=[room(cap=0)]), "rooms[0].cap"),
    "a room taken the wrong way round": (one(_rooms=[room(busy=((10, 5),))]), "rooms[0].busy[0]"),
    "two loops of one name": (lambda: problem(loop(session("s")), loop(session("s"))), "loops"),
    "no grid": (one(_grid=0), "grid"),
    "no horizon": (one(_horizon=0), "horizon"),
    "a negative buffer": (one(_buffer=-1), "buffer"),
    "a negative weight": (one(_weights=Weights(idle=-1)), "weights.idle"),
    "business hours that overlap": (one(_calendars={"here": ((0, 10), (5, 15))}), "calendars[here][1]"),
    "local days that overlap": (one(_day_bounds={TZ: ((0, 10), (5, 15))}), "day_bounds[Etc/UTC][1]"),
    "travel to an unknown site": (one(_travel=(("here", "mars", 30),)), "travel[0]"),
    "travel from a site to itself": (one(_travel=(("here", "here", 30),)), "travel[0]"),
    "negative travel": (
        one(_travel=(("here", "there", -1),), _rooms=[room(site="there")]),
        "travel[0][2]",
    ),
    "travel given twice": (
        one(_travel=(("here", "there", 30), ("there", "here", 20)), _rooms=[room(site="there")]),
        "travel[1]",
    ),
    "more loops than the limit": (
        lambda: problem(*(loop(session("s"), name=f"N{n}") for n in range(LIMITS["loops"] + 1))),
        "loops",
    ),
    "more sessions than the limit": (
        one(*(session(f"s{n}") for n in range(LIMITS["sessions"] + 1))),
        "loops[0].sessions",
    ),
    "more people in a pool than the limit": (
        one(session("s", " ".join(f"p{n}" for n in range(LIMITS["pool"] + 1)))),
        "loops[0].sessions[0].seats[0].pool",
    ),
    "more time than the limit": (one(_grid=1, _horizon=LIMITS["steps"] + 1), "horizon"),
    "a weight beyond the limit": (one(_weights=Weights(idle=LIMITS["weight"] + 1)), "weights.idle"),
    "more people than the limit": (
        one(_people=[person(f"p{n}") for n in range(LIMITS["people"] + 1)]),
        "people",
    ),
    "more rooms than the limit": (one(_rooms=[room(f"r{n}") for n in range(LIMITS["rooms"] + 1)]), "rooms"),
    "more seats than the limit": (
        one(session("s", *("ann" for _ in range(LIMITS["seats"] + 1)))),
        "loops[0].sessions[0].seats",
    ),
    "a trainee twice": (one(session("s", "ann", shadow="tim tim")), "loops[0].sessions[0].shadow.pool"),
    "somebody in one group twice": (
        one(session("s", "ann"), session("t", "bob"), same_day=(("s", "s"),)),
        "loops[0].same_day[0]",
    ),
    "a gap of a session with itself": (one(gaps=(Gap("s", "s"),)), "loops[0].sessions[0].after"),
    "a pinned debrief before the epoch": (one(debrief=debrief(lock=-15)), "loops[0].debrief.lock"),
    "a zone without weeks": (
        one(_week_bounds={}),
        "people[0].tz",
    ),
    "local weeks that overlap": (one(_week_bounds={TZ: ((0, 10), (5, 15))}), "week_bounds[Etc/UTC][1]"),
    "a held interview the wrong way round": (worker(held=((20, 10),)), "people[0].held[0]"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_contradiction_is_refused_with_its_field(case: str) -> None:
    build, path = CASES[case]
    assert refused(build).path == path


@pytest.mark.parametrize("case", CASES)
def test_a_document_with_it_is_refused_with_the_same_words(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, _ = CASES[case]
    expected = refused(build)
    with monkeypatch.context() as unchecked:
        unchecked.setattr("solver.problem.values.validate", lambda _: None)
        document = problem_to_json(build())
    assert refused(lambda: problem_from_json(document)).args == expected.args


def test_a_limit_is_named() -> None:
    error = refused(CASES["more loops than the limit"][0])
    assert str(error) == "loops: is 501 loops, the limit `loops` is 500; split the problem"


def test_what_is_merely_impossible_is_well_formed() -> None:
    """Saying that, and why, is the solver's answer."""
    problem(loop(session("s", "ann"), availability=()))
    problem(loop(session("s", "ann"), days=()))
    problem(loop(session("s", "ann", lock=lock(at(0, 3)))), people=[person("ann", work=())])
    problem(loop(session("s", "ann", room=True)), rooms=[])
    problem(loop(session("s", "ann"), barred=frozenset({"ann"})))
    problem(loop(session("s", "ann"), session("t", "bob"), different_day=(("s", "t"),), max_days=1))
    problem(loop(session("s", "ann", room=True, lock=lock(room="R"))), rooms=[room("R", cap=1, site="there")])


def test_what_looks_odd_but_is_allowed() -> None:
    touching = ((NINE, at(0, 10)), (at(0, 10), at(0, 11)))
    overlapping = (busy(NINE, at(0, 12)), busy(at(0, 10), at(0, 11), "focus"))
    problem(
        loop(
            session("s", seat("ann bob", 2, rank={"cy": 1}), dur=50), availability=touching, debrief=debrief()
        ),
        people=[person("ann", work=touching, busy=overlapping, held=touching), person("cy")],
        day_bounds={TZ: tuple((at(day, 0), at(day + 1, 0)) for day in range(7))},
        week_bounds={TZ: WEEK},
    )


def test_an_earlier_plan_may_name_what_is_gone() -> None:
    was = Assignment(NINE + 3, (("gone",),), None, "demolished")
    assert problem(loop(session("s", "ann", previous=was))).loops[0].sessions[0].previous == was


def test_the_largest_problem_is_judged_quickly() -> None:
    """500 loops of 12 sessions with pools of 500; a generous limit, since machines are shared."""
    everybody = " ".join(f"p{n}" for n in range(LIMITS["pool"]))
    full = loop(*(session(f"s{n}", everybody) for n in range(LIMITS["sessions"])))
    people = [person(f"p{n}") for n in range(LIMITS["pool"])]
    loops = tuple(replace(full, id=f"N{n}") for n in range(LIMITS["loops"]))
    started = time.perf_counter()
    problem(*loops, people=people)
    assert time.perf_counter() - started < 10
