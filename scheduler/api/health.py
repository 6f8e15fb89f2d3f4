"""Whether this deployment can do its work."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.problems import answers
from scheduler.services import reconcile
from scheduler.storage import migrate

router = APIRouter(prefix="/health", tags=["health"])
LATE = 900.0
"""Seconds that a write may wait before the deployment calls itself unhealthy."""


class Health(BaseModel):
    """``ok`` sums up; ``waiting_seconds`` is the age of the oldest write that is not done."""

    ok: bool
    schema_at_head: bool
    company_loaded: bool
    waiting_writes: int
    waiting_seconds: float


@router.get("", responses=answers())
def get_health(app: Services, response: Response, _: Annotated[Actor, needs(Action.OBSERVE)]) -> Health:
    """200 while the database answers, its schema is the newest and no write waits too long; else 503."""
    head = migrate.current(app.db.engine) == migrate.newest()
    with app.db.read() as tx:
        loaded = tx.company.loaded_at() is not None
    count, seconds = reconcile.backlog(app)
    found = Health(
        ok=head and seconds < LATE,
        schema_at_head=head,
        company_loaded=loaded,
        waiting_writes=count,
        waiting_seconds=seconds,
    )
    response.status_code = 200 if found.ok else 503
    return found
