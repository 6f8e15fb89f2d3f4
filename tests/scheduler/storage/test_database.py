"""Transactions: kept whole or not at all, one writer, readers that see one moment, failures with a name."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scheduler.domain.errors import BadInput
from scheduler.storage import Database, Unavailable
from scheduler.storage.tables import cursors
from tests.postgres_server import PostgresServer
from tests.scheduler.storage.samples import NOW, application, with_loops


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("", "database: is not an address"),
        ("loopwright.db", "database: is not an address"),
        ("mysql://host/db", "database: unknown kind 'mysql'"),
        ("sqlite+aiosqlite:///x.db", "database: unknown kind 'sqlite+aiosqlite'"),
        ("sqlite://", "database: SQLite in memory cannot be shared"),
        ("sqlite:///:memory:", "database: SQLite in memory cannot be shared"),
        ("sqlite:///file:x?mode=memory&uri=true", "database: SQLite in memory cannot be shared"),
    ],
)
def test_an_address_of_another_kind_is_refused(url: str, line: str) -> None:
    with pytest.raises(BadInput) as caught:
        Database(url)
    assert caught.value.text.startswith(line)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_known_by_its_usual_names(scheme: str) -> None:
    database = Database(f"{scheme}://host/db")
    assert database.dialect == "postgresql"
    assert database.engine.url.drivername == "postgresql+psycopg"


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        tx.applications.put(application())
        tx.cursors.put("a", "1", NOW)
        raise ZeroDivisionError
    with database.read() as tx:
        assert tx.applications.list() == []
        assert tx.cursors.get("a") is None
        assert tx.facts.list() == []


def test_a_block_that_ends_is_kept(database: Database) -> None:
    with database.write() as tx:
        tx.cursors.put("a", "1", NOW)
    with database.read() as tx:
        assert tx.cursors.get("a") == "1"


def test_a_second_write_in_the_same_thread_is_refused_instead_of_waiting_for_itself(
    database: Database,
) -> None:
    with database.write() as tx:
        with pytest.raises(RuntimeError, match="already open"), database.write():
            pass
        tx.cursors.put("a", "1", NOW)
    with database.write() as tx:
        assert tx.cursors.get("a") == "1"


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(RuntimeError, match="asked to write"), database.read() as tx:
        tx.cursors.put("a", "1", NOW)
    with database.write() as tx:  # the connection it used is as good as before
        tx.cursors.put("a", "1", NOW)


def test_a_read_sees_one_moment(database: Database) -> None:
    with_loops(database)
    with database.read() as tx:
        assert [loop.id for loop in tx.loops.list()] == ["loop-1"]
        writer = threading.Thread(target=with_loops, args=(database, "loop-2"))
        writer.start()
        writer.join()
        assert [loop.id for loop in tx.loops.list()] == ["loop-1"]
        assert len(tx.facts.list()) == 1
    with database.read() as tx:
        assert [loop.id for loop in tx.loops.list()] == ["loop-1", "loop-2"]


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.cursors.put("a", "1", NOW)
        with database.read() as other:
            assert other.cursors.get("a") is None


def test_a_rolled_back_savepoint_leaves_the_rest(database: Database) -> None:
    """As the job engine does when it enqueues on our connection."""
    with database.write() as tx:
        tx.cursors.put("a", "1", NOW)
        with pytest.raises(ZeroDivisionError), tx.connection.begin_nested():
            tx.cursors.put("b", "1", NOW)
            raise ZeroDivisionError
    with database.read() as tx:
        assert (tx.cursors.get("a"), tx.cursors.get("b")) == ("1", None)


def test_sqlite_keeps_acknowledged_commits_over_a_power_cut(sqlite_database: Database) -> None:
    with sqlite_database.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_locked_sqlite_file_is_unavailable(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.storage.engine.BUSY_SECONDS", 0.05)
    database = Database(str(sqlite_database.engine.url))
    other = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"), database.write():
        pass
    other.execute("ROLLBACK")
    other.close()
    with database.write() as tx:
        tx.cursors.put("a", "1", NOW)
    database.dispose()


@pytest.mark.parametrize("same_process", [True, False])
def test_a_note_waits_for_no_writer(database: Database, same_process: bool) -> None:
    """Neither for one of the same process nor for another's, who holds what it wants until the note is given up."""
    other = database if same_process else Database(database.engine.url.render_as_string(hide_password=False))
    with database.write() as tx:
        tx.cursors.put("a", "1", NOW)
    with ThreadPoolExecutor(1) as pool, other.write() as held:
        held.cursors.put("a", "2", NOW)
        assert not pool.submit(database.note, lambda tx: tx.cursors.put("a", "3", NOW)).result(timeout=20)
    with database.read() as tx:
        assert tx.cursors.get("a") == "2"
    assert database.note(lambda tx: tx.cursors.put("a", "3", NOW))
    with database.read() as tx:
        assert tx.cursors.get("a") == "3"
    other.dispose()
    if database.dialect == "sqlite":
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000, "as before"


