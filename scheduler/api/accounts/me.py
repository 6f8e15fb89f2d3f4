"""Who asks, as the deployment knows them.

Told by `tests/scheduler/api/test_accounts.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from scheduler.api.access import Action, Actor, needs
from scheduler.api.accounts.models import GrantModel, MeOut
from scheduler.api.common import BASE
from scheduler.api.problems import answers

router = APIRouter(prefix=f"{BASE}/me", tags=["accounts"])


@router.get("", responses=answers())
def get_me(actor: Annotated[Actor, needs(Action.SELF)]) -> MeOut:
    """Who asks, and what they may."""
    return MeOut(
        actor=actor.name,
        admin=actor.trusted,
        person=actor.person or None,
        roles=[GrantModel.of(g) for g in actor.grants],
    )
