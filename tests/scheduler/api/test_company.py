"""The company through the API: read, loaded whole, changed one by one, never half wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.services.company.edit import company_file
from scheduler.services.company.read import checked_company
from tests.scheduler.api.client import Client
from tests.scheduler.kit import COMPANY, Kit, make

ROOT = Path(__file__).parents[3]
FILES = [COMPANY, ROOT / "examples" / "company.yaml", ROOT / "scheduler" / "demo" / "company.yaml"]
NEW = {"name": "Olga Orlow", "email": "olga@testwerk.example", "site": "berlin", "skills": ["sql"]}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_loaded_is_a_file_that_loads_the_same(file: Path, tmp_path: Path) -> None:
    kit = make(tmp_path, file.read_text(encoding="utf-8"))
    api = Client(kit)
    body = api.ask("/company")
    again = checked_company(body)
    for name in ("name", "organizer", "policy"):
        assert getattr(again, name) == getattr(kit.company, name)
    for name in ("sites", "people", "pools", "rooms", "templates"):
        by_id = {value.id: value for value in getattr(kit.company, name)}
        assert {value.id: value for value in getattr(again, name)} == by_id
    counted = api.ask("/company", "PUT", body)
    assert counted["people"] == len(kit.company.people)
    assert api.ask("/company") == body


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_person_or_a_room_that_is_got_can_be_put_as_it_is(file: Path, tmp_path: Path) -> None:
    kit = make(tmp_path, file.read_text(encoding="utf-8"))
    api = Client(kit)
    before = api.ask("/company")
    for path in ("/people", "/rooms"):
        for value in api.ask(path):
            assert api.ask(f"{path}/{value['id']}", "PUT", value) == value
    assert api.ask("/company") == before


def test_a_lunch_break_is_told_and_kept(api: Client) -> None:
    for lunch in ("12:00-12:45", False):
        olga = api.ask("/people/olga", "PUT", {**NEW, "lunch": lunch, "level": "", "title": " "})
        assert (olga["lunch"], olga["level"], olga["title"]) == (lunch, "", "")
        assert api.ask("/people/olga", "PUT", olga) == olga
    assert api.ask("/people/olga", "PUT", NEW)["lunch"] is False


def test_a_person_is_added_changed_and_taken_out(api: Client) -> None:
    olga = api.ask("/people/olga", "PUT", NEW)
    assert (olga["zone"], olga["max_day"], olga["calendar"]["provider"]) == ("Europe/Berlin", 3, "local")
    assert api.ask("/people/olga") == olga
    changed = api.ask(
        "/people/olga", "PUT", {**NEW, "id": "olga", "max_day": 1, "hours": "mon-tue 10:00-12:00"}
    )
    assert (changed["max_day"], changed["hours"]) == (1, ["mon 10:00-12:00", "tue 10:00-12:00"])
    assert len(api.ask("/people")) == 9
    api.ask("/people/olga", "PUT", {**NEW, "active": False})
    assert len(api.ask("/people")) == 8
    assert api.ask("/people/olga")["active"] is False
    api.ask("/people/olga", "PUT", NEW)
    assert len(api.ask("/people")) == 9


def test_a_member_who_left_stays_named_in_the_pool(api: Client) -> None:
    dirk = {k: v for k, v in api.ask("/people/dirk").items() if k in ("name", "email", "site")}
    api.ask("/people/dirk", "PUT", {**dirk, "active": False})
    assert "dirk" in api.ask("/pools/engineers")["members"]
    assert api.ask("/people/nora", "PUT", {"name": "N", "email": "nora@testwerk.example", "site": "new-york"})


def test_a_pool_a_room_and_a_template(api: Client) -> None:
    pool = api.ask("/pools/data", "PUT", {"name": "Data", "qualified": ["anna"], "trainee": ["emma"]})
    assert pool["members"] == {"anna": "qualified", "emma": "trainee"}
    room = api.ask("/rooms/ash", "PUT", {"site": "berlin", "capacity": 4, "calendar": "ash@testwerk.example"})
    assert (room["name"], room["capacity"]) == ("ash", 4)
    steps = [{"id": "a", "title": "A", "minutes": 30, "modality": "video", "seats": [{"pool": "data"}]}]
    template = api.ask("/templates/mini", "PUT", {"title": "Mini", "interviews": steps, "notice_hours": 1})
    assert template["interviews"][0]["seats"] == ["1 lead of data"]
    assert api.loop("mini")["state"] == "proposed"
    assert len(api.ask("/templates")) == 4


@pytest.mark.parametrize(
    ("path", "body", "field", "fix"),
    [
        ("people/olga", {"email": "o@x.example", "site": "berlin"}, "name", "give"),
        ("people/olga", {**NEW, "emial": "x"}, "emial", "did you mean 'email'?"),
        ("people/olga", {**NEW, "site": "berlni"}, "site", "did you mean 'berlin'?"),
        ("people/olga", {**NEW, "zone": "Europe/Berln"}, "zone", "did you mean 'Europe/Berlin'?"),
        ("people/olga", {**NEW, "email": "anna@testwerk.example"}, "email", ""),
        ("people/olga", {**NEW, "hours": "mon 09:00-09:00"}, "hours", "give two different times"),
        ("people/olga", {**NEW, "max_day": 1.5}, "max_day", ""),
        ("people/olga", {**NEW, "id": "olgа"}, "id", "use the same id"),
        ("people/two words", NEW, "id", "use letters"),
        (
            "people/anna",
            {"name": "A", "email": "anna@testwerk.example", "skills": "x\x07"},
            "skills",
            "remove it",
        ),
        ("pools/data", {"qualified": ["ann"]}, "qualified[0]", "did you mean 'anna'?"),
        ("pools/data", {"qualified": ["anna"], "trainee": ["anna"]}, "qualified[0]", "keep one standing"),
        (
            "rooms/oak",
            {"site": "berlin", "capacity": 1, "calendar": "oak@testwerk.example"},
            "capacity",
            "give 2",
        ),
        (
            "rooms/ash",
            {"site": "berlin", "capacity": 4, "calendar": "oak@testwerk.example"},
            "calendar",
            "once",
        ),
        ("templates/t", {"title": "T"}, "interviews", "give"),
        (
            "templates/t",
            {"title": "T", "interviews": [{"id": "a", "title": "A", "seats": [{"pool": "engineers"}]}]},
            "interviews[0].minutes",
            "",
        ),
        (
            "templates/t",
            {
                "title": "T",
                "interviews": [{"id": "a", "title": "A", "minutes": 30, "seats": [{"pool": "enginers"}]}],
            },
            "interviews[0].seats[0].pool",
            "did you mean 'engineers'?",
        ),
    ],
)
def test_a_wrong_entry_is_told_which_field_and_changes_nothing(
    api: Client, path: str, body: dict[str, object], field: str, fix: str
) -> None:
    before = api.ask("/company")
    refused = api.refused(422, f"/{path}", "PUT", json=body)
    assert field in {f["field"] for f in refused["errors"]}, refused
    assert fix in " ".join(f["fix"] for f in refused["errors"] if f["field"] == field)
    assert api.ask("/company") == before


def test_what_others_need_cannot_be_taken_away(api: Client) -> None:
    refused = api.refused(422, "/pools/seniors", "PUT", json={"qualified": []})
    assert any(f["field"].startswith("templates[") for f in refused["errors"])


def test_a_company_with_several_faults_is_told_all_and_not_loaded(api: Client) -> None:
    body = api.ask("/company")
    body["people"][0]["zone"] = "Mars/Olympus"
    body["pools"][0]["qualified"].append("nobody")
    body["surprise"] = 1
    refused = api.refused(422, "/company", "PUT", json=body)
    assert {f["field"] for f in refused["errors"]} == {
        "people[0].zone",
        f"pools[0].qualified[{len(body['pools'][0]['qualified']) - 1}]",
        "surprise",
    }
    assert len(api.ask("/people")) == 8


@pytest.mark.parametrize("body", [{}, [], "text", 7, None])
def test_what_is_no_company(api: Client, body: object) -> None:
    refused = api.refused(422, "/company", "PUT", json=body)
    assert refused["errors"]
    assert len(api.ask("/people")) == 8


def test_names_in_any_script_survive(api: Client) -> None:
    assert api.ask("/people/olga", "PUT", {**NEW, "name": "Ольга 🚀 王"})["name"] == "Ольга 🚀 王"


def test_before_the_first_load_there_is_no_company(kit: Kit, api: Client) -> None:
    from scheduler.storage.database import Database

    empty = Database(f"sqlite:///{kit.folder.parent / 'empty.sqlite3'}")
    empty.migrate()
    object.__setattr__(kit.app, "db", empty)
    assert api.refused(404, "/company")["type"] == "not_found"
    assert api.refused(404, "/people/olga", "PUT", json=NEW)["type"] == "not_found"
    assert Client(kit, data=str(kit.folder.parent)).ask("/health/ready")["company_loaded"] is False


def test_the_file_of_the_loaded_company_is_plain(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        file = company_file(tx)
    assert set(file) == {"company", "defaults", "sites", "people", "pools", "rooms", "templates", "policy"}
