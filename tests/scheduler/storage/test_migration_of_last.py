"""When everything of a loop is over is known of loops that were there before it was kept, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.domain.loops import Application, Loop, last_of
from scheduler.storage import Database, migrate, tables
from scheduler.storage.mapping import Rows
from tests.scheduler.storage.samples import application, loop, span

_applications = Rows(Application, tables.applications, without=frozenset({"candidate"}))
_loops = Rows(Loop, tables.loops)


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as it was before."""
    url = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres_url")
    database = Database(url)
    migrate.upgrade(database.engine, "0022")
    yield database
    database.dispose()


def test_loops_that_are_there_are_put_in_order(older: Database) -> None:
    asked = {
        n: replace(loop(f"loop-{n}", application=f"app-{n}"), windows=windows)
        for n, windows in enumerate([(), (span(0, 45), span(60, 90)), (span(0, 10**7),)])
    }
    then = sa.MetaData()
    with older.engine.connect() as connection, connection.begin():
        then.reflect(connection, only=["lw_applications", "lw_loops"])
        for n, one in asked.items():
            who = application(f"app-{n}")
            named = {f"candidate_{name}": getattr(who.candidate, name) for name in ("name", "email", "zone")}
            more = {"owner_given": False, "job": "", "stage": "", "template_id": "", "candidate_folded": ""}
            for table, row in (
                (tables.applications, _applications.row(who) | named),
                (tables.loops, _loops.row(one)),
            ):
                known = then.tables[table.name].c
                values = {k: v for k, v in (more | row).items() if k in known}
                connection.execute(sa.insert(table).values(values))
    older.migrate()
    with older.read() as tx:
        rows = tx.connection.execute(sa.select(tables.loops.c.id, tables.loops.c.last_at))
        assert dict(rows.all()) == {one.id: last_of(one.horizon, one.windows) for one in asked.values()}
