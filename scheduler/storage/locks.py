"""The order in which transactions lock, so that no two ever wait for each other on PostgreSQL:

1. the company, while its file is loaded; the claim of an idempotency key; a delivery,
2. a loop, before anything that belongs to it is changed,
3. the subjects whose time is taken, all of them at once and in the same order for everybody,
4. jobs, which the engine adds on our connection under a key,
5. the head of the facts, at the very end, and behind it only new rows that nobody waits for: messages to hooks, and
   their jobs.

Whoever works on several loops in one transaction takes them by id, as `lock_loops` does.

SQLite has one writer at a time and needs none of this.

Told by `tests/scheduler/storage/test_contention.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from scheduler.storage.tables import loops

_ours: WeakKeyDictionary[sa.RootTransaction, set[str]] = WeakKeyDictionary()
"""The loops that each open transaction has already: they are asked for once."""


def lock_loops(connection: sa.Connection, ids: Iterable[str]) -> None:
    """Have these loops to ourselves until the transaction ends; waits for whoever has one."""
    if connection.dialect.name == "sqlite":
        return
    wanted = sorted(set(ids) - had(connection))
    if not wanted:
        return
    # NO KEY UPDATE: rows that merely refer to a loop may still be inserted by others.
    mine = sa.select(loops.c.id).where(loops.c.id.in_(wanted)).order_by(loops.c.id)
    connection.execute(mine.with_for_update(key_share=True)).all()
    had(connection).update(wanted)


def had(connection: sa.Connection) -> set[str]:
    """The loops that this transaction has to itself; whoever locks one adds it. Inside a savepoint nothing is
    added: what is locked there is free again where it is given up."""
    transaction = connection.get_transaction()
    if transaction is None or connection.in_nested_transaction():
        return set()
    return _ours.setdefault(transaction, set())


def lock_subjects(connection: sa.Connection, subjects: Iterable[str]) -> None:
    """Be the only one who takes time of these subjects until the transaction ends.

    The constraint alone lets two transactions wait for each other: one that has given up a time of
    somebody and wants an earlier one, another that has the earlier one and wants the time given up.
    """
    if connection.dialect.name == "sqlite":
        return
    keys = sorted({_key(subject) for subject in subjects})
    listed = sa.func.unnest(sa.cast(keys, ARRAY(sa.BigInteger))).column_valued("key")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(listed))).all()


def _key(subject: str) -> int:
    """The advisory lock of a subject; two that share one only wait for each other more often."""
    digest = hashlib.sha256(b"loopwright/subject/" + subject.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
