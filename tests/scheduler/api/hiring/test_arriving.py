"""Webhooks of hiring systems as their senders meet them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from connectors.hiring.signatures import macs
from tests.connectors.hiring.vectors import SECRET as VECTORS_SECRET
from tests.connectors.hiring.vectors import VECTORS, Vector
from tests.scheduler.api.client import BASE, Client, event, problem
from tests.scheduler.services.hiring.kit import SECRET, Hiring


def send(api: Client, body: bytes, headers: dict[str, str], path: str = "greenhouse/main") -> Any:
    told = {"content-type": "application/json", **headers}
    return api.post(f"{BASE}/webhooks/{path}", content=body, headers=told)


def refused(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text
    problem(answer)


def connect(api: Client, system: str, secret: str = VECTORS_SECRET) -> None:
    api.ask("/connections", "POST", {"id": f"c-{system}", "system": system, "secret": secret}, 201)


def test_from_the_move_to_the_loop(api: Client, hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    ((body, headers),) = hiring.server.hook(applied, SECRET)
    answer = send(api, body, headers)
    assert answer.status_code == 200 and answer.json()["new"]
    assert send(api, body, headers).json() == {"delivery": answer.json()["delivery"], "new": False}
    hiring.kit.run()
    (loop,) = api.ask("/loops")
    assert loop["application"] == f"main:{applied.id}"
    shown = api.ask(f"/inbox/{answer.json()['delivery']}")
    assert (shown["outcome"], shown["what"], shown["about"]) == ("loop", "candidate_stage_change", applied.id)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.name)
def test_every_vendors_own_signature_is_taken_and_a_forged_one_is_not(api: Client, vector: Vector) -> None:
    if vector.name == "generic":
        return
    system = vector.name.split()[0]
    connect(api, system)
    assert send(api, vector.body, vector.headers, f"{system}/c-{system}").status_code == 200
    forged = vector.body.replace(b'"signature":"5', b'"signature":"6')
    refused(send(api, forged, {}, f"{system}/c-{system}"), 401)
    assert len(api.ask("/inbox")) == 1


def test_a_handshake_is_echoed_and_nothing_is_kept(api: Client) -> None:
    connect(api, "smartrecruiters")
    answer = send(api, b"", {"x-hook-secret": "abc-1"}, "smartrecruiters/c-smartrecruiters")
    assert (answer.status_code, answer.headers["x-hook-secret"]) == (200, "abc-1")
    assert api.ask("/inbox") == []


def test_pings_are_answered(api: Client) -> None:
    body = b'{"action": "ping"}'
    mac = macs([SECRET], body)[0].hex()
    answer = send(api, body, {"signature": f"sha256 {mac}"})
    assert (answer.status_code, answer.json()["delivery"]) == (200, "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 50_000, 400),
        (b"{}", 200),
        (b"x" * 3_000_000, 413),
    ],
)
def test_what_is_genuine_and_no_message(api: Client, body: bytes, status: int) -> None:
    answer = send(api, body, {"signature": f"sha256 {macs([SECRET], body)[0].hex()}"})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("path", ["greenhouse/other", "lever/main", "bamboo/main", "a/" + "b" * 99])
def test_a_connection_that_is_none(api: Client, path: str) -> None:
    refused(send(api, b"{}", {}, path), 404)


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "text/plain", "", "application/x-www-form-urlencoded"]
)
def test_whatever_a_vendor_calls_its_body(api: Client, hiring: Hiring, media: str) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    ((body, headers),) = hiring.server.hook(applied, SECRET)
    answer = api.post(
        f"{BASE}/webhooks/greenhouse/main", content=body, headers={**headers, "content-type": media}
    )
    assert answer.status_code == 200, answer.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    names=st.lists(
        st.sampled_from(["signature", "ashby-signature", "x-hook-secret", "webhook-id"]), max_size=3
    ),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    system=st.sampled_from(["greenhouse", "lever", "ashby", "generic", "x"]),
)
def test_nobody_can_send_what_ends_in_a_fault_of_ours(
    api: Client, body: bytes, names: list[str], value: str, system: str
) -> None:
    answer = send(api, body, dict.fromkeys(names, value), f"{system}/main")
    assert answer.status_code in (400, 401, 404)
    assert api.ask("/inbox") == []


def test_the_generic_webhook_of_a_connection_has_a_secret_of_its_own(api: Client, hiring: Hiring) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    connect(api, "generic", secret)
    told = event(stage="Talks", stage_visit="app-1/Talks/1")
    body, at = json.dumps(told), hiring.kit.clock()
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("m1", at, body),
    }
    answer = send(api, body.encode(), headers, "generic/c-generic")
    assert answer.status_code == 200, answer.text
    hiring.kit.run()
    assert [loop["application"] for loop in api.ask("/loops")] == ["app-1"]
    refused(send(api, body.encode(), headers | {"webhook-id": "m2"}, "generic/c-generic"), 401)
