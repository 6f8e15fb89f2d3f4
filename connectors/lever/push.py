"""Lever's webhooks. Pure.

The signature stands in the body: ``signature`` is the hexadecimal HMAC-SHA256 of ``token`` and ``triggeredAt``
(Lever API, "Webhooks", "Securing webhooks"). **What happened is not signed**: of ``data`` only the id of the
opportunity is taken, and only to read it at Lever.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import Forged, NotAMessage, check_hex, id_at, key_of, read_object, text_at
from connectors.hiring.types import Kind, Message


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`. A body without a signature that can be read is forged."""
    try:
        told = read_object(body)
    except NotAMessage:
        raise Forged from None
    token, at, offered = (text_at(told, name) for name in ("token", "triggeredAt", "signature"))
    if not (token and at and offered):
        raise Forged
    check_hex(secrets, (token + at).encode("utf-8", "replace"), [offered])
    what = id_at(told, "event")
    about = id_at(told, "data", "opportunityId")
    return Message(Kind.NEWS if about else Kind.PING, key_of(body), what, about)