def test_a_new_file_that_somebody_is_writing_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself does not wait when it is to switch such a file to WAL."""
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.execute, ["ROLLBACK"]).start()
    database = Database(f"sqlite:///{tmp_path}/new.db")
    database.migrate()
    database.dispose()
    other.close()


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open"), Database(f"sqlite:///{tmp_path}/no/x.db").read():
        pass


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable), Database(f"postgresql://u@/db?host={tmp_path}").read():
        pass


def test_a_cut_connection_is_unavailable_and_the_next_one_works(postgres_database: Database) -> None:
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(Unavailable), postgres_database.write() as tx:
        tx.cursors.put("a", "1", NOW)
        tx.connection.exec_driver_sql(kill)
    with postgres_database.write() as tx:
        assert tx.cursors.get("a") is None


def test_a_deadlock_made_on_purpose_ends_as_unavailable(postgres_database: Database) -> None:
    """By going round the locking order: the loser is told to try again, not given a driver's error."""
    with_loops(postgres_database, "loop-1", "loop-2")
    barrier, outcomes = threading.Barrier(2, timeout=20), []

    def touch(first: str, second: str) -> None:
        try:
            with postgres_database.write() as tx:
                tx.loops.change(first, "a", "c", NOW, "touched", labels={})
                barrier.wait()
                tx.loops.change(second, "a", "c", NOW, "touched", labels={})
            outcomes.append("kept")
        except Unavailable:
            outcomes.append("unavailable")

    pair = [
        threading.Thread(target=touch, args=order) for order in (("loop-1", "loop-2"), ("loop-2", "loop-1"))
    ]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    assert sorted(outcomes) == ["kept", "unavailable"]


def test_no_value_reaches_an_error_text(database: Database) -> None:
    twice = {"calendar": "secret-name", "cursor": "secret-cursor", "at": NOW}
    with pytest.raises(IntegrityError) as caught, database.write() as tx:
        tx.connection.execute(sa.insert(cursors), [twice, twice])
    assert "secret-cursor" not in str(caught.value)


def test_servers_share_a_postgresql(postgres_server: PostgresServer, postgres_database: Database) -> None:
    other = Database(str(postgres_database.engine.url))
    with postgres_database.write() as tx:
        tx.cursors.put("a", "1", NOW)
    with other.read() as tx:
        assert tx.cursors.get("a") == "1"
    other.dispose()


def test_a_database_without_schema_says_so(tmp_path: Path, fresh_postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/new.db", fresh_postgres_url):
        database = Database(url)
        with (
            pytest.raises(Unavailable, match="no schema yet: run `loopwright migrate`"),
            database.read() as tx,
        ):
            tx.loops.list()
        database.dispose()


def test_a_statement_of_ours_that_is_wrong_is_not_called_unavailable(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="syntax"), database.write() as tx:
        tx.connection.exec_driver_sql("SELEC 1")


def test_a_full_disk_is_unavailable_and_keeps_what_was_there(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        tx.cursors.put("a", "1", NOW)
    with pytest.raises(Unavailable, match="full"), sqlite_database.write() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for n in range(50):
            tx.cursors.put(f"b-{n}", "x" * 10_000, NOW)
    sqlite_database.dispose()  # the limit is the connection's
    with sqlite_database.write() as tx:
        assert (tx.cursors.get("a"), tx.cursors.get("b-0")) == ("1", None)
        tx.cursors.put("a", "2", NOW)


_WRITER = """
import sys
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW

database = Database(sys.argv[1])
for n in range(10_000):
    with database.write() as tx:
        tx.cursors.put("a", str(n), NOW)
        tx.loops.change("loop-1", "a", str(n), NOW, "counted", labels={"n": str(n)})
    print(n, flush=True)
"""


def test_what_was_answered_is_there_after_a_kill(database: Database) -> None:
    with_loops(database)
    root = Path(__file__).parents[3]
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, database.engine.url.render_as_string(hide_password=False)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(15)]
    writer.kill()
    lines += writer.stdout.readlines()
    writer.stdout.close()
    writer.wait(timeout=30)
    answered = int(lines[-1])
    with database.write() as tx:
        # Waits until the server has kept or undone what was open.
        tx.loops.change("loop-1", "a", "c", NOW, "looked_at", labels={})
        kept = int(tx.cursors.get("a") or -1)
        assert kept in (answered, answered + 1)
    with database.read() as tx:
        assert len(tx.facts.list(limit=20_000)) == kept + 3
        assert tx.facts.verify() is None


def test_a_part_that_fails_leaves_the_rest_of_the_transaction_as_it_was(database: Database) -> None:
    """PostgreSQL takes nothing more behind a statement that failed."""
    with database.read() as tx:
        before = tx.loops.list()
        with pytest.raises(sa.exc.DBAPIError), tx.part():
            tx.connection.execute(sa.text("SELECT nothing FROM nowhere"))
        assert tx.loops.list() == before
