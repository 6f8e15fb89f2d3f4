"""Connections, whom of theirs we know, and automations.

Told by `tests/scheduler/services/hiring/test_arriving.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.hiring.automations import Automation, Pause
from scheduler.domain.hiring.connections import Connection, Match, MatchHow, MatchKind
from scheduler.storage.codec import decode, encode
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new, upsert
from scheduler.storage.tables import automations, connections, matches, pauses

_connections, _matches, _pauses = Rows(Connection, connections), Rows(Match, matches), Rows(Pause, pauses)


class Connections:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, value: Connection) -> bool:
        """Keep a new one; false where its id is taken."""
        return add_new(self.connection, connections, _connections.row(value))

    def get(self, id: str) -> Connection | None:
        row = self.connection.execute(sa.select(connections).where(connections.c.id == id)).mappings().first()
        return _connections.value(row) if row else None

    def claim(self, id: str) -> Connection | None:
        """The same, for ourselves until the transaction ends."""
        mine = sa.select(connections).where(connections.c.id == id).with_for_update(key_share=True)
        row = self.connection.execute(mine).mappings().first()
        return _connections.value(row) if row else None

    def list(self) -> list[Connection]:
        """All of them, the oldest first."""
        query = sa.select(connections).order_by(connections.c.created_at, connections.c.id)
        return [_connections.value(row) for row in self.connection.execute(query).mappings()]

    def change(self, id: str, **changes: Any) -> None:
        change = sa.update(connections).where(connections.c.id == id)
        self.connection.execute(change.values(_connections.part(changes)))

    def remove(self, id: str) -> bool:
        """Forget it with its secrets and whom of theirs we know; false where there was none."""
        self.connection.execute(sa.delete(matches).where(matches.c.connection == id))
        return self.connection.execute(sa.delete(connections).where(connections.c.id == id)).rowcount > 0

    # --- whom of theirs we know ---

    def matches(self, connection: str, kind: MatchKind | None = None) -> Sequence[Match]:
        query = sa.select(matches).where(matches.c.connection == connection)
        if kind is not None:
            query = query.where(matches.c.kind == kind.value)
        query = query.order_by(matches.c.kind, matches.c.label, matches.c.theirs)
        return [_matches.value(row) for row in self.connection.execute(query).mappings()]

    def match(self, value: Match) -> None:
        """Keep it, or replace the one of the same of theirs; what a person said stays before a found one."""
        if value.how is MatchHow.ADDRESS:
            key = (
                (matches.c.connection == value.connection)
                & (matches.c.kind == value.kind.value)
                & (matches.c.theirs == value.theirs)
            )
            said = self.connection.execute(sa.select(matches.c.how).where(key)).scalar()
            if said == MatchHow.HAND.value:
                return
        upsert(self.connection, matches, [_matches.row(value)], key=["connection", "kind", "theirs"])


class Automations:
    """Those that were made by API; the company file's are in the policy."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, value: Automation) -> None:
        upsert(self.connection, automations, [{"id": value.id, "body": encode(value)}], key=["id"])

    def list(self) -> list[Automation]:
        rows = self.connection.execute(sa.select(automations).order_by(automations.c.id)).mappings()
        return [decode(Automation, row["body"], f"automation {row['id']}") for row in rows]

    def get(self, id: str) -> Automation | None:
        return next((a for a in self.list() if a.id == id), None)

    def remove(self, id: str) -> bool:
        return self.connection.execute(sa.delete(automations).where(automations.c.id == id)).rowcount > 0

    def pause(self, id: str, at: datetime, actor: str) -> None:
        """Start nothing by this one (or by any, under `ALL`); one that is paused stays as it is."""
        add_new(self.connection, pauses, _pauses.row(Pause(id, at, actor)))

    def resume(self, id: str) -> bool:
        return self.connection.execute(sa.delete(pauses).where(pauses.c.id == id)).rowcount > 0

    def pauses(self) -> Mapping[str, Pause]:
        rows = self.connection.execute(sa.select(pauses)).mappings()
        return {row["id"]: _pauses.value(row) for row in rows}
