"""Many loops at once.

Told by `tests/scheduler/api/test_bulk.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.once import Key, once_outside
from scheduler.api.models.loops import Id, In
from scheduler.api.problems import answers
from scheduler.domain.loops import LoopState
from scheduler.services.asking import bulk

router = APIRouter(prefix=f"{BASE}/loops", tags=["loops"])


class BulkIn(In):
    """`plan` plans anew, `cancel` ends, `assign` gives to `owner` (to the recruiter where there is none), `remind`
    writes to those whose answer is awaited. With `together` it is done to all of them or to none."""

    action: bulk.BulkAction
    loops: list[Id] = Field(min_length=1, max_length=bulk.MOST)
    together: bool = False
    owner: Id | None = None
    message: Annotated[str, Field(max_length=2000)] = ""
    reason: Id | None = Field(None, description="Why: a code of `GET /reasons`.")

    def value(self) -> bulk.Bulk:
        return bulk.Bulk(self.action, self.loops, self.together, self.owner, self.message, self.reason)


class FaultOut(BaseModel):
    """Why it was not done to one loop, as the call of that loop alone would say."""

    type: str
    detail: str


class RowOut(BaseModel):
    """What became of one loop: its state now, or the fault."""

    loop: str
    done: bool
    state: LoopState | None
    fault: FaultOut | None

    @staticmethod
    def of(row: bulk.Row) -> RowOut:
        fault = FaultOut(type=row.error.code, detail=row.error.text) if row.error else None
        state = row.now.state if row.now else None
        return RowOut(loop=row.loop, done=row.error is None, state=state, fault=fault)


class BulkOut(BaseModel):
    """A row per loop, in the order in which they were named."""

    rows: list[RowOut]


@router.post("/bulk", response_model=BulkOut, responses=answers(409, 413, 415))
def do_to_many(
    body: BulkIn, app: Services, actor: Annotated[Actor, needs(Action.REQUEST)], key: Key
) -> Response:
    """Do the same to many loops. Each is done by itself, and one that is refused holds up no other; with `together`
    a refusal of one refuses all, and names every loop that stands in the way."""

    def work() -> BulkOut:
        return BulkOut(rows=[RowOut.of(row) for row in bulk.carry_out(app, body.value(), actor.name)])

    return once_outside(app, key, "POST /loops/bulk", body, 200, work)
