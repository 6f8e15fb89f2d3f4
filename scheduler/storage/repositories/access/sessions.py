"""Browsers that have signed in; what opens anything is here as a keyed hash only.

Told by `tests/scheduler/services/access/test_sessions.py`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.access.sessions import Session, SignInLink
from scheduler.storage.mapping import Rows
from scheduler.storage.tables.access import sessions, sign_ins

_rows, _links = Rows(Session, sessions), Rows(SignInLink, sign_ins)


class Sessions:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, session: Session) -> None:
        self.connection.execute(sa.insert(sessions).values(_rows.row(session)))

    def by_digest(self, digest: str) -> Session | None:
        row = self.connection.execute(sa.select(sessions).where(sessions.c.digest == digest)).mappings()
        found = row.first()
        return _rows.value(found) if found else None

    def get(self, id: str) -> Session | None:
        row = self.connection.execute(sa.select(sessions).where(sessions.c.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def list(self, user: str | None = None) -> list[Session]:
        """Those of an account (everybody's where none is named), the one used last first."""
        query = sa.select(sessions).order_by(sessions.c.used_at.desc(), sessions.c.id)
        if user is not None:
            query = query.where(sessions.c.user == user)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def used(self, id: str, at: datetime) -> None:
        """Note when one was used."""
        kept = sa.literal(at, sessions.c.used_at.type)
        self.connection.execute(sa.update(sessions).where(sessions.c.id == id).values(used_at=kept))

    def remove(self, id: str) -> bool:
        """Forget it: its browser is shut out at once. False where there was none."""
        return self.connection.execute(sa.delete(sessions).where(sessions.c.id == id)).rowcount > 0

    def remove_of(self, user: str) -> None:
        """Shut an account out of every browser, and forget the links that would sign it in."""
        self.connection.execute(sa.delete(sessions).where(sessions.c.user == user))
        self.connection.execute(sa.delete(sign_ins).where(sign_ins.c.user == user))

    def forget_over(self, now: datetime, idle_since: datetime) -> None:
        """Forget those that have ended."""
        ended = sa.or_(
            sessions.c.expires_at <= sa.literal(now, sessions.c.expires_at.type),
            sessions.c.used_at <= sa.literal(idle_since, sessions.c.used_at.type),
        )
        self.connection.execute(sa.delete(sessions).where(ended))

    # --- links that sign in ---

    def add_link(self, link: SignInLink, now: datetime) -> None:
        """Keep it; those that work no more are forgotten."""
        ended = sign_ins.c.expires_at <= sa.literal(now, sign_ins.c.expires_at.type)
        self.connection.execute(sa.delete(sign_ins).where(ended))
        self.connection.execute(sa.insert(sign_ins).values(_links.row(link)))

    def has_link(self, digest: str) -> bool:
        return (
            self.connection.execute(sa.select(sign_ins.c.user).where(sign_ins.c.digest == digest)).first()
            is not None
        )

    def take_link(self, digest: str) -> SignInLink | None:
        """The link of that hash, which is then no more: of several who take it, one gets it."""
        mine = sa.select(sign_ins).where(sign_ins.c.digest == digest)
        row = self.connection.execute(mine).mappings().first()
        gone = self.connection.execute(sa.delete(sign_ins).where(sign_ins.c.digest == digest)).rowcount
        return _links.value(row) if row and gone else None
