"""Every route says what it does, and without the token only what is open is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIWebSocketRoute
from starlette.exceptions import HTTPException
from starlette.routing import Mount, WebSocketRoute

from scheduler import config
from scheduler.api.access import OPEN, Action, Actor, action_of, also, can
from scheduler.api.gate import signing
from scheduler.api.main import create_app
from scheduler.config import Settings
from scheduler.domain.access.policy import Grant, Role
from scheduler.domain.errors import BadInputs
from tests.scheduler.api.client import BASE, PROBLEM, TOKEN, Client, event
from tests.scheduler.kit import Kit

READS = (Action.READ, Action.LOOK_UP, Action.AUDIT, Action.SELF, Action.OBSERVE)
"""What changes nothing."""
FAR = ("203.0.113.7", 4711)


def routes(api: Client) -> list[Any]:
    return list(_flat(api.app.routes))  # type: ignore[attr-defined]


def _flat(found: Any) -> Iterator[Any]:
    for route in found:
        inner = getattr(route, "effective_route_contexts", None)
        yield from inner() if inner else [route]


def test_every_route_declares_one_action(api: Client) -> None:
    found = [r for r in routes(api) if getattr(r, "dependant", None) is not None]
    assert len(found) > 25
    for route in found:
        actions = {action_of(d.call) for d in _dependencies(route.dependant)} - {None}
        assert len(actions) == 1, route.path
        (action,) = actions
        if route.methods != {"GET"}:
            assert action not in {*READS} - {Action.SELF}, f"{route.path} changes something"


def test_there_is_nothing_but_these_routes(api: Client) -> None:
    for route in routes(api):
        assert not isinstance(route, Mount | WebSocketRoute | APIWebSocketRoute), route
        assert getattr(route, "dependant", None) is not None, route
        assert route.path.startswith(BASE + "/") or route.path in (
            "/",
            "/llms.txt",
            signing.BEGIN,
            signing.BACK,
        )


def _dependencies(dependant: Dependant) -> list[Dependant]:
    return [d for part in dependant.dependencies for d in (part, *_dependencies(part))]


def test_the_policy() -> None:
    for action in Action:
        assert can(Actor("api:token", trusted=True), action)
        assert can(Actor(""), action) is (action in OPEN)


def closed_routes(api: Client) -> list[tuple[str, str]]:
    """Every method and path that is not open to everybody, with ids put in."""
    found = []
    for route in routes(api):
        actions = {action_of(d.call) for d in _dependencies(route.dependant)} - {None}
        if not actions & OPEN:
            path = route.path.replace("{", "").replace("}", "")
            found += [(method, path) for method in route.methods]
    return found


def test_without_its_token_nobody_gets_past_any_closed_route(kit: Kit) -> None:
    api = Client(kit, api_token=TOKEN)
    closed = closed_routes(api)
    assert len(closed) > 20
    wrong: list[dict[str, Any]] = [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"authorization": "Bearer ä".encode()},
    ]
    for n, (method, path) in enumerate(closed):
        headers = wrong[n % len(wrong)]
        answer = api.request(method, path, headers=headers, json={} if method in ("PUT", "POST") else None)
        assert answer.status_code in (401, 429), (method, path, headers, answer.text)
        assert answer.headers["retry-after" if answer.status_code == 429 else "www-authenticate"]
        assert answer.headers["content-type"] == PROBLEM


def test_its_token_opens_it_from_anywhere(kit: Kit) -> None:
    api = Client(kit, client=FAR, host="loopwright.example", api_token=TOKEN)
    for scheme in ("Bearer", "bearer"):
        api.headers["authorization"] = f"{scheme} {TOKEN}"
        assert len(api.ask("/people")) == 8
    assert api.loop()["state"] == "proposed"


def test_a_token_may_be_any_text(kit: Kit) -> None:
    token = "schlüssel-für-die-tür-zum-hof"
    api = Client(kit, api_token=token)
    assert api.get(f"{BASE}/people", headers={"authorization": f"Bearer {token}".encode()}).status_code == 200


def test_the_door_opens_what_the_routes_declare_open_and_nothing_else(api: Client) -> None:
    door = api.app.state.door  # type: ignore[attr-defined]
    said = {(m, path.pattern) for methods, path in door._opened for m in methods}
    declared = {
        (method, route.path_regex.pattern)
        for route in routes(api)
        if {action_of(d.call) for d in _dependencies(route.dependant)} & OPEN
        for method in route.methods
    }
    assert said == declared
    assert len(said) > 7


def test_what_is_open_is_open_to_all(kit: Kit) -> None:
    api = Client(kit, client=FAR, host="loopwright.example", api_token=TOKEN)
    for path in ("health", "docs", "openapi.json", "company/schema"):
        assert api.get(f"{BASE}/{path}").status_code == 200
    assert api.get("/").status_code == 307
    assert api.deliver(event()).status_code == 202


GOOD = "q7Zt0mXv4RkB9sLw2PdJ6hNc8Y"


@pytest.mark.parametrize("name", ["api_token", "webhook_secret"])
def test_a_short_secret_does_not_start(name: str) -> None:
    with pytest.raises(BadInputs, match="too short"):
        config.load(**{name: GOOD[:23]})
    assert config.load(**{name: GOOD[:24]})


@pytest.mark.parametrize("name", ["api_token", "webhook_secret"])
@pytest.mark.parametrize("secret", ["x" * 24, "abcabcabcabcabcabcabcabcabc", "whsec_" + "AAAA" * 8])
def test_a_secret_that_repeats_itself_does_not_start(name: str, secret: str) -> None:
    with pytest.raises(BadInputs, match="repeats a few characters; use at least 24 random characters"):
        config.load(**{name: secret})


def test_a_broken_webhook_key_does_not_start() -> None:
    with pytest.raises(BadInputs, match="not base64"):
        config.load(webhook_secret="whsec_" + GOOD + "?")


def test_secrets_are_in_no_text_of_the_settings(kit: Kit) -> None:
    settings = Settings(api_token=TOKEN, webhook_secret=GOOD)
    assert TOKEN not in repr(settings) and GOOD not in str(settings)
    assert TOKEN not in repr(create_app(kit.app, settings).state)


def test_what_one_request_does_besides_is_asked_of_the_policy_too() -> None:
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "path_params": {}})
    reader = Actor("person:emma", grants=(Grant(Role.AUDITOR),))
    with pytest.raises(HTTPException) as refused:
        also(request, reader, Action.BOOK)
    assert refused.value.status_code == 403 and "say yes to plans" in refused.value.detail
    also(request, Actor("person:rolf", grants=(Grant(Role.RECRUITER),)), Action.BOOK)
