"""Every fault of a company file: its one line, all of them at once, and files broken at random."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from scheduler.domain.company import Company
from scheduler.domain.errors import BadInputs
from scheduler.services.company import file as company_model
from scheduler.services.company import mend as company_mend
from scheduler.services.company.faults import MOST, nearest
from scheduler.services.company.text import parsed
from tests.house.tree import ROOT
from tests.scheduler.services.company.company_kit import SMALL, faults, read, small

_SAY = "or say `open: true` if the step is still to be defined"

ONE_FAULT: list[tuple[dict[str, Any], str]] = [
    ({"compny": {}}, "compny: unknown key; did you mean 'company'?"),
    ({"company": None}, "company: missing; give the company's `name` and `organizer`"),
    ({"company__name": None}, "company.name: missing; give the name of the company"),
    (
        {"company__organizer": {"provider": "google"}},
        "company.organizer.address: missing; give the address of the calendar",
    ),
    (
        {"company__organizer": "x"},
        "company.organizer.address: 'x' is not one plain e-mail address; write it as anna@example.com",
    ),
    ({"defaults": {"max_day": -1}}, "defaults.max_day: -1 is less than 0; give 0 or more"),
    ({"defaults": {"max_day": 2.5}}, "defaults.max_day: 2.5 is a number, not a whole number"),
    ({"defaults": {"max_day": True}}, "defaults.max_day: True is a yes or no, not a whole number"),
    (
        {"defaults": {"provider": "gogle"}},
        "defaults.provider: 'gogle' is not one of local, google, outlook; did you mean 'google'?",
    ),
    ({"defaults": {"site": "lepzig"}}, "defaults.site: unknown site 'lepzig'; did you mean 'leipzig'?"),
    (
        {"policy": {"remind_hours": 0, "open_hours": 12}},
        "policy.open_hours: is for who was reminded, and nobody is: `remind_hours` is 0; "
        "let `remind_hours` be 1 or more, or leave `open_hours` out",
    ),
    ({"sites": []}, "sites: is empty; give at least one site"),
    ({"sites__0__zone": None}, "sites[0].zone: missing; give the site's time zone, e.g. Europe/Berlin"),
    (
        {"sites__0__zone": "Europe/Berln"},
        "sites[0].zone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
    ),
    (
        {"sites__0__hours": "mon-fri 09:00-09:00"},
        "sites[0].hours: 'mon-fri 09:00-09:00' is empty; give two different times",
    ),
    ({"sites__0__hours": []}, "sites[0].hours: is an empty list; give at least one"),
    (
        {"sites__0__holidays": ["2026-13-01"]},
        "sites[0].holidays[0]: '2026-13-01' is not a date; write it as 2026-12-24, or as 12-24 for every year",
    ),
    (
        {"sites__0__country": "DEU"},
        "sites[0].country: 'DEU' is not a country code; use an ISO 3166 code such as DE or DE-BE",
    ),
    (
        {"people__0__id": "ida b"},
        "people[0].id: 'ida b' is not an id; use letters, digits, `-`, `_` and `.`, at most 64, no spaces",
    ),
    (
        {"people__1__id": "ida", "pools__0__qualified": ["ida"]},
        "people[1].id: 'ida' is already that of people[0]; give each its own id",
    ),
    (
        {"people__1__email": "IDA@feldweg.example"},
        "people[1].email: 'IDA@feldweg.example' is already that of people[0]; give each its own email",
    ),
    (
        {"people__1__calendar": "ida@feldweg.example"},
        "people[1].calendar: 'ida@feldweg.example' is already the calendar of people[0]; give every calendar once",
    ),
    (
        {"rooms__0__calendar": "interviews@feldweg.example"},
        "rooms[0].calendar: 'interviews@feldweg.example' is already the calendar of company.organizer; give every calendar once",
    ),
    ({"people__0__site": "leipzg"}, "people[0].site: unknown site 'leipzg'; did you mean 'leipzig'?"),
    ({"people__0__timezone": "UTC"}, "people[0].timezone: unknown key; did you mean 'zone'?"),
    (
        {"people__0__hours": ["mon 09:00-12:00", "mon 11:00-13:00"]},
        "people[0].hours: mon 11:00-13:00 overlaps 09:00-12:00; let every minute appear once",
    ),
    ({"people__0__skills": [3]}, "people[0].skills[0]: 3 is a number, not a text; put it in quotes"),
    ({"people__0__active": "perhaps"}, "people[0].active: 'perhaps' is a text, not `true` or `false`"),
    ({"people__0__name": "a\nb"}, "people[0].name: goes over several lines; write it in one line"),
    ({"people__3": "otto"}, "people[3]: 'otto' is a text, not named fields"),
    (
        {"people__0__calendar": {"address": "a@b.example", "mode": "free-busy"}},
        "people[0].calendar.mode: 'free-busy' is not one of typed, free_busy; did you mean 'free_busy'?",
    ),
    (
        {"pools__0__qualified": ["ida", "noha"]},
        "pools[0].qualified[1]: unknown person 'noha'; did you mean 'noah'?",
    ),
    (
        {"pools__0__trainee": ["ida"]},
        "pools[0].qualified[0]: 'ida' is already in 'trainee'; keep one standing",
    ),
    ({"pools__0__members": ["ida"]}, "pools[0].members: unknown key; did you mean 'qualified'?"),
    (
        {"pools__1__id": "backend", "templates__0__interviews__1__seats": [{"role": "recruiter"}]},
        "pools[1].id: 'backend' is already that of pools[0]; give each its own id",
    ),
    ({"rooms__0__capacity": 1}, "rooms[0].capacity: 1 is less than 2; give 2 or more"),
    ({"rooms__0__calendar": None}, "rooms[0].calendar: missing; give the address of the room's calendar"),
    ({"templates__0__title": None}, "templates[0].title: missing; give what recruiters call it"),
    (
        {"templates__0__interviews__1__minutes": None},
        f"templates[0].interviews[1].minutes: missing; give the minutes, {_SAY}",
    ),
    (
        {"templates__0__interviews__1__seats": None},
        f"templates[0].interviews[1].seats: missing; say who takes part, {_SAY}",
    ),
    (
        {"templates__0__interviews__1__minutes": "60"},
        "templates[0].interviews[1].minutes: '60' is a text, not a whole number",
    ),
    (
        {"templates__0__interviews__1__minutes": 3},
        "templates[0].interviews[1].minutes: 3 is less than 5; give 5 or more",
    ),
    (
        {"templates__0__interviews__1__kind": "lunsh"},
        "templates[0].interviews[1].kind: 'lunsh' is not one of interview, lunch, presentation, take_home, debrief; did you mean 'lunch'?",
    ),
    (
        {"templates__0__interviews__0__seats__0__pool": "backnd"},
        "templates[0].interviews[0].seats[0].pool: unknown pool 'backnd'; did you mean 'backend'?",
    ),
    (
        {"templates__0__interviews__0__seats__0__count": 3},
        "templates[0].interviews[0].seats[0].count: 3 people are wanted, but 'backend' has 2; add people to the pool, or ask for fewer",
    ),
    (
        {"templates__0__interviews__0__seats__0__cuont": 3},
        "templates[0].interviews[0].seats[0].cuont: unknown key; did you mean 'count'?",
    ),
    (
        {"templates__0__interviews__0__after": ["second"]},
        "templates[0].interviews[0].after: goes in a circle: first after second after first; remove one of these",
    ),
    (
        {"templates__0__interviews__0__links": "javascript:alert(1)"},
        "templates[0].interviews[0].links: 'javascript:alert(1)' is not a web address; write it as https://example.com/page",
    ),
    (
        {"templates__0__debrief": {"minuts": 30}},
        "templates[0].debrief.minuts: unknown key; did you mean 'minutes'?",
    ),
    (
        {"templates__0__grid": 7},
        "templates[0].grid: 7 is not one of 1, 5, 10, 15, 20, 30, 60; use one of these",
    ),
    (
        {"templates__1": {"use": "onsite-lop"}},
        "templates[1].use: unknown built-in template 'onsite-lop'; did you mean 'onsite-loop'?",
    ),
    (
        {"templates__1": SMALL["templates"][0]},
        "templates[1].id: 'onsite' is already that of templates[0]; give each its own id",
    ),
    (
        {"policy__stages__0__template": "onsit"},
        "policy.stages[0].template: unknown template 'onsit'; did you mean 'onsite'?",
    ),
    (
        {"policy__stages__0__mode": "boook"},
        "policy.stages[0].mode: 'boook' is not one of off, propose, book; did you mean 'book'?",
    ),
    (
        {"policy__stages__1": {"stage": "On-site", "template": "onsite"}},
        "policy.stages[1].stage: 'On-site' already has a rule in policy.stages[0]; keep one, or name a `job`",
    ),
    ({"policy__solve_seconds": 0}, "policy.solve_seconds: 0 is not more than 0.0; give more than 0.0"),
    ({"policy__prices": {"idle": -4}}, "policy.prices.idle: -4 is less than 0; give 0 or more"),
    ({"pools": {"backend": ["ida"]}, "templates": [], "policy": None}, "pools: is named fields, not a list"),
]


@pytest.mark.parametrize(
    ("changes", "line"), ONE_FAULT, ids=[line.split(";")[0][:60] for _, line in ONE_FAULT]
)
def test_one_fault_is_one_line(changes: dict[str, Any], line: str) -> None:
    assert faults(small(**changes)) == [line]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"templates__0__interviews__1__after": {}},
            "templates[0].interviews[1].after: is named fields, not a text",
        ),
        (
            {"templates__1": {"use": "quick-45", "people": "ida", "pools": {"team": "backend"}}},
            "templates[1].people: 'ida' is a text, not named fields",
        ),
        (
            {"templates__1": {"use": "quick-45", "pools": {"team": {"x": 1}}}},
            "templates[1].pools.team: is named fields, not a text",
        ),
    ],
)
def test_a_value_of_the_wrong_shape_does_not_hide_the_rest(changes: dict[str, Any], line: str) -> None:
    said = faults(small(**changes, policy__stages__0__template="other"))
    assert said[0] == line
    assert said[-1].startswith("policy.stages[0].template: unknown template 'other'")


def test_everything_that_must_be_there_has_a_stand_in() -> None:
    models = [m for m in vars(company_model).values() if isinstance(m, type) and issubclass(m, BaseModel)]
    required = {name for m in models for name, info in m.model_fields.items() if info.is_required()}
    assert required <= set(company_mend._STAND_INS)


def test_an_unknown_price_names_the_rules() -> None:
    (line,) = faults(small(policy__prices={"tentativ": 3}))
    assert line.startswith("policy.prices.tentativ: 'tentativ' is not one of unscheduled, finish,")
    assert line.endswith("did you mean 'tentative'?")


def test_where_there_are_several_sites_everybody_says_theirs() -> None:
    data = small(sites__1={"id": "porto", "zone": "Europe/Lisbon"}, people__0__site="porto")
    assert faults(data) == [
        "people[1].site: missing; name one of leipzig, porto",
        "people[2].site: missing; name one of leipzig, porto",
        "rooms[0].site: missing; name one of leipzig, porto",
    ]
    assert faults(data | {"defaults": {"site": "leipzig"}}) == []


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    every = small(
        defaults={"max_week": -1},
        sites__0__zone="Mars/Phobos",
        people__0__email="ida",
        people__1__lunch="12:45-12:00",
        pools__0__qualified=["ida", "noah", "zed"],
        templates__0__interviews__0__seats=[{"pool": "backnd"}, {"role": "boss"}],
        templates__0__interviews__1__minutes=None,
        policy__stages__0__template="other",
    )
    assert [line.partition(":")[0] for line in faults(every)] == [
        "sites[0].zone",
        "people[0].email",
        "people[1].lunch",
        "pools[0].qualified[2]",
        "templates[0].interviews[0].seats[0].pool",
        "templates[0].interviews[0].seats[1].role",
        "templates[0].interviews[1].minutes",
        "policy.stages[0].template",
        "defaults.max_week",
    ]


def test_what_only_follows_from_a_fault_is_left_unsaid() -> None:
    """A pool whose list cannot be read may be large enough after all; a refused site is not also missing."""
    assert faults(small(pools__0__qualified=["ida", 7])) == [
        "pools[0].qualified[1]: 7 is a number, not a text; put it in quotes"
    ]
    two = small(sites__1={"id": "porto", "zone": "Europe/Lisbon"}, defaults={"site": "leipzig"})
    two["people"][0]["site"] = 5
    assert faults(two) == ["people[0].site: 5 is a number, not a text; put it in quotes"]


def test_a_file_full_of_faults_is_answered_soon_and_not_at_length() -> None:
    people = [{"id": f"p{n}", "name": "P", "email": f"p{n}@x.example", "sitee": "x"} for n in range(8_000)]
    begin = time.perf_counter()
    lines = faults(small(people=people, pools=[], templates=[], policy=None))
    assert len(lines) == MOST + 1
    assert lines[0] == "people[0].sitee: unknown key; did you mean 'site'?"
    assert lines[-1] == f"and more: only the first {MOST} faults are shown; mend these first"
    assert time.perf_counter() - begin < 30


def test_many_names_that_lead_nowhere_are_answered_soon() -> None:
    people = [{"id": f"p{n}", "name": "P", "email": f"p{n}@x.example"} for n in range(3_000)]
    pools = [{"id": "all", "qualified": [f"q{n}" for n in range(3_000)]}]
    begin = time.perf_counter()
    assert len(faults(small(people=people, pools=pools, templates=[], policy=None))) == MOST + 1
    assert time.perf_counter() - begin < 30


def test_the_nearest_word() -> None:
    assert nearest("Backnd", ["backend", "data"]) == "did you mean 'backend'?"
    assert nearest("duration", ["minutes", "title"]) == "did you mean 'minutes'?"
    assert nearest("xyz", ["b", "a", "a"]) == "known: a, b"
    assert nearest("xyz", []) == "none is defined"
    assert nearest("xyz", [f"word{n:02}" for n in range(20)]).endswith("word11, …")


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, item in inner for p in [(*path, key), *_places(item, (*path, key))]]


EXAMPLE = parsed((ROOT / "examples" / "company.yaml").read_text("utf-8"), "yaml", "company.yaml")
PLACES = _places(EXAMPLE)
VALUES: list[Any] = [
    None, [], {}, "", " ", "x", "anna", 0, -1, 7, 10**12, 1.5, True, False, "12:00-11:00", "mon 09:00-10:00",
    ["x"], [None], [[]], [{}], {"x": 1}, {"use": "onsite-loop"}, "2026-01-01", "a\nb", "lunch", "on_site",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["drop", "put", "add"]), st.sampled_from(VALUES)),
        min_size=1,
        max_size=6,
    )
)
def test_a_file_broken_at_random_is_either_right_or_refused_in_lines(
    breaks: list[tuple[tuple[Any, ...], str, Any]],
) -> None:
    data = copy.deepcopy(EXAMPLE)
    for place, how, value in breaks:
        _break(data, place, how, value)
    try:
        assert isinstance(read(data), Company)
    except BadInputs as error:
        for fault in error.faults:
            assert fault.field and fault.fault
            assert "\n" not in fault.text
            assert len(fault.text) < 700
            assert "stand-in" not in fault.text and "nowhere.invalid" not in fault.text


def _break(data: Any, place: tuple[Any, ...], how: str, value: Any) -> None:
    *way, last = place
    for part in way:
        if not isinstance(data, dict | list) or (isinstance(data, list) and not isinstance(part, int)):
            return
        if (isinstance(data, list) and part >= len(data)) or (isinstance(data, dict) and part not in data):
            return
        data = data[part]
    if isinstance(data, list) and isinstance(last, int) and last < len(data):
        if how == "drop":
            del data[last]
        elif how == "put":
            data[last] = copy.deepcopy(value)
        else:
            data.append(copy.deepcopy(value))
    elif isinstance(data, dict):
        if how == "drop":
            data.pop(last, None)
        else:
            data[last if how == "put" else f"{last}x"] = copy.deepcopy(value)
