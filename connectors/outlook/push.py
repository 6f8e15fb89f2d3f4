"""Graph's subscriptions: what to ask for, the handshake, and whether a notice is real. Pure.

A subscription repeats its ``clientState`` in every notice; before it exists, Graph calls the address
with a ``validationToken`` that has to come back as plain text within ten seconds. Notices of its
life (lifecycle notifications) come to the same address.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from connectors.errors import Invalid, Unreadable
from connectors.types import Notice, Subscription

LIVES = (timedelta(minutes=10_070), timedelta(minutes=4_230))
"""How long a subscription to events may live (10,080 minutes, less what the request takes), and the
bound that tenants with the older limit enforce."""

_YOUNG = timedelta(minutes=15)
"""A subscription of this age may be one whose id is just being written down."""

_KINDS = {"missed": "missed", "subscriptionremoved": "removed", "reauthorizationrequired": "reauthorize"}
_LONGEST_TOKEN = 2_048
_MOST_NOTICES = 1_000


def subscription_body(calendar: str, url: str, expires: datetime) -> dict[str, Any]:
    """What creates a subscription, with a fresh secret. Raises `Invalid` for an address Graph refuses."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Invalid(
            f"the address for notices must be https with a certificate Microsoft trusts, not {url!r}"
        )
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": url,
        "lifecycleNotificationUrl": url,
        "resource": f"/users/{quote(calendar, safe='@')}/events",
        "expirationDateTime": _stamp(expires),
        "clientState": secrets.token_urlsafe(48),
    }


def renewal_body(expires: datetime) -> dict[str, str]:
    return {"expirationDateTime": _stamp(expires)}


def subscription_of(answer: Mapping[str, Any], calendar: str, secret: str) -> Subscription:
    """The subscription that Graph keeps. Raises `Unreadable`."""
    try:
        expires = datetime.fromisoformat(str(answer["expirationDateTime"]))
        found = str(answer["id"])
    except (KeyError, ValueError):
        raise Unreadable("the answer holds no subscription") from None
    if expires.tzinfo is None or not found:
        raise Unreadable("the answer holds no subscription")
    resource = str(answer.get("resource") or f"/users/{calendar}/events")
    return Subscription(found, resource, calendar, expires.astimezone(UTC), secret)


def strays(
    items: Iterable[Mapping[str, Any]],
    url: str,
    known: Collection[str],
    now: datetime,
    *,
    young: bool = False,
) -> list[str]:
    """Ids of subscriptions to that address that nobody knows and that are not young, or ``young`` ones too.

    Graph does not say when one was made; it says when it ends, and how long it was to live is known.
    """
    found = []
    for item in items:
        try:
            left = datetime.fromisoformat(str(item["expirationDateTime"])) - now
            ident = str(item["id"])
        except (KeyError, ValueError, TypeError):
            continue  # one that cannot be judged is left to run out
        fresh = any(timedelta() <= life - left < _YOUNG for life in LIVES)
        if item.get("notificationUrl") == url and ident not in known and (young or not fresh):
            found.append(ident)
    return found


def validation(query: Mapping[str, str]) -> str | None:
    """The text to answer, as ``text/plain``, where Graph tries the address; ``None`` for a notice.

    Only printable text of a sane length is echoed.
    """
    token = query.get("validationToken")
    if token is None or not token or len(token) > _LONGEST_TOKEN or not token.isprintable():
        return None
    return token


def notices(body: bytes, known: Mapping[str, Subscription]) -> Sequence[Notice]:
    """The genuine notices of one delivery, each once; forged, foreign and unreadable ones yield nothing.

    Every secret is compared in constant time, and one is compared even where the id is unknown.
    """
    try:
        items = json.loads(body)["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    if not isinstance(items, list):
        return ()
    found: dict[Notice, None] = {}
    for item in items[:_MOST_NOTICES]:
        notice = _notice(item, known)
        if notice is not None:
            found[notice] = None
    return tuple(found)


def _notice(item: object, known: Mapping[str, Subscription]) -> Notice | None:
    if not isinstance(item, Mapping):
        return None
    ident, state = item.get("subscriptionId"), item.get("clientState")
    ours = known.get(ident) if isinstance(ident, str) else None
    secret = ours.secret if ours is not None and ours.secret else secrets.token_urlsafe(48)
    given = state if isinstance(state, str) else ""
    genuine = hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode("utf-8", "replace"))
    if ours is None or not genuine:
        return None
    life = item.get("lifecycleEvent")
    if life is None:
        return Notice(ours.id, "changed")
    # A kind of tomorrow: whatever it says, reading everything again is right.
    return Notice(ours.id, _KINDS.get(str(life).casefold(), "missed"))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
