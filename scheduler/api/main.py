"""Puts the API together."""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

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
from scheduler.api.access import addresses, admitted, may, opened
from scheduler.api.accounts import me, sessions, tokens, users
from scheduler.api.attention import doing as attention_doing
from scheduler.api.attention import routes as attention
from scheduler.api.border import Border
from scheduler.api.common import BASE
from scheduler.api.conditional.tagged import Tagged
from scheduler.api.doing import batches, bulk, changing, fixes
from scheduler.api.doing.choosing import Choosing
from scheduler.api.gate import signing
from scheduler.api.gate.door import Door
from scheduler.api.health import metrics
from scheduler.api.health import routes as health
from scheduler.api.health.checks import Checks
from scheduler.api.hiring import arriving, automations, connections, inbox, process
from scheduler.api.links import routes as links
from scheduler.api.outgoing import hooks
from scheduler.api.privacy import routes as privacy
from scheduler.api.reading import compare, load, pages, places, reasons
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
    changing.router,
    places.router,
    batches.router,
    proposals.router,
    bookings.router,
    applications.router,
    process.router,
    company.router,
    webhooks.router,
    arriving.router,
    connections.router,
    connections.advances,
    automations.router,
    inbox.router,
    hooks.router,
    push.router,
    health.router,
    metrics.router,
    docs.router,
    pages.router,
    reasons.router,
    load.router,
    attention.router,
    attention_doing.router,
    fixes.router,
    links.router,
    links.asking,
    users.router,
    tokens.router,
    me.router,
    sessions.router,
    privacy.router,
    signing.router,
    docs.front,
    pages.front,
)
"""Where two routes fit, the first counts."""


class Pages(Protocol):
    """What people look at, beside the API in the same process. ``home`` is where they begin; what is in ``open``
    is answered to everybody."""

    home: str
    router: APIRouter
    open: APIRouter

    def outside(self, app: ASGIApp) -> ASGIApp:
        """Around everything: refusals of the API become pages where a page was asked for."""
        ...


def create_app(app: App, settings: Settings, secret: str = "", pages: Pages | None = None) -> FastAPI:
    """The API over these services, and the pages where they are given. ``secret`` opens both where the settings have
    no token; without either they are closed to everybody."""
    routers = (*ROUTERS, *((pages.open, pages.router) if pages else ()))
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
        routes=[route for router in routers for route in router.routes],
    )
    api.state.app, api.state.settings, api.state.choosing = app, settings, Choosing(app)
    api.state.home = pages.home if pages else f"{BASE}/docs"
    api.state.checks, api.state.listening = Checks(app, settings), following.Listening()
    api.state.admitted, api.state.may = admitted, may
    api.state.provider = signing.provider_of(settings)
    problems.install(api)
    found = [entry for router in ROUTERS for entry in opened(router)]
    found += addresses(pages.open) if pages else ()
    api.state.door = Door(settings, settings.api_token or secret, found, app)
    api.add_middleware(Tagged)
    api.add_middleware(Border, admit=api.state.door.admitted)
    if pages:
        api.add_middleware(pages.outside)
    docs.describe(api)
    return api
