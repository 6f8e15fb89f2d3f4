"""Batches: several loops planned as one.

Told by `tests/stories/test_superdays.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from scheduler.domain.proposals import Batch, BatchState
from scheduler.storage.mapping import Rows
from scheduler.storage.tables import batches

_rows = Rows(Batch, batches, renamed={"window": "hours"})


class Batches:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, batch: Batch) -> None:
        """Keep a new one."""
        self.connection.execute(sa.insert(batches).values(_rows.row(batch)))

    def get(self, id: str) -> Batch | None:
        """The batch of that id, or ``None``."""
        row = self.connection.execute(sa.select(batches).where(batches.c.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def claim(self, id: str) -> Batch | None:
        """`get`, and have it to ourselves until the transaction ends."""
        query = sa.select(batches).where(batches.c.id == id).with_for_update()
        row = self.connection.execute(query).mappings().first()
        return _rows.value(row) if row else None

    def list(self, states: Collection[BatchState]) -> list[Batch]:
        """Those in one of the states, the oldest first."""
        where = batches.c.state.in_(sorted(s.value for s in states))
        query = sa.select(batches).where(where).order_by(batches.c.created_at, batches.c.id)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def change(self, id: str, *, in_round: int | None = None, **changes: Any) -> bool:
        """Change fields; with ``in_round`` only while that one is planned. False where nothing was changed."""
        where = batches.c.id == id
        if in_round is not None:
            where &= (batches.c.round == in_round) & (batches.c.state == BatchState.PLANNING.value)
        done = self.connection.execute(sa.update(batches).where(where).values(_rows.part(changes)))
        return done.rowcount > 0
