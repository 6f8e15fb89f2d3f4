"""The tag of everything that is got, and 304 for whoever has it already (RFC 9110 sections 8.8.3 and 13.1.2).

Told by `tests/scheduler/api/test_conditions.py`.
"""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.conditional.conditions import parse, tag_of
from scheduler.domain.errors import BadInput

_LARGE = 100_000
"""Bytes of a body whose tag is worked out beside the loop that serves everybody."""


class Tagged:
    """Gives every JSON answer to a GET its tag, and answers 304 where the client has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Tagging(send, Headers(scope=scope)).send)


class _Tagging:
    def __init__(self, send: Send, asked: Headers) -> None:
        self._send, self._asked = send, asked
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._finish(self._start, b"".join(self._parts))

    async def _finish(self, start: Message, body: bytes) -> None:
        tag = await run_in_threadpool(_of_body, body) if len(body) > _LARGE else _of_body(body)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["etag"] = tag
        try:
            known = parse("If-None-Match", self._asked.getlist("if-none-match"))
        except BadInput:
            known = None  # what is no tag matches none: the whole answer is sent
        if known is not None and known.weak(tag):
            for name in ("content-type", "content-length"):
                del headers[name]
            await self._send({**start, "status": 304, "headers": headers.raw})
            await self._send({"type": "http.response.body", "body": b""})
            return
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_json(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] == 200 and kind.split(";")[0].strip() == "application/json"


def _of_body(body: bytes) -> str:
    return tag_of(json.loads(body))
