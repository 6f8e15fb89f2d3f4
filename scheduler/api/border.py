"""The border: what is refused before any code of ours reads it, and headers on every answer."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.problems import problem

LARGEST = 1_000_000
"""Bytes of a body; webhooks may be twice as large."""
DEEPEST = 50
"""Levels of nested JSON."""
_BODIES = frozenset({"POST", "PUT", "PATCH"})
_SURROGATE = re.compile("[\ud800-\udfff]")

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Refused(Exception):
    """A body that is not passed on: status, kind, what is wrong, the fix."""

    def __init__(self, status: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.status, self.kind, self.text = status, kind, text


class Border:
    """Reads a body at most as far as its limit, checks that it is plain JSON, and passes it on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guarded = _with_headers(send)
        if scope["method"] not in _BODIES:
            await self.app(scope, receive, guarded)
            return
        webhook = "/webhooks/" in scope["path"]
        try:
            body = await _read(scope, receive, LARGEST * (2 if webhook else 1))
            if body is None:
                return
            if body and not webhook:
                _check_type(scope)
                check_json(body)
        except Refused as refused:
            answer = problem(refused.status, refused.kind, refused.text)
            await answer(scope, receive, guarded)
            return
        await self.app(scope, _again(body, receive), guarded)


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            names = {name.lower() for name, _ in headers}
            extra = [h for h in [*HEADERS, _POLICY] if h[0] not in names]
            message = {**message, "headers": [*headers, *extra]}
        await send(message)

    return guarded


async def _read(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """The whole body, or `Refused` once it is larger than ``limit``; ``None`` when the client left."""
    too_large = Refused(413, "too_large", f"body: larger than {limit // 1_000_000} MB; send less at once")
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
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


def _check_type(scope: Scope) -> None:
    kind = dict(scope["headers"]).get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refused(415, "not_json", "content-type: send the body as application/json")


def check_json(body: bytes) -> Any:
    """The value of a JSON text that any program reads alike: UTF-8, no duplicate keys, no NaN, no lone
    surrogates, no NUL, at most `DEEPEST` levels. Raises `Refused`."""
    if _depth(body) > DEEPEST:
        raise Refused(422, "bad_input", f"body: nested deeper than {DEEPEST} levels; flatten it")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(422, "bad_input", f"body: byte {error.start} is not UTF-8; send UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(422, "bad_input", f"body: not JSON at {where}; send valid JSON") from None
    except ValueError as error:
        raise Refused(422, "bad_input", f"body: {error}") from None
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
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object; give it once")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; send a number")


def _plain(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            raise Refused(422, "bad_input", "body: a text holds NUL or half a character; send plain text")
    elif isinstance(value, dict):
        for key, part in value.items():
            _plain(key)
            _plain(part)
    elif isinstance(value, list):
        for part in value:
            _plain(part)
