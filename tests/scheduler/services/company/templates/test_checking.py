"""Each rule of a template alone, holding and broken, with its exact line."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from scheduler.domain.people import Account, Person, Pool, Room, Standing
from scheduler.domain.templates import (
    ClockWindow,
    DebriefSpec,
    InterviewKind,
    InterviewSpec,
    LoopTemplate,
    Modality,
    RoleName,
    SeatKind,
    SeatSpec,
)
from scheduler.services.company.faults import path
from scheduler.services.company.templates import checking
from scheduler.services.company.templates.checking import RULES, World, template_faults


def person(id: str, **more: Any) -> Person:
    base = Person(id, id.title(), f"{id}@x.example", "Europe/Berlin", "berlin", Account("local", id), ())
    return replace(base, **more)


PEOPLE = [
    person("ida", skills=frozenset({"sql", "go"}), level="senior"),
    person("noah", skills=frozenset({"sql"})),
    person("mira"),
    person("gone", active=False),
]
ROOM = Room("oak", "Oak", "berlin", 4, Account("local", "oak"), frozenset({"whiteboard"}))
WORLD = World(
    people={p.id: p for p in PEOPLE},
    pools={
        "backend": Pool(
            "backend", "B", {"ida": Standing.QUALIFIED, "noah": Standing.QUALIFIED, "mira": Standing.TRAINEE}
        ),
        "solo": Pool("solo", "S", {"ida": Standing.QUALIFIED, "gone": Standing.QUALIFIED}),
        "learning": Pool("learning", "L", {"mira": Standing.REVERSE_SHADOWING}),
    },
    rooms=(ROOM,),
    sites={"berlin", "porto"},
    templates={"t", "round-1"},
)
BACKEND = SeatSpec(pools=("backend",))


def step(id: str, *after: str, **more: Any) -> InterviewSpec:
    return replace(InterviewSpec(id, id.title(), 45, seats=(BACKEND,), after=after), **more)


def template(*steps: InterviewSpec, **more: Any) -> LoopTemplate:
    return replace(LoopTemplate("t", "T", steps), **more)


def said(value: LoopTemplate, world: World = WORLD) -> list[str]:
    return [f"{path(f.loc)}: {f.fault}" for f in template_faults(value, world)]


SOUND = template(
    step("a"),
    step("b", "a", least_gap=15, greatest_gap=60),
    step("lunch", kind=InterviewKind.LUNCH, windows=(ClockWindow(time(11, 30), time(14)),)),
    step("home", "b", minutes=None, seats=(), kind=InterviewKind.TAKE_HOME, due_days=3, branch="x"),
    step("talk", "b", branch="x", modality=Modality.PHONE),
    step("again", "a", same_people_as="a", immediately_after=True),
    step("open", minutes=None, seats=(), open=True),
    max_days=2,
    same_day=(("a", "b"),),
    different_day=(("b", "talk"),),
    other_people_than=("round-1",),
    site="berlin",
    debrief=DebriefSpec(also=("mira",)),
)


def test_a_sound_template_has_no_faults() -> None:
    assert said(SOUND) == []


def lunch(**more: Any) -> InterviewSpec:
    return step("a", kind=InterviewKind.LUNCH, **more)


FAULTS: list[tuple[str, LoopTemplate, list[str]]] = [
    ("has_steps", template(), ["interviews: is empty"]),
    (
        "has_steps",
        template(
            *(
                step(
                    f"s{n}",
                    seats=(
                        replace(BACKEND, kind=SeatKind.SHADOW, count=50),
                        SeatSpec(role=RoleName.RECRUITER),
                    ),
                )
                for n in range(4)
            ),
            max_days=9,
        ),
        ["interviews: ask for 204 people"],
    ),
    (
        "ids_differ",
        template(step("a"), step("a", seats=(SeatSpec(role=RoleName.RECRUITER),))),
        ["interviews[1].id: 'a' is already the id of interviews[0]"],
    ),
    (
        "ids_differ",
        template(step("debrief")),
        ["interviews[0].id: 'debrief' is the name of the debrief itself"],
    ),
    ("is_defined", template(step("a", minutes=None)), ["interviews[0].minutes: missing"]),
    ("is_defined", template(step("a", seats=())), ["interviews[0].seats: missing"]),
    (
        "is_defined",
        template(step("a", seats=(), minutes=None)),
        ["interviews[0].minutes: missing", "interviews[0].seats: missing"],
    ),
    (
        "is_defined",
        template(step("a", due_days=3)),
        ["interviews[0].due_days: only a take-home has a due date"],
    ),
    (
        "is_defined",
        template(step("a", kind=InterviewKind.DEBRIEF)),
        ["interviews[0].kind: the debrief is not an interview"],
    ),
    (
        "is_defined",
        template(step("a", kind=InterviewKind.TAKE_HOME, seats=())),
        ["interviews[0].due_days: missing"],
    ),
    (
        "is_defined",
        template(step("a", kind=InterviewKind.TAKE_HOME, due_days=2)),
        ["interviews[0].seats: a take-home has nobody in it"],
    ),
    ("seats_are_clear", template(step("a", seats=(SeatSpec(),))), ["interviews[0].seats[0]: says nobody"]),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(person="ida", role=RoleName.RECRUITER),))),
        ["interviews[0].seats[0]: names more than one of person, role and pool"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(person="ida", count=2),))),
        ["interviews[0].seats[0].count: 2 seats for one person"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(person="idda"),))),
        ["interviews[0].seats[0].person: unknown person 'idda'"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(person="gone"),))),
        ["interviews[0].seats[0].person: 'gone' is not active"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(pools=("backnd",)),))),
        ["interviews[0].seats[0].pool: unknown pool 'backnd'"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(pools=("backend", "backnd")),))),
        ["interviews[0].seats[0].pools[1]: unknown pool 'backnd'"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(replace(BACKEND, kind=SeatKind.OPTIONAL),))),
        ["interviews[0].seats: nobody has to be there"],
    ),
    (
        "seats_are_clear",
        template(step("a", seats=(SeatSpec(person="ida"), SeatSpec(SeatKind.OPTIONAL, person="ida")))),
        ["interviews[0].seats: 'ida' has two seats in one interview"],
    ),
    (
        "pools_are_large_enough",
        template(step("a", seats=(replace(BACKEND, count=3),))),
        ["interviews[0].seats[0].count: 3 people are wanted, but 'backend' has 2"],
    ),
    (
        "pools_are_large_enough",
        template(step("a", seats=(SeatSpec(pools=("backend",), count=2, skills=frozenset({"go"})),))),
        ["interviews[0].seats[0].count: 2 people are wanted, but 'backend' with go has 1"],
    ),
    (
        "pools_are_large_enough",
        template(step("a", seats=(SeatSpec(pools=("backend", "solo"), levels=frozenset({"junior"})),))),
        ["interviews[0].seats[0].count: 1 person is wanted, but 'backend' or 'solo' with level junior has 0"],
    ),
    (
        "pools_are_large_enough",
        template(step("a", seats=(BACKEND, SeatSpec(SeatKind.REVERSE_SHADOW, pools=("backend",))))),
        ["interviews[0].seats[1].count: 1 person is wanted, but 'backend' has 0"],
    ),
    (
        "enough_different_people",
        template(step("a"), step("b", seats=(SeatSpec(pools=("solo",)),)), step("c")),
        ["interviews: a, b, c together need 3 different people, but only 2 can be asked (ida, noah)"],
    ),
    ("order_holds", template(step("a", "a")), ["interviews[0].after[0]: a step cannot come after itself"]),
    ("order_holds", template(step("a", "bb")), ["interviews[0].after[0]: unknown interview 'bb'"]),
    (
        "order_holds",
        template(
            lunch(),
            replace(lunch(), id="b", after=("d",)),
            replace(lunch(), id="c", after=("b", "a")),
            replace(lunch(), id="d", after=("c",)),
        ),
        ["interviews[1].after: goes in a circle: b after d after c after b"],
    ),
    (
        "order_holds",
        template(step("a", immediately_after=True)),
        ["interviews[0].immediately_after: after which interview?"],
    ),
    ("order_holds", template(step("a", least_gap=5)), ["interviews[0].least_gap: after which interview?"]),
    (
        "order_holds",
        template(step("a"), step("b", "a", least_gap=30, greatest_gap=15)),
        ["interviews[1].greatest_gap: at most 15 minutes, yet `least_gap` asks for 30"],
    ),
    (
        "order_holds",
        template(step("a"), step("b", "a", immediately_after=True), min_break=10),
        ["interviews[1].immediately_after: at most 0 minutes, yet `min_break` asks for 10"],
    ),
    (
        "same_people_exist",
        template(step("a", same_people_as="b")),
        ["interviews[0].same_people_as: unknown interview 'b'"],
    ),
    (
        "same_people_exist",
        template(step("a", same_people_as="a")),
        ["interviews[0].same_people_as: unknown interview 'a'"],
    ),
    (
        "order_holds",
        template(
            lunch(),
            replace(lunch(), id="b"),
            replace(lunch(), id="c", after=("a", "b"), immediately_after=True),
        ),
        ["interviews[2].immediately_after: can follow only one interview at once"],
    ),
    (
        "same_people_exist",
        template(step("a"), step("b", same_people_as="a"), step("c", same_people_as="b")),
        ["interviews[2].same_people_as: 'b' itself has the people of 'a'"],
    ),
    (
        "same_people_exist",
        template(step("a"), step("b", same_people_as="a", seats=(SeatSpec(person="mira"),))),
        ["interviews[1].seats: are others than those of 'a'"],
    ),
    (
        "branches_are_choices",
        template(step("a", branch="x"), step("b")),
        ["interviews[0].branch: 'x' has no other step to choose"],
    ),
    (
        "day_groups_hold",
        template(step("a"), same_day=(("a", "z"),)),
        ["same_day[0][1]: unknown interview 'z'"],
    ),
    (
        "day_groups_hold",
        template(step("a"), same_day=(("a",),)),
        ["same_day[0]: names fewer than two interviews"],
    ),
    (
        "day_groups_hold",
        template(step("a"), step("b"), different_day=(("a", "b"),)),
        ["different_day[0]: needs 2 days, but `max_days` is 1"],
    ),
    (
        "day_groups_hold",
        template(step("a"), step("b"), same_day=(("b", "a"),), different_day=(("a", "b"),), max_days=2),
        ["different_day[0]: a and b are also in `same_day`"],
    ),
    (
        "times_fit",
        template(step("a", windows=(ClockWindow(time(11, 30), time(12)), ClockWindow(time(9), time(9, 30))))),
        ["interviews[0].windows: none has room for 45 minutes"],
    ),
    (
        "times_fit",
        template(step("a", minutes=600), max_days=2),
        ["interviews[0].minutes: 600 minutes are more than the `max_span` of 540"],
    ),
    (
        "times_fit",
        template(*(replace(lunch(minutes=300), id=f"l{n}") for n in range(4)), max_days=2),
        ["interviews: 1200 minutes of interviews do not fit into 2 × 540 minutes"],
    ),
    (
        "rooms_exist",
        template(step("a"), site="porto"),
        ["interviews[0].room: a room is needed, and there is none at 'porto'"],
    ),
    (
        "rooms_exist",
        template(step("a", features=frozenset({"piano"}))),
        ["interviews[0].features: no room has piano"],
    ),
    (
        "rooms_exist",
        template(
            step(
                "a",
                seats=(replace(BACKEND, count=2), SeatSpec(person="mira"), SeatSpec(role=RoleName.RECRUITER)),
            )
        ),
        ["interviews[0].seats: no room that fits has space for 5 people, the candidate included"],
    ),
    (
        "names_lead_somewhere",
        template(step("a", modality=Modality.VIDEO), site="porta"),
        ["site: unknown site 'porta'"],
    ),
    (
        "names_lead_somewhere",
        template(step("a"), other_people_than=("t",)),
        ["other_people_than[0]: names the template itself"],
    ),
    (
        "names_lead_somewhere",
        template(step("a"), other_people_than=("round-2",)),
        ["other_people_than[0]: unknown template 'round-2' in `other_people_than`"],
    ),
    (
        "names_lead_somewhere",
        template(step("a"), debrief=DebriefSpec(also=("zed",))),
        ["debrief.also[0]: unknown person 'zed'"],
    ),
]


@pytest.mark.parametrize(
    ("rule", "broken", "lines"), FAULTS, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(FAULTS)]
)
def test_a_broken_rule_says_so_and_no_other_does(rule: str, broken: LoopTemplate, lines: list[str]) -> None:
    assert said(broken) == lines
    alone = getattr(checking, rule)
    assert [f"{path(f.loc)}: {f.fault}" for f in alone(broken, WORLD)] == lines


def test_every_rule_has_a_test_that_breaks_it() -> None:
    assert {r.__name__ for r in RULES} == {rule for rule, _, _ in FAULTS}


def test_every_fault_says_what_to_do() -> None:
    for _, broken, _ in FAULTS:
        assert all(f.fix for f in template_faults(broken, WORLD))


def test_what_is_not_known_for_certain_is_not_held_against_a_pool() -> None:
    crowd = template(step("a", seats=(replace(BACKEND, count=3),)), step("b"), step("c"), step("d"))
    assert said(crowd, replace(WORLD, unsure={"backend"})) == []


def test_branches_and_optional_seats_need_no_people_of_their_own() -> None:
    assert (
        said(
            template(
                step("a", branch="x"),
                step("b", branch="x"),
                step("c", seats=(BACKEND, replace(BACKEND, kind=SeatKind.OPTIONAL))),
                step("d"),
            )
        )
        == []
    )
