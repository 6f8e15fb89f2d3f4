"""What Microsoft answers when it refuses, as errors named by what to do next. Pure.

Error codes: the Graph error page, the Exchange response codes and the throttling guide. Nothing of an
answer is quoted but its code word and request id; messages may hold text of other people's events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

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

_WORD = re.compile(r"[A-Za-z0-9_.]{1,80}")
_ID = re.compile(r"[0-9A-Fa-f-]{36}")
_AADSTS = re.compile(r"AADSTS\d{4,9}")

DUPLICATE = "ErrorDuplicateTransactionId"
_BURNT = frozenset({DUPLICATE.casefold()})
_LOST_ITEM = frozenset({"erroritemnotfound", "errorinvalididmalformed", "errorinvalidid"})
_LOST_MAILBOX = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "errorinvaliduser",
        "errornonexistentmailbox",
        "request_resourcenotfound",
        "resourcenotfound",
        "mailboxnothostedinexchange",
    }
)
_LOST_CURSOR = frozenset(
    {
        "syncstatenotfound",
        "syncstateinvalid",
        "resyncrequired",
        "errorinvalidsyncstatedata",
        "fullsyncrequired",
    }
)
_THROTTLED = frozenset({"applicationthrottled", "toomanyrequests", "errorserverbusy"})
_EDITED_MEANWHILE = frozenset({"errorirresolvableconflict", "errorstaleobject"})

RBAC_HINT = (
    "the app may not use this mailbox: put it into the scope of its role assignment "
    "(RBAC for Applications in Exchange); a change takes over an hour"
)
HANDSHAKE_HINT = (
    "the address for notices did not answer Microsoft's handshake: it must be reachable from the internet, "
    "with a certificate that Microsoft trusts, while loopwright serve is running"
)


def code_of(body: object) -> tuple[str, str]:
    """Code word and request id of a Graph error body, in bytes or decoded; empty where it has none (a proxy's page)."""
    try:
        told: Any = json.loads(body) if isinstance(body, bytes) else body
        error = told["error"]
        code = error["code"]
        inner = error.get("innerError") or error.get("innererror") or {}
        request = inner.get("request-id", "") if isinstance(inner, Mapping) else ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""
    known = code if isinstance(code, str) and _WORD.fullmatch(code) else ""
    return known, request if isinstance(request, str) and _ID.fullmatch(request) else ""


def refusal(
    status: int,
    retry_after: float | None,
    body: object,
    what: str,
    *,
    event: bool = False,
    cursor: bool = False,
    single: bool = False,
) -> ConnectorError:
    """The error for an answer that is no success.

    ``what`` names our call for the one line; ``event`` says that it was about one event (whose absence
    is `Gone`), ``cursor`` that it carried a delta or page token (whose refusal is `CursorExpired`),
    ``single`` that it asked for something of which there is one only (409 is a `Conflict`, whatever code comes with it).
    """
    code, request = code_of(body)
    word = code.casefold()
    line = f"{what}: Microsoft answered {status}" + (f" ({code})" if code else "")
    if status == 429 or word in _THROTTLED or (status == 503 and retry_after is not None):
        return RateLimited(f"{line}: too many requests", retry_after)
    if status >= 500 or status == 408:
        return Transient(line)
    if cursor and (status in (400, 410) or word in _LOST_CURSOR):
        return CursorExpired(f"{line}: read everything again")
    if single and status == 409:
        return Conflict(f"{line}: there is one already")
    if word in _BURNT:
        return Conflict(f"{line}: this booking key was used before")
    if status == 401:
        return AuthExpired(line)
    if status == 403:
        return Forbidden(f"{line}: {RBAC_HINT}" if word == "erroraccessdenied" else line)
    if word in _LOST_MAILBOX:
        return NotFound(f"{line}: no mailbox has this address")
    if word in _LOST_ITEM or status in (404, 410):
        return Gone(line) if event else NotFound(line)
    if word in _EDITED_MEANWHILE or status == 412:
        return StaleWrite(f"{line}: somebody edited the event meanwhile")
    if 300 <= status < 400:
        return Unreadable(f"{line}: a redirect, which is never followed")
    if word == "timezonenotsupportedexception":
        return Invalid(f"{line}: this tenant does not know the time zone by that name")
    if word == "validationerror":
        return Invalid(f"{line}: {HANDSHAKE_HINT}")
    suffix = f"; request {request}" if request else ""
    return Invalid(f"{line}: the request is not accepted{suffix}")


_SCHEDULE_ERRORS: dict[str, tuple[str, str]] = {
    "errormailrecipientnotfound": (NotFound.code, "no mailbox has this address"),
    "errorinvalidsmtpaddress": (NotFound.code, "not an e-mail address"),
    "errornonexistentmailbox": (NotFound.code, "no mailbox has this address"),
    "erroraccessdenied": (Forbidden.code, "its owner shares no free/busy times with the app"),
    "errornofreebusyaccess": (Forbidden.code, "its owner shares no free/busy times with the app"),
    "errorfreebusydlllimitreached": (Invalid.code, "a distribution list with too many members"),
    "errortoomanyrecipients": (Invalid.code, "a distribution list with too many members"),
}
_TRANSIENT_SCHEDULE = re.compile(r"(?i)timeout|busy|unavailable|transient|proxy|serviced?iscovery|failedto")


def schedule_error(error: object) -> tuple[str, str]:
    """``(code, reason)`` of a person whom getSchedule could not read, from the ``error`` in its item."""
    word = error.get("responseCode") if isinstance(error, Mapping) else None
    known = word if isinstance(word, str) and _WORD.fullmatch(word) else ""
    suffix = f" ({known})" if known else ""
    if known.casefold() in _SCHEDULE_ERRORS:
        code, reason = _SCHEDULE_ERRORS[known.casefold()]
        return code, reason + suffix
    if _TRANSIENT_SCHEDULE.search(known):
        return Transient.code, f"Exchange could not read it this time{suffix}"
    return Unreadable.code, f"Exchange could not read this calendar{suffix}"


_FIX = {
    "AADSTS7000215": "the client secret is wrong; store its value, not its id",
    "AADSTS7000222": "the client secret has expired; create a new one",
    "AADSTS700027": "the certificate is not the one uploaded to the app registration, or it has expired",
    "AADSTS700016": "this tenant has no such app; check tenant and client_id",
    "AADSTS90002": "there is no such tenant",
    "AADSTS65001": "an administrator has to consent to the app",
    "AADSTS54005": "the code of this consent was used already; begin again",
    "AADSTS70008": "the code of this consent has expired; begin again",
    "AADSTS50011": "the redirect address is not one of the app registration's",
    "AADSTS50173": "the sign-in was revoked; connect the account again",
    "AADSTS700082": "the sign-in has not been used for too long; connect the account again",
    "AADSTS50076": "the sign-in needs another factor; connect the account again",
}


def refused_sign_in(answer: Mapping[str, Any], account: str) -> ConnectorError:
    """The error for what msal returns instead of a token (OAuth error words, RFC 6749 5.2)."""
    word = answer.get("error")
    word = word if isinstance(word, str) and _WORD.fullmatch(word) else "no error named"
    match = _AADSTS.search(str(answer.get("error_description") or ""))
    number = match.group(0) if match else ""
    line = f"Microsoft account {account!r}: sign-in refused ({number or word})"
    if word in ("temporarily_unavailable", "server_error"):
        return Transient(line)
    fix = _FIX.get(number)
    if word == "access_denied" and fix is None:
        fix = "the person or an administrator refused; begin again to ask once more"
    if word == "invalid_scope":
        return Forbidden(f"{line}: {fix or 'the app registration lacks a permission'}")
    return AuthRevoked(f"{line}: {fix or 'connect the account again'}")
