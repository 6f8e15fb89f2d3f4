"""Who may do what: one policy function, one declared action per route."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from scheduler.api import parameters
from scheduler.config import Settings


class Action(StrEnum):
    """What a route does, for the policy."""

    READ = "read"
    REQUEST = "request"  # ask for loops, change and cancel them
    BOOK = "book"  # say yes to a plan
    CONFIGURE = "configure"  # people, pools, rooms, templates
    DELIVER = "deliver"  # webhooks: the signature decides
    OBSERVE = "observe"  # health and docs: open


OPEN = frozenset({Action.DELIVER, Action.OBSERVE})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: ``name`` goes into the facts."""

    name: str
    trusted: bool


def can(actor: Actor, action: Action) -> bool:
    """The whole policy: whoever signed in may do everything, everybody else what is open."""
    return action in OPEN or actor.trusted


def needs(action: Action) -> Any:
    """The dependency that a route declares its action with; gives the actor. Whoever may ask is told of
    parameters that the route does not know."""

    async def check(request: Request) -> Actor:  # blocks on nothing: a plain function would cost a thread
        actor = _actor(request)
        if not can(actor, action):
            settings: Settings = request.app.state.settings
            if settings.api_token:
                raise HTTPException(
                    401, "send the API token as a bearer token", {"www-authenticate": "Bearer"}
                )
            raise HTTPException(
                403, "without an API token only this machine may ask; set LOOPWRIGHT_API_TOKEN"
            )
        if action is not Action.DELIVER:  # other services may add names of their own: the notice counts
            parameters.check(request)
        return actor

    check.action = action  # type: ignore[attr-defined]
    return Depends(check)


def action_of(call: Callable[..., Any] | None) -> Action | None:
    """The action a dependency declares, or ``None``."""
    return getattr(call, "action", None)


def _actor(request: Request) -> Actor:
    settings: Settings = request.app.state.settings
    if settings.api_token:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        # header values are read as Latin-1; these are the bytes as they came
        good = hmac.compare_digest(token.encode("latin-1"), settings.api_token.encode())
        return Actor("api:token", good and scheme.lower() == "bearer")
    return Actor("api:local", _from_here(request) and _meant_for_here(request))


def _from_here(request: Request) -> bool:
    """Whether the connection comes from this machine, and not through a proxy on it: whoever stands
    behind a proxy is somewhere else, and a deployment that has one needs a token."""
    proxied = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    return not proxied and request.client is not None and _loopback(request.client.host)


def _meant_for_here(request: Request) -> bool:
    """Whether the request names this machine, and no page of another origin sent it.

    A page elsewhere can point a name of its own at this address (DNS rebinding): then the name is
    not ours. It can also post here across origins: then browsers say so.
    """
    host = request.headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    origin = request.headers.get("origin")
    same = origin is None or origin == f"{request.scope['scheme']}://{host}"
    asked = request.headers.get("sec-fetch-site", "none")
    return same and asked in ("none", "same-origin") and (name == "localhost" or _loopback(name))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
