"""Brings a database's schema to its newest form, from any process, at any time."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from scheduler.storage.tables import PREFIX

VERSION_TABLE = f"{PREFIX}schema_version"
_LOCK = 0x6C6F6F70777269  # "loopwri": the key of the advisory lock, the same in every version


def config() -> Config:
    """The Alembic settings; there is no ini file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    return found


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Apply the missing migrations in one transaction: all of them or, killed or failing, none.

    A second process that comes meanwhile waits, and then finds nothing left to do.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _upgrade_sqlite(connection, to)
        else:
            with connection.begin():
                for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                    connection.execute(sa.text(f"SET LOCAL {limit} = 0"))  # as long as it takes, or others do
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                # Not to stand in a queue before everybody else for a table that somebody reads.
                connection.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
                _run(connection, to)


def _upgrade_sqlite(connection: sa.Connection, to: str) -> None:
    # SQLite alters a table by copying it: foreign keys would follow the old one into its deletion.
    # They can only be switched outside a transaction, and are checked inside before it ends.
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF").close()
    try:
        with connection.begin():
            _run(connection, to)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration would break references: {broken[:5]}")
    finally:
        driver.execute("PRAGMA foreign_keys=ON").close()


def _run(connection: sa.Connection, to: str) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, to)


def current(engine: sa.Engine) -> str | None:
    """The version that the database is at; ``None`` for an empty one."""
    with engine.connect() as connection:
        connection = connection.execution_options(loopwright_begin="BEGIN")
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision()


def newest() -> str:
    """The version that this program wants."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None, "there is a first migration"
    return head
