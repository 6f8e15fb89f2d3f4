"""A template made ready for one loop: branches, steps left out, open steps completed."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import BadInput
from scheduler.domain.templates import (
    ClockWindow,
    InterviewKind,
    InterviewSpec,
    LoopTemplate,
    SeatKind,
    SeatSpec,
)
from scheduler.services.asking.prepare import InterviewChange, prepare

ANY = (SeatSpec(pools=("backend",)),)


def step(id: str, *after: str, minutes: int | None = 45, **more: object) -> InterviewSpec:
    base = InterviewSpec(id, id.title(), minutes, seats=ANY if minutes else (), after=after)
    return replace(base, **more)  # type: ignore[arg-type]


def template(*steps: InterviewSpec, **more: object) -> LoopTemplate:
    return replace(LoopTemplate("t", "T", steps), **more)  # type: ignore[arg-type]


GATE = template(
    step("screen"),
    step("home", "screen", minutes=None, kind=InterviewKind.TAKE_HOME, due_days=5, branch="exercise"),
    step("talk", "screen", branch="exercise"),
    step("manager", "home", "talk"),
)


def order(result: LoopTemplate) -> dict[str, tuple[str, ...]]:
    return {i.id: i.after for i in result.interviews}


def refused(**asked: object) -> str:
    with pytest.raises(BadInput) as caught:
        prepare(GATE, **asked)  # type: ignore[arg-type]
    return caught.value.text


def test_the_branch_taken_stays_and_the_other_goes() -> None:
    assert order(prepare(GATE, branch={"exercise": "home"})) == {
        "screen": (),
        "home": ("screen",),
        "manager": ("home",),
    }
    assert order(prepare(GATE, branch={"exercise": "talk"})) == {
        "screen": (),
        "talk": ("screen",),
        "manager": ("talk",),
    }


def test_what_is_prepared_needs_no_choice_any_more() -> None:
    once = prepare(GATE, branch={"exercise": "talk"})
    assert all(i.branch is None for i in once.interviews)
    assert prepare(once) == once
    assert prepare(once, leave_out=["talk"]) == prepare(GATE, leave_out=["home", "talk"])


def test_a_choice_that_is_missing_or_wrong_is_refused_with_the_choices() -> None:
    choices = "choose one of home, talk"
    assert refused() == f"branch.exercise: no choice is made; {choices}"
    assert (
        refused(branch={"exercise": "screen"})
        == f"branch.exercise: 'screen' is not one of its steps; {choices}"
    )
    assert refused(branch={"team": "x", "exercise": "talk"}) == "branch.team: unknown branch; known: exercise"
    assert (
        refused(branch={"exercise": "talk"}, leave_out=["talk"])
        == "branch.exercise: 'talk' is left out; choose one of home"
    )
    with pytest.raises(BadInput, match=r"branch.x: unknown branch; this template has no branches"):
        prepare(template(step("a")), branch={"x": "a"})


def test_leaving_all_but_one_out_is_a_choice() -> None:
    assert order(prepare(GATE, leave_out=["talk"])) == order(prepare(GATE, branch={"exercise": "home"}))
    assert order(prepare(GATE, leave_out=["talk", "home"])) == {"screen": (), "manager": ("screen",)}


def test_what_came_after_a_step_left_out_comes_after_its_predecessors() -> None:
    chain = template(step("a"), step("b", "a"), step("c", "b"), step("d", "c", "a"), step("e", "d"))
    assert order(prepare(chain, leave_out=["b", "c"])) == {"a": (), "d": ("a",), "e": ("d",)}
    assert order(prepare(chain, leave_out=["a"])) == {"b": (), "c": ("b",), "d": ("c",), "e": ("d",)}


@given(st.data())
def test_leaving_out_keeps_the_order_of_those_who_stay(data: st.DataObject) -> None:
    """Whoever came before somebody, directly or not, still does, and nobody else."""
    ids = [f"s{n}" for n in range(data.draw(st.integers(2, 7)))]
    after = {
        id: data.draw(st.lists(st.sampled_from(ids[:n]), unique=True)) if n else []
        for n, id in enumerate(ids)
    }
    gone = data.draw(st.sets(st.sampled_from(ids), max_size=len(ids) - 1))
    result = prepare(template(*(step(i, *after[i]) for i in ids)), leave_out=gone)
    left = {i.id: list(i.after) for i in result.interviews}
    assert set(left) == set(ids) - gone

    def before(id: str, rows: dict[str, list[str]]) -> set[str]:
        return {b for a in rows[id] for b in {a, *before(a, rows)}}

    for id in left:
        assert before(id, left) == before(id, after) - gone


def test_gaps_fall_away_only_with_the_step_they_speak_of() -> None:
    three = template(
        step("a"),
        step("b", "a", least_gap=10, greatest_gap=60),
        step("c", "b", immediately_after=True),
        step("d", "a", "b", least_gap=30),
    )
    without = prepare(three, leave_out=["b"])
    assert without.interview("c").after == ("a",)
    assert not without.interview("c").immediately_after
    assert without.interview("d").least_gap == 30
    headless = prepare(three, leave_out=["a"])
    assert headless.interview("b") == step("b")
    assert headless.interview("c").immediately_after


def test_a_choice_leaves_the_gaps_to_the_step_that_was_taken() -> None:
    steps = [replace(i, immediately_after=i.id == "manager") for i in GATE.interviews]
    talk = prepare(replace(GATE, interviews=tuple(steps)), branch={"exercise": "talk"})
    assert talk.interview("manager") == step("manager", "talk", immediately_after=True)


def test_no_greatest_gap_to_somebody_who_was_not_named() -> None:
    steps = template(step("x"), step("b", "x"), step("a"), step("d", "a", "b", least_gap=5, greatest_gap=30))
    assert prepare(steps, leave_out=["b"]).interview("d") == step("d", "a", "x", least_gap=5)


def test_groups_and_shared_people_forget_the_step() -> None:
    several = template(
        step("a"),
        step("b", same_people_as="a"),
        step("c"),
        same_day=(("a", "b"), ("a", "b", "c")),
        different_day=(("a", "c"),),
    )
    without = prepare(several, leave_out=["a"])
    assert without.same_day == (("b", "c"),)
    assert without.different_day == ()
    assert (without.interview("b").same_people_as, without.interview("b").seats) == (None, ANY)


def test_unknown_steps_and_an_empty_loop_are_refused() -> None:
    assert refused(leave_out=["x"]) == "leave_out: unknown interview 'x'; known: home, manager, screen, talk"
    assert (
        refused(leave_out=["screen", "home", "talk", "manager"])
        == "leave_out: leaves no interview; keep at least one"
    )
    assert refused(branch={"exercise": "talk"}, adjust={"home": InterviewChange(minutes=30)}) == (
        "adjust.home: no such interview in this loop; known: screen, talk, manager"
    )


OPEN = template(
    step("a"), step("questions", "a", minutes=None, open=True), step("again", "a", same_people_as="a")
)


def test_an_open_step_is_completed() -> None:
    assert prepare(OPEN).incomplete == ["the step 'Questions' has no duration and no people"]
    half = prepare(OPEN, adjust={"questions": InterviewChange(minutes=30)})
    assert half.incomplete == ["the step 'Questions' has no people"]
    assert half.interview("questions").open
    whole = prepare(half, adjust={"questions": InterviewChange(people=("ida", "noah"))})
    assert whole.incomplete == []
    questions = whole.interview("questions")
    assert (questions.minutes, questions.open, questions.after) == (30, False, ("a",))
    assert questions.seats == (SeatSpec(person="ida"), SeatSpec(SeatKind.CO_INTERVIEWER, person="noah"))


def test_seats_windows_and_a_due_date_can_be_given() -> None:
    window, seats = ClockWindow(time(9), time(12)), (SeatSpec(pools=("data",), count=2),)
    changed = prepare(OPEN, adjust={"a": InterviewChange(seats=seats, windows=(window,))})
    assert (changed.interview("a").seats, changed.interview("a").windows) == (seats, (window,))
    home = template(step("home", minutes=None, kind=InterviewKind.TAKE_HOME, open=True))
    assert prepare(home).incomplete == ["the step 'Home' has no due date"]
    assert prepare(home, adjust={"home": InterviewChange(due_days=3)}).incomplete == []


def test_the_same_people_change_together() -> None:
    changed = prepare(OPEN, adjust={"a": InterviewChange(people=("ida",))})
    assert changed.interview("again").seats == (SeatSpec(person="ida"),)


@pytest.mark.parametrize(
    ("id", "change", "line"),
    [
        (
            "a",
            InterviewChange(people=("x",), seats=ANY),
            "adjust.a: gives both people and seats; give one of them",
        ),
        (
            "a",
            InterviewChange(people=("x", "x")),
            "adjust.a.people: names somebody twice; name everybody once",
        ),
        ("a", InterviewChange(minutes=0), "adjust.a.minutes: 0 is less than 1; give a positive number"),
        ("a", InterviewChange(due_days=-1), "adjust.a.due_days: -1 is less than 1; give a positive number"),
        (
            "again",
            InterviewChange(people=("x",)),
            "adjust.again.people: are those of 'a'; change 'a' instead",
        ),
    ],
)
def test_changes_that_contradict_themselves_are_refused(id: str, change: InterviewChange, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        prepare(OPEN, adjust={id: change})
    assert caught.value.text == line


def test_the_template_itself_stays_as_it_is() -> None:
    before = replace(GATE)
    prepare(
        GATE,
        branch={"exercise": "talk"},
        leave_out=["manager"],
        adjust={"screen": InterviewChange(minutes=5)},
    )
    assert before == GATE
