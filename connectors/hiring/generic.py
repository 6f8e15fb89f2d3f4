"""The generic webhook: the scheme of Standard Webhooks, with what the sender knows in the body. Pure.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors import signatures
from connectors.hiring.signatures import Forged, id_at, read_object
from connectors.hiring.types import Kind, Message


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:
    """`connectors.hiring.protocol.Receiver`. The id is signed, and so it is the key."""
    id, at, offered = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    good = [signatures.verify(secret, id, at, body, offered, now) for secret in secrets if secret]
    if not any(good):
        raise Forged
    told = read_object(body)
    return Message(Kind.NEWS, id, id_at(told, "type"), id_at(told, "data", "application", "id"))
