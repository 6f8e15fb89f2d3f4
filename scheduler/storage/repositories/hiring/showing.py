"""Loops that their hiring system does not show yet as they are: one row each, however much happens to it.

Told by `tests/scheduler/services/hiring/test_mirroring.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.hiring.connections import Showing
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new
from scheduler.storage.tables.hiring import showing

_rows = Rows(Showing, showing)
_s = showing.c


class Showings:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def want(self, loop: str, connection: str, fact: int, at: datetime) -> None:
        """Something has happened to a loop: it is to be shown. One that waits for its next try goes on waiting for it;
        one that was given up is tried again from now on."""
        if add_new(self.connection, showing, _rows.row(Showing(loop, connection, fact, at, at))):
            return
        mine = _s.loop == loop
        self._change(mine, fact=fact, connection=connection)
        self._change(mine & _s.due_at.is_(None), due_at=at, since=at, tries=0, error="")

    def of_loop(self, loop: str) -> Showing | None:
        row = self.connection.execute(sa.select(showing).where(_s.loop == loop)).mappings().first()
        return _rows.value(row) if row else None

    def due(self, at: datetime, limit: int) -> Sequence[Showing]:
        """Those that are to be tried by then, the longest due first."""
        query = sa.select(showing).where(_s.due_at <= at).order_by(_s.due_at, _s.loop).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def given_up(self, limit: int) -> Sequence[Showing]:
        query = sa.select(showing).where(_s.due_at.is_(None)).order_by(_s.since, _s.loop).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def put_off(self, loop: str, due_at: datetime | None, **more: Any) -> None:
        """Try it (again) then; ``None``: not by itself."""
        self._change(_s.loop == loop, due_at=due_at, **more)

    def done(self, known: Showing, at: datetime) -> None:
        """It is shown as it was at ``known.fact``; what has happened since is due now."""
        mine = _s.loop == known.loop
        self.connection.execute(sa.delete(showing).where(mine, _s.fact == known.fact))
        self._change(mine, due_at=at, since=at, tries=0, error="")

    def once_more(self, connection: str, at: datetime) -> None:
        """The system answers again: what was given up is tried again."""
        self._change((_s.connection == connection) & _s.due_at.is_(None), due_at=at, since=at, tries=0)

    def _change(self, where: sa.ColumnElement[bool], **changes: Any) -> None:
        self.connection.execute(sa.update(showing).where(where).values(_rows.part(changes)))
