"""Teamtailor's webhooks. Pure.

``TT-Signature`` is base64 of ``t=<seconds>,v2=<hex>``, where the HMAC-SHA256 is over ``t.body``; partners' hooks have
``Teamtailor-Signature``, base64 of the hexadecimal HMAC of the resource's id alone. What a partner's hook says is
therefore not signed, and only its id is taken. The vendor's own words on the algorithm could not be had: both are as
public receivers read them.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from connectors.hiring.signatures import Forged, NotAMessage, check_hex, id_at, key_of, read_object
from connectors.hiring.types import Kind, Message


def read(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Message:  # noqa: ARG001
    """`connectors.hiring.protocol.Receiver`."""
    if "tt-signature" in headers:
        said = _decoded(headers["tt-signature"])
        parts = dict(part.split("=", 1) for part in said.split(",") if "=" in part)
        at = parts.get("t", "")
        if not (at.isascii() and at.isdecimal() and len(at) <= 20):
            raise Forged
        check_hex(secrets, at.encode() + b"." + body, [parts.get("v2", "")])
    told = _object(body, signed="tt-signature" in headers)
    about = id_at(told, "resource_id") or id_at(told, "data", "id")
    if "tt-signature" not in headers:
        check_hex(
            secrets, about.encode("utf-8", "replace"), [_decoded(headers.get("teamtailor-signature", ""))]
        )
    what = id_at(told, "event_name") or id_at(told, "event")
    return Message(Kind.NEWS if about else Kind.OTHER, key_of(body), what, about)


def _object(body: bytes, *, signed: bool) -> Mapping[str, object]:
    try:
        return read_object(body)
    except NotAMessage:
        if signed:
            raise
        raise Forged from None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise Forged from None
