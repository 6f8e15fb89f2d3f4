"""What each stage asks for: template, mode, delay, who approves; paused, made and tried here.

Told by `tests/scheduler/web/days/test_automations.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.hiring.automations import ALL, Automation
from scheduler.services.app import App
from scheduler.services.hiring import automating, stopping, trying
from scheduler.services.hiring.trying import Tried
from scheduler.storage.database import Tx
from scheduler.web.automations.forms import IdForm, RuleForm, TryForm
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_

router = APIRouter(
    prefix="/automations",
    include_in_schema=False,
    dependencies=acts(Action.READ, Action.CONFIGURE, {"GET /automations/edit": Action.CONFIGURE}),
)
F = TypeVar("F", bound=Form)
ROLES = {
    "recruiter": N_("the recruiter"),
    "hiring_manager": N_("the hiring manager"),
    "coordinator": N_("the coordinator"),
}
EMPTY: Filled[Any] = Filled({}, None)


@router.get("")
def get_automations(request: Request, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer)


@router.get("/edit")
def get_one(
    request: Request, app: Services, viewer: Looking, id: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The form of one, or of a new one."""
    typed: dict[str, Any] = {"mode": "propose", "approver": "recruiter", "without_windows": "ask"}
    if id:
        with app.db.read() as tx:
            rule = stopping.known(tx, id)
        typed = {name: getattr(rule, name) for name in RuleForm.model_fields if hasattr(rule, name)}
        typed = {n: "" if v is None else str(v) for n, v in typed.items()} | {"seen": mark(rule)}
    return _form(request, app, viewer, Filled[RuleForm](typed, None))


def mark(rule: Automation) -> str:
    """Another one for every other content."""
    return hashlib.sha256(repr(rule).encode()).hexdigest()[:32]


@router.post("/edit")
def put_one(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read(RuleForm, posted, viewer.words)
    if filled.value is None:
        return _form(request, app, viewer, filled, 422)
    try:
        with app.db.write() as tx:
            tx.company.lock()
            _put(app, tx, filled.value, viewer)
    except DomainError as error:
        filled.refuse(error)
        status = 422 if isinstance(error, BadInput | BadInputs) else 409
        return _form(request, app, viewer, filled, status)
    return say(see("/automations"), "saved")


def _put(app: App, tx: Tx, form: RuleForm, viewer: Viewer) -> None:
    before = next((r for r in automating.rules(tx) if r.id == form.id), None)
    if (mark(before) if before else "") != form.seen:
        late = viewer.words("It has been changed or removed since this page was made: look at it again.")
        raise DomainError(late if form.seen else viewer.words("There is one of this name already."))
    known = before or Automation(form.id, form.stage, form.template)
    rule = replace(
        known,
        stage=form.stage,
        template=form.template,
        mode=form.mode,
        job=form.job or None,
        connection=form.connection or None,
        approver=form.approver,
        undo_minutes=form.undo_minutes,
        without_windows=form.without_windows,
    )
    stopping.put(app, tx, rule, viewer.actor)


@router.post("/pause")
def pause(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(tx: Tx, id: str) -> None:
        stopping.pause(app, tx, id, viewer.actor)

    return _do(request, app, viewer, posted, work, "paused")


@router.post("/resume")
def resume(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(tx: Tx, id: str) -> None:
        stopping.resume(app, tx, id, viewer.actor)

    return _do(request, app, viewer, posted, work, "resumed")


@router.post("/remove")
def remove(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(tx: Tx, id: str) -> None:
        tx.company.lock()
        stopping.remove(app, tx, id, viewer.actor)

    return _do(request, app, viewer, posted, work, "removed")


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    posted: list[tuple[str, str]],
    work: Callable[[Tx, str], None],
    done: str,
) -> Response:
    filled = read(IdForm, posted, viewer.words)
    if filled.value is None:
        return _page(request, app, viewer, filled, status=422)
    try:
        with app.db.write() as tx:
            work(tx, filled.value.id)
    except BadInput as error:
        filled.refuse(error)
        return _page(request, app, viewer, filled, status=409)
    return say(see("/automations"), done)


@router.post("/try")
def try_a_message(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """What a message would do, without doing it."""
    filled = read(TryForm, posted, viewer.words)
    form = filled.value
    if form is None:
        return _page(request, app, viewer, EMPTY, filled, 422)
    try:
        found = trying.tried(app, form.body.encode("utf-8", "surrogatepass"), form.connection or None)
    except (BadInput, BadInputs, Missing) as error:
        filled.faults["body"] = error.text.replace("FILE: ", "")
        return _page(request, app, viewer, EMPTY, filled, 422)
    return _page(request, app, viewer, EMPTY, filled, found=found)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    form: Filled[Any] = EMPTY,
    asked: Filled[Any] = EMPTY,
    status: int = 200,
    found: Tried | None = None,
) -> Response:
    with app.db.read() as tx:
        rules, pauses = automating.rules(tx), dict(tx.automations.pauses())
        mine = {a.id for a in tx.automations.list()}
        templates = {t.id: t.title for t in tx.templates.list(active=False)}
        people = {p.id: p.name for p in tx.people.list({r.approver for r in rules}, active=False)}
        connections = [c.id for c in tx.hiring.list()]
    return page(
        request,
        "automations/automations.html",
        status,
        viewer=viewer,
        rules=sorted(rules, key=lambda r: (r.job or "", r.stage, r.id)),
        mine=mine,
        pauses=pauses,
        all_paused=pauses.get(ALL),
        templates=templates,
        people=people,
        connections=connections,
        form=form,
        asked=asked,
        found=found,
    )


def _form(request: Request, app: App, viewer: Viewer, form: Filled[RuleForm], status: int = 200) -> Response:
    with app.db.read() as tx:
        templates = sorted(tx.templates.list(), key=lambda t: t.title.casefold())
        people = [(p.id, p.name) for p in sorted(tx.people.list(), key=lambda p: (p.name, p.id))]
        connections = [(c.id, c.id) for c in tx.hiring.list()]
    return page(
        request,
        "automations/edit.html",
        status,
        viewer=viewer,
        form=form,
        titles=[(t.id, t.title) for t in templates],
        approvers=[(role, viewer.words(name)) for role, name in ROLES.items()] + people,
        connections=connections,
    )
