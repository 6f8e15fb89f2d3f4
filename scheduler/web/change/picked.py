"""Why those who sit in an interview were picked: what the next ones would cost more.

Told by `tests/scheduler/web/change/test_picked.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput
from scheduler.services.app import App
from scheduler.services.changing import ground, places
from scheduler.services.changing.places import Substitute
from scheduler.services.overview import one
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.naming import title_of
from scheduler.web.frame.acts import acts
from scheduler.web.frame.templates import page
from scheduler.web.frame.viewer import Looking, Services

router = APIRouter(
    prefix="/loops/{loop_id}/picked", include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST)
)
NEXT = 2
"""How many are told who would be the next choice."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A seat: who has it, the next who could, and why some who might cannot."""

    number: int
    holders: tuple[str, ...]
    following: tuple[Substitute, ...]
    not_able: tuple[Substitute, ...]


@router.get("")
def get_picked(
    request: Request,
    loop_id: Annotated[str, Path(max_length=100)],
    app: Services,
    viewer: Looking,
    interview: Annotated[str, Query(max_length=100)],
) -> Response:
    """One interview, seat by seat, at the time that stands."""
    with app.db.read() as tx:
        whole = one.whole(tx, loop_id)
        base = ground.read(tx, loop_id, app.clock())
    if interview not in base.base or interview == DEBRIEF:
        raise BadInput("interview", f"{interview[:60]!r} has no seats here", "choose one on the loop's page")
    planned = base.base[interview]
    names = {id: person.name for id, person in base.people.items()}
    return page(
        request,
        "change/picked.html",
        viewer=viewer,
        w=whole,
        title=title_of(base.loop.template, interview),
        span=planned.span,
        seats=[_seat(app, loop_id, interview, n) for n, ids in enumerate(planned.people) if ids],
        names=names,
    )


def _seat(app: App, loop_id: str, interview: str, number: int) -> Picked:
    found = places.substitutes(app, loop_id, interview, number)
    able = [s for s in found.others if s.verdict.verdict in (places.FITS, places.PRICED)]
    unable = [s for s in found.others if s not in able]
    return Picked(number, found.holders, tuple(able[:NEXT]), tuple(unable))
