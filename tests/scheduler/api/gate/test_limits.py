"""Who asks too often waits; nobody else does."""

from __future__ import annotations

import pytest

from tests.scheduler.api.client import BASE, TOKEN, Client, event, problem
from tests.scheduler.kit import Kit


def token(api: Client, name: str) -> dict[str, str]:
    made = api.ask("/tokens", "POST", {"name": name, "roles": [{"role": "auditor"}]}, 201)
    return {"authorization": f"Bearer {made['secret']}"}


def test_a_program_that_asks_too_often_waits_and_no_other(kit: Kit) -> None:
    api = Client(kit, requests_a_minute="3")
    eager, other = token(api, "eager"), token(api, "other")
    for _ in range(3):
        assert api.get(f"{BASE}/me", headers=eager).status_code == 200
    answer = api.get(f"{BASE}/me", headers=eager)
    told = problem(answer)
    assert (answer.status_code, told["type"], told["title"]) == (429, "too_many", "Too many requests")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert told["errors"][0]["fix"] == f"wait {answer.headers['retry-after']} seconds"
    assert api.get(f"{BASE}/me", headers=other).status_code == 200
    for _ in range(5):
        assert api.get(f"{BASE}/me").status_code == 200, "the deployment's own"
        assert api.get(f"{BASE}/health", headers=eager).status_code == 200


def test_one_account_is_counted_once_whatever_it_asks_with(kit: Kit) -> None:
    api = Client(kit, requests_a_minute="3")
    api.ask("/users/mia", "PUT", {"name": "Mia", "email": "m@example.com", "roles": [{"role": "recruiter"}]})
    pair = []
    for name in ("one", "two"):
        made = api.ask("/tokens", "POST", {"name": name, "user": "mia"}, 201)
        pair.append({"authorization": f"Bearer {made['secret']}"})
    found = [api.get(f"{BASE}/me", headers=pair[n % 2]).status_code for n in range(5)]
    assert found == [200, 200, 200, 429, 429]


def test_a_connection_that_tells_too_much_waits(kit: Kit) -> None:
    api = Client(kit, webhooks_a_minute="2")
    assert [api.deliver(event(), id=f"m-{n}").status_code for n in range(4)] == [202, 202, 429, 429]
    assert api.post(f"{BASE}/webhooks/lever/other", content=b"{}").status_code in (401, 404)


@pytest.mark.parametrize("setting", ["requests_a_minute", "webhooks_a_minute", "guest_requests_a_minute"])
def test_nothing_is_counted_without_a_limit(kit: Kit, setting: str) -> None:
    api = Client(kit, **{setting: "0"})
    eager = token(api, "eager")
    assert {api.get(f"{BASE}/me", headers=eager).status_code for _ in range(30)} == {200}
    assert api.get(f"{BASE}/me", headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
