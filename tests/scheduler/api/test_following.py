"""Server-sent events of a loop: numbered facts, nothing twice, nothing for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scheduler.api.following import Listening
from scheduler.services.booking import further
from scheduler.services.planning import plan as planning
from scheduler.services.planning.together import waiting
from tests.scheduler.api.client import BASE, Client, wanted
from tests.scheduler.kit import Kit


@pytest.fixture
def listening(api: Client) -> Listening:
    """Of this API, with no patience."""
    found: Listening = api.app.state.listening  # type: ignore[attr-defined]
    found.lifetime, found.every = 0.3, 0.05
    return found


def heard(api: Client, loop: str, **headers: str) -> list[dict[str, Any]]:
    """The events until the server lets go, fields as sent, ``data`` as JSON."""
    answer = api.get(f"{BASE}/loops/{loop}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


def test_how_it_stands_comes_first_and_every_plan_after(api: Client, kit: Kit, listening: Listening) -> None:
    asked = api.request("POST", f"{BASE}/loops", json=wanted("short")).json()
    (name, payload, _) = kit.jobs.waiting.pop()
    assert name == "plan"
    waiting.plan(kit.app, payload["loop"])
    detail = api.get(f"{BASE}/loops/{asked['id']}").json()
    assert (detail["state"], detail["looking"], detail["no_more"]) == ("proposed", True, None)
    assert len(detail["proposals"]) == 1
    (first,) = heard(api, asked["id"])
    assert (first["event"], first["data"]) == ("standing", {"state": "proposed", "looking": True})
    kit.run()
    events = heard(api, asked["id"], **{"Last-Event-ID": first["id"]})
    assert [e["event"] for e in events] == [further.ADDED, further.ADDED, planning.NO_MORE]
    detail = api.get(f"{BASE}/loops/{asked['id']}").json()
    assert (detail["looking"], detail["no_more"]) == (False, "asked")
    added = {p["id"] for p in detail["proposals"]} - {p["id"] for p in detail["proposals"] if p["rank"] == 1}
    assert {e["data"]["after"] for e in events[:2]} == added
    assert heard(api, asked["id"], **{"Last-Event-ID": events[-1]["id"]}) == []


def test_who_listens_to_nobody_is_told_so(api: Client, listening: Listening) -> None:
    api.refused(404, "/loops/lp_none/events")
    loop = api.loop()
    api.refused(422, f"/loops/{loop['id']}/events", headers={"Last-Event-ID": "yesterday"})


def test_no_more_listen_than_one_process_can_serve(api: Client, listening: Listening) -> None:
    loop = api.loop()
    listening.most = 0
    api.refused(503, f"/loops/{loop['id']}/events")
    listening.most = 1
    heard(api, loop["id"])
    heard(api, loop["id"])
    assert listening.now == 0, "a place is given back"


def test_listeners_do_not_hold_up_the_end(api: Client, listening: Listening) -> None:
    loop = api.loop()
    listening.lifetime, listening.ending = 60.0, lambda: True
    assert [e["event"] for e in heard(api, loop["id"])] == ["standing"]


def test_a_listener_holds_nothing_of_the_database(api: Client, kit: Kit, listening: Listening) -> None:
    loop = api.loop()
    heard(api, loop["id"])
    assert kit.app.db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
