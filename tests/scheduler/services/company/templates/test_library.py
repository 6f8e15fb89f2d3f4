"""The built-in templates: they load, they demand what their process demands, a company can use them."""

from __future__ import annotations

from datetime import time
from importlib.resources import files
from typing import Any

import pytest

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInputs
from scheduler.domain.templates import (
    ClockWindow,
    InterviewKind,
    InterviewSpec,
    LoopTemplate,
    Modality,
    RoleName,
    SeatKind,
)
from scheduler.services.asking.prepare import prepare
from scheduler.services.company.templates import built_in_templates
from scheduler.services.company.templates.library import read_built_in
from tests.house.tree import ROOT
from tests.scheduler.services.company.company_kit import faults, read, small

LIBRARY = built_in_templates()


def fitting(id: str) -> dict[str, Any]:
    """A company that has just what a built-in template names, under the names it uses."""
    needs = LIBRARY[id]
    people = [{"id": f"p{n}", "name": f"Person {n}", "email": f"p{n}@x.example"} for n in range(30)]
    people += [{"id": who, "name": who, "email": f"{who}@x.example"} for who in needs.needs_people]
    pools = [
        {"id": pool, "qualified": [f"p{n}" for n in range(k * 6, k * 6 + 6)], "trainee": ["p29"]}
        for k, pool in enumerate(needs.needs_pools)
    ]
    rooms = [{"id": "oak", "capacity": 8, "calendar": "oak@x.example", "features": ["whiteboard"]}]
    others = [{"use": other} for other in needs.other_people_than]
    return small(people=people, pools=pools, rooms=rooms, templates=[*others, {"use": id}], policy=None) | {
        "pools": pools + _pools_of(others, pools)
    }


def _pools_of(others: list[dict[str, str]], pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    have = {p["id"] for p in pools}
    wanted = [pool for other in others for pool in LIBRARY[other["use"]].needs_pools if pool not in have]
    return [{"id": pool, "qualified": [f"p{n}" for n in range(20, 26)]} for pool in wanted]


def used(id: str) -> LoopTemplate:
    return next(t for t in read(fitting(id)).templates if t.id == id)


def minutes(template: LoopTemplate) -> dict[str, int | None]:
    return {i.id: i.minutes for i in template.interviews}


def test_every_file_of_the_folder_is_a_template() -> None:
    folder = files("scheduler.services.company.templates")
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith((".yaml", ".yml", ".toml")))
    assert names == [f"{id}.yaml" for id in LIBRARY]
    assert list(LIBRARY) == [
        "backend-gate",
        "backend-round-1",
        "backend-round-2",
        "data-engineer",
        "onsite-loop",
        "quick-45",
    ]


@pytest.mark.parametrize("id", LIBRARY)
def test_it_fits_a_company_that_has_the_pools_it_names_and_no_others(id: str) -> None:
    assert used(id).title == LIBRARY[id].title


@pytest.mark.parametrize("id", LIBRARY)
def test_it_names_exactly_what_it_says_it_names(id: str) -> None:
    template = LIBRARY[id]
    seats = [seat for interview in template.interviews for seat in interview.seats]
    pools = {pool for seat in seats for pool in [*seat.pools, *([seat.pool] if seat.pool else [])]}
    assert pools == set(template.needs_pools)
    assert {seat.person for seat in seats if seat.person} == set(template.needs_people)


