"""Two plans side by side in words, and what the calendars said when one was chosen: kept, without a title."""

from __future__ import annotations

import hashlib
import json

from scheduler.storage import codec
from tests.scheduler.api.client import Client, occupy


def test_what_differs_is_said_as_a_person_would(api: Client) -> None:
    first, *others = api.loop()["proposals"]
    assert others
    for other in others:
        found = api.ask(f"/proposals/compare?a={first['id']}&b={other['id']}")
        back = api.ask(f"/proposals/compare?a={other['id']}&b={first['id']}")
        assert found["cost"] == other["cost"] - first["cost"] == -back["cost"]
        assert found["price"] == {rule: -n for rule, n in back["price"].items()}
        assert sum(found["price"].values()) == found["cost"]
        told = {(c["kind"], c["interview"]) for c in found["changes"]}
        now = {i["interview"]: i for i in other["interviews"]}
        for before in first["interviews"]:
            after = now[before["interview"]]
            name = before["interview"]
            assert (("time", name) in told) is (before["start"] != after["start"])
            people = [{s["person"] for s in i["seats"]} for i in (before, after)]
            assert (("people", name) in told) is (people[0] != people[1])
            assert (("room", name) in told) is (before["room"] != after["room"])
        for change in found["changes"]:
            assert change["text"]
            if change["kind"] == "time":
                after = now[change["interview"]]
                assert after["title"] in change["text"] and after["local_start"][11:16] in change["text"]
                assert " instead of " in change["text"]


def test_two_plans_of_one_loop_are_compared_and_nothing_else(api: Client) -> None:
    one, two = api.loop(), api.loop(stage_visit="b")
    a, b = one["proposals"][0]["id"], two["proposals"][0]["id"]
    assert "is the same plan as a" in api.refused(422, f"/proposals/compare?a={a}&b={a}")["detail"]
    assert "is a plan of another loop" in api.refused(422, f"/proposals/compare?a={a}&b={b}")["detail"]
    assert api.refused(404, f"/proposals/compare?a={a}&b=pr_gone")["type"] == "not_found"
    assert api.refused(422, f"/proposals/compare?a={a}")["errors"][0]["field"] == "b"


def test_what_the_calendars_said_is_kept_without_a_word_of_it(api: Client) -> None:
    loop = api.loop()
    plan = loop["proposals"][0]
    assert api.refused(404, f"/loops/{loop['id']}/calendars")["type"] == "not_found"
    talk = plan["interviews"][0]
    who = next(p for p in api.kit.company.people if p.id == talk["seats"][0]["person"])
    day = talk["start"][:10]
    occupy(api.kit, who.account.address, f"{day}T05:00+00:00", f"{day}T05:30+00:00", "Canary at the dentist")
    occupy(api.kit, who.account.address, f"{day}T20:00+00:00", f"{day}T20:30+00:00", "Canary at the opera")
    api.ask(f"/proposals/{plan['id']}/choose", "POST")
    seen = api.ask(f"/loops/{loop['id']}/calendars")
    assert (seen["proposal"], seen["generation"]) == (plan["id"], 1)
    subjects = {c["subject"] for c in seen["calendars"]}
    needed = {f"person:{s['person']}" for i in plan["interviews"] for s in i["seats"] if s["required"]}
    assert needed <= subjects
    assert all(c["known"] for c in seen["calendars"])
    for calendar in seen["calendars"]:
        for block in calendar["blocks"]:
            assert set(block) == {"start", "end", "verdict"}
            assert calendar["start"] <= block["start"] < block["end"] <= calendar["end"]
    everything = json.dumps([seen, api.ask("/facts?limit=100")])
    assert "Canary" not in everything and "dentist" not in everything
    (fact,) = api.ask("/facts?what=calendars_kept")
    with api.kit.app.db.read() as tx:
        kept = codec.encode(tx.seen.last(loop["id"]))
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    assert fact["data"]["digest"] == hashlib.sha256(text.encode()).hexdigest()
    assert (fact["data"]["proposal"], fact["data"]["calendars"]) == (plan["id"], len(seen["calendars"]))


def test_a_busy_block_is_seen_with_its_verdict(api: Client) -> None:
    loop = api.loop()
    plan = loop["proposals"][0]
    there = {i["interview"]: {s["person"] for s in i["seats"]} for i in plan["interviews"]}
    who, taken = next(
        (person, i)
        for i in plan["interviews"]
        for person in sorted(set().union(*there.values()) - there[i["interview"]])
    )
    address = next(p.account.address for p in api.kit.company.people if p.id == who)
    occupy(api.kit, address, taken["start"], taken["end"], "Canary")
    api.ask(f"/proposals/{plan['id']}/choose", "POST")
    seen = api.ask(f"/loops/{loop['id']}/calendars")
    (mine,) = (c for c in seen["calendars"] if c["subject"] == f"person:{who}")
    blocks = [(b["start"], b["end"], b["verdict"]) for b in mine["blocks"]]
    assert blocks == [(taken["start"], taken["end"], "busy")]
    assert "Canary" not in json.dumps(seen)
