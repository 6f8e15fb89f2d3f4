"""Where an application stands, and the decisions about it.

Told by `tests/scheduler/web/days/test_process.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.services.app import App
from scheduler.services.hiring.process import deciding
from scheduler.services.hiring.process.deciding import Opened
from scheduler.services.hiring.process.standing import standing
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.process.forms import DecideForm, PivotForm

_PIVOT = "POST /applications/{application_id}/pivot"
router = APIRouter(
    prefix="/applications/{application_id}",
    include_in_schema=False,
    dependencies=acts(Action.READ, Action.BOOK, {_PIVOT: Action.REQUEST}),
)
ApplicationId = Annotated[str, Path(max_length=100)]
EMPTY: Filled[Any] = Filled({}, None)


@router.get("")
def get_process(request: Request, application_id: ApplicationId, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, application_id, EMPTY)


@router.post("/decide")
def decide(
    request: Request, application_id: ApplicationId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    """Open the next stage, or end here."""

    def work(tx: Tx, form: DecideForm) -> Opened:
        return deciding.decide(app, tx, application_id, form.stage, form.verdict, viewer.actor, form.note)

    return _do(request, app, viewer, application_id, read(DecideForm, posted, viewer.words), work)


@router.post("/pivot")
def pivot(
    request: Request, application_id: ApplicationId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    """Go on for another job."""

    def work(tx: Tx, form: PivotForm) -> Opened:
        more = {"stage": form.stage, "hiring_manager": form.hiring_manager}
        return deciding.pivot(app, tx, application_id, form.job, viewer.actor, **more)

    return _do(request, app, viewer, application_id, read(PivotForm, posted, viewer.words), work)


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    application_id: str,
    filled: Filled[Any],
    work: Callable[[Tx, Any], Opened],
) -> Response:
    if filled.value is None:
        return _page(request, app, viewer, application_id, filled, 422)
    try:
        with app.db.write() as tx:
            opened = work(tx, filled.value)
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
        status = 422 if isinstance(error, BadInput | BadInputs) else 409
        return _page(request, app, viewer, application_id, filled, status)
    return say(see(f"/applications/{application_id}"), "stage_opened" if opened.stage else "decided")


def _page(
    request: Request, app: App, viewer: Viewer, application_id: str, form: Filled[Any], status: int = 200
) -> Response:
    with app.db.read() as tx:
        found = standing(tx, application_id, app.clock())
        told = found.application
        every = tx.people.list()
        ids = {told.hiring_manager, told.recruiter, *(m.person for m in found.met)}
        ids |= {id for stage in found.stages for id in stage.whom}
        names = {p.id: p.name for p in tx.people.list(ids, active=False)}
        jobs = sorted({p.job for p in tx.company.policy().processes if p.job and p.job != told.job})
        general = any(p.job is None for p in tx.company.policy().processes)
    return page(
        request,
        "process/process.html",
        status,
        viewer=viewer,
        s=found,
        names=names,
        jobs=jobs,
        may_pivot=bool(jobs) or general,
        people=sorted(((p.id, p.name) for p in every), key=lambda one: one[1].casefold()),
        form=form,
    )
