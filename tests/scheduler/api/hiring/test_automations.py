"""Automations by API."""

from __future__ import annotations

from tests.scheduler.api.client import BASE, Client
from tests.scheduler.services.hiring.kit import Hiring

WANTED = {"stage": "Talks", "template": "short", "without_windows": "office_hours"}


def test_made_listed_and_removed(api: Client) -> None:
    made = api.ask("/automations/talks", "PUT", WANTED)
    assert (made["made"], made["paused_at"], made["approver"]) == ("api", None, "recruiter")
    assert {a["id"]: a["made"] for a in api.ask("/automations")} == {
        "stage:any:On-site": "file",
        "stage:any:Talks": "file",
        "talks": "api",
    }
    assert api.delete(f"{BASE}/automations/talks").status_code == 204
    api.refused(404, "/automations/talks")
    api.refused(422, "/automations/stage:any:Talks", "DELETE")


def test_what_leads_nowhere_is_named(api: Client) -> None:
    body = {**WANTED, "template": "x", "approver": "y"}
    refused = api.refused(422, "/automations/talks", "PUT", json=body)
    assert [e["field"] for e in refused["errors"]] == ["template", "approver"]


def test_paused_resumed_and_undone(api: Client, hiring: Hiring) -> None:
    api.ask("/automations/talks", "PUT", WANTED)
    since = hiring.kit.clock().isoformat()
    assert api.ask("/automations/talks/pause", "POST")["paused_at"]
    hiring.advance(hiring.apply(), "Talks")
    assert api.ask("/loops") == []
    assert api.ask("/automations/talks/resume", "POST")["paused_at"] is None
    assert api.ask("/automations/pause", "POST")["all_paused_at"]
    hiring.advance(hiring.apply(email="b@example.org"), "Talks")
    assert api.ask("/automations/resume", "POST") == {"all_paused_at": None, "waiting": 1}
    started = api.ask("/automations/talks/started", params={"since": since})
    assert len(started) == 2
    done = api.ask("/automations/*/undo", "POST", {"since": since})
    assert [d["outcome"] for d in done["loops"]] == ["cancelled", "cancelled"]
    api.refused(404, "/automations/none/undo", "POST", json={"since": since})
