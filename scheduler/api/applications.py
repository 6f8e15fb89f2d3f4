"""Applications: candidates' candidacies, with what a plan must respect.

Told by `tests/scheduler/api/test_flow.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Conditions, Put
from scheduler.api.models.loops import ApplicationModel
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.asking import requests

router = APIRouter(prefix=f"{BASE}/applications", tags=["applications"])
ApplicationId = Annotated[str, Path(max_length=100)]


@router.get("", responses=answers())
def list_applications(
    app: Services, _: Annotated[Actor, needs(Action.READ)], limit: Limit = 50, after: After = None
) -> list[ApplicationModel]:
    """Applications in the order of their ids."""
    with app.db.read() as tx:
        return [ApplicationModel.of(a) for a in tx.applications.list(limit=limit, after=after)]


@router.get("/{application_id}", responses=answers(404))
def get_application(
    application_id: ApplicationId, app: Services, _: Annotated[Actor, needs(Action.READ)]
) -> ApplicationModel:
    """One application."""
    with app.db.read() as tx:
        found = tx.applications.get(application_id)
    if found is None:
        raise Missing("application", application_id)
    return ApplicationModel.of(found)


@router.put("/{application_id}", responses=answers(412, 413, 415))
def put_application(
    application_id: ApplicationId,
    body: ApplicationModel,
    app: Services,
    _: Annotated[Actor, needs(Action.REQUEST)],
    conditions: Put,
) -> ApplicationModel:
    """Make or change an application; plans made from now on respect it."""
    if body.id != application_id:
        raise BadInput("id", f"is {body.id!r} but the address says {application_id!r}", "use the same id")
    value = body.value()
    with app.db.write() as tx:
        if conditions != Conditions():
            now = requests.claim(tx, application_id)
            shown = None if now is None else ApplicationModel.of(now)
            conditions.check("application", application_id, shown)
        try:
            requests.check_people(tx, value)
        except BadInput as bad:  # here the application is the whole body
            raise BadInput(bad.field.removeprefix("application."), bad.fault, bad.fix) from None
        requests.keep(tx, value)
    return body
