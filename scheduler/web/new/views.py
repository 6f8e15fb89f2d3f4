"""A new loop: first the template, with its steps; then one form.

Told by `tests/scheduler/web/planning/test_new.py`.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.access.policy import Action, Actor, knows_needs
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.loops import Accommodation
from scheduler.domain.templates import InterviewKind, LoopTemplate, Modality
from scheduler.services.access import narrow
from scheduler.services.app import App
from scheduler.services.asking import requests, trying
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.asking.trying import Fit
from scheduler.services.links.needs import BREAKS, DAYS, EXTRA
from scheduler.storage.database import Tx
from scheduler.web.candidate.needing import FEATURES
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.new import asked, written
from scheduler.web.new.forms import FitForm, NewForm
from scheduler.web.new.written import Written

router = APIRouter(prefix="/new", include_in_schema=False, dependencies=acts(Action.REQUEST, Action.REQUEST))
F = TypeVar("F", bound=NewForm)
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
    filled, found = _read(app, NewForm, posted, viewer)
    try:
        wanted = _wanted(app, filled, found, request.state.actor)
        with app.db.write() as tx:
            narrow.check_application(tx, request.state.actor, wanted.application)
            loop = requests.ask_in(app, tx, wanted, viewer.actor).id
    except DomainError as error:
        filled.faults |= asked.faults(error, found, viewer.words)
        return _page(request, app, viewer, filled, 422)
    return say(see(f"/loops/{loop}"), "asked")


@router.post("/fit")
def would_it_fit(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """The plan that it would get now, or why there is none; nothing is kept, and nobody is asked."""
    filled, found = _read(app, FitForm, posted, viewer)
    try:
        fit = trying.would_fit(app, _wanted(app, filled, found, request.state.actor))
    except DomainError as error:
        filled.faults |= asked.faults(error, found, viewer.words)
        return _page(request, app, viewer, filled, 422)
    return _page(request, app, viewer, filled, fit=fit)


@router.get("/fit")
def get_fit() -> Response:
    """Where a browser asks for the page again."""
    return see("/new")


def _read(
    app: App, form: type[F], posted: list[tuple[str, str]], viewer: Viewer
) -> tuple[Filled[F], Written]:
    """The form and its hours, with the faults of both."""
    filled = read(form, posted, viewer.words)
    today = app.clock().astimezone(viewer.tz).date()
    found = written.read(str(filled.typed.get("windows", "")), today, viewer.words)
    if found.faults:
        filled.faults.setdefault("windows", "\n".join(found.faults))
    return filled, found


def _wanted(app: App, filled: Filled[F], found: Written, actor: Actor) -> LoopRequest:
    """What is asked of the services; an application that there is keeps its coordinator, and its candidate's needs where
    they are not this person's to say. Raises `BadInputs`, empty where the form has its faults already."""
    if filled.value is None or filled.faults:
        raise BadInputs([])
    with app.db.read() as tx:
        wanted = asked.request(tx, filled.value, found)
        known = tx.applications.get(wanted.application.id)
    if known is None:
        return wanted
    application = replace(wanted.application, coordinator=known.coordinator)
    told = knows_needs(actor, known.recruiter, known.coordinator)
    if not told and application.accommodation != Accommodation():
        fault = "what this candidate needs is said by their recruiter and coordinator"
        raise BadInputs([BadInput("extra_time", fault, "leave it out, or ask them")])
    return replace(wanted, application=application)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    form: Filled[Any],
    status: int = 200,
    fit: Fit | None = None,
) -> Response:
    with app.db.read() as tx:
        templates = sorted(tx.templates.list(), key=lambda t: t.title.casefold())
        people, sites = sorted(tx.people.list(), key=lambda p: p.name), tx.sites.list()
        rooms = tx.rooms.list()
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
        extra=EXTRA,
        breaks=BREAKS,
        most=DAYS,
        features=[
            (f, viewer.words(FEATURES[f]) if f in FEATURES else f)
            for f in sorted({feature for room in rooms for feature in room.features})
        ],
        fit=fit,
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
