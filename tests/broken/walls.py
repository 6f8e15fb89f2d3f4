"""Databases made without one of their walls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from scheduler.storage import migrate


@contextmanager
def without(statement: str) -> Iterator[None]:
    """Every database that is brought up to date while the block runs, and knows what the statement is about,
    loses it. Where it has gone from all of them, the statement fails and says so."""
    whole, tried = migrate.upgrade, []

    def upgrade(engine: sa.Engine) -> None:
        whole(engine)
        if engine.dialect.name == ("postgresql" if "CONSTRAINT" in statement else "sqlite"):
            tried.append(statement)
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)

    migrate.upgrade = upgrade
    try:
        yield
    finally:
        migrate.upgrade = whole
    if not tried:
        raise AssertionError(f"no database was made in which to try: {statement}")
