"""Comparing signatures of webhooks: over the raw bytes, in constant time, with several secrets alive.

Told by `tests/connectors/hiring/test_signatures.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class Forged(Exception):
    """The message is not signed with a secret of the connection. Nothing of it may be believed or kept."""


class NotAMessage(Exception):
    """Genuine, but no JSON object."""


def macs(secrets: Sequence[str], message: bytes) -> list[bytes]:
    """HMAC-SHA256 of the message with each secret. An empty secret signs nothing."""
    return [hmac.digest(secret.encode(), message, hashlib.sha256) for secret in secrets if secret]


def same(wanted: Iterable[bytes], offered: Iterable[bytes]) -> bool:
    """Whether one of ``wanted`` is among ``offered``: all pairs are compared, whatever comes out."""
    offered = list(offered)
    found = [hmac.compare_digest(w, o) for w in wanted for o in offered]
    return any(found)


def check_hex(secrets: Sequence[str], message: bytes, offered: Iterable[str]) -> None:
    """Raises `Forged` unless one of the hexadecimal signatures is right."""
    wanted = [mac.hex().encode() for mac in macs(secrets, message)]
    if not same(wanted, [text.strip().lower().encode("utf-8", "replace") for text in offered]):
        raise Forged


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a genuine body. Raises `NotAMessage`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAMessage from None
    if not isinstance(found, dict):
        raise NotAMessage
    return found


def key_of(body: bytes, *ids: str) -> str:
    """A key of a message: the bytes that were signed, and what else names it. An id that is not signed is never the
    key alone: somebody could send an old message under the id of one to come."""
    return ".".join((hashlib.sha256(body).hexdigest()[:40], *(id for id in ids if _ID.fullmatch(id))))


def text_at(value: Any, *path: str) -> str:
    """A text or a whole number deep in decoded JSON, as text; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def id_at(value: Any, *path: str) -> str:
    """The same where it may be an id or a name of the sender's: empty for anything that could not be kept."""
    found = text_at(value, *path)
    return found if _ID.fullmatch(found) else ""
