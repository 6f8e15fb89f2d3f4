"""SmartRecruiters' webhooks. Pure.

``smartrecruiters-signature: v1=<hex>;v1=<hex>…`` holds one signature for each of up to sixteen live keys (an old one
signs for 24 hours more), over ``timestamp.body.event-id.event-name.event-version.link``, which are headers. Before a
subscription is active it asks with ``X-Hook-Secret``, which is to be sent back within 20 seconds; that request is not
signed, and nothing of it is kept.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import check_hex, id_at, key_of, read_object
from connectors.hiring.types import Kind, Message

_SIGNED = ("event-id", "event-name", "event-version", "link")
_MOST = 16
_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]{1,500}")


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`."""
    asked = headers.get("x-hook-secret", "")
    if "smartrecruiters-signature" not in headers and _SECRET.fullmatch(asked):
        return Message(Kind.HANDSHAKE, "", "handshake", echo={"x-hook-secret": asked})
    told_of = [headers.get(name, "").encode("latin-1", "replace") for name in _SIGNED]
    at = headers.get("smartrecruiters-timestamp", "").encode("latin-1", "replace")
    parts = headers.get("smartrecruiters-signature", "").split(";")[:_MOST]
    offered = [part.strip().removeprefix("v1=") for part in parts if part.strip().startswith("v1=")]
    check_hex(secrets, b".".join((at, body, *told_of)), offered)
    told = read_object(body)
    about = id_at(told, "application_id") or id_at(told, "candidate_id")
    key = key_of(body, headers.get("event-id", ""))
    return Message(Kind.NEWS if about else Kind.OTHER, key, id_at(dict(headers), "event-name"), about)
