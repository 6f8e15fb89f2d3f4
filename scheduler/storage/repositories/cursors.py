"""Where each calendar's incremental reading stands.

Told by `tests/scheduler/storage/test_inbox.py`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scheduler.storage.statements import upsert
from scheduler.storage.tables import cursors


class Cursors:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def get(self, calendar: str) -> str | None:
        """The cursor of that calendar, or ``None``: read it from the start."""
        query = sa.select(cursors.c.cursor).where(cursors.c.calendar == calendar)
        found: str | None = self.connection.execute(query).scalar()
        return found

    def put(self, calendar: str, cursor: str, at: datetime) -> None:
        """Read from here next time."""
        row = {"calendar": calendar, "cursor": cursor, "at": at}
        upsert(self.connection, cursors, [row], key=["calendar"])
