"""Superdays: asked for, looked at while they are solved, packed anew, booked at once, called off.

Told by `tests/scheduler/web/days/test_superday.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.loops import Application, Loop
from scheduler.services.app import App
from scheduler.services.asking import batches
from scheduler.services.asking.batches import BatchRequest, Chosen, Repack
from scheduler.services.overview import superdays
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.live import newest_of_batch
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.superday import chart
from scheduler.web.superday.forms import AskForm, RepackForm

router = APIRouter(
    prefix="/superdays",
    include_in_schema=False,
    dependencies=acts(
        Action.READ,
        Action.REQUEST,
        {"GET /superdays/new": Action.REQUEST, "POST /superdays/{batch_id}/choose": Action.BOOK},
    ),
)
BatchId = Annotated[str, Path(max_length=100)]
F = TypeVar("F", bound=Form)


@router.get("")
def get_superdays(request: Request, app: Services, viewer: Looking) -> Response:
    with app.db.read() as tx:
        found = superdays.newest(tx)
        booked = superdays.booked(tx, found)
    return page(request, "superday/superdays.html", viewer=viewer, found=found, booked=booked)


@router.get("/new")
def get_new(
    request: Request,
    app: Services,
    viewer: Looking,
    loops: Annotated[list[str], Query(max_length=batches.MAX_LOOPS)] = [],  # noqa: B006 - how the framework has it
) -> Response:
    """The form; ``loops`` are chosen already."""
    day = (app.clock().astimezone(viewer.tz) + timedelta(days=7)).date()
    typed = {"loops": loops, "day": day.isoformat(), "start": "09:00", "end": "17:00", "zone": viewer.zone}
    return _asking(request, app, viewer, Filled[AskForm](typed, None))


@router.post("")
def ask(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read(AskForm, posted, viewer.words)
    form = filled.value
    if form is None:
        return _asking(request, app, viewer, filled, 422)
    window = (f"{form.day}T{form.start}", f"{form.last or form.day}T{form.end}")
    wanted = BatchRequest(window, form.zone, form.loops, seconds=int(form.seconds))
    try:
        made = batches.ask(app, wanted, viewer.actor)
    except DomainError as error:
        _beside(app, filled, form, error)
        return _asking(request, app, viewer, filled, 422)
    return say(see(f"/superdays/{made.id}"), "packing")


def _beside(app: App, filled: Filled[AskForm], form: AskForm, error: DomainError) -> None:
    """Each fault beside its field; loops are spoken of by their candidates."""
    faults = error.faults if isinstance(error, BadInputs) else [error]
    with app.db.read() as tx:
        known = tx.overview.applications_of(form.loops)
    for fault in faults:
        if not isinstance(fault, BadInput):
            filled.refuse(fault)
            continue
        name = {"window.start": "day", "window.end": "end"}.get(fault.field, fault.field.partition("[")[0])
        text = "; ".join(part for part in (fault.fault, fault.fix) if part)
        for id, application in known.items():
            text = text.replace(f"loop {id!r}", application.candidate.name)
        filled.faults[name] = f"{filled.faults[name]}\n{text}" if name in filled.faults else text


def _asking(request: Request, app: App, viewer: Viewer, form: Filled[AskForm], status: int = 200) -> Response:
    with app.db.read() as tx:
        found = superdays.joining(tx)
        zones = sorted({*(s.zone for s in tx.sites.list()), viewer.zone, form.typed.get("zone", "UTC")})
    return page(
        request,
        "superday/new.html",
        status,
        viewer=viewer,
        form=form,
        groups=_by_job(found),
        zones=zones,
        most=batches.MAX_LOOPS,
    )


def _by_job(found: Sequence[tuple[Loop, Application]]) -> list[tuple[str, list[tuple[Loop, Application]]]]:
    """Loops under their jobs, as a superday mostly takes those of one job."""
    groups: dict[str, list[tuple[Loop, Application]]] = {}
    for loop, application in found:
        groups.setdefault(application.job, []).append((loop, application))
    return sorted(groups.items())


@router.get("/{batch_id}")
def get_superday(request: Request, batch_id: BatchId, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, batch_id, Filled[Form]({}, None))


@router.post("/{batch_id}/choose")
def book_all(request: Request, batch_id: BatchId, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Say yes to all of it; who cannot be had is told, and keeps nobody else from theirs."""
    said: list[Chosen] = []

    def work(_: Form) -> None:
        said.extend(batches.choose(app, batch_id, viewer.actor))

    filled = read(Form, posted, viewer.words)
    answer = _do(request, app, viewer, batch_id, filled, work, "all_booked")
    missed = [one for one in said if one.fault]
    return _page(request, app, viewer, batch_id, filled, 409, missed) if missed else answer


@router.post("/{batch_id}/repack")
def pack_anew(
    request: Request, batch_id: BatchId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    def work(form: RepackForm) -> None:
        weights = {id: int(n) for id, _, n in (text.rpartition(":") for text in form.weight)}
        batches.repack(app, batch_id, viewer.actor, Repack(form.lock, form.leave_out, weights))

    return _do(request, app, viewer, batch_id, read(RepackForm, posted, viewer.words), work, "packing")


@router.post("/{batch_id}/cancel")
def call_off(request: Request, batch_id: BatchId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(_: Form) -> None:
        batches.cancel(app, batch_id, viewer.actor)

    return _do(request, app, viewer, batch_id, read(Form, posted, viewer.words), work, "called_off")


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    batch_id: str,
    filled: Filled[F],
    work: Callable[[F], None],
    done: str,
) -> Response:
    """Do what a form asks for, and show the superday. The form's ``version`` is the round that its page showed: where
    it was packed anew or called off since, nothing is done."""
    if filled.value is None:
        return _page(request, app, viewer, batch_id, filled, 422)
    try:
        if batches.get(app, batch_id).round != filled.value.version:
            raise DomainError(viewer.words("It was packed anew or called off since this page was made."))
        work(filled.value)
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
        status = 422 if isinstance(error, BadInput | BadInputs) else 409
        return _page(request, app, viewer, batch_id, filled, status)
    return say(see(f"/superdays/{batch_id}"), done)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    batch_id: str,
    form: Filled[Any],
    status: int = 200,
    missed: Sequence[Chosen] = (),
) -> Response:
    after = newest_of_batch(app, batch_id)  # before anything is read: what comes meanwhile is told
    with app.db.read() as tx:
        whole = superdays.whole(tx, batch_id)
    return page(
        request,
        "superday/superday.html",
        status,
        viewer=viewer,
        w=whole,
        scale=chart.scale([row.told for row in whole.rows], viewer.tz),
        LINE=chart.LINE,
        after=after,
        form=form,
        missed={one.loop: one.fault for one in missed},
    )
