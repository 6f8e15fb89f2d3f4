"""The plans of a loop side by side.

Told by `tests/scheduler/web/planning/test_plans.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput
from scheduler.domain.proposals import Proposal
from scheduler.services.booking import compare
from scheduler.services.booking.offers import Told
from scheduler.services.overview import one
from scheduler.services.overview.one import Whole
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.templates import page
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.plans import different, grid
from scheduler.web.plans.different import Different
from scheduler.web.plans.grid import Day

router = APIRouter(
    prefix="/loops/{loop_id}/plans", include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST)
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as it is shown; ``number`` is its place among all, from 1; ``differs`` from the first that is shown."""

    number: int
    plan: Proposal
    told: Sequence[Told]
    days: Sequence[Day]
    differs: Different | None

    @property
    def tentative(self) -> int:
        """What it costs that somebody is perhaps busy."""
        return self.plan.price.get("tentative", 0)


@router.get("")
def get_plans(
    request: Request,
    loop_id: Annotated[str, Path(max_length=100)],
    app: Services,
    viewer: Looking,
    plan: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006 - how the framework has it
    only: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """All plans that can be chosen, or those that are named; ``only=differences`` shades what is the same."""
    now = app.clock()
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
        shown = _shown(tx, whole, plan, viewer, Clock(viewer.words.locale, viewer.zone, now))
    return page(
        request,
        "plans/plans.html",
        viewer=viewer,
        w=whole,
        shown=shown,
        number=len(whole.plans),
        named=plan,
        only=only == "differences" and len(shown) > 1,
        own=_offset(viewer.zone, whole.application.candidate.zone, shown, viewer),
        grid=grid,
    )


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
        found.append(Shown(number, p, told, grid.days(told, all_told, viewer.tz), differs))
    return found


def _offset(mine: str, theirs: str, shown: Sequence[Shown], viewer: Viewer) -> bool:
    """Whether the candidate's clock says anything else than the viewer's on these days."""
    when = Clock(viewer.words.locale, mine, shown[0].plan.created_at) if shown else None
    return when is not None and any(
        when.offset(t.planned.span.start) != when.offset(t.planned.span.start, theirs)
        for s in shown
        for t in s.told
    )
