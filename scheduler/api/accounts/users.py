"""Accounts of people.

Told by `tests/scheduler/api/test_accounts.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from scheduler.api.access import Action, Actor, needs
from scheduler.api.accounts.models import UserIn, UserOut
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Conditions, Put
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.access import accounts

router = APIRouter(prefix=f"{BASE}/users", tags=["accounts"])
UserId = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]
Administrator = Annotated[Actor, needs(Action.ADMINISTER)]


@router.get("", responses=answers())
def list_users(app: Services, _: Administrator) -> list[UserOut]:
    """Every account, in the order of the ids."""
    with app.db.read() as tx:
        return [UserOut.of(user) for user in tx.accounts.list()]


@router.get("/{user_id}", responses=answers(404))
def get_user(user_id: UserId, app: Services, _: Administrator) -> UserOut:
    """One account."""
    with app.db.read() as tx:
        found = tx.accounts.get(user_id)
    if found is None:
        raise Missing("user", user_id)
    return UserOut.of(found)


@router.put("/{user_id}", responses=answers(412, 413, 415))
def put_user(user_id: UserId, body: UserIn, app: Services, actor: Administrator, conditions: Put) -> UserOut:
    """Make or change an account. Who is not `active` may nothing from that moment on."""
    with app.db.write() as tx:
        if conditions != Conditions():
            now = tx.accounts.claim(user_id)
            conditions.check("user", user_id, None if now is None else UserOut.of(now))
        return UserOut.of(accounts.put_user(app, tx, body.value(user_id, app.clock()), actor.name))
