"""The queue of loops: looked through by address, worked through many at once.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, DomainError
from scheduler.domain.people import Person
from scheduler.domain.reasons import Deed, ReasonCode
from scheduler.services.app import App
from scheduler.services.asking import bulk
from scheduler.services.asking.bulk import Bulk, BulkAction
from scheduler.services.overview import named, queue
from scheduler.services.overview import views as saved
from scheduler.services.overview.queue import Row
from scheduler.storage.repositories.reading.loops import MOST_COUNTED
from scheduler.web.frame.acts import acts, seen_by
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.level import service_level
from scheduler.web.frame.live import newest_of
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.queue.forms import BulkForm, ViewForm
from scheduler.web.queue.looked_for import VIEWS, Asked, LookedFor

router = APIRouter(
    include_in_schema=False,
    dependencies=acts(
        Action.READ,
        Action.REQUEST,
        {"POST /loops/views": Action.SELF, "POST /loops/views/{view_id}/remove": Action.SELF},
        narrows=("GET /loops", "GET /loops/views/{view_id}"),
    ),
)
ROWS = 50
ViewId = Annotated[str, Path(max_length=100)]


@router.get("/loops")
def get_loops(request: Request, app: Services, viewer: Looking, asked: Asked) -> Response:
    return _page(request, app, viewer, asked, Filled[BulkForm]({}, None))


@router.post("/loops/bulk")
def do_to_many(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Do it to every loop that was chosen, and say of each what became of it."""
    filled = read(BulkForm, posted, viewer.words)
    asked = LookedFor.of_query(str(filled.typed.get("back", "")))
    if filled.value is None:
        return _page(request, app, viewer, asked, filled, 422)
    try:
        done = bulk.carry_out(app, _bulk(app, filled.value), viewer.actor)
    except DomainError as error:
        filled.refuse(error)
        return _page(request, app, viewer, asked, filled, 422)
    with app.db.read() as tx:
        applications = tx.overview.applications_of([row.loop for row in done])
    names = {loop: a.candidate.name for loop, a in applications.items()}
    return page(
        request,
        "queue/done.html",
        viewer=viewer,
        rows=done,
        names=names,
        back=asked.query(),
        form=filled.value,
    )


@router.post("/loops/views")
def keep_a_view(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Keep what is looked for under a name."""
    filled = read(ViewForm, posted, viewer.words)
    asked = LookedFor.of_query(str(filled.typed.get("back", "")))
    if filled.value is None:
        return _page(request, app, viewer, asked, filled, 422)
    try:
        with app.db.write() as tx:
            saved.keep(app, tx, viewer.me, filled.value.name, asked.whole)
    except BadInput as error:
        filled.refuse(error)
        return _page(request, app, viewer, asked, filled, 422)
    return say(see(asked.but()), "view_kept")


@router.get("/loops/views/{view_id}")
def open_a_view(app: Services, view_id: ViewId) -> Response:
    """The queue as somebody keeps it: the address to send."""
    with app.db.read() as tx:
        return see(f"/loops?{saved.opened(tx, view_id).query}".rstrip("?"))


@router.post("/loops/views/{view_id}/remove")
def remove_a_view(app: Services, viewer: Looking, view_id: ViewId) -> Response:
    with app.db.write() as tx:
        saved.remove(tx, viewer.me, view_id)
    return say(see("/loops"), "view_removed")


def _bulk(app: App, form: BulkForm) -> Bulk:
    """What is asked of the service; fields of the other buttons are left out."""
    action, owner = BulkAction(form.action), None
    if action is BulkAction.ASSIGN and form.owner:
        with app.db.read() as tx:
            owner = named.person(tx, form.owner, "owner").id
    cancelled = action is BulkAction.CANCEL
    return Bulk(
        action=action,
        loops=form.loops,
        owner=owner,
        message=form.message if cancelled else "",
        reason=form.reason or None if cancelled else None,
    )


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    asked: LookedFor,
    form: Filled[Any],
    status: int = 200,
) -> Response:
    now, level, after = app.clock(), service_level(request), newest_of(app)
    rows: Sequence[Row] = ()
    wrong, total, more = "", 0, False
    with app.db.read() as tx:
        people, reasons = named.owners(tx), tx.company.policy().reasons
        kept = tx.views.of(viewer.me) if viewer.me else ()
        try:
            wanted = replace(asked.wanted(now, level), sight=seen_by(request))
            rows = queue.rows(tx, wanted, now, level, ROWS + 1, asked.after or None)
            counts = tx.found_loops.counts(wanted)
            total, more = sum(counts.values()), any(n > MOST_COUNTED for n in counts.values())
        except BadInput as error:
            wrong = f"{error.fault}; {error.fix}" if error.fix else error.fault
    return page(
        request,
        "queue/queue.html",
        status,
        viewer=viewer,
        asked=asked,
        views=VIEWS,
        kept=kept,
        mine=next((v for v in kept if v.query == asked.whole), None),
        rows=rows[:ROWS],
        further=rows[ROWS - 1].loop.id if len(rows) > ROWS else "",
        total=total,
        uncounted=more,
        people=people,
        owners=_names(people),
        reasons=_for(reasons, Deed.CANCEL),
        wrong=wrong,
        form=form,
        after=after,
    )


def _names(people: Sequence[Person]) -> dict[str, str]:
    return {p.id: p.name for p in people}


def _for(reasons: Sequence[ReasonCode], deed: Deed) -> list[ReasonCode]:
    return [r for r in reasons if r.fits(deed)]
