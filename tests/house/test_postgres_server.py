"""The tests' own PostgreSQL is real, has what the schema needs, and is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.postgres_server import PostgresServer, find_binaries

ROOT = Path(__file__).resolve().parents[2]


def test_it_has_the_extension_behind_the_exclusion_constraint(fresh_postgres_url: str) -> None:
    engine = sa.create_engine(fresh_postgres_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE EXTENSION btree_gist"))
        connection.execute(
            sa.text(
                "CREATE TABLE taken (who text, during int4range, EXCLUDE USING gist (who WITH =, during WITH &&))"
            )
        )
        connection.execute(sa.text("INSERT INTO taken VALUES ('ada', '[0,60)'), ('ada', '[60,90)')"))
    with pytest.raises(sa.exc.IntegrityError, match="exclusion constraint"), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO taken VALUES ('ada', '[59,61)')"))
    engine.dispose()


def test_a_fresh_database_is_empty_and_its_own(
    postgres_server: PostgresServer, fresh_postgres_url: str
) -> None:
    assert fresh_postgres_url != postgres_server.url("postgres")
    engine = sa.create_engine(fresh_postgres_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_nothing_found_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"POSTGRES_BIN=.*: has no initdb, pg_ctl, postgres"):
        find_binaries()


def test_a_killed_test_run_leaves_no_server_behind() -> None:
    code = (
        "import sys, time\n"
        "from tests.postgres_server import running_postgres\n"
        "with running_postgres() as server:\n"
        "    print(server.folder, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert (folder / "data" / "postmaster.pid").exists()
        run.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and folder.exists():
        time.sleep(0.1)
    assert not folder.exists(), "removed only once the server has stopped"
