"""Applications: candidates' candidacies, with what a plan must respect.

Told by `tests/scheduler/api/test_flow.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Conditions, Put
from scheduler.api.models.loops import ApplicationModel
from scheduler.api.problems import answers
from scheduler.domain.access.policy import knows_needs
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.loops import Accommodation, Application
from scheduler.services.access import narrow
from scheduler.services.asking import requests

router = APIRouter(prefix=f"{BASE}/applications", tags=["applications"])
ApplicationId = Annotated[str, Path(max_length=100)]


@router.get("", responses=answers())
def list_applications(
    app: Services, actor: Annotated[Actor, needs(Action.READ)], limit: Limit = 50, after: After = None
) -> list[ApplicationModel]:
    """Applications in the order of their ids."""
    with app.db.read() as tx:
        return [_shown(actor, a) for a in tx.applications.list(limit=limit, after=after)]


@router.get("/{application_id}", responses=answers(404))
def get_application(
    application_id: ApplicationId, app: Services, actor: Annotated[Actor, needs(Action.READ)]
) -> ApplicationModel:
    """One application. What the candidate needs is shown to its recruiter and coordinator alone."""
    with app.db.read() as tx:
        found = tx.applications.get(application_id)
    if found is None:
        raise Missing("application", application_id)
    return _shown(actor, found)


@router.put("/{application_id}", responses=answers(412, 413, 415))
def put_application(
    application_id: ApplicationId,
    body: ApplicationModel,
    app: Services,
    actor: Annotated[Actor, needs(Action.REQUEST, narrows=True)],
    conditions: Put,
) -> ApplicationModel:
    """Make or change an application; plans made from now on respect it. Who is not shown what the candidate needs
    changes it only by saying it anew."""
    if body.id != application_id:
        raise BadInput("id", f"is {body.id!r} but the address says {application_id!r}", "use the same id")
    value = body.value()
    with app.db.write() as tx:
        narrow.check_application(tx, actor, value)
        if conditions != Conditions():
            now = requests.claim(tx, application_id)
            shown = None if now is None else _shown(actor, now)
            conditions.check("application", application_id, shown)
        try:
            requests.check_people(tx, value)
        except BadInput as bad:  # here the application is the whole body
            raise BadInput(bad.field.removeprefix("application."), bad.fault, bad.fix) from None
        if not knows_needs(actor, value.recruiter, value.coordinator):
            value = requests.with_known_needs(tx, value)
        requests.keep(tx, value)
    return _shown(actor, value)


def _shown(actor: Actor, value: Application) -> ApplicationModel:
    """An application as it is shown to somebody."""
    if knows_needs(actor, value.recruiter, value.coordinator):
        return ApplicationModel.of(value)
    return ApplicationModel.of(replace(value, accommodation=Accommodation()))
