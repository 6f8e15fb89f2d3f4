"""Loops that are looked for, counted, and given to somebody.

Told by `tests/scheduler/api/test_finding.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check
from scheduler.api.models.loops import Id, In, LoopOut
from scheduler.api.problems import answers
from scheduler.api.reading.asked import Loops
from scheduler.domain.loops import LoopState
from scheduler.services.asking import owners
from scheduler.storage.repositories.reading.loops import MOST_COUNTED

router = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])
LoopId = Annotated[str, Path(max_length=100)]


class CountsOut(BaseModel):
    """How many loops are in each state; of those in ``more`` there are more than that."""

    counts: dict[LoopState, int]
    more: list[LoopState] = Field(description=f"States that were counted no further than {MOST_COUNTED}.")


class OwnerIn(In):
    """Whose loop it is from now on; nothing gives it back to the application's recruiter."""

    owner: Id | None = None


@router.get("", responses=answers())
def list_loops(
    app: Services,
    wanted: Loops,
    _: Annotated[Actor, needs(Action.READ, narrows=True)],
    limit: Limit = 50,
    after: After = None,
) -> list[LoopOut]:
    """The loops that are all that is asked for, in the order they were asked for."""
    with app.db.read() as tx:
        return [LoopOut.of(loop) for loop in tx.found_loops.page(wanted, limit, after)]


@router.get("/counts", responses=answers())
def count_loops(
    app: Services, wanted: Loops, _: Annotated[Actor, needs(Action.READ, narrows=True)]
) -> CountsOut:
    """How many of the loops that are asked for are in which state."""
    with app.db.read() as tx:
        found = tx.found_loops.counts(wanted)
    return CountsOut(
        counts={state: min(n, MOST_COUNTED) for state, n in found.items()},
        more=[state for state, n in found.items() if n > MOST_COUNTED],
    )


@router.put("/{loop_id}/owner", responses=answers(404, 412, 413, 415))
def give_a_loop(
    loop_id: LoopId,
    body: OwnerIn,
    app: Services,
    actor: Annotated[Actor, needs(Action.REQUEST)],
    conditions: Change,
) -> LoopOut:
    """Give a loop to a recruiter or coordinator: whose it is, is who looks after it."""
    with app.db.write() as tx:
        check(tx, loop_id, conditions)
        return LoopOut.of(owners.assign_in(app, tx, loop_id, body.owner, actor.name))
