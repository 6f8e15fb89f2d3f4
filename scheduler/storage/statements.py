"""The few statements that SQLite and PostgreSQL share and SQLAlchemy's core language lacks.

Told by `tests/scheduler/storage/test_contention.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT in the words of the connection's database."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def add_new(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert the row unless one with its key is there; whether it was. Waits for whoever is just
    inserting the same."""
    statement = insert(connection, table).values(dict(row)).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def place(row: Sequence[Any], *columns: sa.Column[Any]) -> sa.Tuple:
    """The values of a row to compare these columns with, each written as its column is: bare ones would be
    written as the driver likes."""
    return sa.tuple_(*(sa.literal(value, c.type) for value, c in zip(row, columns, strict=True)))


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert the rows; one whose ``key`` is there already gets the other columns of the new one."""
    if rows:
        statement = _upsert(connection.dialect.name, table, tuple(rows[0]), tuple(key))
        connection.execute(statement, [dict(row) for row in rows])


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: sa.Table, names: tuple[str, ...], key: tuple[str, ...]) -> sa.Insert:
    statement = _insert(dialect, table)
    fresh = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=fresh)
