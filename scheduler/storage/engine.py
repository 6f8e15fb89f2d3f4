"""How the database is reached: addresses, connections, and their limits.

Told by `tests/scheduler/storage/test_database.py`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from scheduler.domain.errors import BadInput, DomainError
from scheduler.storage.columns import NotAware

BUSY_SECONDS = 30
"""How long a writer waits for another one (SQLite has one at a time) or for a connection."""
IDLE_SECONDS = 15
"""After so long in an open transaction PostgreSQL ends a session that asks nothing, and lets go of its locks:
the process was stopped, or its machine is gone."""
_LIMITS = {
    "statement_timeout": 60_000,
    "lock_timeout": BUSY_SECONDS * 1000,
    "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
}
"""Limits that the server keeps, in milliseconds; an address may set others in its own ``options``."""
_CONNECTION = {
    "connect_timeout": 10,
    "application_name": "loopwright",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Limits for a server that says nothing any more: in seconds, the last one in milliseconds."""


def address_of(url: str) -> sa.URL:
    try:
        found = sa.make_url(url)
    except exc.ArgumentError:
        raise BadInput("database", "is not an address", "write sqlite:///file.db or postgresql://…") from None
    if found.drivername in ("postgres", "postgresql"):
        found = found.set(drivername="postgresql+psycopg")
    if found.drivername == "postgresql+psycopg":
        return found
    if found.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise BadInput("database", f"unknown kind {found.drivername!r}", "use sqlite or postgresql")
    if not found.database or ":memory:" in found.database or found.query.get("mode") == "memory":
        raise BadInput("database", "SQLite in memory cannot be shared", "name a file: sqlite:///file.db")
    return found


def file_of(url: str) -> Path | None:
    """The file of a SQLite database, beside which it keeps ``-wal`` and ``-shm``; ``None`` for a server's."""
    found = address_of(url)
    return Path(found.database or "") if found.get_backend_name() == "sqlite" else None


def limited(url: sa.URL) -> sa.URL:
    """With a time limit for everything that is asked of a server; what the address says itself stands."""
    if url.get_backend_name() != "postgresql":
        return url
    return url.update_query_dict({n: str(value) for n, value in _CONNECTION.items() if n not in url.query})


def session_limits(address: sa.URL | str) -> list[tuple[Callable[[Any, Any], None], str]]:
    """The ``pool_events`` of an engine that sets the limits on each new connection, as far as the address does not in
    its own ``options``: by a statement, since poolers such as PgBouncer refuse ``options`` at the start."""
    url = sa.make_url(address)
    said = url.query.get("options", "")
    given = said if isinstance(said, str) else " ".join(said)
    wanted = ", ".join(f"set_config('{n}', '{ms}', false)" for n, ms in _LIMITS.items() if n not in given)
    if url.get_backend_name() != "postgresql" or not wanted:
        return []

    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {wanted}")
        connection.commit()  # what is set in a transaction that is rolled back is not set

    return [(limit, "connect")]


def make(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url, hide_parameters=True, pool_size=10, max_overflow=50, pool_timeout=BUSY_SECONDS
        )
        event.listen(engine, "do_connect", _make_file)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            pool_timeout=BUSY_SECONDS,
            pool_events=session_limits(url),
        )
    event.listen(engine, "handle_error", _unwrap)
    return engine


@contextmanager
def begun(connection: sa.Connection, patience: float) -> Iterator[None]:
    """A transaction that waits ``patience`` seconds for other writers at most, where that is less than usual."""
    hurry, driver = patience < BUSY_SECONDS, connection.connection.driver_connection
    here = driver if hurry and connection.dialect.name == "sqlite" else None
    if here is not None:
        here.execute(f"PRAGMA busy_timeout={int(patience * 1000)}").close()
    try:
        with connection.begin():
            if hurry and here is None:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience * 1000)}")
            yield
    finally:
        if here is not None:
            here.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()


def _make_file(_dialect: Any, _record: Any, words: list[Any], _options: dict[str, Any]) -> None:
    """Make the file for this user only: it holds names and addresses. SQLite would make it as the umask
    says; what it makes beside the file (``-wal``, ``-shm``) gets the file's own mode."""
    with suppress(OSError):  # it is there; or SQLite will say why it cannot be
        os.close(os.open(words[0], os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL").close()  # NORMAL could lose commits on a power cut
    connection.execute("PRAGMA foreign_keys=ON").close()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and the writer work side by side; the file remembers it.

    SQLite does not wait when two processes switch a new file at once: the second is told *locked*
    there and then, whatever its busy timeout.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() > until:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise sqlite3.OperationalError(f"the file's folder cannot hold a SQLite database (mode {mode})")
        return


def _begin_sqlite(connection: sa.Connection) -> None:
    begin = connection.get_execution_options().get("loopwright_begin", "BEGIN IMMEDIATE")
    if begin:
        connection.exec_driver_sql(begin)


def _unwrap(context: Any) -> None:
    """Hand on what our column types refuse as it is, not inside a driver's error."""
    if isinstance(context.original_exception, DomainError | NotAware):
        raise context.original_exception
