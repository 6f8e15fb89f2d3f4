"""Who may do what: one policy function, one declared action per route."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

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
    """The dependency that a route declares its action with; gives the actor."""

    def check(request: Request) -> Actor:
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
        good = hmac.compare_digest(token.encode(), settings.api_token.encode())
        return Actor("api:token", good and scheme.lower() == "bearer")
    return Actor("api:local", _from_here(request) and _meant_for_here(request))


def _from_here(request: Request) -> bool:
    """Whether the connection comes from this machine."""
    host = request.client.host if request.client else ""
    return _loopback(host) or host == "testclient"


def _meant_for_here(request: Request) -> bool:
    """Whether the request names this machine: a page elsewhere that points a name of its own at this
    address (DNS rebinding), or posts across origins, does not."""
    name = request.url.hostname or ""
    origin = request.headers.get("origin", "")
    same = not origin or origin == f"{request.url.scheme}://{request.url.netloc}"
    return same and (_loopback(name) or name in ("localhost", "testserver"))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
