"""The link in the address of a candidate's page, opened before the page is: who has none is told so, the same each time.

Told by `tests/scheduler/web/guests/test_doors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from scheduler.domain.guests.links import CANDIDATE, Link
from scheduler.services import opening
from scheduler.services.app import App
from scheduler.services.links.candidate import Standing, standing
from scheduler.web.frame.viewer import Services
from scheduler.web.guest import frame


class Closed(Exception):
    """The address opens nothing."""


class Door(APIRoute):
    """A page of a candidate: one answer for every address that opens none."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except Closed:
                return frame.gone(request)

        return handler


def found(app: App, token: str) -> tuple[Link, Standing] | None:
    """The link of an address and how it stands for its candidate; ``None`` for every address that opens nothing."""
    with app.db.read() as tx:
        link = opening.opened(app, tx, token, CANDIDATE)
        stands = standing(tx, link) if link else None
    return (link, stands) if link and stands else None


def _opened(app: Services, token: str) -> tuple[Link, Standing]:
    opened = found(app, token)
    if opened is None:
        raise Closed
    return opened


Opened = Annotated[tuple[Link, Standing], Depends(_opened)]
"""The link and how it stands; only a page whose router has the class `Door` can ask for it."""
