"""Webhooks of the hiring system: only what is signed counts, and each delivery once."""

from __future__ import annotations

import json
import time

import pytest

from connectors.signatures import sign
from tests.scheduler.api.client import APPLICATION, SECRET, Client, event, problem, stored
from tests.scheduler.kit import Kit


def outcome(api: Client, answer: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = api.ask(f"/webhooks/deliveries/{answer['delivery']}")
    return found


def deliveries(kit: Kit) -> int:
    with kit.app.db.read() as tx:
        return len(tx.inbox.pending(kit.clock(), 100))


def test_a_signed_advance_makes_one_loop_however_often_it_comes(api: Client) -> None:
    first = api.deliver(event())
    assert first.status_code == 202
    assert first.json()["new"] is True
    assert stored(api.kit) == (0, 0), "answered first, worked on afterwards"
    for _ in range(3):
        again = api.deliver(event())
        assert (again.status_code, again.json()) == (
            202,
            {"delivery": first.json()["delivery"], "new": False},
        )
    api.kit.run()
    found = outcome(api, first.json())
    assert (found["outcome"], found["delivery"]) == ("loop", "msg-1")
    assert api.ask(f"/loops/{found['loop']}")["state"] == "proposed"
    assert api.deliver(event(), id="msg-2").json()["new"] is True, "the same visit told of in another message"
    api.kit.run()
    assert stored(api.kit) == (1, 1)


def test_a_closed_application_ends_its_open_loops(api: Client) -> None:
    loop = api.loop()
    closed = {"id": "evt-2", "type": "application.closed", "data": {"application": APPLICATION}}
    api.deliver(closed)
    api.kit.run()
    assert api.ask(f"/loops/{loop['id']}")["state"] == "cancelled"


def test_an_event_of_another_kind_is_taken_and_ignored(api: Client) -> None:
    answer = api.deliver({**event(), "type": "application.created"})
    assert answer.status_code == 202
    api.kit.run()
    assert outcome(api, answer.json())["outcome"].startswith("ignored")


def test_what_cannot_be_acted_on_is_kept_with_its_reason(api: Client) -> None:
    backwards = [{"start": "2026-03-12T09:00", "end": "2026-03-11T09:00"}]
    answer = api.deliver(event(windows=backwards))
    assert answer.status_code == 202
    api.kit.run()
    found = outcome(api, answer.json())
    assert found["outcome"].startswith("dead_letter: windows[0].end: the window ends before it starts")
    assert found["loop"] is None
    assert stored(api.kit) == (0, 0)


def forged(api: Client) -> list[object]:
    raw = json.dumps(event()).encode()
    now = int(time.time())
    good = sign(SECRET, "msg-1", now, raw)
    other = json.dumps(event(stage="On-site")).encode()
    return [
        api.deliver(raw, secret="another-secret-of-24-letters"),
        api.deliver(raw, headers={"webhook-signature": ""}),
        api.deliver(raw, headers={"webhook-signature": good.replace("v1,", "v1a,")}),
        api.deliver(raw, headers={"webhook-signature": good.removeprefix("v1,")}),
        api.deliver(raw, headers={"webhook-signature": "v1,ä".encode()}),  # type: ignore[dict-item]
        api.deliver(raw, id="msg-9", headers={"webhook-signature": good}),
        api.deliver(raw, headers={"webhook-id": ""}),
        api.deliver(other, headers={"webhook-signature": good}),
        api.deliver(raw[:-2], headers={"webhook-signature": good}),
        api.deliver(raw, at=now - 301),
        api.deliver(raw, at=now + 302),
        api.deliver(raw, headers={"webhook-timestamp": str(now + 1), "webhook-signature": good}),
        api.deliver(raw, headers={"webhook-timestamp": "tomorrow"}),
        api.deliver(raw, headers={"webhook-timestamp": "9" * 400}),
        api.post("/api/v1/webhooks/stage", content=raw),
    ]


def test_forged_cut_and_stale_deliveries_have_no_effect(api: Client) -> None:
    for answer in forged(api):
        assert problem(answer)["type"] == "unauthorized"
        assert answer.status_code == 401  # type: ignore[attr-defined]
    assert deliveries(api.kit) == 0
    assert api.kit.jobs.waiting == []


@pytest.mark.parametrize("configured", ["", "another-secret-of-24-letters"])
def test_an_empty_secret_refuses_everything(kit: Kit, configured: str) -> None:
    api = Client(kit, webhook_secret=configured)
    answer = api.deliver(event(), headers={"webhook-signature": sign("x", "msg-1", int(time.time()), b"")})
    assert answer.status_code == (401 if configured else 503)
    assert problem(answer)["type"] == ("unauthorized" if configured else "unavailable")
    assert (answer.headers.get("retry-after") == "5") is not bool(configured)
    assert deliveries(kit) == 0


def test_while_a_secret_is_changed_a_sender_signs_with_both(api: Client) -> None:
    raw = json.dumps(event()).encode()
    now = int(time.time())
    both = f"{sign('the-old-secret-of-24-letters', 'msg-1', now, raw)} {sign(SECRET, 'msg-1', now, raw)}"
    assert api.deliver(raw, headers={"webhook-signature": both}).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'{"id": "a", "id": "b"}', "body"),
        (b'{"id": NaN}', "body"),
        (b'{"id": "\\u0000"}', "body"),
        (b'{"id": "\xff"}', "body"),
        (b"[" * 100_000, "body"),
        (json.dumps({**event(), "id": ""}).encode(), "id"),
        (json.dumps({**event(), "data": {}}).encode(), "data.application"),
        (json.dumps(event(windows=[{"start": "2026-03-11T09:00"}])).encode(), "data.windows[0].end"),
        (
            json.dumps(
                event(application={**APPLICATION, "candidate": {**APPLICATION["candidate"], "email": "x"}})
            ).encode(),
            "data.application.candidate.email",
        ),
    ],
)
def test_signed_but_malformed_is_told_which_field(api: Client, body: bytes, field: str) -> None:
    answer = api.deliver(body)
    assert answer.status_code == 422
    assert [f["field"] for f in problem(answer)["errors"]] == [field]
    assert all(f["fix"] for f in problem(answer)["errors"])
    assert deliveries(api.kit) == 0


def test_more_than_two_megabytes_are_not_read(api: Client) -> None:
    large = api.deliver(b" " * 2_000_001)
    assert large.status_code == 413
    assert problem(large)["errors"][0]["field"] == "body"
    fits = {**event(), "padding": "x" * 1_500_000}
    assert api.deliver(fits).status_code == 202


def test_a_delivery_nobody_knows(api: Client) -> None:
    assert api.refused(404, "/webhooks/deliveries/0")["type"] == "not_found"
