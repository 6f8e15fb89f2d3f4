"""The main job through the API: asked for, proposed, chosen, booked, read, changed, cancelled."""

from __future__ import annotations

import json

import pytest

from tests.scheduler.api.client import DAYS, Client, occupy, stored, wanted
from tests.scheduler.kit import Kit


def test_from_a_request_to_invitations_and_back(api: Client) -> None:
    answer = api.post("/api/v1/loops", json=wanted())
    assert answer.status_code == 202
    asked = answer.json()
    assert asked["state"] == "planning"
    assert answer.headers["location"] == f"/api/v1/loops/{asked['id']}"
    api.kit.run()
    loop = api.ask(f"/loops/{asked['id']}")
    assert loop["state"] == "proposed"
    assert [p["rank"] for p in loop["proposals"]] == [1, 2, 3]
    for proposal in loop["proposals"]:
        assert proposal["cost"] == sum(proposal["price"].values()) >= proposal["bound"]
        assert api.ask(f"/proposals/{proposal['id']}") == proposal

    second = loop["proposals"][1]
    chosen = api.ask(f"/proposals/{second['id']}/choose", "POST", status=200)
    assert (chosen["state"], chosen["chosen"]) == ("held", second["id"])
    loop = api.ask(f"/loops/{loop['id']}")
    assert loop["state"] == "confirmed"
    assert {i["interview"]: i["start"] for i in loop["interviews"]} == {
        i["interview"]: i["start"] for i in second["interviews"]
    }
    assert api.ask(f"/proposals/{second['id']}/choose", "POST")["state"] == "confirmed", "again: the same"

    assert api.ask(f"/bookings?loop={loop['id']}") == loop["interviews"]
    hers = api.ask("/bookings?person=hana&from=2026-03-11T00:00&to=2026-03-13T00:00+01:00")
    assert {i["interview"] for i in hers} == {"panel", "debrief"}
    told = [f["what"] for f in api.ask(f"/loops/{loop['id']}/facts")]
    assert "loop_moved" in told and "seat_invited" in told

    ended = api.ask(f"/loops/{loop['id']}/cancel", "POST", {"message": "the job is filled"}, 202)
    assert ended["state"] == "cancelling"
    loop = api.ask(f"/loops/{loop['id']}")
    assert (loop["state"], loop["interviews"]) == ("cancelled", [])
    assert api.ask(f"/loops/{loop['id']}/cancel", "POST", status=202)["state"] == "cancelled"


def test_what_is_on_site_is_in_the_places_zone_and_the_candidates_agenda_has_no_debrief(api: Client) -> None:
    loop = api.loop("onsite", mode="book")
    assert loop["state"] == "confirmed"
    assert any(i["kind"] == "debrief" for i in loop["interviews"])
    candidates = api.ask(f"/loops/{loop['id']}/agenda?for=candidate")
    assert [line["title"] for line in candidates] == ["Technical", "Deep dive", "Team lunch", "Manager"]
    assert {line["zone"] for line in candidates} == {"Europe/Berlin"}
    assert all(line["start"].endswith("+01:00") for line in candidates)
    assert "ebrief" not in json.dumps(candidates)
    assert all(line["replies"] == {} for line in candidates)
    debrief = next(i for i in loop["interviews"] if i["kind"] == "debrief")
    assert debrief["id"] not in json.dumps(candidates)
    assert debrief["start"] not in {line["start"] for line in candidates}
    managers = api.ask(f"/loops/{loop['id']}/agenda?for=hana")
    assert {line["zone"] for line in managers} == {"Europe/Berlin"}
    assert any("ebrief" in line["title"] for line in managers)
    assert all(line["start"].endswith("+01:00") for line in managers)


def test_409_when_somebody_is_no_longer_free_and_fresh_plans_follow(api: Client) -> None:
    loop = api.loop()
    offer = loop["proposals"][0]
    panel = next(i for i in offer["interviews"] if i["interview"] == "panel")
    occupy(api.kit, "hana@testwerk.example", panel["start"], panel["end"])
    refused = api.refused(409, f"/proposals/{offer['id']}/choose", "POST")
    assert refused["type"] == "taken"
    assert "person:hana" in refused["detail"]
    api.kit.run()
    again = api.ask(f"/loops/{loop['id']}")
    assert again["state"] == "proposed"
    fresh = [p for p in again["proposals"] if p["state"] == "offered"]
    assert fresh and offer["id"] not in {p["id"] for p in fresh}
    stale = api.refused(409, f"/proposals/{offer['id']}/choose", "POST")
    assert stale["type"] == "wrong_state"


def test_a_loop_without_windows_waits_until_they_are_given(api: Client) -> None:
    loop = api.loop(windows=[])
    assert loop["state"] == "awaiting_candidate"
    refused = api.refused(409, f"/loops/{loop['id']}/change", "POST", json={})
    assert refused["type"] == "wrong_state"
    changed = api.ask(f"/loops/{loop['id']}/change", "POST", {"windows": DAYS, "zone": "Europe/Berlin"}, 202)
    assert changed["state"] == "planning"
    assert changed["windows"][0]["start"] == "2026-03-11T08:00:00Z"
    assert api.ask(f"/loops/{loop['id']}")["state"] == "proposed"
    again = api.ask(f"/loops/{loop['id']}/replan", "POST", status=202)
    assert again["state"] == "planning"
    shorter = api.ask(f"/loops/{loop['id']}/change", "POST", {"adjust": {"talk": {"minutes": 30}}}, 202)
    assert shorter["state"] == "planning"
    loop = api.ask(f"/loops/{loop['id']}")
    offers = [p for p in loop["proposals"] if p["state"] == "offered"]
    talk = next(i for i in offers[0]["interviews"] if i["interview"] == "talk")
    assert (talk["end"] > talk["start"]) and talk["start"][14:16] != talk["end"][14:16]


