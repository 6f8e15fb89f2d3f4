"""Tokens: one per program, or of a person's own.

Told by `tests/scheduler/api/test_accounts.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from scheduler.api.access import Action, Actor, needs
from scheduler.api.accounts.models import NewTokenOut, TokenIn, TokenOut
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.once import Key, Veil, once_outside
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.access import accounts
from scheduler.services.access.accounts import TokenWanted

router = APIRouter(prefix=f"{BASE}/tokens", tags=["accounts"])
TokenId = Annotated[str, Path(max_length=100)]
Administrator = Annotated[Actor, needs(Action.ADMINISTER)]


@router.get("", responses=answers())
def list_tokens(app: Services, _: Administrator) -> list[TokenOut]:
    """Every token, the oldest first, with its last use. The secrets are nowhere."""
    with app.db.read() as tx:
        return [TokenOut.of(token) for token in tx.accounts.tokens()]


_VEIL = Veil("token", "secret", lambda _: ())
"""Nothing keeps the secret: who asks again by the same key makes no second token, and is told so."""


@router.post("", status_code=201, response_model=NewTokenOut, responses=answers(409, 413, 415))
def add_a_token(body: TokenIn, app: Services, actor: Administrator, key: Key) -> Response:
    """Make a token. Its secret is in this answer and nowhere else: 409 where the same is asked again by its key."""
    wanted = TokenWanted(body.name, body.days, tuple(g.value() for g in body.roles), body.user or "")

    def work() -> NewTokenOut:
        with app.db.write() as tx:
            made, secret = accounts.add_token(app, tx, wanted, actor.name)
        return NewTokenOut(**TokenOut.of(made).model_dump(), secret=secret)

    return once_outside(app, key, "POST /tokens", body, 201, work, _VEIL)


@router.delete("/{token_id}", status_code=204, responses=answers(404, 412))
def revoke_a_token(token_id: TokenId, app: Services, actor: Administrator, conditions: Change) -> None:
    """Take a token back: it opens nothing any more."""
    with app.db.write() as tx:
        if conditions.match is not None:
            now = next((token for token in tx.accounts.tokens() if token.id == token_id), None)
            if now is None:
                raise Missing("token", token_id)
            conditions.check("token", token_id, TokenOut.of(now))
        accounts.revoke_token(app, tx, token_id, actor.name)
