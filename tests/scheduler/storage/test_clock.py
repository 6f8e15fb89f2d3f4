"""Who shares a database goes by one clock, however wrong the clocks of the machines are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.storage import Database
from scheduler.storage.clock import FRESH_SECONDS, Clock, machine
from tests.scheduler.storage.samples import hold, with_loops

WRONG = timedelta(minutes=15)
NEAR = timedelta(seconds=5)


def wrong() -> datetime:
    return machine() + WRONG


@pytest.fixture
def elsewhere(postgres_database: Database) -> Iterator[Database]:
    """The same database, seen from a machine whose clock is put forward."""
    found = Database(postgres_database.url.render_as_string(hide_password=False), wrong)
    yield found
    found.dispose()


def test_a_machine_ahead_of_time_ends_nobodys_hold(postgres_database: Database, elsewhere: Database) -> None:
    ours = postgres_database
    with_loops(ours)
    with ours.write() as tx:
        until = ours.clock() + timedelta(minutes=10)
        tx.reservations.take([replace(hold("person:anna", 0, 30), expires_at=until)])
    with elsewhere.write() as tx:
        assert tx.reservations.late(elsewhere.clock()) == []
        assert tx.reservations.late(wrong()) != []  # by the machine's clock it would have been free
    assert abs(elsewhere.clock.ahead - WRONG) < NEAR
    assert abs(elsewhere.clock() - ours.clock()) < NEAR


def test_before_the_server_was_asked_it_is_the_machines_time(elsewhere: Database) -> None:
    assert abs(elsewhere.clock() - wrong()) < NEAR
    with elsewhere.read():
        assert abs(elsewhere.clock() - machine()) < NEAR


def test_the_server_is_asked_again_after_a_while_and_not_before(postgres_database: Database) -> None:
    passed = [0.0]
    clock = Clock(postgres_database.engine, elapsed=lambda: passed[0])
    with postgres_database.read():
        first = clock()
    passed[0] = FRESH_SECONDS - 1
    with postgres_database.read():
        assert clock() == first + timedelta(seconds=FRESH_SECONDS - 1)  # counted, not asked
    passed[0] = FRESH_SECONDS
    with postgres_database.read():
        assert abs(clock() - machine()) < NEAR


def test_with_sqlite_it_is_the_machines(sqlite_database: Database) -> None:
    with sqlite_database.read():
        assert abs(Clock(sqlite_database.engine, wrong)() - wrong()) < NEAR
    assert sqlite_database.clock.ahead == timedelta()
