"""One loop, looked at and changed.

Every form carries the number of the newest fact that its page showed: where something has happened since that
matters to a decision, nothing is done, and the page says what it was.

Told by `tests/scheduler/web/test_loop.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.reasons import Deed
from scheduler.services.afterwards import accepting, repair
from scheduler.services.app import App
from scheduler.services.asking import owners
from scheduler.services.booking import cancel, choose
from scheduler.services.links import inviting
from scheduler.services.overview import named, one, queue
from scheduler.services.planning import plan as planning
from scheduler.services.telling import reminders, resend
from scheduler.web.frame.acts import acts, asking
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.level import service_level
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.loop import shown
from scheduler.web.loop.faster import Changed, unchanged, unchanged_now
from scheduler.web.loop.forms import CancelForm, ChooseForm, OwnerForm, WhyForm

router = APIRouter(
    prefix="/loops/{loop_id}",
    include_in_schema=False,
    dependencies=acts(Action.READ, Action.REQUEST, {"POST /loops/{loop_id}/choose": Action.BOOK}),
)
LoopId = Annotated[str, Path(max_length=100)]
F = TypeVar("F", bound=Form)


@router.get("")
def get_loop(request: Request, loop_id: LoopId, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, loop_id, Filled[Form]({}, None))


@router.post("/choose")
def choose_a_plan(
    request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    def work(form: ChooseForm) -> None:
        unchanged_now(app, loop_id, form.version)
        choose.choose(app, form.proposal, viewer.actor)

    return _do(request, app, viewer, loop_id, read(ChooseForm, posted, viewer.words), work, "booked")


@router.post("/replan")
def plan_anew(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(form: WhyForm) -> None:
        with app.db.write() as tx:
            unchanged(tx, loop_id, form.version)
            planning.replan_in(
                app, tx, loop_id, actor=viewer.actor, cause="asked", reason=form.reason or None
            )

    return _do(request, app, viewer, loop_id, read(WhyForm, posted, viewer.words), work, "planning")


@router.post("/repair")
def repair_it(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(form: Form) -> None:
        with app.db.write() as tx:
            unchanged(tx, loop_id, form.version)
            repair.request_in(app, tx, loop_id, viewer.actor)

    return _do(request, app, viewer, loop_id, read(Form, posted, viewer.words), work, "repairing")


@router.post("/ask-candidate")
def ask_the_candidate(
    request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    def work(form: Form) -> None:
        with app.db.write() as tx:
            unchanged(tx, loop_id, form.version)
            inviting.invite_in(app, tx, loop_id, viewer.actor)

    return _do(request, app, viewer, loop_id, read(Form, posted, viewer.words), work, "candidate_asked")


@router.post("/remind")
def remind(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(_: Form) -> None:
        with app.db.write() as tx:
            loop = tx.loops.claim(loop_id)
            if loop is None:
                raise Missing("loop", loop_id)
            reminders.remind_in(app, tx, loop, viewer.actor)

    return _do(request, app, viewer, loop_id, read(Form, posted, viewer.words), work, "reminded")


@router.post("/send-again")
def send_again(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Those of its mails that could not be sent."""

    def work(_: Form) -> None:
        with app.db.write() as tx:
            loop = tx.loops.claim(loop_id)
            if loop is None:
                raise Missing("loop", loop_id)
            resend.resend_in(app, tx, loop, viewer.actor)

    return _do(request, app, viewer, loop_id, read(Form, posted, viewer.words), work, "mails_again")


@router.post("/send-once-more")
def send_once_more(
    request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    """What the candidate was told last, for one who cannot find it."""

    def work(_: Form) -> None:
        with app.db.write() as tx:
            loop = tx.loops.claim(loop_id)
            if loop is None:
                raise Missing("loop", loop_id)
            resend.once_more_in(app, tx, loop, viewer.actor)

    return _do(request, app, viewer, loop_id, read(Form, posted, viewer.words), work, "mails_sent")


@router.post("/accept-move")
def accept_a_move(
    request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted
) -> Response:
    def work(form: WhyForm) -> None:
        accepting.accept(
            app,
            loop_id,
            viewer.actor,
            form.reason or None,
            before=lambda tx: unchanged(tx, loop_id, form.version),
        )

    return _do(request, app, viewer, loop_id, read(WhyForm, posted, viewer.words), work, "accepted")


@router.post("/cancel")
def cancel_it(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(form: CancelForm) -> None:
        with app.db.write() as tx:
            unchanged(tx, loop_id, form.version)
            loop = tx.loops.claim(loop_id)
            if loop is None:
                raise Missing("loop", loop_id)
            cancel.cancel_in(app, tx, loop, viewer.actor, form.message, form.reason or None)

    return _do(request, app, viewer, loop_id, read(CancelForm, posted, viewer.words), work, "cancelled")


@router.post("/owner")
def give_it(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(form: OwnerForm) -> None:
        with app.db.write() as tx:
            owner = named.person(tx, form.owner, "owner").id if form.owner else None
            owners.assign_in(app, tx, loop_id, owner, viewer.actor)

    return _do(request, app, viewer, loop_id, read(OwnerForm, posted, viewer.words), work, "assigned")


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    filled: Filled[F],
    work: Callable[[F], None],
    done: str,
) -> Response:
    """Do what a form asks for, and show the loop: as it is then, or with what stands against it."""
    if filled.value is None:
        return _page(request, app, viewer, loop_id, filled, 422)
    try:
        work(filled.value)
    except Changed as changed:
        return _page(request, app, viewer, loop_id, filled, 409, changed.facts)
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
        status = 422 if isinstance(error, BadInput | BadInputs) else 409
        return _page(request, app, viewer, loop_id, filled, status)
    return say(see(f"/loops/{loop_id}"), done)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    form: Filled[Any],
    status: int = 200,
    changed: Sequence[Fact] = (),
) -> Response:
    now = app.clock()
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
        (row,) = queue.told(tx, [whole.loop], now, service_level(request))
        people = named.owners(tx)
    return page(
        request,
        "loop/loop.html",
        status,
        viewer=viewer,
        w=whole,
        row=row,
        zones=shown.zones(whole, viewer),
        days=shown.days(whole),
        plans=shown.plans(whole),
        may=shown.may(whole),
        mails=shown.mails(whole),
        history=shown.history(whole, viewer.words),
        changed=shown.told(whole, changed, viewer.words),
        reasons={deed.value: [r for r in whole.reasons if r.fits(deed)] for deed in Deed},
        people=people,
        needs=shown.needs(whole, viewer, asking(request)),
        form=form,
    )
