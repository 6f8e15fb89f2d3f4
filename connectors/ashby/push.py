"""Ashby's webhooks. Pure.

``Ashby-Signature: sha256=<hex>`` is the HMAC-SHA256 of the raw body (Ashby developer guide, "Authenticating
webhooks"). One move sends several webhooks with one ``webhookActionId``, which stays in every try: the key is that id
with the name of what happened. A ping must be answered, or the webhook cannot be saved.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import Forged, check_hex, id_at, key_of, read_object
from connectors.hiring.types import Kind, Message

_ABOUT = (
    ("data", "application", "id"),
    ("data", "interviewSchedule", "applicationId"),
    ("data", "offer", "applicationId"),
)


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`."""
    scheme, _, offered = headers.get("ashby-signature", "").partition("=")
    if scheme != "sha256":
        raise Forged
    check_hex(secrets, body, [offered])
    told = read_object(body)
    what, id = id_at(told, "action"), id_at(told, "webhookActionId")
    key = f"{what}.{id}" if id else key_of(body)
    if what == "ping":
        return Message(Kind.PING, key_of(body), what)
    about = next((found for path in _ABOUT if (found := id_at(told, *path))), "")
    return Message(Kind.NEWS if about else Kind.OTHER, key, what, about)
