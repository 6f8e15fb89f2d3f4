"""Puts the API together."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from scheduler.api import (
    applications,
    bookings,
    company,
    docs,
    following,
    loops,
    problems,
    proposals,
    push,
    webhooks,
)
from scheduler.api.access import opened
from scheduler.api.border import Border
from scheduler.api.common import BASE
from scheduler.api.conditional.tagged import Tagged
from scheduler.api.doing import batches, bulk
from scheduler.api.gate.door import Door
from scheduler.api.health import routes as health
from scheduler.api.health.checks import Checks
from scheduler.api.outgoing import hooks
from scheduler.api.reading import compare, load, pages, reasons
from scheduler.api.reading import facts as reading_facts
from scheduler.api.reading import loops as reading_loops
from scheduler.config import Settings
from scheduler.services.app import App

DESCRIPTION = """Plans and books interview loops.

Ask for a loop with `POST /api/v1/loops` and follow it by its id: it is planned (`proposed`), booked
after somebody's or the policy's yes (`confirmed`), repaired when somebody declines, or it says in
words why it cannot be met (`infeasible`). Every refusal is `application/problem+json` and names the
field and the fix."""


def create_app(app: App, settings: Settings, secret: str = "") -> FastAPI:
    """The API over these services. ``secret`` opens it where the settings have no token; without either it
    is closed to everybody."""
    api = FastAPI(
        title="Loopwright",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # the target would be built from what the client calls this host
    )
    api.state.app, api.state.settings = app, settings
    api.state.checks, api.state.listening = Checks(app, settings), following.Listening()
    problems.install(api)
    v1 = APIRouter(prefix=BASE, redirect_slashes=False)
    found = [*opened(docs.front), *opened(pages.front)]
    for part in (
        reading_loops,
        reading_facts,
        bulk,
        loops,
        compare,
        following,
        batches,
        proposals,
        bookings,
        applications,
        company,
        webhooks,
        hooks,
        push,
        health,
        docs,
        pages,
        reasons,
        load,
    ):
        v1.include_router(part.router)
        found += opened(part.router, BASE)
    api.include_router(v1)
    api.include_router(docs.front)
    api.include_router(pages.front)
    api.state.door = Door(settings, settings.api_token or secret, found)
    api.add_middleware(Tagged)
    api.add_middleware(Border, admit=api.state.door.admit)
    docs.describe(api)
    return api
