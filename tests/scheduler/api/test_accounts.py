"""Accounts and tokens by API."""

from __future__ import annotations

from unittest.mock import patch

from scheduler.storage.database import Database
from scheduler.storage.errors import Unavailable
from tests.scheduler.api.client import BASE, Client, problem
from tests.scheduler.kit import Kit

ROLF = {"name": "Rolf", "email": "rolf@example.com", "person": "rolf", "roles": [{"role": "recruiter"}]}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_a_token_is_made_used_listed_and_taken_back(kit: Kit) -> None:
    api = Client(kit)
    made = api.ask("/tokens", "POST", {"name": "export", "roles": [{"role": "auditor"}], "days": 7}, 201)
    me = api.get(f"{BASE}/me", headers=bearer(made["secret"])).json()
    assert (me["actor"], me["admin"], me["person"]) == (f"token:{made['id']}", False, None)
    assert me["roles"] == [{"role": "auditor", "jobs": [], "sites": []}]
    (row,) = api.ask("/tokens")
    assert "secret" not in row and row["used_at"] and row["created_by"] == "api:token"
    never = {"if-match": '"another"'}
    assert api.refused(412, f"/tokens/{made['id']}", "DELETE", headers=never)["type"] == "stale"
    assert api.refused(404, "/tokens/tk_none", "DELETE", headers=never)["type"] == "not_found"
    assert api.request("DELETE", f"{BASE}/tokens/{made['id']}").status_code == 204
    assert api.get(f"{BASE}/me", headers=bearer(made["secret"])).status_code == 401
    assert api.refused(404, f"/tokens/{made['id']}", "DELETE")["type"] == "not_found"
    assert api.ask("/me")["admin"] is True


def test_an_account_is_put_read_and_not_overwritten_unseen(kit: Kit) -> None:
    api = Client(kit)
    first = api.put(f"{BASE}/users/rolf", json=ROLF)
    assert first.json() == api.ask("/users/rolf") == api.ask("/users")[0]
    seen = api.get(f"{BASE}/users/rolf").headers["etag"]
    assert api.put(f"{BASE}/users/rolf", json={**ROLF, "name": "Rolf W."}).status_code == 200
    late = {"if-match": seen}
    assert api.refused(412, "/users/rolf", "PUT", json=ROLF, headers=late)["type"] == "stale"
    api.refused(404, "/users/nobody")
    for bad in ({"roles": [{"role": "king"}]}, {"person": "nobody"}, {"email": "rolf"}, {"name": ""}):
        fault = api.refused(422, "/users/rolf", "PUT", json={**ROLF, **bad})["errors"][0]
        assert fault["field"].startswith(next(iter(bad)))


def test_what_a_person_did_by_their_token_is_told_of_them(kit: Kit) -> None:
    api = Client(kit)
    api.ask("/users/rolf", "PUT", ROLF)
    secret = api.ask("/tokens", "POST", {"name": "own", "user": "rolf"}, 201)["secret"]
    loop = api.loop()
    given = api.put(f"{BASE}/loops/{loop['id']}/owner", json={"owner": "hana"}, headers=bearer(secret))
    assert given.status_code == 200
    assert "person:rolf" in {fact["actor"] for fact in api.ask(f"/loops/{loop['id']}/facts")}


def test_wrong_tokens_are_counted_and_a_database_that_is_away_is_no_mistake_of_ours(kit: Kit) -> None:
    api = Client(kit)
    with patch.object(Database, "read", side_effect=Unavailable("away")):
        answer = api.get(f"{BASE}/me", headers=bearer("lwt_something"))
    assert (answer.status_code, problem(answer)["type"]) == (503, "unavailable")
    statuses = [api.get(f"{BASE}/me", headers=bearer(f"lwt_{n}")).status_code for n in range(12)]
    assert statuses[:9] == [401] * 9 and statuses[-1] == 429
