"""A new loop: first the template, with its steps; then one form.

Told by `tests/scheduler/web/planning/test_new.py`.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.errors import DomainError, Missing
from scheduler.domain.templates import InterviewKind, LoopTemplate, Modality
from scheduler.services.app import App
from scheduler.services.asking import requests
from scheduler.storage.database import Tx
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.new import asked, written
from scheduler.web.new.forms import NewForm
from scheduler.web.new.written import Written

router = APIRouter(prefix="/new", include_in_schema=False)
_CLOCKS = ("Europe/Berlin", "Europe/London", "Europe/Lisbon", "America/New_York", "America/Los_Angeles",
           "America/Sao_Paulo", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip
"""Suggested beside the company's own; any other zone can be typed."""


@router.get("")
def get_new(
    request: Request,
    app: Services,
    viewer: Looking,
    template: Annotated[str, Query(max_length=100)] = "",
    application: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The templates, or the form of one; filled with what is known of an application."""
    typed: dict[str, Any] = {"template": template, "key": secrets.token_hex(8), "recruiter": viewer.me}
    if application:
        with app.db.read() as tx:
            typed |= _known(tx, application)
    return _page(request, app, viewer, Filled[NewForm](typed, None))


def _known(tx: Tx, id: str) -> dict[str, str]:
    found = tx.applications.get(id)
    if found is None:
        raise Missing("application", id)
    who = found.candidate
    return {
        "application": id,
        "name": who.name,
        "email": who.email,
        "zone": who.zone,
        "job": found.job,
        "manager": found.hiring_manager,
        "recruiter": found.recruiter,
    }


@router.post("")
def ask(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Ask for it, and go to the loop; or say beside every field what is wrong with it."""
    filled = read(NewForm, posted, viewer.words)
    found = written.read(
        str(filled.typed.get("windows", "")), app.clock().astimezone(viewer.tz).date(), viewer.words
    )
    if found.faults:
        filled.faults.setdefault("windows", "\n".join(found.faults))
    form = filled.value
    if form is None or filled.faults:
        return _page(request, app, viewer, filled, 422)
    try:
        loop = _asked(app, form, found, viewer)
    except DomainError as error:
        filled.faults |= asked.faults(error, found, viewer.words)
        return _page(request, app, viewer, filled, 422)
    return say(see(f"/loops/{loop}"), "asked")


def _asked(app: App, form: NewForm, found: Written, viewer: Viewer) -> str:
    with app.db.read() as tx:
        wanted = asked.request(tx, form, found)
    return requests.ask(app, wanted, viewer.actor).id


def _page(request: Request, app: App, viewer: Viewer, form: Filled[Any], status: int = 200) -> Response:
    with app.db.read() as tx:
        templates = sorted(tx.templates.list(), key=lambda t: t.title.casefold())
        people, sites = sorted(tx.people.list(), key=lambda p: p.name), tx.sites.list()
        pools = {p.id: p.name for p in tx.pools.list()}
    wanted = form.typed.get("template", "")
    chosen = next((t for t in templates if t.id == wanted), None)
    if wanted and chosen is None:
        raise Missing("template", wanted)
    return page(
        request,
        "new/new.html",
        status,
        viewer=viewer,
        form=form,
        templates=templates,
        t=chosen,
        branches=_branches(chosen) if chosen else {},
        on_site=chosen is not None and _on_site(chosen),
        people=people,
        names={p.id: p.name for p in people},
        pools=pools,
        sites=sites,
        clocks=sorted({*(s.zone for s in sites), viewer.zone, *_CLOCKS}),
    )


def _branches(template: LoopTemplate) -> dict[str, list[str]]:
    """The choices of a template, each with the steps of which one is taken."""
    found: dict[str, list[str]] = {}
    for step in template.interviews:
        if step.branch:
            found.setdefault(step.branch, []).append(step.id)
    return found


def _on_site(template: LoopTemplate) -> bool:
    return any(
        i.modality is Modality.ON_SITE and i.kind is not InterviewKind.TAKE_HOME for i in template.interviews
    )
