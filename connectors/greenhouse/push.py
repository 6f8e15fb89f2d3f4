"""Greenhouse's webhooks. Pure.

``Signature: sha256 <hex>`` is the HMAC-SHA256 of the raw body, escapes as they were sent (Greenhouse webhooks,
"Authentication"). A ping on saving must be answered, or the webhook is switched off. A changed secret signs for one
more week.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import Forged, check_hex, id_at, key_of, read_object
from connectors.hiring.types import Kind, Message

_ABOUT = (("payload", "application", "id"), ("payload", "application_id"), ("payload", "id"))
"""Where the application's id stands, in its several events."""
_OURS = ("application", "candidate", "interview", "scorecard")


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`."""
    scheme, _, offered = headers.get("signature", "").partition(" ")
    if scheme != "sha256":
        raise Forged
    check_hex(secrets, body, [offered])
    told = read_object(body)
    what = id_at(told, "action")
    key = key_of(body, headers.get("greenhouse-event-id", ""))
    if what == "ping":
        return Message(Kind.PING, key, what)
    if not any(word in what for word in _OURS):
        return Message(Kind.OTHER, key, what)
    places = _ABOUT if "application" in what else _ABOUT[:2]
    about = next((id for path in places if (id := id_at(told, *path))), "")
    return Message(Kind.NEWS if about else Kind.OTHER, key, what, about)
