"""The border: what is refused before any code of ours reads it, and headers on every answer."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.gate.refused import Refused
from scheduler.api.problems import internal, of_unavailable
from scheduler.storage.errors import Unavailable

log = logging.getLogger("loopwright.requests")

LARGEST = 1_000_000
"""Bytes of a body; webhooks may be twice as large."""
LARGEST_COMPANY = 16_000_000
"""Bytes of a whole company: more than twice what `GET /company` gives for 15,000 people."""
COMPANY = "/api/v1/company"
DEEPEST = 50
"""Levels of nested JSON."""
SLOWEST = 30.0
"""Seconds that a client has for sending its body."""
_LONGEST_NUMBER = 30
_BODIES = frozenset({"POST", "PUT", "PATCH"})
API = "/api/"
"""Addresses of programs, which send JSON; pages send forms."""
WEBHOOKS = ("/api/v1/webhooks/", "/api/v1/push/")
"""Addresses whose bodies are verified before they are read."""
FORM = b"application/x-www-form-urlencoded"
_IDS = frozenset({"loop_id", "proposal_id", "batch_id"})
"""Parts of a path that are ids of ours."""
_SECRET = re.compile(r"^(/(?:candidate|interviewer)/)[^/]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex"),
]
_POLICY = (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'")


def _bad(field: str, fault: str, fix: str) -> Refused:
    return Refused(422, "bad_input", f"{field}: {fault}; {fix}")


class Border:
    """Asks who is there; then reads a body at most as far as its limit, checks that it is plain JSON, and
    passes it on. ``admit`` raises `Refused` for who may not ask: of them no body is read."""

    def __init__(self, app: ASGIApp, admit: Callable[[Scope], Awaitable[None]]) -> None:
        self.app, self.admit = app, admit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer, began = _Answer(send), time.monotonic()
        try:
            await self._passed(scope, receive, answer)
        finally:
            log.info("request", extra={"fields": _told(scope, answer, time.monotonic() - began)})

    async def _passed(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            _check_address(scope)
            await self.admit(scope)
            if scope["method"] in _BODIES:
                body = await _body(scope, receive)
                if body is None:
                    return
                receive = _again(body, receive)
            await self.app(scope, receive, answer)
        except Refused as refused:
            await refused.answer()(scope, receive, answer)
        except Unavailable as error:
            if answer.begun:
                raise
            await of_unavailable(error)(scope, receive, answer)
        except Exception as error:
            if answer.begun:
                raise  # too late for an answer: the server cuts the connection
            await internal(scope["method"], _loggable(scope["path"]), error)(scope, receive, answer)


def _loggable(path: str) -> str:
    """An address as it may stand in a log: what opens a page of somebody without sign-in does not."""
    return _SECRET.sub(r"\1…", path)


class _Answer:
    """Passes an answer on with the headers that every one has."""

    def __init__(self, send: Send) -> None:
        self.send, self.begun, self.status = send, False, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun, self.status = True, int(message["status"])
            # FastAPI's event streams say no-cache: a cache may keep what it asks about again
            headers = [h for h in message.get("headers", []) if h != (b"cache-control", b"no-cache")]
            names = {name.lower() for name, _ in headers}
            extra = [h for h in [*HEADERS, _POLICY] if h[0] not in names]
            message = {**message, "headers": [*headers, *extra]}
        await self.send(message)


def _told(scope: Scope, answer: _Answer, seconds: float) -> dict[str, Any]:
    """What is logged of a request: which call it was, by whom, about what; no path, no query, no body. Without
    ``call`` nothing answered to that address."""
    ids = {k: v for k, v in scope.get("path_params", {}).items() if k in _IDS}
    call = getattr(scope.get("endpoint"), "__name__", "")
    actor = getattr(scope.get("state", {}).get("actor"), "name", "")
    told = {"call": call, "method": scope["method"], **ids, "actor": actor, "status": answer.status}
    return told | {"seconds": round(seconds, 3)}


def _check_address(scope: Scope) -> None:
    """No NUL and no broken UTF-8 in the path and the query: no database takes them."""
    for part, raw in (("path", scope.get("raw_path") or b""), ("query", scope["query_string"])):
        try:
            text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
        except UnicodeDecodeError:
            raise _bad(part, "is not UTF-8", "percent-encode UTF-8 bytes") from None
        if "\x00" in text:
            raise _bad(part, "holds NUL", "leave %00 out")


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The body, checked unless a webhook's signature has to be looked at first."""
    webhook = scope["path"].startswith(WEBHOOKS)
    try:
        async with asyncio.timeout(SLOWEST):
            body = await _read(scope, receive, _limit(scope, webhook))
    except TimeoutError:
        text = f"body: did not arrive within {SLOWEST:.0f} seconds; send it at once"
        raise Refused(408, "refused", text) from None
    if body and not scope["path"].startswith(API):
        if _type(scope) != FORM:
            raise Refused(
                415, "not_a_form", f"content-type: is not {FORM.decode()}; send the page's own form"
            )
    elif body and not webhook:
        if _type(scope) != b"application/json":
            raise Refused(415, "not_json", "content-type: is not application/json; send the body as JSON")
        if len(body) > LARGEST:  # takes a second or two, in which others want their answers
            await run_in_threadpool(check_json, body)
        else:
            check_json(body)
    return body


def _limit(scope: Scope, webhook: bool) -> int:
    if webhook:
        return 2 * LARGEST
    return LARGEST_COMPANY if (scope["method"], scope["path"]) == ("PUT", COMPANY) else LARGEST


async def _read(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """The whole body, or `Refused` once it is larger than ``limit``; ``None`` when the client left."""
    too_large = Refused(413, "too_large", f"body: larger than {limit // 1_000_000} MB; send less at once")
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise too_large
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _type(scope: Scope) -> bytes:
    return bytes(dict(scope["headers"]).get(b"content-type", b"").split(b";")[0].strip().lower())


def check_json(body: bytes) -> Any:
    """The value of a JSON text that any program reads alike: UTF-8, no duplicate keys, no NaN, no lone
    surrogates, no NUL, no endless numbers, at most `DEEPEST` levels. Raises `Refused`."""
    if _depth(body) > DEEPEST:
        raise _bad("body", f"nested deeper than {DEEPEST} levels", "flatten it")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad("body", f"byte {error.start} is not UTF-8", "send UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _bad("body", f"not JSON at {where}", "send valid JSON") from None
    _plain(value)
    return value


def _depth(body: bytes) -> int:
    """The deepest nesting, strings skipped, without recursion."""
    depth = deepest = 0
    inside = escaped = False
    for byte in body:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            deepest = max(deepest, depth)
        elif byte in (0x5D, 0x7D):
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise _bad("body", f"the key {ascii(twice)[:80]} stands twice in one object", "give it once")
    return found


def _no_constant(name: str) -> Any:
    raise _bad("body", f"{name} is not JSON", "send a number")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _bad("body", f"a number has {len(text)} digits", f"use at most {_LONGEST_NUMBER}")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _bad("body", f"the number {text[:40]} is too large", "send a smaller one")
    return value


def _plain(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            raise _bad("body", "a text holds NUL or half a character", "send plain text")
    elif isinstance(value, dict):
        for key, part in value.items():
            _plain(key)
            _plain(part)
    elif isinstance(value, list):
        for part in value:
            _plain(part)
