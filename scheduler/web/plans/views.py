"""The plans of a loop side by side.

Told by `tests/scheduler/web/planning/test_plans.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, DomainError, Missing
from scheduler.domain.proposals import Proposal
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.asking import keep
from scheduler.services.booking import compare
from scheduler.services.booking.offers import Told
from scheduler.services.overview import one
from scheduler.services.overview.one import Whole
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.loop.shown import Unread, unread
from scheduler.web.plans import different, grid
from scheduler.web.plans.different import Different
from scheduler.web.plans.grid import Day

router = APIRouter(
    prefix="/loops/{loop_id}/plans", include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST)
)

LoopId = Annotated[str, Path(max_length=100)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as it is shown; ``number`` is its place among all, from 1; ``differs`` from the first that is shown."""

    number: int
    plan: Proposal
    told: Sequence[Told]
    days: Sequence[Day]
    differs: Different | None
    unread: Unread

    @property
    def tentative(self) -> int:
        """What it costs that somebody is perhaps busy."""
        return self.plan.price.get("tentative", 0)


@router.get("")
def get_plans(
    request: Request,
    loop_id: LoopId,
    app: Services,
    viewer: Looking,
    plan: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006 - how the framework has it
    only: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """All plans that can be chosen, or those that are named; ``only=differences`` shades what is the same."""
    return _page(request, app, viewer, loop_id, plan, only, Filled[KeepForm]({}, None))


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    plan: Sequence[str],
    only: str,
    form: Filled[Any],
    status: int = 200,
) -> Response:
    now = app.clock()
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
        shown = _shown(tx, whole, plan, viewer, Clock(viewer.words.locale, viewer.zone, now))
    return page(
        request,
        "plans/plans.html",
        status,
        viewer=viewer,
        w=whole,
        shown=shown,
        number=len(whole.plans),
        named=plan,
        only=only == "differences" and len(shown) > 1,
        own=_offset(whole, [s.told for s in shown], viewer),
        grid=grid,
        form=form,
        now=now,
    )


class KeepForm(Form):
    """``plan`` is the one whose times are kept free, or no longer."""

    plan: str = Field(min_length=1, max_length=100)


@router.post("/keep")
def keep_free(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Keep a plan's times free until its time ends."""
    return _do(request, app, viewer, loop_id, posted, keep.keep, "kept_free")


@router.post("/let-go")
def let_go(request: Request, loop_id: LoopId, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Keep a plan's times free no longer than those of every offer."""
    return _do(request, app, viewer, loop_id, posted, keep.let_go, "let_go")


def _do(
    request: Request,
    app: App,
    viewer: Viewer,
    loop_id: str,
    posted: list[tuple[str, str]],
    work: Callable[[App, Tx, str, str, str], Proposal],
    done: str,
) -> Response:
    filled = read(KeepForm, posted, viewer.words)
    try:
        if filled.value is not None:
            with app.db.write() as tx:
                work(app, tx, loop_id, filled.value.plan, viewer.actor)
            return say(see(f"/loops/{loop_id}/plans"), done)
    except Missing:
        raise
    except DomainError as error:
        filled.refuse(error)
    return _page(request, app, viewer, loop_id, [], "", filled, 422 if filled.value is None else 409)


def _shown(tx: Tx, whole: Whole, named: Sequence[str], viewer: Viewer, when: Clock) -> list[Shown]:
    known = {p.id for p, _ in whole.plans}
    for id in named:
        if id not in known:
            raise BadInput("plan", f"{id!r:.60} cannot be chosen any more", "look at all plans")
    wanted = [(n, p, told) for n, (p, told) in enumerate(whole.plans, 1) if not named or p.id in named]
    all_told = [told for _, _, told in wanted]
    found = []
    for number, p, told in wanted:
        first, first_told = wanted[0][1], wanted[0][2]
        differs = None
        if p.id != first.id:
            differs = different.told(
                compare.compare(tx, first.id, p.id), first_told, told, when, viewer.words
            )
        drawn = grid.days(told, all_told, viewer.tz, two_clocks=_offset(whole, all_told, viewer))
        found.append(Shown(number, p, told, drawn, differs, unread(whole, p, told)))
    return found


def _offset(whole: Whole, told: Sequence[Sequence[Told]], viewer: Viewer) -> bool:
    """Whether the candidate's clock says anything else than the viewer's on these days."""
    theirs = zone(whole.application.candidate.zone)
    starts = (t.planned.span.start for plan in told for t in plan)
    return any(at.astimezone(viewer.tz).utcoffset() != at.astimezone(theirs).utcoffset() for at in starts)
