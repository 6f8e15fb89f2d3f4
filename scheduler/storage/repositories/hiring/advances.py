"""Advances, one for each visit; how applications were read; what was written back.

Told by `tests/scheduler/services/hiring/test_arriving.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.hiring.connections import Advance, AdvanceState, Reading, Written
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new, upsert
from scheduler.storage.tables import advances, readings, written

_advances, _readings, _written = Rows(Advance, advances), Rows(Reading, readings), Rows(Written, written)
_a = advances.c


class Advances:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, value: Advance) -> Advance:
        """Keep it; the one that is there already where the visit is known."""
        if add_new(self.connection, advances, _advances.row(value)):
            return value
        known = self.of_visit(value.connection, value.application, value.visit)
        assert known is not None, "only the same visit can be in an advance's way"
        return known

    def get(self, id: str) -> Advance | None:
        row = self.connection.execute(sa.select(advances).where(_a.id == id)).mappings().first()
        return _advances.value(row) if row else None

    def of_visit(self, connection: str, application: str, visit: str) -> Advance | None:
        same = (_a.connection == connection) & (_a.application == application) & (_a.visit == visit)
        row = self.connection.execute(sa.select(advances).where(same)).mappings().first()
        return _advances.value(row) if row else None

    def of_loop(self, loop: str) -> Advance | None:
        row = self.connection.execute(sa.select(advances).where(_a.loop == loop)).mappings().first()
        return _advances.value(row) if row else None

    def change(self, id: str, **changes: Any) -> None:
        self.connection.execute(sa.update(advances).where(_a.id == id).values(_advances.part(changes)))

    def list(
        self,
        states: Collection[AdvanceState] = (),
        *,
        automation: str | None = None,
        before: datetime | None = None,
        since: datetime | None = None,
        limit: int = 100,
        after: Advance | None = None,
    ) -> Sequence[Advance]:
        """The longest noted first; ``before`` and ``since`` bound when, ``after`` is the last of the page before."""
        query = sa.select(advances)
        if states:
            query = query.where(_a.state.in_([s.value for s in states]))
        if automation is not None:
            query = query.where(_a.automation == automation)
        if before is not None:
            query = query.where(_a.noted_at <= before)
        if since is not None:
            query = query.where(_a.noted_at >= since)
        if after is not None:
            later = (_a.noted_at > after.noted_at) | ((_a.noted_at == after.noted_at) & (_a.id > after.id))
            query = query.where(later)
        query = query.order_by(_a.noted_at, _a.id).limit(limit)
        return [_advances.value(row) for row in self.connection.execute(query).mappings()]

    def waiting_of(self, connection: str, application: str) -> Sequence[Advance]:
        mine = (_a.connection == connection) & (_a.application == application)
        query = sa.select(advances).where(mine, _a.state == AdvanceState.WAITING.value)
        return [_advances.value(row) for row in self.connection.execute(query).mappings()]

    # --- readings ---

    def reading(self, connection: str, application: str) -> Reading | None:
        same = (readings.c.connection == connection) & (readings.c.application == application)
        row = self.connection.execute(sa.select(readings).where(same)).mappings().first()
        return _readings.value(row) if row else None

    def read(self, value: Reading) -> None:
        upsert(self.connection, readings, [_readings.row(value)], key=["connection", "application"])

    # --- what was written back ---

    def written(self, interviews: Collection[str]) -> dict[str, Written]:
        """What their system shows of these interviews, by ours."""
        query = sa.select(written).where(written.c.interview.in_(list(interviews)))
        return {row["interview"]: _written.value(row) for row in self.connection.execute(query).mappings()}

    def write(self, value: Written) -> None:
        upsert(self.connection, written, [_written.row(value)], key=["interview"])
