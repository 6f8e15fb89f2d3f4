"""Puts the console together.

Told by `tests/scheduler/web/test_pages.py`.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.types import ASGIApp

from scheduler.web.audit import views as audit
from scheduler.web.automations import views as automations
from scheduler.web.candidate import asking, needing, unable
from scheduler.web.candidate import views as candidate
from scheduler.web.change import picked
from scheduler.web.change import views as change
from scheduler.web.company import views as company
from scheduler.web.frame import assets, live
from scheduler.web.frame.refusals import Refusals
from scheduler.web.health import views as health
from scheduler.web.interviewer import hours, proposing
from scheduler.web.interviewer import views as interviewer
from scheduler.web.load import views as load
from scheduler.web.loop import views as loop
from scheduler.web.new import views as new
from scheduler.web.people import views as people
from scheduler.web.plans import views as plans
from scheduler.web.privacy import views as privacy
from scheduler.web.process import views as process
from scheduler.web.queue import views as queue
from scheduler.web.superday import views as superday
from scheduler.web.today import views as today
from scheduler.web.why import views as why
from scheduler.web.you import views as you

ROUTERS = (
    today.router,
    queue.router,
    loop.router,
    plans.router,
    change.router,
    picked.router,
    why.router,
    new.router,
    superday.router,
    load.router,
    people.router,
    company.router,
    automations.router,
    process.router,
    audit.router,
    health.router,
    privacy.router,
    you.router,
    live.router,
)
"""Where two routes fit, the first counts."""
GUESTS = (
    candidate.router,
    asking.router,
    unable.router,
    needing.router,
    interviewer.router,
    proposing.router,
    hours.router,
)
"""What is opened by a link, without sign-in."""


class Console:
    """The pages of a deployment, to be served beside its API."""

    home = "/today"

    def __init__(self) -> None:
        self.open = APIRouter(
            include_in_schema=False,
            routes=[route for router in (assets.router, *GUESTS) for route in router.routes],
        )
        self.router = APIRouter(
            include_in_schema=False, routes=[route for router in ROUTERS for route in router.routes]
        )

    def outside(self, app: ASGIApp) -> ASGIApp:
        """Refusals of the API become pages where a page was asked for."""
        return Refusals(app)
