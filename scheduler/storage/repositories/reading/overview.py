"""What is shown beside many loops at once: whose they are, when they go on. One statement each, however many.

Told by `tests/scheduler/services/overview/test_overview.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.bookings import InterviewState
from scheduler.domain.loops import Application
from scheduler.storage.repositories.applications import value_of
from scheduler.storage.tables import applications, interviews, loops


class Overview:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def applications_of(self, ids: Collection[str]) -> Mapping[str, Application]:
        """The application of each of these loops, by the loop's id."""
        if not ids:
            return {}
        query = sa.select(loops.c.id.label("of_loop"), applications).join(
            applications, applications.c.id == loops.c.application
        )
        rows = self.connection.execute(query.where(loops.c.id.in_(sorted(set(ids))))).mappings()
        return {row["of_loop"]: value_of(row) for row in rows}

    def next_starts(self, ids: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """When the next live interview of each of these loops begins; those without one are left out."""
        if not ids:
            return {}
        query = (
            sa.select(interviews.c.loop, sa.func.min(interviews.c.start_at).label("first"))
            .where(
                interviews.c.loop.in_(sorted(set(ids))),
                interviews.c.state != InterviewState.CANCELLED.value,
                interviews.c.end_at > now,
            )
            .group_by(interviews.c.loop)
        )
        return {row.loop: row.first for row in self.connection.execute(query)}

    def owners(self) -> list[str]:
        """The ids of all who have loops, sorted."""
        query = sa.select(loops.c.owner).where(loops.c.owner != "").distinct()
        return sorted(self.connection.execute(query).scalars())
