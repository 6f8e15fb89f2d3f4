"""What Graph and its sign-in refuse, named by what to do about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    Conflict,
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
from connectors.outlook.failures import refusal, refused_sign_in, schedule_error


def told(code: str) -> bytes:
    inner = {"request-id": "0b51d3f2-9e1b-4c0e-8f7e-3f5f2b1c9a10"}
    return json.dumps({"error": {"code": code, "message": "canary-7f3a", "innerError": inner}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "wait", "kind"),
    [
        (401, "InvalidAuthenticationToken", None, AuthExpired),
        (403, "ErrorAccessDenied", None, Forbidden),
        (403, "Authorization_RequestDenied", None, Forbidden),
        (403, "ApplicationThrottled", 3.0, RateLimited),
        (404, "ErrorInvalidUser", None, NotFound),
        (404, "MailboxNotEnabledForRESTAPI", None, NotFound),
        (404, "ErrorItemNotFound", None, NotFound),
        (400, "ErrorInvalidRequest", None, Invalid),
        (409, "ErrorDuplicateTransactionId", None, Conflict),
        (400, "ErrorDuplicateTransactionId", None, Conflict),
        (409, "ErrorIrresolvableConflict", None, StaleWrite),
        (412, "ErrorIrresolvableConflict", None, StaleWrite),
        (413, "", None, Invalid),
        (429, "ApplicationThrottled", 7.0, RateLimited),
        (429, "", None, RateLimited),
        (503, "ServiceUnavailable", 7.0, RateLimited),
        (503, "ServiceUnavailable", None, Transient),
        (500, "ErrorInternalServerError", None, Transient),
        (504, "", None, Transient),
        (408, "", None, Transient),
        (302, "", None, Unreadable),
    ],
)
def test_a_refusal_is_named_by_what_to_do(
    status: int, code: str, wait: float | None, kind: type[Exception]
) -> None:
    error = refusal(status, wait, told(code), "book")
    assert type(error) is kind
    assert str(error).startswith("book: Microsoft answered")
    assert "canary" not in str(error)
    assert getattr(error, "retry_after", None) == wait


def test_refusals_that_depend_on_what_was_asked() -> None:
    assert type(refusal(404, None, told("ErrorItemNotFound"), "x", event=True)) is Gone
    assert type(refusal(400, None, told("ErrorInvalidIdMalformed"), "x", event=True)) is Gone
    assert type(refusal(404, None, told("ErrorInvalidUser"), "x", event=True)) is NotFound
    for status, code in [(410, "SyncStateNotFound"), (400, "BadRequest"), (404, "syncStateNotFound")]:
        assert type(refusal(status, None, told(code), "x", cursor=True)) is CursorExpired
    assert type(refusal(403, None, told("ErrorAccessDenied"), "x", cursor=True)) is Forbidden
    assert "RBAC for Applications" in str(refusal(403, None, told("ErrorAccessDenied"), "x"))
    assert "0b51d3f2" in str(refusal(400, None, told("ErrorInvalidRequest"), "x"))


@pytest.mark.parametrize(
    "body", [b"", b"<html>canary-7f3a</html>", b"[]", b'{"error": "canary-7f3a"}', b"[" * 100_000]
)
def test_a_page_that_is_no_error_of_graphs_is_not_quoted(body: bytes) -> None:
    assert str(refusal(400, None, body, "x")) == "x: Microsoft answered 400: the request is not accepted"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            {"error": "invalid_client", "error_description": "AADSTS7000222: canary"},
            AuthRevoked,
            "has expired",
        ),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000215: canary"},
            AuthRevoked,
            "secret is wrong",
        ),
        (
            {"error": "invalid_grant", "error_description": "AADSTS50173: canary"},
            AuthRevoked,
            "connect the account",
        ),
        ({"error": "invalid_grant"}, AuthRevoked, "connect the account"),
        ({"error": "temporarily_unavailable"}, Transient, "refused"),
        ({"error": "invalid_scope", "error_description": "canary"}, Forbidden, "permission"),
        ({}, AuthRevoked, "no error named"),
        ({"error": ["canary"]}, AuthRevoked, "no error named"),
    ],
)
def test_a_refused_sign_in_says_what_to_do(answer: dict[str, Any], kind: type[Exception], words: str) -> None:
    error = refused_sign_in(answer, "microsoft")
    assert type(error) is kind
    assert words in str(error)
    assert "canary" not in str(error)


def test_schedule_errors_have_one_line_each() -> None:
    for code in (
        "ErrorMailRecipientNotFound",
        "ErrorFreeBusyDLLimitReached",
        "ErrorServerBusy",
        "ErrorOther",
        "<b>",
    ):
        name, reason = schedule_error({"responseCode": code})
        assert name in ("not_found", "invalid", "transient", "unreadable")
        assert "<" not in reason
