"""Accounts of people and tokens of programs; secrets are here as hashes only.

Told by `tests/scheduler/services/access/test_accounts.py`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.access.accounts import ApiToken, User
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new, upsert
from scheduler.storage.tables import tokens, users
from scheduler.storage.tables.access import identities

_users, _tokens = Rows(User, users), Rows(ApiToken, tokens)


class Accounts:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, user: User) -> bool:
        """Keep a new one; false where the id is taken."""
        return add_new(self.connection, users, _users.row(user))

    def put(self, user: User) -> None:
        """Keep it, or replace the one of its id."""
        upsert(self.connection, users, [_users.row(user)], key=["id"])

    def get(self, id: str) -> User | None:
        row = self.connection.execute(sa.select(users).where(users.c.id == id)).mappings().first()
        return _users.value(row) if row else None

    def claim(self, id: str) -> User | None:
        """The same, for ourselves until the transaction ends."""
        mine = sa.select(users).where(users.c.id == id).with_for_update()
        row = self.connection.execute(mine).mappings().first()
        return _users.value(row) if row else None

    # --- who they are at a provider of sign-ins ---

    def of_identity(self, issuer: str, subject: str) -> User | None:
        """The account of whoever a provider calls so."""
        c = identities.c
        mine = sa.select(c.user).where(c.issuer == issuer, c.subject == subject)
        found = self.connection.execute(mine).scalar()
        return self.get(found) if found is not None else None

    def has_identity(self, issuer: str, user: str) -> bool:
        """Whether somebody at that provider is this account already."""
        mine = sa.select(identities.c.user).where(identities.c.issuer == issuer, identities.c.user == user)
        return self.connection.execute(mine.limit(1)).first() is not None

    def add_identity(self, issuer: str, subject: str, user: str, at: datetime) -> None:
        """Have an account be theirs from now on."""
        row = {"issuer": issuer, "subject": subject, "user": user, "created_at": at}
        self.connection.execute(sa.insert(identities).values(row))

    # --- tokens ---

    def add_token(self, token: ApiToken) -> None:
        self.connection.execute(sa.insert(tokens).values(_tokens.row(token)))

    def token(self, digest: str) -> ApiToken | None:
        """The token whose secret has that hash."""
        row = self.connection.execute(sa.select(tokens).where(tokens.c.digest == digest)).mappings().first()
        return _tokens.value(row) if row else None

    def tokens(self) -> list[ApiToken]:
        """All of them, the oldest first."""
        query = sa.select(tokens).order_by(tokens.c.created_at, tokens.c.id)
        return [_tokens.value(row) for row in self.connection.execute(query).mappings()]

    def used(self, id: str, at: datetime) -> None:
        """Note when a token was used."""
        kept = sa.literal(at, tokens.c.used_at.type)
        self.connection.execute(sa.update(tokens).where(tokens.c.id == id).values(used_at=kept))

    def remove_token(self, id: str) -> bool:
        """Forget it: what it opened is closed at once. False where there was none."""
        return self.connection.execute(sa.delete(tokens).where(tokens.c.id == id)).rowcount > 0

    def list(self) -> list[User]:
        """All of them, in the order of their ids."""
        return [
            _users.value(r) for r in self.connection.execute(sa.select(users).order_by(users.c.id)).mappings()
        ]
