"""The order in which transactions lock, so that no two ever wait for each other on PostgreSQL:

1. the company, while its file is loaded; the claim of an idempotency key; a delivery,
2. a loop, before anything that belongs to it is changed,
3. time, subject by subject in sorted order,
4. the head of the facts, at the very end.

SQLite has one writer at a time and needs none of this.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from scheduler.storage.tables import loops


def lock_loops(connection: sa.Connection, ids: Iterable[str]) -> None:
    """Have these loops to ourselves until the transaction ends; waits for whoever has one."""
    if connection.dialect.name == "sqlite":
        return
    # NO KEY UPDATE: rows that merely refer to a loop may still be inserted by others.
    mine = sa.select(loops.c.id).where(loops.c.id.in_(sorted(set(ids)))).order_by(loops.c.id)
    connection.execute(mine.with_for_update(key_share=True)).all()
