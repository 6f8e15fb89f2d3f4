"""Puts the API together."""

from __future__ import annotations

from fastapi import FastAPI

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
from scheduler.api.attention import doing as attention_doing
from scheduler.api.attention import routes as attention
from scheduler.api.border import Border
from scheduler.api.conditional.tagged import Tagged
from scheduler.api.doing import batches, bulk
from scheduler.api.doing.choosing import Choosing
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


ROUTERS = (
    reading_loops.router,
    reading_facts.router,
    bulk.router,
    loops.router,
    compare.router,
    following.router,
    batches.router,
    proposals.router,
    bookings.router,
    applications.router,
    company.router,
    webhooks.router,
    hooks.router,
    push.router,
    health.router,
    docs.router,
    pages.router,
    reasons.router,
    load.router,
    attention.router,
    attention_doing.router,
    docs.front,
    pages.front,
)
"""Where two routes fit, the first counts."""


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
        # what is sent to collectors would hold bodies and messages, and costs something at every request
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,  # the target would be built from what the client calls this host
        # as one list: routers that are included are asked one after the other, at every request, what is in them
        routes=[route for router in ROUTERS for route in router.routes],
    )
    api.state.app, api.state.settings, api.state.choosing = app, settings, Choosing(app)
    api.state.checks, api.state.listening = Checks(app, settings), following.Listening()
    problems.install(api)
    found = [entry for router in ROUTERS for entry in opened(router)]
    api.state.door = Door(settings, settings.api_token or secret, found)
    api.add_middleware(Tagged)
    api.add_middleware(Border, admit=api.state.door.admit)
    docs.describe(api)
    return api
