"""Who may do what: one policy function, one declared action per route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from scheduler.api import parameters


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


NOBODY = Actor("api:nobody", trusted=False)


def can(actor: Actor, action: Action) -> bool:
    """The whole policy: whoever signed in may do everything, everybody else what is open."""
    return action in OPEN or actor.trusted


def needs(action: Action) -> Any:
    """The dependency that a route declares its action with; gives the actor, whom the door has found out. Whoever
    may ask is told of parameters that the route does not know."""

    async def check(request: Request) -> Actor:  # blocks on nothing: a plain function would cost a thread
        actor: Actor = getattr(request.state, "actor", NOBODY)
        if not can(actor, action):
            raise HTTPException(401, "send the API token as a bearer token", {"www-authenticate": "Bearer"})
        if action is not Action.DELIVER:  # other services may add names of their own: the notice counts
            parameters.check(request)
        return actor

    check.action = action  # type: ignore[attr-defined]
    return Depends(check)


def action_of(call: Callable[..., Any] | None) -> Action | None:
    """The action a dependency declares, or ``None``."""
    return getattr(call, "action", None)


def opened(router: APIRouter) -> Iterator[tuple[set[str], re.Pattern[str]]]:
    """Methods and path of every route of a router that is open to all."""
    yield from addresses(
        router, lambda route: any(action_of(d.call) in OPEN for d in route.dependant.dependencies)
    )


def addresses(
    router: APIRouter, which: Callable[[APIRoute], bool] = lambda _: True
) -> Iterator[tuple[set[str], re.Pattern[str]]]:
    """Methods and path of the routes that ``which`` says yes to."""
    for route in router.routes:
        if isinstance(route, APIRoute) and which(route):
            yield set(route.methods or ()), compile_path(route.path)[0]
