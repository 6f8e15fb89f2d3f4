"""Batches as a recruiter's program meets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scheduler.domain.proposals import BatchProgress, BatchState
from tests.scheduler.api.client import APPLICATION, BASE, DAYS, Client
from tests.scheduler.kit import Kit

WINDOW = DAYS[0]


@pytest.fixture
def api(kit: Kit) -> Client:
    return Client(kit)


def loops(api: Client, count: int) -> list[str]:
    found = []
    for n in range(count):
        candidate = {**APPLICATION["candidate"], "email": f"c{n}@example.org"}
        body = {"application": {**APPLICATION, "id": f"app-{n}", "candidate": candidate}, "template": "short"}
        answer = api.post(f"{BASE}/loops", json={**body, "windows": DAYS, "zone": "Europe/Berlin"})
        found.append(answer.json()["id"])
    return found


def batch(api: Client, **more: Any) -> Any:
    body = {"window": WINDOW, "zone": "Europe/Berlin", **more}
    return api.ask("/batches", "POST", body, 202)


def test_asked_followed_chosen_and_read(api: Client) -> None:
    ids = loops(api, 2)
    made = batch(api, loops=ids)
    assert (made["state"], [row["state"] for row in made["loops"]]) == ("planning", ["planning"] * 2)
    found = api.ask(f"/batches/{made['id']}")
    assert found["state"] == "offered"
    assert (found["progress"]["placed"], found["progress"]["loops"]) == (2, 2)
    assert all(row["proposal"] and row["start"] < row["end"] and not row["reasons"] for row in found["loops"])
    said = api.ask(f"/batches/{made['id']}/choose", "POST")
    assert said == {"loops": [{"loop": id, "fault": ""} for id in ids]}
    assert {row["state"] for row in api.ask(f"/batches/{made['id']}")["loops"]} == {"confirmed"}


def test_progress_is_told_by_server_sent_events(
    api: Client, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.post(
        f"{BASE}/batches", json={"window": WINDOW, "zone": "Europe/Berlin", "loops": loops(api, 2)}
    ).json()
    half, looked = BatchProgress(1, 2, 300_000, 90, 1), []

    async def sleep(_: float) -> None:
        """What happens between two looks."""
        looked.append(1)
        if len(looked) == 1:
            with kit.app.db.write() as tx:
                tx.batches.change(made["id"], progress=half)
        else:
            kit.run()

    monkeypatch.setattr("scheduler.api.doing.batches.asyncio.sleep", sleep)
    answer = api.get(f"{BASE}/batches/{made['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n")[:2] for part in answer.text.strip().split("\n\n")]
    assert [event for event, _ in events][:2] == ["event: progress"] * 2
    assert json.loads(events[1][1].removeprefix("data: ")) == {
        "placed": 1, "loops": 2, "price": 300_000, "bound": 90, "seconds": 1,
    }  # fmt: skip
    event, data = events[-1]
    assert (event, json.loads(data.removeprefix("data: "))["state"]) == ("event: done", "offered")


def test_packed_anew_and_called_off(api: Client) -> None:
    ids = loops(api, 2)
    made = batch(api, loops=ids)
    anew = api.ask(
        f"/batches/{made['id']}/repack", "POST", {"leave_out": ids[:1], "priority": {ids[1]: 3}}, 202
    )
    assert [(row["loop"], row["priority"]) for row in anew["loops"]] == [(ids[1], 3)]
    assert api.ask(f"/batches/{made['id']}/cancel", "POST", status=202)["state"] == BatchState.CANCELLED
    told = api.refused(409, f"/batches/{made['id']}/choose", "POST")
    assert told["detail"].endswith("is cancelled: only a batch that is offered can be chosen")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"loops": ["lp_unknown"]}, "loops[0]"),
        ({"loops": []}, "loops"),
        ({"loops": [f"lp_{n}" for n in range(2000)]}, "loops"),
        ({"applications": ["app-unknown"], "template": "short"}, "applications[0]"),
        (
            {"loops": ["lp_x"], "window": {"start": "2026-03-11T09:00", "end": "2026-03-11T09:00"}},
            "window.end",
        ),
        ({"loops": ["lp_x"], "seconds": 0}, "seconds"),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(api: Client, body: dict[str, Any], field: str) -> None:
    told = api.refused(422, "/batches", "POST", json={"window": WINDOW, "zone": "Europe/Berlin", **body})
    (error,) = told["errors"]
    assert error["field"] == field and error["fix"]


def test_no_such_batch(api: Client) -> None:
    for path, method in (("", "GET"), ("/events", "GET"), ("/choose", "POST"), ("/cancel", "POST")):
        assert api.refused(404, f"/batches/bt_x{path}", method)["detail"] == "no batch 'bt_x'"
