"""What stands behind the `?`: names that a route does not know are refused by name, on every route."""

from __future__ import annotations

import re

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
    assert len(routes(api)) - len(asked) in range(1, 6)
    for route in asked:
        path = re.sub(r"\{[^}]+\}", "x", route.path)
        for method in route.methods:
            answer = api.request(method, path, params={"nonsense": "1"}, json={} if method != "GET" else None)
            assert answer.status_code == 422, (method, path, answer.text)
            assert [f["field"] for f in answer.json()["errors"]] == ["nonsense"], (method, path)


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
