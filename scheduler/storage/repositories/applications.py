"""Applications: candidacies, keyed as the ATS keys them.

Told by `tests/scheduler/storage/test_loops.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from scheduler.domain.loops import Application, Candidate
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert
from scheduler.storage.tables import applications

_rows = Rows(Application, applications, without=frozenset({"candidate"}))


class Applications:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def get(self, id: str) -> Application | None:
        """The application of that id, or ``None``."""
        row = (
            self.connection.execute(sa.select(applications).where(applications.c.id == id)).mappings().first()
        )
        return _value(row) if row else None

    def put(self, value: Application) -> None:
        """Insert it, or replace the one of its id."""
        candidate = {
            "candidate_name": value.candidate.name,
            "candidate_email": value.candidate.email,
            "candidate_zone": value.candidate.zone,
        }
        upsert(self.connection, applications, [{**_rows.row(value), **candidate}], key=["id"])

    def list(self, limit: int = 100, after: str | None = None) -> Sequence[Application]:
        """By id, from behind the id ``after``."""
        query = sa.select(applications).order_by(applications.c.id).limit(limit)
        if after is not None:
            query = query.where(applications.c.id > after)
        return [_value(row) for row in self.connection.execute(query).mappings()]


def _value(row: sa.RowMapping) -> Application:
    candidate = Candidate(row["candidate_name"], row["candidate_email"], row["candidate_zone"])
    return _rows.value(row, candidate=candidate)
