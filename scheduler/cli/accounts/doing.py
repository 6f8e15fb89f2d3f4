"""What the commands of accounts and tokens do; what may be given is what the API takes.

Told by `tests/scheduler/cli/test_accounts.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from rich.table import Table

from scheduler.api.accounts.models import GrantModel, NewTokenOut, TokenIn, TokenOut, UserIn, UserOut
from scheduler.cli.faults import out
from scheduler.cli.hiring.inbox import ACTOR, opened
from scheduler.domain.access.policy import Role
from scheduler.domain.errors import BadInput
from scheduler.services.access import accounts
from scheduler.services.access.accounts import TokenWanted
from scheduler.services.hiring import sealing

T = TypeVar("T", TokenIn, UserIn)


@dataclass(frozen=True, slots=True)
class Roles:
    """As they are given: each of the roles for all of these jobs and sites."""

    roles: Sequence[str]
    jobs: Sequence[str]
    sites: Sequence[str]

    def grants(self) -> list[dict[str, Any]]:
        known = [r.value for r in Role]
        for name in self.roles:
            if name not in known:
                raise BadInput("--role", f"{name!r:.80} is no role", f"use one of {', '.join(known)}")
        return [{"role": r, "jobs": [*self.jobs], "sites": [*self.sites]} for r in self.roles]


def list_tokens(data: Path | None, *, as_json: bool) -> None:
    """Every token, the oldest first."""
    with opened(data) as app, app.db.read() as tx:
        rows = [TokenOut.of(token) for token in tx.accounts.tokens()]
    if as_json:
        out.print_json(json.dumps([row.model_dump(mode="json") for row in rows]))
        return
    table = Table("id", "name", "may", "until", "last used", title="Tokens")
    for row in rows:
        may = f"as {row.user}" if row.user else _said(row.roles)
        used = f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never"
        table.add_row(row.id, row.name, may, f"{row.expires_at:%Y-%m-%d}", used)
    out.print(table)


def add_token(data: Path | None, name: str, roles: Roles, user: str, days: int, *, as_json: bool) -> None:
    """Make one; its secret is printed and kept nowhere."""
    asked = _read(TokenIn, {"name": name, "roles": roles.grants(), "user": user or None, "days": days})
    wanted = TokenWanted(asked.name, asked.days, tuple(g.value() for g in asked.roles), asked.user or "")
    with opened(data) as app, app.db.write() as tx:
        made, secret = accounts.add_token(app, tx, wanted, ACTOR)
    if as_json:
        out.print_json(NewTokenOut(**TokenOut.of(made).model_dump(), secret=secret).model_dump_json())
        return
    out.print(f"token {made.id}, until {made.expires_at:%Y-%m-%d}; its secret is shown this once:")
    out.print(secret, markup=False, highlight=False, soft_wrap=True)


def revoke_token(data: Path | None, id: str) -> None:
    """Take one back."""
    with opened(data) as app, app.db.write() as tx:
        accounts.revoke_token(app, tx, id, ACTOR)
    out.print(f"revoked {id}", markup=False)


def list_users(data: Path | None, *, as_json: bool) -> None:
    """Every account, by id."""
    with opened(data) as app, app.db.read() as tx:
        rows = [UserOut.of(user) for user in tx.accounts.list()]
    if as_json:
        out.print_json(json.dumps([row.model_dump(mode="json") for row in rows]))
        return
    table = Table("id", "name", "address", "roles", "", title="Users")
    for row in rows:
        table.add_row(row.id, row.name, row.email, _said(row.roles), "" if row.active else "not active")
    out.print(table)


def put_user(data: Path | None, id: str, about: Mapping[str, Any], roles: Roles) -> None:
    """Make or replace one."""
    asked = _read(UserIn, {**about, "roles": roles.grants()})
    with opened(data) as app, app.db.write() as tx:
        kept = accounts.put_user(app, tx, asked.value(id, app.clock()), ACTOR)
    out.print(f"{kept.id}: {_said([GrantModel.of(g) for g in kept.grants]) or 'no roles'}", markup=False)


def rotate_keys(data: Path | None) -> None:
    """Seal every secret with a new key."""
    with opened(data) as app:
        count = sealing.rotate(app, ACTOR)
    out.print(f"a new key seals the secrets of {count} connection{'' if count == 1 else 's'}")


def _said(grants: Sequence[GrantModel]) -> str:
    return ", ".join(
        g.role.value + (f" ({', '.join([*g.jobs, *g.sites])})" if g.jobs or g.sites else "") for g in grants
    )


def _read(model: type[T], given: Mapping[str, Any]) -> T:
    """What is given, as the API would read it. Raises `BadInput` naming the first field that is no good."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"--{field}", str(first["msg"]), "give another") from None
