"""Who may do what: one declared action per route, and the one policy asked about it.

Told by `tests/scheduler/api/test_policy_of_routes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from scheduler.api import parameters
from scheduler.domain.access.policy import OPEN, Action, Actor, Sight, can, everywhere, sight
from scheduler.domain.errors import Missing
from scheduler.services.access import objects

__all__ = ["NOBODY", "OPEN", "Action", "Actor", "action_of", "can", "needs", "seen_by"]

NOBODY = Actor("api:nobody")


def needs(action: Action, *, narrows: bool = False) -> Any:
    """The dependency that a route declares its action with; gives the actor, whom the door has found out. Whoever
    may ask is told of parameters that the route does not know.

    Who may do that with some loops alone is let in where the address names one of them (``loop_id``, ``proposal_id``,
    ``application_id``, ``matter_id``), and by routes that ``narrows`` says of that they look for themselves
    (`seen_by`): everywhere else they are refused. A thing that is not theirs is missing, as if it were not there.
    """

    async def check(request: Request) -> Actor:  # blocks on nothing: a plain function would cost a thread
        actor = await admitted(request, action, narrows=narrows)
        if action is not Action.DELIVER:  # other services may add names of their own: the notice counts
            parameters.check(request)
        return actor

    check.action = action  # type: ignore[attr-defined]
    check.narrows = narrows  # type: ignore[attr-defined]
    return Depends(check)


async def admitted(request: Request, action: Action, *, narrows: bool) -> Actor:
    """Whoever asks, if they may. Raises `HTTPException` 401 and 403, and `Missing` for what is not theirs."""
    actor: Actor = getattr(request.state, "actor", NOBODY)
    if not can(actor, action):
        if not actor.known:
            raise HTTPException(401, "send the API token as a bearer token", {"www-authenticate": "Bearer"})
        raise HTTPException(403, f"your roles do not let you {_SAID[action]}; ask an administrator")
    if everywhere(actor, action) or action in OPEN or narrows:
        return actor
    named = objects.named(request.path_params)
    if named is None:
        text = f"your roles let you {_SAID[action]} of some loops only, and this is about all of them"
        raise HTTPException(403, f"{text}; ask about one of yours")
    await run_in_threadpool(objects.check, request.app.state.app, named, sight(actor, action))
    return actor


def also(request: Request, actor: Actor, action: Action) -> None:
    """Whether whoever asks may do that too with the loop that the address names, where one request does what two
    routes do. Raises `HTTPException` 403, and `Missing` for what is not theirs."""
    if not can(actor, action):
        raise HTTPException(403, f"your roles do not let you {_SAID[action]}; ask an administrator")
    named = objects.named(request.path_params)
    if named is not None and not everywhere(actor, action):
        objects.check(request.app.state.app, named, sight(actor, action))


def may(request: Request, action: Action) -> bool:
    """Whether whoever asks may do that with what the address names, or with all where it names nothing."""
    actor: Actor = getattr(request.state, "actor", NOBODY)
    if everywhere(actor, action) or not can(actor, action):
        return everywhere(actor, action)
    named = objects.named(request.path_params)
    if named is None:
        return False
    try:
        objects.check(request.app.state.app, named, sight(actor, action))
    except Missing:
        return False
    return True


_SAID = {
    Action.READ: "see things",
    Action.REQUEST: "change things",
    Action.BOOK: "say yes to plans",
    Action.LOOK_UP: "look the company up",
    Action.AUDIT: "see what everybody did",
    Action.CONFIGURE: "configure the company",
    Action.ADMINISTER: "administer accounts",
    Action.SELF: "ask",
}


def seen_by(request: Request, action: Action) -> Sight:
    """The loops that whoever asks may do that with."""
    return sight(getattr(request.state, "actor", NOBODY), action)


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
