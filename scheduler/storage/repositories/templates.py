"""Loop templates, each one JSON document: a loop keeps the copy it was asked with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from scheduler.domain.templates import LoopTemplate
from scheduler.storage.codec import decode, encode
from scheduler.storage.statements import upsert
from scheduler.storage.tables import templates


class Templates:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def get(self, id: str, *, active: bool = True) -> LoopTemplate | None:
        """The template of that id, or ``None``; one that the company file dropped only if asked for."""
        found = self.list([id], active=active)
        return found[0] if found else None

    def list(self, ids: Collection[str] | None = None, active: bool = True) -> Sequence[LoopTemplate]:
        """Those of ``ids`` (or all) by id; with ``active=False`` also the dropped ones."""
        query = sa.select(templates.c.id, templates.c.body).order_by(templates.c.id)
        if ids is not None:
            query = query.where(templates.c.id.in_(sorted(set(ids))))
        if active:
            query = query.where(templates.c.active)
        rows = self.connection.execute(query)
        return [decode(LoopTemplate, row.body, f"templates.{row.id}") for row in rows]

    def put(self, value: LoopTemplate) -> None:
        """Insert it, or replace the one of its id."""
        self.put_all([value])

    def put_all(self, values: Collection[LoopTemplate]) -> None:
        """Insert or replace all of them."""
        rows = [{"id": t.id, "title": t.title, "body": encode(t), "active": True} for t in values]
        upsert(self.connection, templates, rows, key=["id"])

    def retire(self) -> None:
        """Mark everything inactive; what is put afterwards counts again."""
        self.connection.execute(sa.update(templates).values(active=False))