@pytest.mark.parametrize("id", LIBRARY)
def test_it_is_described_on_its_page_with_what_it_names(id: str) -> None:
    page = (ROOT / "docs" / "templates.md").read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{id}` |"))
    for name in [*LIBRARY[id].needs_pools, *LIBRARY[id].needs_people]:
        assert f"`{name}`" in row


@pytest.mark.parametrize("id", LIBRARY)
def test_what_it_lacks_is_said_with_the_name_to_map(id: str) -> None:
    data = small(templates=[{"use": id, "other_people_than": []}], policy=None, pools=[])
    said = faults(data)
    for name in [*LIBRARY[id].needs_pools, *LIBRARY[id].needs_people]:
        kind = "pools" if name in LIBRARY[id].needs_pools else "people"
        assert any(
            line.startswith(f"templates[0].{kind}: {id!r} needs {name!r} (")
            and f"`{kind}: {{{name}: …}}`" in line
            for line in said
        )


def test_the_data_engineer_process() -> None:
    template = used("data-engineer")
    assert minutes(template) == {
        "phone-screen": 30,
        "technical-1": 60,
        "technical-2": 120,
        "questions": None,
        "ceo": 30,
        "team": 120,
    }
    order = [i.id for i in template.interviews]
    assert [i.after for i in template.interviews] == [(), *((before,) for before in order[:-1])]
    assert template.max_days == 3
    assert template.interview("phone-screen").modality is Modality.PHONE
    first, second = template.interview("technical-1"), template.interview("technical-2")
    assert (second.same_people_as, second.seats) == ("technical-1", first.seats)
    assert second.agenda.count("50 min") == 2 and second.agenda.count("10 min") >= 1
    assert template.interview("ceo").seats[0].person == "ceo"
    team = template.interview("team")
    assert team.kind is InterviewKind.LUNCH
    assert team.windows == (ClockWindow(time(11, 30), time(14)), ClockWindow(time(15, 30), time(18, 30)))
    assert sum(i.minutes or 0 for i in template.interviews) == 360


def test_its_questions_step_is_reported_and_never_guessed() -> None:
    template = used("data-engineer")
    assert template.incomplete == ["the step 'Questions' has no duration and no people"]
    assert prepare(template).incomplete == template.incomplete
    assert prepare(template, leave_out=["questions"]).incomplete == []
    assert prepare(template, leave_out=["questions"]).interview("ceo").after == ("technical-2",)


def test_before_the_rounds_exactly_one_branch_is_taken() -> None:
    template = used("backend-gate")
    by_branch = prepare(template, branch={"exercise": "take-home"})
    assert [i.id for i in by_branch.interviews] == ["phone-screen", "manager-talk", "take-home"]
    take_home = by_branch.interview("take-home")
    assert (take_home.kind, take_home.due_days, take_home.minutes) == (InterviewKind.TAKE_HOME, 5, None)
    assert by_branch.incomplete == []
    talk = prepare(template, branch={"exercise": "engineer-talk"})
    assert [i.minutes for i in talk.interviews] == [30, 45, 60]


def test_round_one_is_four_or_five_interviews_of_45_minutes() -> None:
    template = used("backend-round-1")
    assert set(minutes(template).values()) == {45} and len(template.interviews) == 5
    roles = [s.role for i in template.interviews for s in i.seats if s.role]
    assert roles == [RoleName.HIRING_MANAGER, RoleName.RECRUITER]
    four = prepare(template, leave_out=["engineer-3"])
    assert len(four.interviews) == 4 and four.debrief is not None


def test_round_two_meets_other_people_and_ends_in_a_decision_meeting() -> None:
    template = used("backend-round-2")
    assert template.other_people_than == ("backend-round-1",)
    assert list(minutes(template).values()) == [45, 45, 45]
    assert template.debrief is not None and template.debrief.minutes == 60


def test_the_45_minute_interviews_end_in_their_debrief() -> None:
    template = used("quick-45")
    assert set(minutes(template).values()) == {45}
    for interview in template.interviews:
        shares = [int(line.split()[0]) for line in interview.agenda.splitlines()]
        assert sum(shares) == 45 and shares[:2] == [5, 20] and shares[-1] == 5
    assert [s.count for s in template.interview("first").seats] == [2]
    assert template.debrief is not None
    assert (template.debrief.within_hours, template.debrief.least_gap, template.buffer) == (0, 0, 0)
    assert template.notice_hours < 24 and template.horizon_days <= 7


def test_the_onsite_loop() -> None:
    template = used("onsite-loop")
    assert 4 <= sum(i.kind is InterviewKind.INTERVIEW for i in template.interviews) <= 6
    assert template.travel > 0 and template.max_days == 2 and template.longest_run == 180
    panel = template.interview("panel")
    assert (panel.minutes, panel.seats[0].count, panel.seats[1].kind) == (45, 2, SeatKind.SHADOW)
    assert {template.interview("coding").minutes, template.interview("system-design").minutes} == {60, 120}
    assert template.interview("coding").features == {"whiteboard"}
    lunch = template.interview("lunch")
    assert lunch.windows == (ClockWindow(time(11, 30), time(14)),)
    assert [(s.role, s.count) for s in lunch.seats] == [(RoleName.HIRING_MANAGER, 1), (None, 2)]
    assert not lunch.needs_room
    assert template.debrief is not None


# --- put to use --------------------------------------------------------------------------------------


def test_pools_and_people_are_mapped_and_the_rest_of_the_loop_said_anew() -> None:
    data = fitting("data-engineer")
    data["templates"] = [
        {
            "use": "data-engineer",
            "id": "de-berlin",
            "title": "Data engineer, Berlin",
            "pools": {"talent-managers": ["p-one", "p-two"], "data-engineers": "p-two"},
            "people": {"ceo": "p3"},
            "max_days": 5,
            "debrief": False,
        }
    ]
    data["pools"] = [
        {"id": "p-one", "qualified": ["p0"]},
        {"id": "p-two", "qualified": ["p1", "p2", "p4", "p5"]},
    ]
    (template,) = read(data).templates
    assert (template.id, template.title, template.max_days) == ("de-berlin", "Data engineer, Berlin", 5)
    assert template.debrief is None
    assert template.interview("phone-screen").seats[0].pools == ("p-one", "p-two")
    assert template.interview("technical-2").seats[0].pools == ("p-two",)
    assert template.interview("ceo").seats[0].person == "p3"
    assert template.interview("team").seats[1].pools == ("p-two",)


def test_one_may_be_used_twice_under_two_ids() -> None:
    data = fitting("quick-45")
    data["templates"] = [{"use": "quick-45"}, {"use": "quick-45", "id": "again", "horizon_days": 3}]
    company: Company = read(data)
    assert [(t.id, t.horizon_days) for t in company.templates] == [("quick-45", 7), ("again", 3)]
    data["templates"][1].pop("id")
    assert faults(data) == [
        "templates[1].id: 'quick-45' is already that of templates[0]; give each use its own `id`"
    ]


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            {"use": "onsite-loop", "pools": {"seniors": "engineers"}},
            "templates[0].pools.seniors: 'onsite-loop' does not name it; did you mean 'engineers'?",
        ),
        (
            {"use": "onsite-loop", "pools": {"engineers": ["engineers", "enginers"]}},
            "templates[0].pools.engineers[1]: unknown pool 'enginers'; did you mean 'engineers'?",
        ),
        (
            {"use": "onsite-loop", "site": "leipzg"},
            "templates[0].site: unknown site 'leipzg'; did you mean 'leipzig'?",
        ),
        (
            {"use": "onsite-loop", "max_span": 90},
            "templates[0]: in its step 'system-design', 120 minutes are more than the `max_span` of 90; "
            "shorten the step, or raise `max_span`",
        ),
        (
            {"use": "onsite-loop", "minutes": 90},
            "templates[0].minutes: unknown key; known: buffer, debrief, different_day, grid, horizon_days, id, "
            "longest_run, max_days, max_span, min_break, notice_hours, other_people_than, …",
        ),
    ],
)
def test_a_fault_of_its_use_is_said_where_it_is_used(entry: dict[str, Any], line: str) -> None:
    data = fitting("onsite-loop")
    data["templates"] = [entry]
    assert line in faults(data)


def test_a_broken_template_file_is_refused_like_any_other() -> None:
    with pytest.raises(BadInputs, match=r"interviews\[0\].minuts: unknown key; did you mean 'minutes'?"):
        read_built_in("id: x\ntitle: X\nsummary: S\ninterviews: [{id: a, title: A, minuts: 3}]", "x.yaml")


def test_interviews_know_what_they_lack() -> None:
    assert InterviewSpec("a", "A", None).incomplete == "has no duration and no people"
    assert InterviewSpec("a", "A", None, kind=InterviewKind.TAKE_HOME).incomplete == "has no due date"
