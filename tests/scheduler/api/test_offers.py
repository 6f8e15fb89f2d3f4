"""A plan that is offered tells whoever decides on it what they want to know, without another look-up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.scheduler.api.client import Client


def by_id(proposal: Any) -> dict[str, Any]:
    return {i["interview"]: i for i in proposal["interviews"]}


def test_titles_names_rooms_and_times_are_told(api: Client) -> None:
    loop = api.loop("onsite")
    assert api.ask(f"/loops/{loop['id']}/proposals") == loop["proposals"]
    names = {p["id"]: p["name"] for p in api.ask("/people")}
    for proposal in loop["proposals"]:
        for told in proposal["interviews"]:
            assert told["zone"] == "Europe/Berlin"
            assert told["local_start"].endswith("+01:00"), "as wall-clock time"
            assert datetime.fromisoformat(told["local_start"]) == datetime.fromisoformat(told["start"])
            assert datetime.fromisoformat(told["local_end"]) == datetime.fromisoformat(told["end"])
            assert all(s["name"] == names[s["person"]] for s in told["seats"])
            assert {p for seat in told["people"] for p in seat} <= {s["person"] for s in told["seats"]}
        first = by_id(proposal)["tech"]
        assert (first["title"], first["kind"], first["modality"]) == ("Technical", "interview", "on_site")
        assert first["room_name"] == {"oak": "Oak", "elm": "Elm"}[first["room"]]


def test_who_is_in_the_debrief_is_told_as_it_will_be_booked(api: Client) -> None:
    loop = api.loop("onsite")
    best = loop["proposals"][0]
    offered = by_id(best)["debrief"]
    assert (offered["title"], offered["kind"]) == ("Debrief", "debrief")
    assert {"hana", "rolf"} <= {s["person"] for s in offered["seats"] if s["required"]}
    api.ask(f"/proposals/{best['id']}/choose", "POST")
    booked = {i["interview"]: i for i in api.ask(f"/loops/{loop['id']}")["interviews"]}
    for spec, told in by_id(best).items():
        seats = {(s["person"], s["kind"], s["required"]) for s in told["seats"]}
        assert seats == {(s["person"], s["kind"], s["required"]) for s in booked[spec]["seats"]}


def test_a_plan_from_before_a_change_is_still_told(api: Client) -> None:
    """It has seats, or whole interviews, that the loop has no more."""
    loop = api.loop(adjust={"talk": {"people": ["cleo", "dirk"]}})
    for body in ({"adjust": {"talk": {"people": ["dirk"]}}}, {"leave_out": ["panel"]}):
        api.ask(f"/loops/{loop['id']}/change", "POST", body, 202)
    found = api.ask(f"/loops/{loop['id']}/proposals")
    stale = [p for p in found if p["state"] == "stale"]
    assert {len(by_id(p)) for p in stale} == {3}
    assert all(api.ask(f"/proposals/{p['id']}") == p for p in found)
    (old, *_) = (p for p in stale if by_id(p)["talk"]["people"] == [["cleo"], ["dirk"]])
    assert [s["name"] for s in by_id(old)["talk"]["seats"]] == ["Cleo Cramer", "Dirk Dahl"]


def test_the_plans_of_no_loop_are_not_found(api: Client) -> None:
    assert api.refused(404, "/loops/nobody/proposals")["type"] == "not_found"
