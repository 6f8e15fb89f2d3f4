"""Facts are chained without forks, are never changed, and tell when somebody did it all the same."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from scheduler.domain.facts import Fact, chained
from scheduler.storage import Database
from scheduler.storage.columns import NotAware
from scheduler.storage.invariants import check
from scheduler.storage.tables import fact_chain, facts
from tests.scheduler.storage.samples import NOW, minutes


def note(database: Database, *subjects: str) -> None:
    with database.write() as tx:
        for n, subject in enumerate(subjects):
            tx.facts.add(Fact(minutes(n), "person:anna", "tested", subject, "a", "b", "c", {"n": n}))


def without_walls(database: Database, statement: sa.Executable) -> None:
    """What somebody with every right on the database could do."""
    with database.write() as tx:
        if database.dialect == "postgresql":
            tx.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            for moment in ("update", "delete"):
                tx.connection.exec_driver_sql(f"DROP TRIGGER tr_lw_facts_only_added_{moment}")
        tx.connection.execute(statement)


def test_facts_come_back_in_order_and_chained(database: Database) -> None:
    note(database, "loop:1", "loop:2")
    note(database, "loop:1")
    with database.read() as tx:
        kept = tx.facts.list()
        assert tx.facts.verify() is None
        assert [f.seq for f in tx.facts.of("loop:1")] == [1, 3]
        assert [f.seq for f in tx.facts.of("loop:1", limit=1)] == [3]
        assert [f.seq for f in tx.facts.list(limit=1, after=1)] == [2]
        assert tx.facts.of("loop:9") == []
    assert [f.seq for f in kept] == [1, 2, 3]
    last = ""
    for fact in kept:
        assert fact.hash == chained(last, fact)
        last = fact.hash
    assert kept[1] == Fact(
        minutes(1), "person:anna", "tested", "loop:2", "a", "b", "c", {"n": 1}, 2, kept[1].hash
    )


def test_no_facts_are_a_sound_chain(database: Database) -> None:
    with database.read() as tx:
        assert tx.facts.verify() is None
        assert tx.facts.list() == []


def test_a_fact_is_returned_as_it_will_be_kept(database: Database) -> None:
    with database.write() as tx:
        kept = tx.facts.add(
            Fact(NOW, "a", "b", "c", data={"when": NOW, "who": ("x", "y")}, seq=99, hash="no")
        )
        assert kept.data == {"when": NOW.isoformat(), "who": ["x", "y"]}
        assert (kept.seq, kept.hash) == (0, "")
        assert tx.facts.list() == []
        (numbered,) = tx.facts.flush()
        assert tx.facts.list() == [numbered]
        assert tx.facts.flush() == []
    with database.read() as tx:
        assert tx.facts.list() == [numbered]
        assert tx.facts.verify() is None


def test_a_naive_instant_is_refused_at_once(database: Database) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"), database.write() as tx:
        tx.facts.add(Fact(naive, "a", "b", "c"))
    assert issubclass(NotAware, ValueError)


def test_facts_that_come_at_once_make_one_chain(database: Database) -> None:
    barrier, faults = threading.Barrier(8, timeout=30), []

    def work(number: int) -> None:
        barrier.wait()
        try:
            for turn in range(8):
                note(database, f"loop:{number}", f"turn:{turn}")
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with database.read() as tx:
        assert [f.seq for f in tx.facts.list(limit=1000)] == list(range(1, 129))
        assert tx.facts.verify() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lw_facts SET actor = 'somebody else' WHERE seq = 2",
        "DELETE FROM lw_facts WHERE seq = 2",
        "DELETE FROM lw_facts",
    ],
)
def test_the_database_refuses_to_change_facts(database: Database, statement: str) -> None:
    note(database, "x", "y", "z")
    with pytest.raises(sa.exc.IntegrityError, match="facts are only added"), database.write() as tx:
        tx.connection.exec_driver_sql(statement)
    with database.read() as tx:
        assert len(tx.facts.list()) == 3


def test_postgresql_refuses_to_truncate_facts(postgres_database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="facts are only added"), postgres_database.write() as tx:
        tx.connection.exec_driver_sql("TRUNCATE lw_facts")


@pytest.mark.parametrize(
    "field", ["at", "actor", "what", "subject", "before", "after", "cause", "data", "hash"]
)
def test_every_altered_word_is_found(database: Database, field: str) -> None:
    note(database, "w", "x", "y", "z")
    other = {"at": minutes(999), "data": {"n": 999}}.get(field, "altered")
    without_walls(database, sa.update(facts).where(facts.c.seq == 3).values({field: other}))
    with database.read() as tx:
        assert tx.facts.verify() == 3
        assert check(tx, NOW) == ["fact 3 is not as it was written, or missing"]


@pytest.mark.parametrize(
    ("gone", "first_broken"), [((1,), 1), ((2,), 2), ((4,), 4), ((3, 4), 3), ((1, 2, 3, 4), 1)]
)
def test_missing_facts_are_found_at_the_end_too(
    database: Database, gone: tuple[int, ...], first_broken: int
) -> None:
    note(database, "w", "x", "y", "z")
    without_walls(database, sa.delete(facts).where(facts.c.seq.in_(gone)))
    with database.read() as tx:
        assert tx.facts.verify() == first_broken


def test_a_fact_put_in_between_is_found(database: Database) -> None:
    note(database, "w", "x")
    forged = Fact(NOW, "a", "b", "c")
    row = {
        "seq": 3,
        "at": NOW,
        "actor": "a",
        "what": "b",
        "subject": "c",
        "before": "",
        "after": "",
        "cause": "",
    }
    with database.write() as tx:
        last = tx.facts.list()[-1].hash
        tx.connection.execute(sa.insert(facts), {**row, "data": {}, "hash": chained(last, forged)})
    with database.read() as tx:
        assert tx.facts.verify() == 3


def test_the_chain_has_one_head(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.write() as tx:
        tx.connection.execute(sa.insert(fact_chain), {"id": 2, "seq": 0, "hash": ""})


def test_a_chain_longer_than_one_reading_is_sound(sqlite_database: Database) -> None:
    note(sqlite_database, *(f"s{n}" for n in range(2050)))
    with sqlite_database.read() as tx:
        assert tx.facts.verify() is None
    without_walls(sqlite_database, sa.update(facts).where(facts.c.seq == 1001).values(after="x"))
    with sqlite_database.read() as tx:
        assert tx.facts.verify() == 1001
