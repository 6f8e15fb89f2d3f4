"""What was reserved by application is kept by person afterwards, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.domain.bookings import Reservation
from scheduler.domain.loops import Application, Candidate, Loop
from scheduler.domain.subjects import Subject
from scheduler.storage import Database, migrate, tables
from scheduler.storage.mapping import Rows
from tests.scheduler.storage.samples import application, hold, loop, taken

_applications = Rows(Application, tables.applications, without=frozenset({"candidate"}))
_loops = Rows(Loop, tables.loops)


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as it was before candidates were people."""
    url = f"sqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres_url")
    database = Database(url)
    migrate.upgrade(database.engine, "0004")
    yield database
    database.dispose()


def by_application(n: int, start: int, end: int) -> Reservation:
    return hold(f"candidate:app-{n}", start, end, f"loop-{n}")


def ask(database: Database, loops: Mapping[int, Candidate]) -> None:
    """Keep an application and its loop for each number, in the columns that the tables had then."""
    then, connection = sa.MetaData(), database.engine.connect()
    with connection, connection.begin():
        then.reflect(connection, only=["lw_applications", "lw_loops"])
        for n, who in loops.items():
            values = {f"candidate_{f.name}": getattr(who, f.name) for f in fields(who)}
            applied = _applications.row(application(f"app-{n}")) | values
            asked = _loops.row(loop(f"loop-{n}", application=f"app-{n}"))
            for table, row in ((tables.applications, applied), (tables.loops, asked)):
                known = then.tables[table.name].c
                connection.execute(sa.insert(table).values({k: v for k, v in row.items() if k in known}))


def test_rows_of_one_person_come_under_one_subject(older: Database) -> None:
    ada, eve = Candidate("Ada", "ada@example.net", "UTC"), Candidate("Eve", "eve@example.net", "UTC")
    loud = replace(ada, email="ADA@Example.net")
    ask(older, {0: ada, 1: loud, 2: eve})
    with older.write() as tx:
        tx.reservations.take([by_application(0, 0, 45), hold("room:oak", 0, 45, "loop-0")])
        tx.reservations.take([by_application(1, 45, 90)])
        tx.reservations.take([by_application(2, 30, 60)])
    older.migrate()
    assert {(r.subject, r.loop) for r in taken(older)} == {
        (ada.subject, "loop-0"),
        (Subject.room("oak"), "loop-0"),
        (ada.subject, "loop-1"),
        (eve.subject, "loop-2"),
    }


def test_who_was_booked_twice_keeps_both_rows_and_the_first_one_counts(older: Database) -> None:
    ask(older, dict.fromkeys((0, 1), application().candidate))
    with older.write() as tx:
        for n in (0, 1):
            tx.reservations.take([by_application(n, 30 * n, 30 * n + 45)])
    older.migrate()
    subject = application().candidate.subject
    assert {(r.subject, r.loop) for r in taken(older)} == {
        (subject, "loop-0"),
        (Subject.parse("candidate:app-1"), "loop-1"),
    }
