"""Google's push channels: what to ask for and whether a notice is real. Pure.

A notice has no body; it says that something changed, in which channel, and repeats the secret we
chose for that channel (guide "Push notifications").
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import Invalid, Unreadable
from connectors.types import Notice, Subscription

LIFE = 604_800
"""Seconds we ask a channel to live: a week, which is also Google's default."""

_KINDS = {"sync": "handshake", "exists": "changed", "not_exists": "changed"}


def channel(url: str) -> dict[str, Any]:
    """The body of a ``watch``: a fresh id and secret. Raises `Invalid` for a URL Google would refuse."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Invalid(f"the address for notices must be https with a certificate Google trusts, not {url!r}")
    return {
        "id": str(uuid.uuid4()),
        "type": "web_hook",
        "address": url,
        "token": secrets.token_urlsafe(32),
        "params": {"ttl": str(LIFE)},
    }


def subscription_of(asked: Mapping[str, Any], answer: Mapping[str, Any], calendar: str) -> Subscription:
    """The channel that Google opened. Raises `Unreadable`."""
    try:
        expires = datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC)
        return Subscription(asked["id"], str(answer["resourceId"]), calendar, expires, asked["token"])
    except (KeyError, ValueError, TypeError, OverflowError):
        raise Unreadable("the answer to a watch holds no channel") from None


def read_notice(headers: Mapping[str, str], known: Mapping[str, Subscription]) -> Sequence[Notice]:
    """The notice, where it comes from a channel we opened; otherwise nothing.

    The secret is compared in constant time, and compared even where the channel is unknown.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    found = known.get(fields.get("x-goog-channel-id", ""))
    secret = found.secret if found is not None and found.secret else secrets.token_urlsafe(32)
    genuine = hmac.compare_digest(
        fields.get("x-goog-channel-token", "").encode("utf-8", "replace"), secret.encode()
    )
    kind = _KINDS.get(fields.get("x-goog-resource-state", "").lower())
    if found is None or not genuine or kind is None:
        return ()
    if fields.get("x-goog-resource-id", "") != found.resource:
        return ()
    return (Notice(found.id, kind),)
