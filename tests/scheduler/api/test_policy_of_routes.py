"""Every route for every role, with what is theirs and what is not, beside the table that people read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from starlette.exceptions import HTTPException

from scheduler.api.access import OPEN, Action, Actor, admitted
from scheduler.api.common import BASE
from scheduler.domain.access.policy import Grant, Role
from scheduler.domain.errors import Missing
from tests.scheduler.api import policy_table
from tests.scheduler.api.client import APPLICATION, Client, problem, wanted
from tests.scheduler.kit import Kit

THEIRS = {**APPLICATION, "id": "app-2", "job": "Designer", "hiring_manager": "rolf", "recruiter": "hana"}
THEIRS["candidate"] = {"name": "Ada Ruiz", "email": "ada@example.net", "zone": "Europe/Madrid"}
NAMES = ("loop_id", "proposal_id", "application_id", "matter_id")
NEEDS = {"extra_time": 25}


@dataclass
class Scene:
    """Two loops: the first is booked, and everybody's own; the second is nobody's."""

    api: Client
    own: dict[str, str]
    foreign: dict[str, str]
    seated: str
    tokens: dict[Role, str]

    def ask(self, token: str, method: str, path: str, **more: Any) -> Any:
        return self.api.request(method, BASE + path, headers={"authorization": f"Bearer {token}"}, **more)


PEOPLE = {Role.RECRUITER: "rolf", Role.COORDINATOR: "rolf", Role.HIRING_MANAGER: "hana"}


def token_of(api: Client, role: Role, seated: str) -> str:
    if role is Role.AUTOMATION:
        return str(api.ask("/tokens", "POST", {"name": "feed", "roles": [{"role": role}]}, 201)["secret"])
    person = PEOPLE.get(role, seated if role is Role.INTERVIEWER else None)
    user = {"name": role, "email": f"{role}@example.com", "person": person, "roles": [{"role": role}]}
    if role is Role.ASSISTANT:
        user["assists"] = [seated]
    api.ask(f"/users/u-{role.value}", "PUT", user)
    return str(api.ask("/tokens", "POST", {"name": role, "user": f"u-{role.value}"}, 201)["secret"])


def ids_of(loop: Any) -> dict[str, str]:
    return {
        "loop_id": loop["id"],
        "proposal_id": loop["proposals"][0]["id"],
        "application_id": loop["application"],
    }


@pytest.fixture
def scene(kit: Kit) -> Scene:
    api = Client(kit)
    loop = api.loop(application={**APPLICATION, "accommodation": NEEDS})
    api.ask(f"/proposals/{loop['proposals'][0]['id']}/choose", "POST", {})
    booked = api.ask(f"/loops/{loop['id']}")
    seated = booked["interviews"][0]["seats"][0]["person"]
    other = api.ask("/loops", "POST", {**wanted(), "application": THEIRS}, 202)
    tokens = {role: token_of(api, role, seated) for role in Role}
    own = ids_of(loop)
    return Scene(api, own, ids_of(api.ask(f"/loops/{other['id']}")), seated, tokens)


def table() -> dict[tuple[str, str], str]:
    """Role and action to what the page says of them."""
    text = policy_table.PAGE.read_text().partition(policy_table.BEGIN)[2].partition("Narrow by")[0]
    rows = re.findall(r"^\|(.+)\|$", text, re.M)
    cells = [[cell.strip(" *") for cell in row.split("|")] for row in rows]
    return {
        (role.replace(" ", "_"), row[0].replace(" ", "_")): said
        for row in cells[2:]
        for role, said in zip(cells[0][1:], row[1:], strict=True)
    }


def test_the_page_says_what_the_policy_does() -> None:
    text = policy_table.PAGE.read_text()
    assert policy_table.written(text) == text, "run .venv/bin/python -m tests.scheduler.api.policy_table"
    assert len(table()) == len(Role) * len(Action)


@dataclass
class Case:
    method: str
    path: str
    template: str
    action: Action
    narrows: bool
    names: dict[str, str]
    """The parts of the path that name a loop, or what belongs to one."""


def cases(ids: dict[str, str]) -> Iterator[Case]:
    for method, route, action, narrows in policy_table.routes():
        if action in OPEN:
            continue
        parts = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        path = route.path.removeprefix(BASE)
        for part in parts:
            path = path.replace(f"{{{part}}}", ids.get(part, "some-1"))
        yield Case(
            method, path, route.path, action, narrows, {p: ids.get(p, "some-1") for p in parts if p in NAMES}
        )


def passes(scene: Scene, actor: Actor, case: Case) -> bool:
    """Whether the check before a route lets somebody in. The route itself is not run: it would change things."""
    request = Request(
        {"type": "http", "app": scene.api.app, "state": {"actor": actor}, "path_params": case.names}
    )
    try:
        asyncio.run(admitted(request, case.action, narrows=case.narrows))
    except (HTTPException, Missing):
        return False
    return True


def actor_of(scene: Scene, role: Role) -> Actor:
    person = PEOPLE.get(role, scene.seated if role is Role.INTERVIEWER else "")
    return Actor("x", grants=(Grant(role),), person=person, assists=(scene.seated,))


def test_every_route_for_every_role_with_own_and_foreign_things(scene: Scene) -> None:
    said, refused, passed = table(), 0, 0
    for role in Role:
        actor = actor_of(scene, role)
        for ids, mine in ((scene.own, True), (scene.foreign, False)):
            for case in cases(ids):
                far = said[role.value, case.action.value]
                wide = bool(case.names) or case.narrows
                theirs = mine and "matter_id" not in case.names  # there is none
                let_in = far == "all" or (far == "own" and wide and (theirs or case.narrows))
                assert passes(scene, actor, case) is let_in, (role, case, far)
                if let_in:
                    passed += 1
                    continue
                refused += 1
                answer = scene.ask(scene.tokens[role], case.method, case.path, json={})
                assert answer.status_code in ((403,) if far == "–" or not case.names else (404,)), (
                    role,
                    case,
                )
                assert problem(answer)["type"] in ("forbidden", "not_found")
    assert refused > 300 and passed > 300


def test_what_is_not_theirs_is_answered_like_what_is_not_there(scene: Scene) -> None:
    for role in (Role.HIRING_MANAGER, Role.INTERVIEWER, Role.ASSISTANT):
        for name, path in (
            ("loop_id", "/loops/"),
            ("proposal_id", "/proposals/"),
            ("application_id", "/applications/"),
        ):
            theirs = scene.foreign[name]
            gone = theirs[:-1] + ("0" if theirs[-1] != "0" else "1")
            answers = [scene.ask(scene.tokens[role], "GET", path + id) for id in (theirs, gone)]
            assert [a.status_code for a in answers] == [404, 404]
            assert answers[0].text.replace(theirs, "") == answers[1].text.replace(gone, "")
            assert scene.ask(scene.tokens[role], "GET", path + scene.own[name]).status_code == 200


@pytest.mark.parametrize("role", [Role.HIRING_MANAGER, Role.INTERVIEWER, Role.ASSISTANT])
def test_lists_hold_what_is_theirs(scene: Scene, role: Role) -> None:
    token, own, foreign = scene.tokens[role], scene.own["loop_id"], scene.foreign["loop_id"]
    assert [row["id"] for row in scene.ask(token, "GET", "/loops").json()] == [own]
    counts = scene.ask(token, "GET", "/loops/counts").json()["counts"]
    assert sum(counts.values()) == 1
    meetings = scene.ask(token, "GET", "/bookings?from=2026-03-01&to=2026-03-31&zone=UTC").json()
    assert meetings and {row["loop"] for row in meetings} == {own}
    assert scene.ask(token, "GET", f"/bookings?loop={foreign}").json() == []
    assert scene.ask(token, "GET", f"/loops?after={foreign}").status_code == 422


def test_a_recruiter_of_one_job_sees_and_asks_for_that_job_alone(scene: Scene) -> None:
    roles = [{"role": "recruiter", "jobs": ["Designer"]}]
    scene.api.ask("/users/una", "PUT", {"name": "Una", "email": "una@example.com", "roles": roles})
    token = scene.api.ask("/tokens", "POST", {"name": "una", "user": "una"}, 201)["secret"]
    assert [row["id"] for row in scene.ask(token, "GET", "/loops").json()] == [scene.foreign["loop_id"]]
    assert scene.ask(token, "GET", f"/loops/{scene.own['loop_id']}").status_code == 404
    new = {**THEIRS, "id": "app-3"}
    assert scene.ask(token, "POST", "/loops", json={**wanted(), "application": new}).status_code == 202
    for body in ({**new, "id": "app-4", "job": "Backend Engineer"}, {**new, "id": "app-1"}):
        answer = scene.ask(token, "POST", "/loops", json={**wanted(), "application": body})
        assert (answer.status_code, problem(answer)["type"]) == (409, "not_allowed")
        assert scene.ask(token, "PUT", f"/applications/{body['id']}", json=body).status_code == 409
    assert scene.api.ask("/applications/app-1")["job"] == "Backend Engineer"
    assert "app-4" not in {row["id"] for row in scene.api.ask("/applications")}


def test_needs_are_shown_to_recruiter_and_coordinator_and_kept_by_others(scene: Scene) -> None:
    for role in Role:
        answer = scene.ask(scene.tokens[role], "GET", "/applications/app-1")
        shown = answer.json()["accommodation"]["extra_time"]
        assert shown == (25 if role in (Role.RECRUITER, Role.COORDINATOR) else 0), role
    # the one who may change it and sees nothing of it
    token, path = scene.tokens[Role.ADMIN], "/applications/app-1"
    answer = scene.ask(token, "GET", path)
    kept = scene.api.put(
        BASE + path,
        json={**answer.json(), "stage": "Onsite"},
        headers={"authorization": f"Bearer {token}", "if-match": answer.headers["etag"]},
    )
    assert kept.status_code == 200 and kept.json()["accommodation"]["extra_time"] == 0
    stored = scene.api.ask(path)
    assert (stored["stage"], stored["accommodation"]["extra_time"]) == ("Onsite", 25)
    for role in (Role.ADMIN, Role.AUDITOR, Role.AUTOMATION):
        rows = scene.ask(scene.tokens[role], "GET", "/applications").json()
        assert {row["accommodation"]["extra_time"] for row in rows} == {0}


def test_nobody_comes_to_know_needs_by_naming_themselves(scene: Scene) -> None:
    user = {"name": "Ben", "email": "ben@example.com", "person": "ben", "roles": [{"role": Role.RECRUITER}]}
    scene.api.ask("/users/u-ben", "PUT", user)
    ben = scene.api.ask("/tokens", "POST", {"name": "ben", "user": "u-ben"}, 201)["secret"]
    application = scene.api.ask("/applications/app-1")
    mine = {**application, "recruiter": "ben", "accommodation": {}}
    asks = (("PUT", "/applications/app-1", mine), ("POST", "/loops", {**wanted(), "application": mine}))
    for method, path, body in asks:
        answer = scene.ask(ben, method, path, json=body)
        assert (answer.status_code, problem(answer)["type"]) == (409, "not_allowed"), path
    assert scene.ask(ben, "GET", "/applications/app-1").json()["accommodation"]["extra_time"] == 0
    assert scene.api.ask("/applications/app-1") == application


def test_no_route_reads_who_asks_from_the_settings() -> None:
    """The policy is asked in one place: nothing else in the API looks at roles."""
    api = Path(__file__).parents[3] / "scheduler" / "api"
    found = [p.name for p in api.rglob("*.py") if "Role." in p.read_text() or ".grants" in p.read_text()]
    assert sorted(found) == ["me.py", "models.py"]
