"""What Google answers when it refuses, as errors named by what to do next. Pure.

Statuses and reasons: the guides "Handle API errors" and "Usage limits" of the Calendar API and the
OAuth error codes of RFC 6749 5.2. Nothing of an answer is quoted but its reason word.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    Conflict,
    ConnectorError,
    CursorExpired,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RateLimited,
    StaleWrite,
    Transient,
    Unreadable,
)

_RATE_REASONS = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "quotaExceeded",
        "dailyLimitExceeded",
        "calendarUsageLimitsExceeded",
        "variableTermLimitExceeded",
    }
)
_NO_LIMIT = frozenset({"accessNotConfigured", "ipRefererBlocked", "keyInvalid", "keyExpired"})
"""Reasons that Google also files under usage limits but that waiting does not change."""
_SYNC_REASONS = frozenset({"fullSyncRequired", "updatedMinTooLongAgo"})
_HINTS = {
    "accessNotConfigured": ": switch this API on in the account's Google Cloud project",
    "insufficientPermissions": ": the token lacks a scope; see the scopes in the set-up guide",
    "forbiddenForServiceAccounts": ": a service account needs a subject to invite people",
    "push.webhookUrlUnauthorized": ": Google sends no notices to this address; it must be a public https one",
    "push.webhookUrlNotHttps": ": Google sends notices to https addresses only",
    "requiredAccessLevel": ": the acting account may not change this calendar",
}
_WORD = re.compile(r"[A-Za-z_.]{1,60}")
_OAUTH_WORD = re.compile(r"[a-z_]{1,40}")


def refusal(status: int, headers: Mapping[str, str], body: bytes, what: str) -> ConnectorError:
    """The error for an answer that is no success. ``what`` names our call, for the one line."""
    domain, reason = _reason(body)
    line = f"{what}: Google answered {status}" + (f" ({reason})" if reason else "")
    limited = reason in _RATE_REASONS or (domain == "usageLimits" and reason not in _NO_LIMIT)
    if status == 429 or (status == 403 and limited):
        return RateLimited(f"{line}: too many requests", retry_after(headers))
    if status == 503 and retry_after(headers) is not None:
        return RateLimited(f"{line}: asked to wait", retry_after(headers))
    if status >= 500 or status == 408:
        return Transient(line)
    if status == 410:
        return CursorExpired(line) if reason in _SYNC_REASONS else Gone(line)
    if 300 <= status < 400:
        return Unreadable(f"{line}: a redirect, which is never followed")
    if status == 400 and reason in _SYNC_REASONS:
        return CursorExpired(line)
    if reason.startswith("push."):  # a 401 too, which is about the address and not about our token
        return Invalid(line + _HINTS.get(reason, ""))
    named: dict[int, tuple[type[ConnectorError], str]] = {
        400: (Invalid, ""),
        401: (AuthExpired, ": the access token is not accepted"),
        403: (Forbidden, ": not allowed"),
        404: (NotFound, ": no such calendar or event, or not visible to this account"),
        409: (Conflict, ""),
        412: (StaleWrite, ": the event was changed by somebody else"),
    }
    kind, hint = named.get(status, (Invalid, ""))
    return kind(line + _HINTS.get(reason, hint))


def refused_sign_in(
    status: int, headers: Mapping[str, str], body: bytes, who: str, scopes: str
) -> ConnectorError:
    """The error for a token endpoint that gave no token. ``who`` is the account, in words."""
    word, no_such_person = _oauth_error(body)
    line = f"sign-in of {who} refused" + (f" ({word})" if word else f" ({status})")
    if status == 429:
        return RateLimited(f"{line}: too many requests", retry_after(headers))
    if status >= 500 or word in ("temporarily_unavailable", "server_error", "internal_failure"):
        wait = retry_after(headers)
        return Transient(line) if wait is None else RateLimited(f"{line}: asked to wait", wait)
    if word == "invalid_grant" and no_such_person:
        return NotFound(f"{line}: no such person in this Google Workspace")
    if word == "invalid_grant":
        return AuthRevoked(
            f"{line}: the grant was revoked, expired or its key deleted, or this machine's clock is "
            "wrong; connect the account again"
        )
    if word in ("invalid_client", "deleted_client", "disabled_client"):
        return AuthRevoked(f"{line}: the client id or secret is wrong or switched off")
    if word in ("unauthorized_client", "access_denied", "invalid_scope"):
        return Forbidden(f"{line}: grant these scopes to it in the admin console: {scopes}")
    if word in ("admin_policy_enforced", "org_internal"):
        return Forbidden(f"{line}: a policy of the organization blocks it")
    return AuthRevoked(f"{line}: connect the account again")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asked to wait (a number or an HTTP date); ``None``: not said."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def calendar_refusal(reasons: list[str]) -> tuple[str, str]:
    """``(code, text)`` for the errors of one calendar inside a free/busy answer that is a success.

    Reasons as the reference of ``freebusy.query`` lists them; an unknown one is `Unreadable`.
    """
    reason = next((r for r in reasons if r), "")
    word = reason if _WORD.fullmatch(reason) else "unnamed error"
    if reason == "notFound":
        return NotFound.code, "no such calendar, or it is not shared with this account (notFound)"
    if reason in ("forbidden", "insufficientPermissions"):
        return Forbidden.code, f"not allowed to read this calendar ({word})"
    if reason == "groupTooBig":
        return Invalid.code, "this is the address of a large group; name its members (groupTooBig)"
    if reason in ("internalError", "backendError", "tooManyCalendarsRequested") or reason in _RATE_REASONS:
        return Transient.code, f"Google could not work it out this time ({word})"
    return Unreadable.code, f"Google could not read this calendar ({word})"


def _reason(body: bytes) -> tuple[str, str]:
    """Domain and reason of Google's error body; empty where it has none (a proxy's page)."""
    try:
        error = json.loads(body)["error"]
        first = error["errors"][0]
        domain, reason = first.get("domain", ""), first.get("reason", "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""
    return tuple(w if isinstance(w, str) and _WORD.fullmatch(w) else "" for w in (domain, reason))  # type: ignore[return-value]


def _oauth_error(body: bytes) -> tuple[str, bool]:
    """The error word, and whether Google says that the person to act for does not exist: it has no
    word of its own for that, only a description."""
    try:
        error = json.loads(body)
        word, description = error["error"], str(error.get("error_description", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", False
    known = isinstance(word, str) and _OAUTH_WORD.fullmatch(word)
    return (word if known else ""), "invalid email or user id" in description.casefold()
