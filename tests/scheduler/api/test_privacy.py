"""Erasures and exports over the API: for administrators, and in the words of all refusals."""

from __future__ import annotations

import json

from scheduler.api.common import BASE
from scheduler.services.privacy.exporting import NEEDS_KEPT_BACK
from tests.scheduler.api.client import APPLICATION, Client, problem
from tests.scheduler.kit import Kit

NEEDS = {"extra_time": 25}


def administrator(api: Client) -> dict[str, str]:
    user = {"name": "Ada", "email": "a@example.com", "roles": [{"role": "admin"}]}
    api.ask("/users/ada", "PUT", user)
    secret = api.ask("/tokens", "POST", {"name": "own", "user": "ada"}, 201)["secret"]
    return {"authorization": f"Bearer {secret}"}


def test_a_candidate_is_exported_and_erased(kit: Kit) -> None:
    api = Client(kit)
    loop = api.loop(application={**APPLICATION, "accommodation": NEEDS})
    who = {"email": APPLICATION["candidate"]["email"]}
    whole = api.ask("/exports", "POST", who)
    assert whole["stored"]["applications"][0]["accommodation"]["extra_time"] == 25
    less = api.request("POST", f"{BASE}/exports", json=who, headers=administrator(api)).json()
    assert less["stored"]["applications"][0]["accommodation"] == NEEDS_KEPT_BACK
    headers = {**administrator(api), "idempotency-key": "k-1"}
    asked = api.request("POST", f"{BASE}/erasures", json=who, headers=headers)
    again = api.request("POST", f"{BASE}/erasures", json=who, headers=headers)
    assert asked.status_code == 202 and again.json() == asked.json()
    assert APPLICATION["id"] not in asked.text and asked.json()["outside"]
    kit.run()
    done = api.ask(f"/erasures/{asked.json()['id']}")
    assert done["state"] == "done" and api.ask("/erasures") == [done]
    left = json.dumps([api.ask(f"/loops/{loop['id']}"), api.ask("/facts")])
    assert APPLICATION["candidate"]["name"] not in left and done["pseudonym"] in left
    assert api.request("GET", f"{BASE}/applications/{APPLICATION['id']}").status_code == 404


def test_bad_requests_say_what_is_wrong_and_strangers_learn_nothing(kit: Kit) -> None:
    api = Client(kit)
    api.ask(f"/applications/{APPLICATION['id']}", "PUT", APPLICATION)
    for path in ("/erasures", "/exports"):
        for body, status in (({}, 422), ({"email": "x"}, 422), ({"email": "no@example.org"}, 404)):
            assert problem(api.request("POST", BASE + path, json=body))["status"] == status
    assert problem(api.request("GET", f"{BASE}/erasures/er_1"))["status"] == 404
    token = api.ask("/tokens", "POST", {"name": "t", "roles": [{"role": "recruiter"}]}, 201)["secret"]
    for email in (APPLICATION["candidate"]["email"], "no@example.org"):
        answer = api.request(
            "POST", f"{BASE}/erasures", json={"email": email}, headers={"authorization": f"Bearer {token}"}
        )
        assert problem(answer)["status"] == 403
