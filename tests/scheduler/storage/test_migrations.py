"""The schema: as the tables say, on both databases, made once however many begin, whole when killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from scheduler.storage import Database, migrate
from scheduler.storage.tables import PREFIX, metadata
from tests.scheduler.storage.samples import NOW, hold, taken, with_loops


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/new.db")
    else:
        database = Database(request.getfixturevalue("fresh_postgres_url"))
    yield database
    database.dispose()


def differences(connection: sa.Connection) -> list[object]:
    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.engine.connect() as connection:
        assert differences(connection) == []


def test_a_difference_would_be_seen(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE lw_loops ADD COLUMN colour TEXT")
        tx.connection.exec_driver_sql("DROP INDEX ix_lw_loops_state")
        found = differences(tx.connection)
        raise ZeroDivisionError
    assert len(found) == 2


def test_a_new_database_is_brought_to_the_newest_schema(empty: Database) -> None:
    assert empty.schema() == (None, migrate.newest())
    empty.migrate()
    empty.migrate()
    assert empty.schema() == (migrate.newest(), migrate.newest())
    with empty.write() as tx:
        tx.cursors.put("a", "1", NOW)
    empty.migrate()
    with empty.read() as tx:
        assert tx.cursors.get("a") == "1"


def test_autogenerate_looks_at_our_tables_only(empty: Database) -> None:
    """The job engine keeps its tables in the same SQLite file; they must not be dropped."""
    with empty.write() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE workflow_status (id TEXT)")
    empty.migrate()
    with empty.engine.connect() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.check(settings)  # raises where the migrations and the tables differ
        assert sa.inspect(connection).has_table("workflow_status")


def test_every_table_of_ours_has_the_prefix() -> None:
    assert all(name.startswith(PREFIX) for name in metadata.tables)
    assert migrate.VERSION_TABLE.startswith(PREFIX)


def test_alembic_alone_says_how_to_migrate() -> None:
    with pytest.raises(SystemExit, match="loopwright migrate"):
        command.upgrade(migrate.config(), "head")


def test_the_walls_are_there(database: Database) -> None:
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            query = (
                "SELECT conname FROM pg_constraint WHERE contype = 'x' UNION SELECT tgname FROM pg_trigger"
            )
        else:
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        found = {name for (name,) in connection.exec_driver_sql(query) if not name.startswith("RI_")}
    assert found == (
        {"ex_lw_reservations_no_overlap", "tr_lw_facts_only_added", "tr_lw_facts_only_redacted"}
        if database.dialect == "postgresql"
        else {
            "tr_lw_reservations_no_overlap_insert",
            "tr_lw_reservations_no_overlap_update",
            "tr_lw_facts_only_added_update",
            "tr_lw_facts_only_added_delete",
        }
    )


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "ix_lw_ledger_state" in statement:
            raise ZeroDivisionError

    sa.event.listen(empty.engine, "before_cursor_execute", fail)
    with pytest.raises(ZeroDivisionError):
        empty.migrate()
    sa.event.remove(empty.engine, "before_cursor_execute", fail)
    with empty.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    empty.migrate()
    assert empty.schema()[0] == migrate.newest()


_KILLED = """
import os, sys
from sqlalchemy import event
from scheduler.storage import Database

database, statements = Database(sys.argv[1]), 0

@event.listens_for(database.engine, "after_cursor_execute")
def count(*_):
    global statements
    statements += 1
    if statements == int(sys.argv[2]):
        os.kill(os.getpid(), 9)

database.migrate()
print(statements)
"""


def run_and_kill(database: Database, after: int) -> subprocess.CompletedProcess[str]:
    """Migrate in a process of its own that is killed after so many statements."""
    url = database.engine.url.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-c", _KILLED, url, str(after)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )


@pytest.mark.parametrize("after", [5, 35])
def test_a_migration_that_is_killed_is_done_again(empty: Database, after: int) -> None:
    killed = run_and_kill(empty, after)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    with empty.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    empty.migrate()
    assert empty.schema()[0] == migrate.newest()
    with empty.engine.connect() as connection:
        assert differences(connection) == []


def _migrate(url: str, gate: object, results: object) -> None:
    try:
        gate.wait()  # type: ignore[attr-defined]
        database = Database(url)
        database.migrate()
        with database.write() as tx:
            tx.cursors.put(f"process-{os.getpid()}", "1", NOW)
        results.put("fine")  # type: ignore[attr-defined]
    except BaseException as fault:
        results.put(f"{type(fault).__name__}: {fault}")  # type: ignore[attr-defined]
        raise


def test_processes_may_all_begin_with_a_migration(empty: Database) -> None:
    url = empty.engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    gate, results = spawn.Barrier(2, timeout=60), spawn.Queue()
    workers = [spawn.Process(target=_migrate, args=(url, gate, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [results.get(timeout=90) for _ in workers] == ["fine"] * 2
    for worker in workers:
        worker.join(timeout=30)
    with empty.engine.connect() as connection:
        assert differences(connection) == []


def test_threads_may_all_begin_with_a_migration(empty: Database) -> None:
    faults: list[Exception] = []

    def work() -> None:
        try:
            empty.migrate()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert empty.schema()[0] == migrate.newest()


def test_a_migration_of_a_full_sqlite_keeps_its_rows_and_references(sqlite_database: Database) -> None:
    """The way SQLite alters a table, by copying it, must not follow references into a deletion."""
    with_loops(sqlite_database)
    with sqlite_database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, 30)])
        tx.connection.exec_driver_sql(f"DELETE FROM {migrate.VERSION_TABLE}")
    with pytest.raises(Exception, match="already exists"):
        sqlite_database.migrate()
    assert len(taken(sqlite_database)) == 1
    with sqlite_database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
