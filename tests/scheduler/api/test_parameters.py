"""What stands behind the `?`: names that a route does not know are refused by name, on every route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from scheduler.api.access import Action, action_of
from tests.scheduler.api.client import BASE, TOKEN, Client
from tests.scheduler.api.test_access import routes
from tests.scheduler.kit import Kit


def _delivered(route: APIRoute) -> bool:
    return Action.DELIVER in {action_of(part.call) for part in route.dependant.dependencies}


def test_every_route_refuses_what_it_does_not_know_by_name(api: Client) -> None:
    """Not those that other services deliver to: they may add names of their own."""
    asked = [route for route in routes(api) if not _delivered(route)]
    assert len(routes(api)) - len(asked) in range(1, 7)
    for route in asked:
        path = re.sub(r"\{[^}]+\}", "x", route.path)
        for method in route.methods:
            answer = api.request(method, path, params={"nonsense": "1"}, json={} if method != "GET" else None)
            assert answer.status_code == 422, (method, path, answer.text)
            assert [f["field"] for f in answer.json()["errors"]] == ["nonsense"], (method, path)


def _bodies(schema: Any, shapes: Any) -> Iterator[Any]:
    """Bodies that lack or confuse something, for every field and every kind of what a list holds."""
    yield from ({}, [], {"nonsense": 1})
    shape = shapes[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, part in shape.get("properties", {}).items():
        yield from ({name: value} for value in (None, [{}]))
        kinds = part.get("items", {}).get("discriminator", {}).get("mapping", {})
        named = part.get("items", {}).get("oneOf", [])
        for kind in kinds or [s["$ref"].rpartition("/")[2] for s in named if "$ref" in s]:
            field = shapes.get(kind, {}).get("properties", {}).get("do", {})
            for do in [field["const"]] if "const" in field else field.get("enum", [kind]):
                yield {name: [{"do": do}]}


def test_whatever_a_body_lacks_is_no_mistake_of_ours(api: Client) -> None:
    described = api.get(f"{BASE}/openapi.json").json()
    shapes, asked, seen = described["components"]["schemas"], 0, list[Any]()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or "/webhooks/" in path or "/push/" in path:
                continue
            for schema in content["schema"].get("anyOf", [content["schema"]]):
                if schema in seen:
                    continue
                seen.append(schema)
                for body in _bodies(schema, shapes):
                    answer = api.request(method, re.sub(r"\{[^}]+\}", "x", path), json=body)
                    assert answer.status_code < 500, (method, path, body, answer.text)
                    asked += 1
    assert asked > 300


@pytest.mark.parametrize(
    ("address", "field", "fix"),
    [
        ("/loops?sate=confirmed", "sate", "did you mean 'state'?"),
        ("/loops?State=confirmed", "State", "did you mean 'state'?"),
        ("/bookings?loop=x&form=2026-03-11T09:00", "form", "did you mean 'from'?"),
        ("/people/hana?zone=Europe/Berlin", "zone", "this address has none"),
        ("/people?limit=2&limit=3", "limit", "give it once"),
        ("/people?=3", "query", "known: after, limit"),
        ("/people?" + "x" * 500, "x" * 80, "known: after, limit"),
    ],
)
def test_the_name_and_the_fix_are_told(api: Client, address: str, field: str, fix: str) -> None:
    (fault,) = api.refused(422, address)["errors"]
    assert fault["field"] == field
    assert fix in fault["fix"]


def test_what_a_route_knows_is_taken(api: Client) -> None:
    assert len(api.ask("/people?limit=2&after=anna")) == 2
    assert api.get(f"{BASE}/loops/x/agenda?for=candidate").status_code == 404


def test_who_may_not_ask_is_told_that_first(kit: Kit) -> None:
    assert Client(kit, api_token=TOKEN).get(f"{BASE}/people?nonsense=1").status_code == 401


def test_a_notice_with_a_parameter_of_its_sender_is_not_lost(api: Client) -> None:
    for route in filter(_delivered, routes(api)):
        answer = api.request("POST", route.path.replace("{provider}", "google"), params={"nonsense": "1"})
        assert "nonsense" not in answer.text, route.path
