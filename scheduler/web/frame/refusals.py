"""Around the API and the pages: who asked for a page is refused by a page, and not by JSON.

Told by `tests/scheduler/web/test_refusals.py`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.web.frame import templates
from scheduler.web.frame.viewer import viewer_of

_PROBLEM = "application/problem+json"
_API = "/api/"
_UNAUTHORIZED = 401


class Refusals:
    """Turns every refusal that is not the API's own into a page with the same words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_API):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Turning(scope, send).send)


class _Turning:
    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._finish(self._start, json.loads(b"".join(self._parts)))

    async def _finish(self, start: Message, problem: Any) -> None:
        body = refusal(Request(self._scope), problem).encode()
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"] = "text/html; charset=utf-8"
        headers["content-length"] = str(len(body))
        if "www-authenticate" in headers:
            del headers["www-authenticate"]  # browsers know no such way in
        for name, value in templates.HEADERS.items():
            headers[name] = value
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def refusal(request: Request, problem: Any) -> str:
    """The page for a refusal; for a stranger the one that says how to come in."""
    template = "frame/signin.html" if problem["status"] == _UNAUTHORIZED else "frame/refused.html"
    viewer = viewer_of(request)
    # who came by an address that is used up is told so
    used = "token" in request.query_params
    guest = request.url.path.startswith(("/candidate/", "/interviewer/"))  # who has no other page
    context = {"viewer": viewer, "problem": problem, "used": used, "guest": guest}
    issuer = request.app.state.settings.oidc_issuer if "app" in request.scope else ""
    context |= {
        "provider": urlsplit(issuer).hostname if issuer else "",
        "came": request.url.path == "/sign-in/back",
    }
    return templates.plain(viewer, template, context)


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").split(";")[0] == _PROBLEM
