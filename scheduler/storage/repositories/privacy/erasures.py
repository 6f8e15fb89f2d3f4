"""Erasures that were asked for, and how far each is.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from scheduler.domain.privacy.erasure import Erasure, ErasureState, digest_of
from scheduler.storage.mapping import Rows
from scheduler.storage.tables.privacy import erasures

_rows = Rows(Erasure, erasures)


class Erasures:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, erasure: Erasure) -> None:
        self.connection.execute(sa.insert(erasures).values(_rows.row(erasure)))

    def get(self, id: str) -> Erasure | None:
        """The erasure of that id, or ``None``."""
        row = self.connection.execute(sa.select(erasures).where(erasures.c.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def list(self, states: Collection[ErasureState] = tuple(ErasureState), limit: int = 200) -> list[Erasure]:
        """Those in some states, the newest first."""
        mine = erasures.c.state.in_(sorted(s.value for s in states))
        query = (
            sa.select(erasures).where(mine).order_by(erasures.c.asked_at.desc(), erasures.c.id).limit(limit)
        )
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def change(self, id: str, **changes: Any) -> None:
        """Change some of its fields."""
        self.connection.execute(sa.update(erasures).where(erasures.c.id == id).values(_rows.part(changes)))

    def knows(self, application: str) -> bool:
        """Whether the application of that id was erased, or is being erased."""
        digest = digest_of(application)
        kept = sa.cast(erasures.c.digests, sa.Text)
        query = sa.select(erasures.c.id).where(kept.contains(digest)).limit(1)
        return self.connection.execute(query).first() is not None
