"""A company file that is right: what becomes of it, its two syntaxes, its examples, its schema, its page."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields, replace
from datetime import date, time
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel

from scheduler.domain.errors import BadInputs
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Account, Hours, Mode, Person, Standing
from scheduler.domain.policy import Policy
from scheduler.domain.templates import (
    ClockWindow,
    DebriefSpec,
    InterviewSpec,
    LoopTemplate,
    Modality,
    RoleName,
    SeatKind,
    SeatSpec,
)
from scheduler.services.company import file as company_model
from scheduler.services.company import policy as policy_model
from scheduler.services.company.read import company_json_schema, read_company, read_company_file
from scheduler.services.company.text import parsed
from solver.problem.values import Weights
from tests.house.tree import ROOT
from tests.scheduler.services.company.company_kit import faults, read, small

EXAMPLES = ROOT / "examples"
PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("company-file.md", "templates.md")}


def person(data: dict[str, Any], id: str) -> Person:
    return next(p for p in read(data).people if p.id == id)


def weekdays(start: str, end: str) -> tuple[Hours, ...]:
    return tuple(Hours(n, time.fromisoformat(start), time.fromisoformat(end)) for n in range(5))


def test_what_is_left_out_gets_its_default() -> None:
    ida = person(small(), "ida")
    assert ida == Person(
        id="ida",
        name="Ida Brandt",
        email="ida@feldweg.example",
        zone="Europe/Berlin",
        site="leipzig",
        account=Account("local", "ida@feldweg.example", Mode.TYPED),
        hours=weekdays("09:00", "17:30"),
        skills=frozenset({"sql"}),
    )
    company = read(small())
    assert company.organizer == Account("local", "interviews@feldweg.example")
    assert company.sites[0].name == "leipzig"
    assert company.sites[0].hours == weekdays("09:00", "17:30")
    assert company.pools[0].members == {
        "ida": Standing.QUALIFIED,
        "noah": Standing.QUALIFIED,
        "mira": Standing.TRAINEE,
    }
    assert company.rooms[0].site == "leipzig"
    assert company.policy == replace(Policy(), stages=company.policy.stages)
    assert company.policy.stages[0].mode is BookMode.PROPOSE
    assert company.templates[0] == LoopTemplate(
        id="onsite",
        title="On site",
        interviews=(
            InterviewSpec("first", "First", 45, seats=(SeatSpec(pools=("backend",)),)),
            InterviewSpec("second", "Second", 60, seats=(SeatSpec(pools=("data",)),), after=("first",)),
        ),
    )


def test_defaults_of_the_company_hold_for_everybody_who_says_nothing() -> None:
    data = small(
        defaults={
            "hours": "mon-thu 08:00-16:00",
            "lunch": "12:00-13:00",
            "max_day": 2,
            "max_week": 5,
            "provider": "google",
            "mode": "free_busy",
        },
        people__1__hours=["fri 10:00-12:00", "mon 10:00-12:00"],
        people__1__lunch=False,
        people__1__max_day=0,
        people__1__calendar={"address": "n@other.example", "provider": "outlook", "mode": "typed"},
    )
    ida, noah = person(data, "ida"), person(data, "noah")
    assert [h.weekday for h in ida.hours] == [0, 1, 2, 3]
    assert (ida.lunch, ida.max_day, ida.max_week) == ((time(12), time(13)), 2, 5)
    assert ida.account == Account("google", "ida@feldweg.example", Mode.FREE_BUSY)
    assert noah.hours == (Hours(0, time(10), time(12)), Hours(4, time(10), time(12)))
    assert (noah.lunch, noah.max_day, noah.max_week) == (None, 0, 5)
    assert noah.account == Account("outlook", "n@other.example", Mode.TYPED)


def test_a_zone_is_ones_own_else_that_of_the_site() -> None:
    data = small(
        sites__1={"id": "porto", "zone": "Europe/Lisbon"},
        defaults={"site": "leipzig"},
        people__1__site="porto",
        people__2__zone="Asia/Kolkata",
    )
    assert [(p.site, p.zone) for p in read(data).people] == [
        ("leipzig", "Europe/Berlin"),
        ("porto", "Europe/Lisbon"),
        ("leipzig", "Asia/Kolkata"),
    ]


def test_the_example_says_everything_once() -> None:
    company = read_company_file(EXAMPLES / "company.yaml")
    assert company.organizer.provider == "google"
    hamburg = company.sites[0]
    assert (hamburg.country, hamburg.holidays) == ("DE-HH", {date(2027, 5, 7)})
    assert hamburg.closing.yearly == {"12-24", "12-31"}
    people = {p.id: p for p in company.people}
    assert people["eli"].account == Account("outlook", "enavarro@kiesel-us.example", Mode.FREE_BUSY)
    assert people["eli"].lunch is None
    assert len(people["bruno"].hours) == 9
    platform = next(t for t in company.templates if t.id == "platform")
    assert platform.debrief == DebriefSpec(30, 16, 15)
    assert platform.preferred[0] == ClockWindow(time(9, 30), time(12))
    assert platform.interview("panel").seats[1].kind is SeatKind.OPTIONAL
    assert platform.interview("welcome").seats == (SeatSpec(role=RoleName.RECRUITER),)
    assert platform.interview("welcome").modality is Modality.VIDEO
    assert platform.interview("pairing").seats[0].skills == {"python"}
    assert platform.interview("pairing").agenda.endswith("what it would take to run it")
    data_engineer = next(t for t in company.templates if t.id == "data-engineer")
    assert (data_engineer.title, data_engineer.site) == ("Data engineer, Hamburg", "hamburg")
    assert data_engineer.interview("ceo").seats[0].person == "hana"
    assert company.policy.prices == {"extra_day": 2000, "tentative": 400}
    assert company.policy.rule_for("Data Engineer", "On-site").template == "data-engineer"  # type: ignore[union-attr]


def test_toml_says_the_same_as_yaml() -> None:
    text = (EXAMPLES / "small-company.toml").read_text("utf-8")
    company = read_company_file(EXAMPLES / "small-company.toml")
    assert company == read_company(text, "toml", "x") == read(tomllib.loads(text))
    assert company.templates[0].interview("second").after == ("first",)


def test_dates_of_toml_are_dates() -> None:
    text = (EXAMPLES / "small-company.toml").read_text("utf-8")
    text = text.replace('id = "leipzig"', 'id = "leipzig"\nholidays = [2026-12-24, "2026-12-31"]')
    assert read_company(text, "toml", "x").sites[0].holidays == {date(2026, 12, 24), date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("company.txt", b"", "ends in '.txt'; name it .yaml or .toml"),
        ("company", b"", "has no ending; name it .yaml or .toml"),
        ("company.yaml", b"a: 1\nb: \xff", "line 2 is not UTF-8; save the file as UTF-8 text"),
        ("company.yml", b"", "is empty; start with `company:` and its `name:`"),
        (
            "company.toml",
            b"#" * 2_000_001,
            "is larger than 2 MB, the most a company file may hold; check that it is the right file",
        ),
        (
            "company.toml",
            "é".encode() * 1_500_000,
            "is larger than 2 MB, the most a company file may hold; check that it is the right file",
        ),
    ],
)
def test_a_file_that_cannot_be_one_is_refused(tmp_path: Path, name: str, content: bytes, line: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInputs) as caught:
        read_company_file(path)
    assert str(caught.value) == f"{path}: {line}"


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputs, match="cannot be read: No such file"):
        read_company_file(tmp_path / "company.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(BadInputs, match="cannot be read: Is a directory"):
        read_company_file(tmp_path / "folder.yaml")


# --- the schema ---------------------------------------------------------------------------------------


def test_the_schema_beside_the_examples_is_that_of_the_code() -> None:
    kept = json.loads((EXAMPLES / "company.schema.json").read_text("utf-8"))
    assert kept == company_json_schema(), "write company_json_schema() to examples/company.schema.json"


def test_the_schema_is_sound_and_accepts_what_the_reader_accepts() -> None:
    schema = company_json_schema()
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for path in (EXAMPLES / "company.yaml", ROOT / "scheduler" / "demo" / "company.yaml"):
        validator(schema).validate(parsed(path.read_text("utf-8"), "yaml", path.name))
    validator(schema).validate(small())


@pytest.mark.parametrize(
    "changes",
    [
        {"compny": {}},
        {"people__0__name": None},
        {"people__0__max_day": -1},
        {"templates__0__interviews__0__kind": "x"},
        {"templates__0__debrief": True},
        {"templates__0__use": "onsite-loop"},
        {"policy__prices": {"tentativ": 1}},
        {"people__0__lunch": True},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(changes: dict[str, Any]) -> None:
    assert faults(small(**changes))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(small(**changes), company_json_schema())


# --- the model and its surroundings ------------------------------------------------------------------


def test_prices_are_the_weights_of_the_planner() -> None:
    assert set(get_args(policy_model.Price)) == {f.name for f in fields(Weights)}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (company_model.LoopRules, LoopTemplate("t", "T", ())),
        (company_model.InterviewFile, InterviewSpec("i", "I", None)),
        (company_model.SeatFile, SeatSpec()),
        (company_model.DebriefFile, DebriefSpec()),
        (policy_model.PolicyFile, Policy()),
    ],
)
def test_defaults_are_those_of_the_domain(written: type[BaseModel], value: Any) -> None:
    told = 0
    for name, info in written.model_fields.items():
        if (written, name) == (policy_model.PolicyFile, "reasons"):
            continue  # the next test's
        if not info.is_required() and not isinstance(info.default, BaseModel) and hasattr(value, name):
            expected = getattr(value, name)
            plain = type(info.default)(expected) if isinstance(info.default, list | dict) else expected
            assert info.default == plain, name
            told += 1
    assert told >= 3


def test_a_company_without_codes_of_its_own_has_the_usual_ones_and_one_with_none_has_none() -> None:
    """Left out is not empty, so this default cannot be written in the file's model."""
    assert policy_model.PolicyFile().reasons is None
    assert read(small()).policy.reasons == Policy().reasons != ()
    assert read(small(policy__reasons=[])).policy.reasons == ()


SECTIONS = {
    "company-file.md": [
        company_model.CompanyPart,
        company_model.DefaultsFile,
        company_model.SiteFile,
        company_model.PersonFile,
        company_model.PoolFile,
        company_model.RoomFile,
        policy_model.PolicyFile,
        policy_model.StageFile,
        policy_model.AutomationFile,
        policy_model.MatchFile,
    ],
    "templates.md": [
        company_model.OwnTemplate,
        company_model.UsedTemplate,
        company_model.InterviewFile,
        company_model.SeatFile,
        company_model.DebriefFile,
    ],
}


@pytest.mark.parametrize("page", SECTIONS)
def test_every_field_is_on_its_page(page: str) -> None:
    missing = [
        f"{model.__name__}.{name}"
        for model in SECTIONS[page]
        for name in model.model_fields
        if f"`{name}`" not in PAGES[page] and f"{name}:" not in PAGES[page]
    ]
    assert missing == []
