"""Two recruiters at once, a decline or a pause in between: one change is done, and the other is told what has changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.types import Reply
from tests.scheduler.api.client import BASE, Client, occupy, wanted
from tests.scheduler.api.test_changing import interview, later, move
from tests.scheduler.kit import Kit
from tests.stories.kit import booked, replied


@pytest.fixture
def loop(api: Client) -> Any:
    """A booked loop."""
    return api.loop("onsite", mode="book")


def together(api: Client, method: str, path: str, bodies: list[Any], **headers: str) -> list[tuple[int, Any]]:
    """The same address asked by several at once; status and answer of each, the best first."""
    barrier = threading.Barrier(len(bodies), timeout=30)

    def one(body: Any) -> tuple[int, Any]:
        barrier.wait()
        answer = api.request(method, BASE + path, json=body, headers=headers)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(len(bodies)) as pool:
        found = sorted(pool.map(one, bodies), key=lambda answer: answer[0])
    api.kit.run()
    return found


def test_of_two_who_apply_and_undo_at_once_one_does(api: Client, loop: Any) -> None:
    path, bodies = f"/loops/{loop['id']}", [move(loop, 15), move(loop, 30)]
    for body in bodies:
        body["version"] = api.ask(f"{path}/try", "POST", body)["version"]
    (first, done), (second, told) = together(api, "POST", f"{path}/apply", bodies)
    assert (first, done["state"]) == (200, "booking")
    assert second == 409 and told["type"] in ("overtaken", "wrong_state"), told
    now = api.ask(path)
    assert (now["state"], now["generation"]) == ("confirmed", loop["generation"] + 1)
    (first, _), (second, told) = together(api, "POST", f"{path}/undo", [{}, {}])
    assert (first, second, told["type"]) == (200, 409, "wrong_state"), told
    assert interview(api.ask(path), "manager")["start"] == interview(loop, "manager")["start"]


def test_of_two_who_give_it_away_at_once_with_one_tag_one_does(api: Client) -> None:
    loop = api.ask("/loops", "POST", wanted(windows=[]), 202)
    path, people = f"/loops/{loop['id']}", ("hana", "anna")
    tag = api.get(f"{BASE}{path}").headers["etag"]
    bodies = [{"owner": person} for person in people]
    (first, done), (second, told) = together(api, "PUT", f"{path}/owner", bodies, **{"If-Match": tag})
    assert (first, second, told["type"]) == (200, 412, "stale"), told
    assert api.ask(path)["owner"] == done["owner"] in people
    assert {e["field"] for e in told["errors"]} >= {"owner"}


def test_a_pause_between_try_and_apply_is_told(api: Client, loop: Any) -> None:
    path, body = f"/loops/{loop['id']}", move(loop)
    body["version"] = api.ask(f"{path}/try", "POST", body)["version"]
    hana, day = api.ask("/people/hana"), body["changes"][0]["to"][:10]
    api.ask("/people/hana", "PUT", {**hana, "pauses": [day]})
    told = api.refused(409, f"{path}/apply", "POST", json=body)
    assert told["type"] == "overtaken" and "Hana Maier" in told["detail"], told
    assert api.ask(path)["interviews"] == loop["interviews"]
    found = api.ask(f"{path}/try", "POST", move(loop, 45))
    assert found["verdict"] == "refused" and found["refused"][0]["people"] == ["hana"]
    assert all(fix["id"] and fix["plan"] for fix in found["fixes"])


def test_a_decline_between_try_and_a_fix_is_told(api: Client, loop: Any, kit: Kit) -> None:
    start = later(loop, "manager", 60)
    occupy(kit, "hana@testwerk.example", start, later(loop, "manager", 90))
    path, body = f"/loops/{loop['id']}", move(loop, 60)
    fix = next(f for f in api.ask(f"{path}/try", "POST", body)["fixes"] if f["how"] == "apply")
    kit.clock.forward(minutes=1)
    tech = booked(kit, loop["id"])["tech"]
    replied(kit, tech, next(s.person for s in tech.seats if s.number == 0), Reply.DECLINED)
    then = api.ask(path)
    sent = {**body, "version": fix["version"], "reason": "urgent"}
    told = api.refused(409, f"{path}/fixes/{fix['id']}", "POST", json=sent)
    assert told["type"] == "overtaken" and {"facts", "tech"} <= {e["field"] for e in told["errors"]}
    assert api.ask(path) == then
