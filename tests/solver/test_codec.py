"""Problems and answers as JSON: nothing is lost, nothing malformed gets in."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.problem import codec
from solver.problem.codec import (
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
    result_from_json,
    result_to_json,
)
from solver.problem.plan import Result, Status
from solver.problem.reader import unique_keys
from solver.problem.values import FIRST, Gap, LongestRun, Problem, ProblemError, Shadow, Weights
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

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json.gz"))


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_golden_instance_is_read_and_written_back_unchanged(path: Path) -> None:
    given = document(path)
    read = problem_from_json(given)
    for one in given["people"]:
        one["skills"] = sorted(one["skills"])  # a set: its order means nothing
    assert json.loads(json.dumps(problem_to_json(read))) == given
    assert problem_from_json(problem_to_json(read)) == read


def everything() -> Problem:
    """Uses every field of the second format."""
    return problem(
        loop(
            session(
                "s",
                "ann bob",
                room=True,
                features=frozenset({"video"}),
                previous=got(at(0, 9), "ann", room="R"),
            ),
            session(
                "t",
                seat("ann bob", rank={"bob": 2}),
                same_people_as="s",
                after=("s",),
                site="there",
                shadow=Shadow(("tim",), {"tim": 1}),
            ),
            session("u", "cy", seat("dee", optional=True), lock=lock(at(1, 9), "cy", "")),
            lunch("l", seat("ann bob cy", 2), window=hours(11, 14)),
            gaps=(Gap("s", "t", 0, 30),),
            same_day=(("s", "t"),),
            different_day=(("s", "u"),),
            longest_run=LongestRun(180, 15, hard=True),
            max_day_minutes=0,
            barred=frozenset({"zoe"}),
            debrief=debrief("rex", least=15, calendar="there", lock=at(1, 15), previous=at(1, 15)),
            recruiter="rex",
            priority=3,
        ),
        people=[
            person(
                "ann",
                busy=(busy(at(0, 8), at(0, 9)), busy(at(0, 12), at(0, 13), "lunch")),
                held=((at(2, 9), at(2, 10)),),
                max_day_minutes=0,
                max_week_minutes=600,
                skills=frozenset({"code", "behav"}),
            )
        ],
        rooms=[room("R", features=frozenset({"video"})), room("Q", site="there", busy=((0, 60),))],
        calendars={"here": hours(9, 17), "there": hours(8, 16)},
        travel=(("here", "there", 45),),
        weights=weights(finish=1, optional_empty=5, run=2, room_change=3, moved_time=4, moved_person=5),
        family="hand",
        seed=7,
    )


def test_every_field_survives() -> None:
    written = problem_to_json(everything())
    assert written["format"] == "loopbench/2"
    assert problem_from_json(json.loads(json.dumps(written))) == everything()


def test_the_older_format_is_written_where_it_suffices() -> None:
    written = problem_to_json(problem(loop(session("s", "ann", shadow="tim", lock=lock(at(0, 9))))))
    assert written["format"] == "loopbench/1"
    assert "site" not in written["loops"][0]["sessions"][0]
    assert written["loops"][0]["sessions"][0]["lock"] == {"start": at(0, 9)}


@pytest.mark.parametrize("nothing", [None, {}])
def test_absent_null_and_empty_mean_none(nothing: object) -> None:
    given = problem_to_json(problem(loop(session("s", "ann"))))
    for name in ("shadow", "lock"):
        given["loops"][0]["sessions"][0][name] = nothing
    given["loops"][0]["sessions"][0]["window"] = nothing and []
    assert problem_from_json(given) == problem(loop(session("s", "ann")))
    given["loops"][0]["sessions"][0]["lock"] = {"start": None, "people": None}
    assert problem_from_json(given) == problem(loop(session("s", "ann")))


def broken(path: str, value: object, version: str = "loopbench/2") -> ProblemError:
    """The refusal of a document with one value changed (``DROP`` takes it away)."""
    given = copy.deepcopy(problem_to_json(everything()))
    given["format"] = version
    *way, last = path.split("/")
    spot: Any = given
    for step in way:
        spot = spot[int(step) if step.isdigit() else step]
    key = int(last) if last.isdigit() else last
    if value is DROP:
        del spot[key]
    else:
        spot[key] = value
    with pytest.raises(ProblemError) as caught:
        problem_from_json(given)
    return caught.value


DROP = object()


@pytest.mark.parametrize(
    ("path", "value", "where", "part"),
    [
        ("grid", DROP, "grid", "is missing"),
        ("grid", "15", "grid", "not a whole number"),
        ("grid", 15.0, "grid", "not a whole number"),
        ("grid", True, "grid", "not a whole number"),
        ("format", "loopbench/9", "format", "loopbench/1, loopbench/2"),
        ("weights/idel", 4, "weights.idel", "did you mean idle"),
        ("weights/idle", DROP, "weights.idle", "is missing"),
        ("people", {}, "people", "give a list"),
        ("people/0", "ann", "people[0]", "give a JSON object"),
        ("people/0/work", [[1]], "people[0].work[0]", "[start, end]"),
        ("people/0/work", [[1, 2.5]], "people[0].work[0]", "[start, end]"),
        ("people/0/busy", [[1, 2]], "people[0].busy[0]", "kind one of"),
        ("people/0/busy", [[1, 2, "soft"]], "people[0].busy[0]", "hard, lunch, tentative, focus"),
        ("people/0/busy", [[True, 2, "hard"]], "people[0].busy[0]", "kind one of"),
        ("people/0/skills", ["code", 3], "people[0].skills[1]", "not a text"),
        ("people/0/maxday", 3, "people[0].maxday", "did you mean max_day"),
        ("rooms/0/cap", None, "rooms[0].cap", "not a whole number"),
        ("loops/0/debrief", DROP, "loops[0].debrief", "is missing"),
        ("loops/0/debrief/whithin", 3, "loops[0].debrief.whithin", "did you mean within"),
        ("loops/0/sessions/0/kind", "panel", "loops[0].sessions[0].kind", "interview, lunch"),
        ("loops/0/sessions/0/room", 1, "loops[0].sessions[0].room", "true or false"),
        ("loops/0/sessions/0/seats/0/rank", ["ann"], "loops[0].sessions[0].seats[0].rank", "object"),
        ("loops/0/sessions/0/seats/0/rank", {"ann": "1"}, "loops[0].sessions[0].seats[0].rank[ann]", "whole"),
        ("loops/0/sessions/2/lock/when", 3, "loops[0].sessions[2].lock.when", "unknown field"),
        ("loops/0/gaps/0/first", DROP, "loops[0].gaps[0].first", "is missing"),
        ("loops/0/longest_run/hard", 1, "loops[0].longest_run.hard", "true or false"),
        ("travel/0", ["here", "there"], "travel[0]", "site, site, minutes"),
        ("calendars", [], "calendars", "object"),
        ("calendars/here", 3, "calendars[here]", "list"),
        ("seed", None, "seed", "whole number"),
    ],
)
def test_a_malformed_document_is_refused_with_its_field(
    path: str, value: object, where: str, part: str
) -> None:
    error = broken(path, value)
    assert error.path == where
    assert part in str(error) and error.fix


def test_a_field_of_the_second_format_needs_the_second_format() -> None:
    error = broken("grid", 15, "loopbench/1")
    assert error.path == "weights.optional_empty"
    assert "loopbench/2" in error.fix


@dataclass(frozen=True, slots=True)
class MoreWeights(Weights):
    """The weights with one more, as somebody would add it who knows of no other place."""

    stairs: int = 0


def test_a_new_weight_is_written_and_read_with_nothing_else_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "Weights", MoreWeights)
    it = replace(problem(loop(session("s", "ann"))), weights=MoreWeights(stairs=7))
    written = problem_to_json(it)
    assert (written["format"], written["weights"]["stairs"]) == ("loopbench/2", 7)
    assert problem_from_json(json.loads(json.dumps(written))) == it
    written["format"] = "loopbench/1"
    with pytest.raises(ProblemError, match="loopbench/2"):
        problem_from_json(written)


@pytest.mark.parametrize("weight", fields(Weights), ids=lambda weight: weight.name)
def test_every_weight_is_written_and_read(weight: Field[int]) -> None:
    it = replace(problem(loop(session("s", "ann"))), weights=replace(weights(), **{weight.name: 7}))
    written = problem_to_json(it)
    assert written["weights"][weight.name] == 7
    assert written["format"] == ("loopbench/1" if weight.metadata == FIRST else "loopbench/2")
    assert problem_from_json(written) == it


def test_the_weights_of_the_first_format_are_those_of_the_public_samples() -> None:
    samples = [document(path) for path in GOLDEN]
    first = [set(one["weights"]) for one in samples if one["format"] == "loopbench/1"]
    assert first and all(names == {w.name for w in fields(Weights) if w.metadata == FIRST} for names in first)


@pytest.mark.parametrize("nonsense", [None, [], 3, "problem", {}])
def test_what_is_no_problem_at_all_is_refused(nonsense: object) -> None:
    with pytest.raises(ProblemError):
        problem_from_json(nonsense)
    with pytest.raises(ProblemError):
        plan_from_json(nonsense)


ANSWER = plan(
    L=placed(at(0, 12), s=got(at(0, 9), "ann bob", "cy", shadow="tim", room="R"), t=got(at(0, 10))), M=None
)
RESULT = Result(Status.FEASIBLE, ANSWER, {"finish": 3}, 3, 1, 0.25, cut=True)


def test_an_answer_survives() -> None:
    written = json.loads(json.dumps(result_to_json(RESULT, detail=True)))
    assert result_from_json(written) == RESULT
    assert plan_from_json(written) == ANSWER
    assert plan_from_json(plan_to_json(ANSWER)) == ANSWER


def test_a_plain_answer_has_the_public_fields_only() -> None:
    assert list(result_to_json(RESULT)) == ["loops", "status", "cost", "bound", "solve_s"]
    assert result_to_json(RESULT)["loops"]["L"]["debrief"] == {"start": at(0, 12)}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"loops": []}, "loops"),
        ({"status": "great"}, "status"),
        ({"cost": 1.5}, "cost"),
        ({"bound": None}, "bound"),
        ({"solve_s": "fast"}, "solve_s"),
        ({"loop": {}}, "loop"),
        ({"loops": {"L": {"sessions": {}}}}, "loops[L].debrief"),
        ({"loops": {"L": {"sessions": {"s": {}}, "debrief": None}}}, "loops[L].sessions[s].start"),
        ({"loops": {"L": {"sessions": {}, "debrief": 720}}}, "loops[L].debrief"),
    ],
)
def test_a_malformed_answer_is_refused_with_its_field(change: dict[str, object], where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        result_from_json(result_to_json(RESULT) | change)
    assert caught.value.path == where


def test_an_object_that_says_something_twice_is_refused() -> None:
    with pytest.raises(ProblemError, match="grid: is given twice"):
        json.loads('{"grid": 15, "grid": 5}', object_pairs_hook=unique_keys)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10_000) | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: object, way: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every place inside a document."""
    if way:
        yield way
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*way, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*way, index))


WHOLE = json.loads(json.dumps(problem_to_json(everything())))
PLACES = list(places(WHOLE))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_anywhere_is_read_or_refused_but_never_crashes(
    way: tuple[Any, ...], junk: object
) -> None:
    given = copy.deepcopy(WHOLE)
    spot = given
    for step in way[:-1]:
        spot = spot[step]
    spot[way[-1]] = junk
    try:
        read = problem_from_json(given)
    except ProblemError as error:
        assert error.path and error.fault
    else:
        assert problem_from_json(problem_to_json(read)) == read
