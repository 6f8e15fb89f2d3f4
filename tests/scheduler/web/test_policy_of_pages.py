"""Every page for every role, with what is theirs and what is not; and nothing is shown that would be refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import pytest
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from scheduler.domain.access.accounts import User
from scheduler.domain.access.policy import Action, Actor, Grant, Role
from scheduler.domain.errors import Missing
from scheduler.domain.loops import Accommodation, BookMode, Candidate, LoopState
from scheduler.services.access import accounts
from scheduler.services.access.accounts import TokenWanted
from scheduler.web.frame.acts import Acts
from scheduler.web.main import Console
from tests.scheduler.api import policy_table
from tests.scheduler.api.test_policy_of_routes import PEOPLE, table
from tests.scheduler.kit import NOW, Kit, make
from tests.scheduler.web.plain import Plain
from tests.stories.kit import MARA, ask, booked, look

ADA = replace(
    MARA,
    id="app-2",
    candidate=Candidate("Ada Ruiz", "ada@example.net", "Europe/Madrid"),
    job="Designer",
    hiring_manager="rolf",
    recruiter="hana",
)
READS = {Action.READ, Action.LOOK_UP, Action.AUDIT, Action.SELF}


@dataclass
class Scene:
    """Two loops: the first is booked, and everybody's own; the second is nobody's."""

    site: Plain
    kit: Kit
    own: str
    foreign: str
    seated: str
    tokens: dict[Role, str]

    def headers(self, role: Role) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[role]}"}

    def get(self, role: Role, path: str) -> Any:
        return self.site.get(path, headers=self.headers(role))

    def actor(self, role: Role) -> Actor:
        person = PEOPLE.get(role, self.seated if role is Role.INTERVIEWER else "")
        return Actor("x", grants=(Grant(role),), person=person, assists=(self.seated,))


def token_of(kit: Kit, role: Role, seated: str) -> str:
    person = PEOPLE.get(role, seated if role is Role.INTERVIEWER else "")
    user = User(f"u-{role.value}", role.value, "x@example.com", person, (Grant(role),), (seated,), True, NOW)
    with kit.app.db.write() as tx:
        if role is Role.AUTOMATION:
            return accounts.add_token(kit.app, tx, TokenWanted("feed", 30, user.grants), "test")[1]
        accounts.put_user(kit.app, tx, user, "test")
        return accounts.add_token(kit.app, tx, TokenWanted("own", 30, user=user.id), "test")[1]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    kit = make(tmp_path_factory.mktemp("pages"))
    mine = ask(kit, "short", application=replace(MARA, accommodation=Accommodation(extra_time=25)))
    other = ask(kit, "short", BookMode.PROPOSE, application=ADA)
    assert mine.state is LoopState.CONFIRMED
    seated = next(iter(booked(kit, mine.id).values())).seats[0].person
    tokens = {role: token_of(kit, role, seated) for role in Role}
    yield Scene(Plain(kit), kit, mine.id, other.id, seated, tokens)


def pages() -> Iterator[tuple[str, APIRoute, Acts]]:
    """Method, page, and what its router declares."""
    for route in Console().router.routes:
        assert isinstance(route, APIRoute)
        (declared,) = [d.dependency for d in route.dependencies if isinstance(d.dependency, Acts)]
        for method in sorted(route.methods):
            yield method, route, declared


def test_every_page_declares_one_action_and_what_is_sent_is_no_look() -> None:
    found = [(method, route.path, declared.of(method, route.path)) for method, route, declared in pages()]
    assert len(found) > 60
    for method, path, action in found:
        assert method == "GET" or action not in READS - {Action.SELF}, path
    known = {f"{method} {path}" for method, path, _ in found}
    for _, _, declared in pages():
        assert {*declared._other, *declared._narrows} <= known


def passes(scene: Scene, role: Role, action: Action, names: dict[str, str], narrows: bool) -> bool:
    state = {"actor": scene.actor(role)}
    request = Request({"type": "http", "app": scene.site.app, "state": state, "path_params": names})
    try:
        asyncio.run(request.app.state.admitted(request, action, narrows=narrows))
    except (HTTPException, Missing):
        return False
    return True


def test_every_page_for_every_role_with_own_and_foreign_things(scene: Scene) -> None:
    said, refused, passed = table(), 0, 0
    for role in Role:
        for loop, mine in ((scene.own, True), (scene.foreign, False)):
            ours = {"loop_id": loop, "application_id": look(scene.kit, loop).application}
            for method, route, declared in pages():
                action, narrows = declared.of(method, route.path), declared.narrow(method, route.path)
                names = {name: id for name, id in ours.items() if f"{{{name}}}" in route.path}
                far, named = said[role.value, action.value], bool(names)
                let_in = far == "all" or (far == "own" and (narrows or (named and mine)))
                assert passes(scene, role, action, names, narrows) is let_in, (role, method, route.path)
                passed += let_in
                if let_in or (not named and not mine):
                    continue
                refused += 1
                path = re.sub(r"{(\w+)}", lambda found, ours=ours: ours.get(found[1], "x"), route.path)
                answer = scene.site.request(method, path, headers=scene.headers(role), content="")
                assert answer.status_code == (404 if far == "own" and named else 403), (role, method, path)
                assert answer.headers["content-type"].startswith("text/html")
    assert refused > 150 and passed > 300
    assert look(scene.kit, scene.foreign).state is LoopState.PROPOSED


START = [
    "/today",
    "/loops",
    "/superdays",
    "/load",
    "/people",
    "/people/anna",
    "/company",
    "/company/policy",
    "/automations",
    "/audit",
    "/health",
    "/you",
    "/new",
    "/loops/OWN",
    "/loops/OWN/plans",
    "/loops/OWN/why",
    "/loops/OWN/picked?interview=panel",
    "/loops/OTHER",
]
ROLES = (Role.ADMIN, Role.COORDINATOR, Role.HIRING_MANAGER, Role.INTERVIEWER, Role.AUDITOR)


def leads(scene: Scene, role: Role, method: str, address: str) -> bool:
    """Whether an address that a page shows would be opened to that role."""
    path = unescape(address).partition("#")[0].partition("?")[0]
    for one, route, declared in pages():
        found = route.path_regex.fullmatch(path)
        if one == method and found:
            action, narrows = declared.of(method, route.path), declared.narrow(method, route.path)
            return passes(scene, role, action, found.groupdict(), narrows)
    raise AssertionError(f"{method} {path} is no page")


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_shown_that_would_be_refused(scene: Scene, role: Role) -> None:
    opened, forms, links = 0, set[str](), set[str]()
    for path in START:
        answer = scene.get(role, path.replace("OWN", scene.own).replace("OTHER", scene.foreign))
        if answer.status_code != 200:
            continue
        opened += 1
        shown = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text))
        led = set(re.findall(r'<a [^>]*href="(/[^"]*)"', answer.text))
        led = {link for link in led if not link.startswith("/api/")}
        for method, found in (("POST", shown), ("GET", led)):
            assert [one for one in found if not leads(scene, role, method, one)] == [], (path, method)
        forms, links = forms | shown, links | led
    assert opened == {Role.HIRING_MANAGER: 10, Role.INTERVIEWER: 6}.get(role, opened) and opened > 5
    many, by_hand = "/loops/bulk" in forms, any(link.endswith("/change") for link in links)
    assert (many, by_hand) == ((True, True) if role in (Role.ADMIN, Role.COORDINATOR) else (False, False))
    assert ("/company/policy" in forms) is (role is Role.ADMIN)


def test_who_sees_some_loops_begins_with_those(scene: Scene) -> None:
    for role in (Role.HIRING_MANAGER, Role.INTERVIEWER, Role.ASSISTANT):
        assert scene.get(role, "/today").headers["location"] == "/loops"
        text = scene.get(role, "/loops").text
        assert scene.own in text and scene.foreign not in text and "Ada Ruiz" not in text
        assert "1 loop<" in text
        assert scene.get(role, f"/live?after=0&loop={scene.foreign}").status_code == 404
    text = scene.get(Role.HIRING_MANAGER, "/people/rolf").text
    assert "Next four weeks" not in text and "Mara Lind" not in text


def test_what_a_candidate_needs_is_for_their_recruiter_and_coordinator(scene: Scene) -> None:
    for role in Role:
        answer = scene.get(role, f"/loops/{scene.own}")
        assert answer.status_code == 200
        shown = "What the candidate needs" in answer.text
        assert shown is (role in (Role.RECRUITER, Role.COORDINATOR)), role
    text = scene.get(Role.RECRUITER, f"/loops/{scene.foreign}").text
    assert "What the candidate needs" not in text


def test_the_page_about_access_lists_what_pages_do() -> None:
    text = policy_table.PAGE.read_text()
    for method, route, declared in pages():
        action = declared.of(method, route.path).value.replace("_", " ")
        assert re.search(rf"\| \*{action}\* \|.*`{method} {re.escape(route.path)}`", text), (
            method,
            route.path,
        )
