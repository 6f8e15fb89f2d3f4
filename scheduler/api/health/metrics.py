"""How it goes, in numbers for Prometheus: of this process since it began, and of the whole deployment now.

Told by `tests/scheduler/api/test_metrics.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.domain.finding import LoopsWanted
from scheduler.services import meters, staff

router = APIRouter(prefix=f"{BASE}/metrics", tags=["health"])


@router.get("", response_class=Response, responses=answers())
def get_metrics(app: Services, _: Annotated[Actor, needs(Action.AUDIT)]) -> Response:
    """Jobs, solves and calendar calls of this process by kind and outcome, and what waits in the whole deployment, in
    the text format of Prometheus. No label holds a name, an address or an id."""
    queued = app.jobs.queued() if isinstance(app.jobs, meters.Tells) else {}
    with app.db.read() as tx:
        states = {state.value: count for state, count in tx.found_loops.counts(LoopsWanted()).items()}
    page = meters.page(queued, states, len(staff.look(app).working), datetime.now(UTC))
    return Response(page, media_type=CONTENT_TYPE_LATEST)
