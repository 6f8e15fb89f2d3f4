"""The views of the queue that people keep.

Told by `tests/scheduler/services/overview/test_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from scheduler.domain.finding import SavedView
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert
from scheduler.storage.tables.apart import views

_views = Rows(SavedView, views)


class Views:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def of(self, person: str) -> Sequence[SavedView]:
        """Somebody's, the oldest first."""
        query = sa.select(views).where(views.c.person == person).order_by(views.c.created_at, views.c.id)
        return [_views.value(row) for row in self.connection.execute(query).mappings()]

    def get(self, id: str) -> SavedView | None:
        """One of them, or ``None``."""
        row = self.connection.execute(sa.select(views).where(views.c.id == id)).mappings().first()
        return _views.value(row) if row else None

    def put(self, view: SavedView) -> None:
        """Keep it; one of the same person and name becomes it, its address and all."""
        upsert(self.connection, views, [_views.row(view)], key=["person", "name"])

    def remove(self, id: str, person: str) -> bool:
        """Forget somebody's view; whether it was there."""
        mine = (views.c.id == id) & (views.c.person == person)
        return self.connection.execute(sa.delete(views).where(mine)).rowcount == 1
