"""Signed webhooks, as pure functions over raw bytes.

The scheme is that of the Standard Webhooks specification: HMAC-SHA256 over
``id.timestamp.body``, base64, announced as ``v1,<signature>``; several signatures may be given,
separated by spaces, while a secret is being rotated. A secret is ``whsec_`` followed by base64, or
any other text, taken as it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds that a timestamp may lie in the past or the future."""


def key(secret: str) -> bytes:
    """The bytes to sign with. Raises `ValueError` for an empty secret and a broken ``whsec_`` one."""
    if secret.startswith(PREFIX):
        try:
            found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {PREFIX} is not base64") from None
    else:
        found = secret.encode()
    if not found:
        raise ValueError("the secret is empty")
    return found


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``; ``timestamp`` in seconds since 1970."""
    return "v1," + base64.b64encode(_mac(key(secret), id, str(timestamp), body)).decode()


def _mac(key: bytes, id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, b".".join((id.encode(), timestamp.encode(), body)), hashlib.sha256)


def verify(secret: str, id: str, timestamp: str, body: bytes, signatures: str, now: float) -> bool:
    """Whether one of the signatures is ours and the timestamp is within `TOLERANCE` of ``now``.

    An empty or broken secret refuses everything. The comparison takes the same time whatever is wrong.
    """
    try:
        ours = key(secret)
    except ValueError:
        return False
    if not id or len(timestamp) > 20 or not (timestamp.isascii() and timestamp.isdecimal()):
        return False
    wanted = base64.b64encode(_mac(ours, id, timestamp, body))
    offered = [s.removeprefix("v1,").encode() for s in signatures.split(" ") if s.startswith("v1,")]
    matches = [hmac.compare_digest(wanted, s) for s in offered]
    return any(matches) and abs(now - int(timestamp)) <= TOLERANCE
