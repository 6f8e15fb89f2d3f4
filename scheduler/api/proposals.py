"""Proposals: looked at, and one of them chosen.

Told by `tests/scheduler/api/test_offers.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.once import Key, once_awaited
from scheduler.api.doing.choosing import Choosing, choosing
from scheduler.api.models.loops import LoopOut
from scheduler.api.models.proposals import ProposalOut
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.booking import offers
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/proposals", tags=["proposals"])
ProposalId = Annotated[str, Path(max_length=100)]


@router.get("/{proposal_id}", responses=answers(404))
def get_proposal(
    proposal_id: ProposalId, app: Services, _: Annotated[Actor, needs(Action.READ)]
) -> ProposalOut:
    """One plan with its price per rule and the proven bound."""
    with app.db.read() as tx:
        return _told(tx, proposal_id)


def _told(tx: Tx, proposal_id: str) -> ProposalOut:
    found = tx.proposals.get(proposal_id)
    if found is None:
        raise Missing("proposal", proposal_id)
    ((proposal, interviews),) = offers.told(tx, [found])
    return ProposalOut.of(proposal, interviews)


@router.post("/{proposal_id}/choose", response_model=LoopOut, responses=answers(404, 409, 412, 502))
async def choose_a_proposal(
    proposal_id: ProposalId,
    app: Services,
    choosing: Annotated[Choosing, Depends(choosing)],
    actor: Annotated[Actor, needs(Action.BOOK)],
    conditions: Change,
    key: Key,
) -> Response:
    """Say yes to a plan: its times are read again, held at once, and booked. Asking again for the same
    plan is answered the same. 409: somebody is no longer free; a fresh plan is made next."""

    def unchanged() -> None:
        with app.db.read() as tx:
            conditions.check("proposal", proposal_id, _told(tx, proposal_id))

    async def work() -> LoopOut:
        # Of a plan nothing changes but its state, which the booking looks at again in its own transaction.
        if conditions.match is not None:
            await run_in_threadpool(unchanged)
        return LoopOut.of(await choosing.choose(proposal_id, actor.name))

    return await once_awaited(app, key, f"POST /proposals/{proposal_id}/choose", None, 200, work)
