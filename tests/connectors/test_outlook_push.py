"""Graph's notices of changes: the genuine, the forged, and the subscriptions they belong to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import (
    Invalid,
    Unreadable,
)
from connectors.outlook import push
from connectors.types import (
    Notice,
    Subscription,
)
from tests.connectors.servers import graph_schema as schema

START = datetime(2026, 10, 21, 8, tzinfo=UTC)


KEPT = Subscription("s1", "/users/o@b.c/events", "o@b.c", START, "secret-ü")


def delivery(*items: Any) -> bytes:
    return json.dumps({"value": list(items)}).encode()


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"changeType": "updated"}, "changed"),
        ({"lifecycleEvent": "missed"}, "missed"),
        ({"lifecycleEvent": "subscriptionRemoved"}, "removed"),
        ({"lifecycleEvent": "reauthorizationRequired"}, "reauthorize"),
        ({"lifecycleEvent": "somethingOfTomorrow"}, "missed"),
    ],
)
def test_a_genuine_notice(item: dict[str, str], kind: str) -> None:
    body = delivery({"subscriptionId": "s1", "clientState": "secret-ü", **item})
    assert push.notices(body, {"s1": KEPT}) == (Notice("s1", kind),)


def test_one_delivery_may_mix_subscriptions_and_repeat_itself() -> None:
    good = {"subscriptionId": "s1", "clientState": "secret-ü", "changeType": "updated"}
    forged = {**good, "clientState": "secret-u"}
    other = {"subscriptionId": "s2", "clientState": "secret-ü"}
    missed = {**good, "lifecycleEvent": "missed"}
    found = push.notices(delivery(forged, good, other, good, "nonsense", None, missed), {"s1": KEPT})
    assert found == (Notice("s1", "changed"), Notice("s1", "missed"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b'{"value": {}}',
        b"\xff",
        b"[" * 100_000,
        delivery({"subscriptionId": "s1"}),
        delivery({"subscriptionId": "s1", "clientState": ""}),
        delivery({"subscriptionId": "s1", "clientState": None}),
        delivery({"subscriptionId": ["s1"], "clientState": "secret-ü"}),
        delivery({"subscriptionId": "s1", "clientState": "\ud800"}),
    ],
)
def test_a_forged_notice_yields_nothing(body: bytes) -> None:
    assert push.notices(body, {"s1": KEPT}) == ()
    empty = replace(KEPT, secret="")
    assert push.notices(delivery({"subscriptionId": "s1", "clientState": ""}), {"s1": empty}) == ()


def test_the_handshake_echoes_sane_text_only() -> None:
    assert push.validation({"validationToken": "Validation: Testing + ü"}) == "Validation: Testing + ü"
    assert push.validation({}) is None
    assert push.validation({"validationToken": ""}) is None
    assert push.validation({"validationToken": "a\r\nSet-Cookie: x"}) is None
    assert push.validation({"validationToken": "x" * 5_000}) is None


def test_a_subscription_asks_for_every_change_with_a_secret_of_its_own() -> None:
    one = push.subscription_body("o@b.c", "https://us.example/hooks/outlook", START)
    two = push.subscription_body("o@b.c", "https://us.example/hooks/outlook", START)
    schema.check("microsoft.graph.subscription-create", one)
    schema.check("microsoft.graph.subscription-update", push.renewal_body(START))
    assert one["clientState"] != two["clientState"]
    assert 32 < len(one["clientState"]) <= 128
    assert one["lifecycleNotificationUrl"] == one["notificationUrl"]
    for url in ("http://us.example/x", "https:///x", "us.example"):
        with pytest.raises(Invalid, match="https"):
            push.subscription_body("o@b.c", url, START)
    with pytest.raises(Unreadable):
        push.subscription_of({"id": "x"}, "o@b.c", "s")
    with pytest.raises(Unreadable):
        push.subscription_of({"id": "x", "expirationDateTime": "2026-01-01T00:00:00"}, "o@b.c", "s")
