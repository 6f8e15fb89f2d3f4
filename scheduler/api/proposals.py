"""Proposals: looked at, and one of them chosen.

Told by `tests/scheduler/api/test_offers.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.models.loops import LoopOut
from scheduler.api.models.proposals import ProposalOut
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.booking import choose, offers

router = APIRouter(prefix="/proposals", tags=["proposals"])
ProposalId = Annotated[str, Path(max_length=100)]


@router.get("/{proposal_id}", responses=answers(404))
def get_proposal(
    proposal_id: ProposalId, app: Services, _: Annotated[Actor, needs(Action.READ)]
) -> ProposalOut:
    """One plan with its price per rule and the proven bound."""
    with app.db.read() as tx:
        found = tx.proposals.get(proposal_id)
        if found is None:
            raise Missing("proposal", proposal_id)
        ((proposal, interviews),) = offers.told(tx, [found])
    return ProposalOut.of(proposal, interviews)


@router.post("/{proposal_id}/choose", responses=answers(404, 409, 502))
def choose_a_proposal(
    proposal_id: ProposalId, app: Services, actor: Annotated[Actor, needs(Action.BOOK)]
) -> LoopOut:
    """Say yes to a plan: its times are read again, held at once, and booked. Asking again for the same
    plan is answered the same. 409: somebody is no longer free; a fresh plan is made next."""
    return LoopOut.of(choose.choose(app, proposal_id, actor.name))
