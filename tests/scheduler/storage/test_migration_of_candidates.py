"""What was reserved by application is kept by person afterwards, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.bookings import Reservation
from scheduler.domain.loops import Candidate
from scheduler.domain.subjects import Subject
from scheduler.storage import Database, migrate
from tests.scheduler.storage.samples import application, hold, loop, taken


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


def test_rows_of_one_person_come_under_one_subject(older: Database) -> None:
    ada, eve = Candidate("Ada", "ada@example.net", "UTC"), Candidate("Eve", "eve@example.net", "UTC")
    loud = replace(ada, email="ADA@Example.net")
    with older.write() as tx:
        for n, who in enumerate((ada, loud, eve)):
            tx.applications.put(application(f"app-{n}", candidate=who))
            tx.loops.add(loop(f"loop-{n}", application=f"app-{n}"), actor="system", cause="test")
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
    with older.write() as tx:
        for n in (0, 1):
            tx.applications.put(application(f"app-{n}"))
            tx.loops.add(loop(f"loop-{n}", application=f"app-{n}"), actor="system", cause="test")
            tx.reservations.take([by_application(n, 30 * n, 30 * n + 45)])
    older.migrate()
    subject = application().candidate.subject
    assert {(r.subject, r.loop) for r in taken(older)} == {
        (subject, "loop-0"),
        (Subject.parse("candidate:app-1"), "loop-1"),
    }
