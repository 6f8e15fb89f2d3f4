"""Links that open a page without signing in, found by the digest of what stands in their address.

Told by `tests/scheduler/services/test_opening.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.guests.links import Link
from scheduler.storage.mapping import Rows
from scheduler.storage.tables import links

_rows = Rows(Link, links)


class Links:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, value: Link) -> None:
        """Keep a new one."""
        self.connection.execute(sa.insert(links), [_rows.row(value)])

    def opened_by(self, digest: str) -> Link | None:
        """The link of that digest, whether it still opens anything or not; ``None`` where there is none."""
        row = self.connection.execute(sa.select(links).where(links.c.digest == digest)).mappings().first()
        return _rows.value(row) if row else None

    def claim(self, id: str) -> Link | None:
        """The link of that id, for ourselves until the transaction ends, or ``None``."""
        mine = sa.select(links).where(links.c.id == id).with_for_update()
        row = self.connection.execute(mine).mappings().first()
        return _rows.value(row) if row else None

    def list(self, *, loop: str = "", person: str = "", limit: int = 200) -> Sequence[Link]:
        """Those of a loop or of a person, the newest first."""
        query = sa.select(links).order_by(links.c.created_at.desc(), links.c.id).limit(limit)
        if loop:
            query = query.where(links.c.loop == loop)
        if person:
            query = query.where(links.c.person == person)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def revoke(self, ids: Sequence[str], at: datetime) -> None:
        """None of these opens anything from now on."""
        if ids:
            still = links.c.id.in_(ids) & links.c.revoked_at.is_(None)
            self.connection.execute(sa.update(links).where(still).values(revoked_at=at))

    def forget(self, before: datetime) -> int:
        """Let go of those that ended before an instant; how many that were."""
        return self.connection.execute(sa.delete(links).where(links.c.expires_at < before)).rowcount
