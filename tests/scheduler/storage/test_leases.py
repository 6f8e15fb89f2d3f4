"""A lease has one holder at a time, runs out by itself and can be given back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, minutes


def take(database: Database, holder: str, at: int = 0, until: int = 1) -> bool:
    with database.write() as tx:
        return tx.leases.take("ledger", holder, minutes(at), minutes(until))


def test_one_has_it_and_the_other_does_not(database: Database) -> None:
    assert take(database, "a")
    assert not take(database, "b")
    with database.read() as tx:
        assert tx.leases.holder("ledger") == "a"
        assert tx.leases.holder("another") is None


def test_its_holder_holds_on(database: Database) -> None:
    assert take(database, "a", until=1)
    assert take(database, "a", at=0, until=5)
    assert not take(database, "b", at=2, until=9), "it was renewed"


def test_it_runs_out(database: Database) -> None:
    assert take(database, "a", until=1)
    assert take(database, "b", at=1, until=2), "an end is exclusive"
    assert not take(database, "a", at=1, until=3), "who held it before finds out"


def test_only_its_holder_gives_it_back(database: Database) -> None:
    assert take(database, "a")
    with database.write() as tx:
        assert not tx.leases.give_back("ledger", "b")
        assert tx.leases.give_back("ledger", "a")
    assert take(database, "b")


def test_of_many_at_once_one_gets_it(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: take(database, f"h{n}"), range(8)))
    assert sum(got) == 1
    assert minutes(0) == NOW
