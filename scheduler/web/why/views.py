"""Why there is no plan, and the buttons of what would help.

Told by `tests/scheduler/web/planning/test_why.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.reasons import Deed
from scheduler.services.app import App
from scheduler.services.asking import fixing
from scheduler.services.asking.fixing import Done
from scheduler.services.overview import one
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.loop import shown as loop_shown
from scheduler.web.loop.faster import Changed, unchanged
from scheduler.web.why import shown

router = APIRouter(
    prefix="/loops/{loop_id}/why", include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST)
)
LoopId = Annotated[str, Path(max_length=100)]
FixId = Annotated[str, Path(max_length=100)]


class FixForm(Form):
    """``fix`` is which one the faults are about when the page comes again; ``reason`` a code of the company's for an
    override; ``note`` is for colleagues; ``answer`` is what those said who were asked."""

    fix: str = Field("", max_length=100)
    reason: str = Field("", max_length=100)
    note: str = Field("", max_length=500)
    answer: Literal["", "yes", "no"] = ""


@router.get("")
def get_why(request: Request, loop_id: LoopId, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, loop_id, Filled[FixForm]({}, None))


@router.post("/{fix_id}")
def carry_out(
    request: Request, loop_id: LoopId, fix_id: FixId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    """Apply a fix, ask whom it needs, or note what they said; where that plans the loop anew, go there."""

    def work(tx: Tx, form: FixForm) -> Done:
        if form.answer:
            agreed = form.answer == "yes"
            return fixing.answer_in(app, tx, loop_id, fix_id, viewer.actor, agreed=agreed, note=form.note)
        return fixing.carry_out_in(app, tx, loop_id, fix_id, viewer.actor, form.reason or None, form.note)

    return _do(request, app, viewer, loop_id, read(FixForm, posted, viewer.words), work)


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    filled: Filled[FixForm],
    work: Callable[[Tx, FixForm], Done],
) -> Response:
    if filled.value is None:
        return _page(request, app, viewer, loop_id, filled, 422)
    try:
        with app.db.write() as tx:
            unchanged(tx, loop_id, filled.value.version)
            done = work(tx, filled.value)
    except Changed as changed:
        return _page(request, app, viewer, loop_id, filled, 409, changed.facts)
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
        return _page(
            request, app, viewer, loop_id, filled, 422 if isinstance(error, BadInput | BadInputs) else 409
        )
    if done.applied:
        return say(see(f"/loops/{loop_id}"), "let_off")
    return say(see(f"/loops/{loop_id}/why"), "mailed" if done.mails else "noted")


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    form: Filled[Any],
    status: int = 200,
    changed: Sequence[Fact] = (),
) -> Response:
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
        found = shown.why(tx, whole.loop, whole.application.candidate.name)
    return page(
        request,
        "why/why.html",
        status,
        viewer=viewer,
        w=whole,
        why=found,
        form=form,
        reasons=[r for r in whole.reasons if r.fits(Deed.OVERRIDE)],
        changed=loop_shown.told(whole, changed, viewer.words),
    )
