"""Whether this deployment can do its work.

Told by `tests/scheduler/api/test_border.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.problems import NotServing, answers
from scheduler.services.afterwards import push
from scheduler.services.booking import reconcile

router = APIRouter(prefix="/health", tags=["health"])
LATE = 900.0
"""Seconds that a write may wait before the deployment calls itself unhealthy."""


class Health(BaseModel):
    """``waiting_seconds`` is the age of the oldest write to a calendar that is not done; ``notices`` how
    changes in the organizer's calendar become known beside polling (`GET /company/notices` says more)."""

    company_loaded: bool
    waiting_writes: int
    waiting_seconds: float
    notices: str


@router.get("", responses=answers())
def get_health(app: Services, _: Annotated[Actor, needs(Action.OBSERVE)]) -> Health:
    """200 while the database answers, its schema is the newest and no write waits too long; else 503."""
    now, newest = app.db.schema()
    if now != newest:
        raise NotServing("the database has not the newest schema; run `loopwright migrate`")
    with app.db.read() as tx:
        loaded = tx.company.loaded_at() is not None
        notices = push.state(app, tx).status
    count, seconds = reconcile.backlog(app)
    if seconds >= LATE:
        raise NotServing(f"{count} writes wait, the oldest for {seconds:.0f} s; see `loopwright doctor`")
    return Health(
        company_loaded=loaded,
        waiting_writes=count,
        waiting_seconds=seconds,
        notices=notices,
    )
