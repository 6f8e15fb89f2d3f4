"""Alembic's way in: runs on the connection and in the transaction that `upgrade` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from scheduler.storage.migrate import VERSION_TABLE
from scheduler.storage.tables import PREFIX, metadata


def ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether autogenerate looks at it: tables of others share the database."""
    return kind != "table" or (name is not None and name.startswith(PREFIX))


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise SystemExit("migrations run on a connection: use `loopwright migrate` or Database.migrate()")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        include_name=ours,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
