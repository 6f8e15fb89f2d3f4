"""What each page does, for the one policy: declared where its router is made.

Told by `tests/scheduler/web/test_policy_of_pages.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Depends, Request

from scheduler.domain.access.policy import Action, Actor, Sight, can, everywhere, sight

_NONE: Mapping[str, Action] = {}
_LOOKS = frozenset({"GET", "HEAD"})


class Acts:
    """The actions of a router's pages: ``look`` for what is only looked at, ``do`` for what is sent; ``other`` has those
    that differ, by method and path. Pages of ``narrows`` filter for themselves (`seen_by`); every other one is closed to
    who may do that with some loops only, unless its address names one of theirs."""

    def __init__(
        self,
        look: Action,
        do: Action,
        *,
        other: Mapping[str, Action] = _NONE,
        narrows: Collection[str] = (),
    ) -> None:
        self._look, self._do, self._other, self._narrows = look, do, other, narrows

    def of(self, method: str, path: str) -> Action:
        """The declared action of one page."""
        told = self._look if method in _LOOKS else self._do
        return self._other.get(f"{method} {path}", told)

    def narrow(self, method: str, path: str) -> bool:
        """Whether it filters for itself."""
        return f"{method} {path}" in self._narrows

    async def __call__(self, request: Request) -> None:
        """Let whoever asks in, or refuse them."""
        method, path = request.method, request.scope["route"].path
        narrows = self.narrow(method, path)
        await request.app.state.admitted(request, self.of(method, path), narrows=narrows)


def acts(
    look: Action, do: Action, other: Mapping[str, Action] = _NONE, narrows: Collection[str] = ()
) -> list[Any]:
    """The dependencies of a router with these actions."""
    return [Depends(Acts(look, do, other=other, narrows=narrows))]


class May:
    """What whoever looks at a page may do with what the page is about, for its buttons and the menu."""

    def __init__(self, request: Request) -> None:
        self._request, self._known = request, dict[str, bool]()

    def __call__(self, action: str) -> bool:
        """Whether they may do that with it: with the loop that the address names, else with all."""
        if action not in self._known:
            self._known[action] = self._request.app.state.may(self._request, Action(action))
        return self._known[action]

    def open(self, action: Action, *, narrows: bool) -> bool:
        """Whether a page of that action, which may filter for itself, opens to them."""
        actor = asking(self._request)
        return can(actor, action) if narrows else everywhere(actor, action)


def asking(request: Request) -> Actor:
    """Who asks, as the door has found out."""
    found: Actor = request.state.actor
    return found


def seen_by(request: Request, action: Action = Action.READ) -> Sight:
    """The loops that whoever asks may do that with; ``None`` is all."""
    return sight(asking(request), action)