def test_a_loop_that_cannot_be_met_says_why_in_words(api: Client) -> None:
    occupy(api.kit, "hana@testwerk.example", "2026-03-11T08:00+01:00", "2026-03-12T18:00+01:00")
    loop = api.loop("onsite", mode="book")
    assert loop["state"] == "infeasible"
    assert any("Hana Maier" in reason["text"] for reason in loop["reasons"])
    assert loop["interviews"] == loop["proposals"] == []


def test_an_unreadable_calendar_is_shown_as_unknown(api: Client) -> None:
    (api.kit.folder / "ben@testwerk.example.ics").write_bytes(b"no calendar")
    assert api.loop()["unknown"] == ["ben"]


def test_a_key_gives_the_same_answer_and_the_effect_once(api: Client) -> None:
    headers = {"idempotency-key": "k-1"}
    first = api.post("/api/v1/loops", json=wanted(), headers=headers)
    api.kit.run()
    second = api.post("/api/v1/loops", json=wanted(), headers=headers)
    assert (first.status_code, first.content) == (second.status_code, second.content) == (202, first.content)
    assert first.headers["location"] == second.headers["location"]
    assert stored(api.kit) == (1, 1)
    other = api.refused(422, "/loops", "POST", json=wanted("onsite"), headers=headers)
    assert "used for another request" in other["detail"]
    assert stored(api.kit) == (1, 1)
    id = first.json()["id"]
    ended = [api.post(f"/api/v1/loops/{id}/cancel", headers={"idempotency-key": "k-1"}) for _ in range(2)]
    assert [a.status_code for a in ended] == [202, 202], "the same key on another route is another key"
    assert ended[0].content == ended[1].content


def test_a_refused_request_does_not_use_its_key_up(api: Client) -> None:
    headers = {"idempotency-key": "k-2"}
    api.refused(422, "/loops", "POST", json=wanted("nothing-like-it"), headers=headers)
    assert api.post("/api/v1/loops", json=wanted(), headers=headers).status_code == 202


@pytest.mark.parametrize(
    "key", ["", "two words", "ä", "x" * 201, '""', '"open', 'a"b', '"two" "keys"', '"a\\n"', "back\\slash"]
)
def test_a_key_that_is_none_is_refused(api: Client, key: str) -> None:
    refused = api.refused(422, "/loops", "POST", json=wanted(), headers={"idempotency-key": key.encode()})
    assert refused["errors"][0]["field"] == "Idempotency-Key"
    assert stored(api.kit) == (0, 0)


def test_pages_follow_one_another(api: Client) -> None:
    ids = []
    for n in range(3):
        application = {**wanted()["application"], "id": f"app-{n}"}
        ids.append(api.loop(application=application, windows=[])["id"])
        api.kit.clock.forward(minutes=1)
    first = api.ask("/loops?limit=2")
    rest = api.ask(f"/loops?limit=2&after={first[-1]['id']}")
    assert [loop["id"] for loop in first + rest] == ids
    assert [a["id"] for a in api.ask("/applications?limit=2")] == ["app-0", "app-1"]
    assert [a["id"] for a in api.ask("/applications?after=app-1")] == ["app-2"]
    assert [loop["id"] for loop in api.ask("/loops?application=app-1")] == [ids[1]]
    assert api.ask("/loops?state=confirmed") == []
    for people, after in ((["anna", "ben"], ""), (["cleo", "dirk"], "&after=ben")):
        assert [p["id"] for p in api.ask(f"/people?limit=2{after}")] == people


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e9"])
def test_no_page_is_larger_than_a_hundred(api: Client, limit: str) -> None:
    for path in ("loops", "applications", "people", "pools", "rooms", "sites", "templates"):
        refused = api.refused(422, f"/{path}?limit={limit}")
        assert refused["errors"][0]["field"] == "limit"
        assert refused["errors"][0]["fix"]


def test_what_is_not_ours_never_leaves(kit: Kit, api: Client) -> None:
    """Titles of other people's events are read to decide, and shown nowhere."""
    for address in ("hana@testwerk.example", "anna@testwerk.example", "rolf@testwerk.example"):
        occupy(kit, address, "2026-03-12T16:45+01:00", "2026-03-12T17:00+01:00", "CANARY-7261")
    loop = api.loop("onsite", mode="book")
    assert loop["state"] == "confirmed"
    paths = ["", "/facts", "/agenda?for=candidate", "/agenda?for=hana"]
    texts = [api.get(f"/api/v1/loops/{loop['id']}{path}").text for path in paths]
    texts += [
        api.get(f"/api/v1/{p}").text for p in ("people", "company", "bookings?loop=" + loop["id"], "health")
    ]
    assert all(len(text) > 2 for text in texts)
    assert not [text for text in texts if "CANARY" in text]
    assert not [text for text in texts if str(kit.folder) in text or ".sqlite" in text]
