"""Loops changed by hand: tried, then done exactly so.

Told by `tests/scheduler/api/test_changing.py`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check
from scheduler.api.conditional.once import Key, once_outside
from scheduler.api.models.changing import ApplyIn, TriedOut, TryIn, UndoIn
from scheduler.api.models.loops import LoopOut
from scheduler.api.problems import answers
from scheduler.services.booking import offers
from scheduler.services.changing import applying, trying, undoing
from scheduler.services.changing.applying import Why

router = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])
LoopId = Annotated[str, Path(max_length=100)]


@router.post("/{loop_id}/try", responses=answers(404, 409, 413, 415))
def try_changes(
    loop_id: LoopId, body: TryIn, app: Services, _: Annotated[Actor, needs(Action.REQUEST)]
) -> TriedOut:
    """Try changes by hand, of a loop on offer or booked, and change nothing: whether they are allowed and at what
    price, what else has to move and the plan that results, or which rules refuse them, for whom."""
    tried = trying.look(app, loop_id, body.value())
    made = tried.draft
    with app.db.read() as tx:
        plan = offers.drawn(tx, made.loop, made.ground.application, tried.planned)
    return TriedOut.of(tried, plan)


@router.post("/{loop_id}/apply", response_model=LoopOut, responses=answers(404, 409, 412, 413, 415, 502))
def apply_changes(
    loop_id: LoopId,
    body: ApplyIn,
    app: Services,
    actor: Annotated[Actor, needs(Action.BOOK)],
    conditions: Change,
    key: Key,
) -> Response:
    """Do exactly what was tried. 409 where the loop, or a calendar that it needs, has changed since: the errors say
    what is different now."""
    why = Why(body.reason, body.override, body.note)

    def work() -> LoopOut:
        before = partial(check, loop_id=loop_id, conditions=conditions)
        return LoopOut.of(applying.apply(app, loop_id, body.value(), body.version, why, actor.name, before))

    return once_outside(app, key, f"POST /loops/{loop_id}/apply", body, 200, work)


@router.post("/{loop_id}/undo", response_model=LoopOut, responses=answers(404, 409, 412, 413, 415, 502))
def undo_a_change(
    loop_id: LoopId,
    app: Services,
    actor: Annotated[Actor, needs(Action.BOOK)],
    conditions: Change,
    key: Key,
    body: UndoIn | None = None,
) -> Response:
    """Undo the last change by hand. 409 where there is none, something has changed since, an interview of it has begun,
    or a rule stands against what was before."""
    said = body or UndoIn()

    def work() -> LoopOut:
        before = partial(check, loop_id=loop_id, conditions=conditions)
        return LoopOut.of(undoing.undo(app, loop_id, actor.name, said.note, before, said.reason))

    return once_outside(app, key, f"POST /loops/{loop_id}/undo", said, 200, work)
