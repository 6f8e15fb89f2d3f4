"""Workable's webhooks. Pure.

``X-Workable-Signature`` is the HMAC-SHA256 of the raw body with the account's token or the secret of the OAuth
application. How it is written down is not said: hexadecimal and base64 are both seen, and both taken. The state in
the body is that of the moment of sending, not of the event.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import Forged, id_at, key_of, macs, read_object, same
from connectors.hiring.types import Kind, Message


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`."""
    offered = headers.get("x-workable-signature", "").strip()
    found = macs(secrets, body)
    as_hex = same([mac.hex().encode() for mac in found], [offered.lower().encode("utf-8", "replace")])
    as_base64 = same([base64.b64encode(mac) for mac in found], [offered.encode("utf-8", "replace")])
    if not (as_hex or as_base64):
        raise Forged
    told = read_object(body)
    about = id_at(told, "data", "id")
    what = id_at(told, "event_type")
    return Message(Kind.NEWS if about else Kind.OTHER, key_of(body, id_at(told, "id")), what, about)
