"""Every test of the storage that asks for ``database`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.storage import Database
from scheduler.storage.tables import fact_chain, metadata
from tests.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The address of a migrated database, to be emptied before each use."""
    url = postgres_server.create_database("storage")
    database = Database(url)
    database.migrate()
    database.dispose()
    return url


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "test.db"
    shutil.copyfile(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture
def postgres_database(migrated_postgres: str) -> Iterator[Database]:
    database = Database(migrated_postgres)
    with database.write() as tx:
        tx.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # past the triggers
        for table in metadata.sorted_tables:
            tx.connection.execute(sa.delete(table))
        tx.connection.execute(sa.insert(fact_chain), {"id": 1, "seq": 0, "hash": ""})
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    found: Database = request.getfixturevalue(name)
    return found
