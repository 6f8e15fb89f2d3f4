"""Links by API: the address is told once, links are listed without it, and revoked."""

from __future__ import annotations

import json
from dataclasses import replace

from scheduler.domain.loops import BookMode
from tests.scheduler.api.client import Client
from tests.scheduler.kit import Kit
from tests.stories.kit import ask


def test_made_told_once_listed_and_revoked(api: Client, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    made = api.ask("/links", "POST", {"purpose": "choose", "loop": loop.id}, 201)
    address = made.pop("address")
    assert address.startswith("/candidate/") and len(address) == len("/candidate/") + 22
    assert made["opens"] and made["person"] is None
    own = api.ask("/links", "POST", {"purpose": "attend", "person": "anna", "days": 7}, 201)
    assert own["address"].startswith("/interviewer/")
    assert api.ask(f"/links?loop={loop.id}") == [made]
    assert [one["id"] for one in api.ask("/links?person=anna")] == [own["id"]]
    told = json.dumps([api.ask("/facts"), api.ask("/changes"), api.ask(f"/loops/{loop.id}/facts")])
    assert made["id"] in told and address.rpartition("/")[2] not in told
    gone = api.ask(f"/links/{made['id']}/revoke", "POST", {}, 200)
    assert not gone["opens"] and gone["revoked_at"]
    assert api.ask(f"/links/{made['id']}/revoke", "POST", {}, 200) == gone


def test_asked_again_by_its_key_no_second_one_is_made(api: Client, kit: Kit) -> None:
    loop, body = ask(kit, "short", BookMode.PROPOSE), {"purpose": "follow", "loop": ""}
    body["loop"] = loop.id
    headers = {"idempotency-key": "for-mara"}
    first = api.post("/api/v1/links", json=body, headers=headers)
    again = api.post("/api/v1/links", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)
    assert "address of that answer is told once and not kept" in again.json()["detail"]
    assert len(api.ask(f"/links?loop={loop.id}")) == 1


def test_what_is_refused(api: Client) -> None:
    for body, status in (
        ({"purpose": "choose"}, 422),
        ({"purpose": "choose", "loop": "lp_1"}, 404),
        ({"purpose": "attend", "person": "nobody"}, 422),
        ({"purpose": "attend", "person": "anna", "days": 0}, 422),
        ({"purpose": "look", "person": "anna"}, 422),
    ):
        assert api.post("/api/v1/links", json=body).status_code == status
    assert api.get("/api/v1/links").status_code == 422
    assert api.post("/api/v1/links/ln_1/revoke").status_code == 404


def test_the_candidate_is_asked_once_by_its_key(kit: Kit) -> None:
    kit = replace(kit, app=replace(kit.app, base_url="https://loops.testwerk.example"))
    api, loop = Client(kit), ask(kit, "short", BookMode.PROPOSE)
    for _ in range(2):
        path, key = f"/api/v1/loops/{loop.id}/ask-candidate", {"idempotency-key": "once"}
        assert api.post(path, headers=key).status_code == 202
    kit.run()
    assert len(list((kit.folder.parent / "outbox").glob("*.eml"))) == 1
    assert [one["purpose"] for one in api.ask(f"/links?loop={loop.id}")] == ["choose"]
    bare = Client(replace(kit, app=replace(kit.app, base_url="")))
    assert bare.post(f"/api/v1/loops/{loop.id}/ask-candidate").status_code == 422
    assert api.post("/api/v1/loops/lp_1/ask-candidate").status_code == 404
