"""The ledger of writes to other people's systems: noted before, marked after, fenced by generation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.bookings import LedgerRow, Write, WriteState
from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState
from scheduler.storage.codec import encode
from scheduler.storage.locks import lock_loops
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.tables import ledger, loops

_rows = Rows(LedgerRow, ledger, renamed={"order": "position"})
_TODO = ledger.c.state == WriteState.TODO.value
_GENERATION = sa.select(loops.c.generation).where(loops.c.id == ledger.c.loop).correlate(ledger)
CURRENT = (ledger.c.write == Write.CANCEL.value) | (ledger.c.generation == _GENERATION.scalar_subquery())
"""The row is of its loop's present generation: whoever works on an older one comes too late. Cancels
are never too late, since what was written must go."""
_WANTED = (
    sa.select(ledger.c.state, loops.c.state.label("loop_state"))
    .join(loops, loops.c.id == ledger.c.loop)
    .where(ledger.c.id == sa.bindparam("row"))
)


NOTED_BY, NOTED = "system:ledger", "writes_noted"
"""Who says so, and what: the fact that names new rows."""


class Ledger:
    def __init__(self, connection: sa.Connection, facts: Facts) -> None:
        self.connection, self.facts = connection, facts

    def add_all(self, values: Sequence[LedgerRow], at: datetime | None = None) -> None:
        """Note new ones, as of ``at`` or now, with a fact that names them: a row that is taken out is missed."""
        noted = at or datetime.now(UTC)
        if not values:
            return
        rows = [{**_rows.row(v), "noted_at": noted} for v in values]
        self.connection.execute(sa.insert(ledger), rows)
        for loop in sorted({v.loop for v in values}):
            ids = [v.id for v in values if v.loop == loop]
            self.facts.add(Fact(noted, NOTED_BY, NOTED, f"ledger:{loop}", data={"rows": ids}))

    def get(self, id: str) -> LedgerRow | None:
        """The row of that id, or ``None``."""
        found = self._list(ledger.c.id == id)
        return found[0] if found else None

    def of_loop(self, loop_id: str, states: Collection[WriteState] | None = None) -> list[LedgerRow]:
        """By generation and order; in some ``states`` where given."""
        mine = ledger.c.loop == loop_id
        if states is not None:
            mine &= ledger.c.state.in_(sorted(s.value for s in states))
        return self._list(mine)

    def wanted(self, id: str) -> tuple[WriteState, LoopState] | None:
        """How a row and its loop stand just now, in one small read; ``None`` for an unknown one."""
        row = self.connection.execute(_WANTED, {"row": id}).first()
        return (WriteState(row.state), LoopState(row.loop_state)) if row else None

    def due(
        self, now: datetime, limit: int = 100, skip: int = 0, but: Collection[LoopState] = ()
    ) -> list[LedgerRow]:
        """What is to be done by ``now``, longest waiting first, from behind as many as are ``skip``ped; never of an
        older generation, cancels excepted, and not of loops that are in one of the states ``but``."""
        time = sa.func.coalesce(ledger.c.due_at, ledger.c.noted_at) <= now
        order = (
            sa.func.coalesce(ledger.c.due_at, ledger.c.noted_at),
            ledger.c.loop,
            ledger.c.position,
            ledger.c.id,
        )
        query = sa.select(ledger).where(_TODO, CURRENT, time).order_by(*order).limit(limit).offset(skip)
        if but:
            elsewhere = sa.select(loops.c.id).where(loops.c.state.in_(sorted(s.value for s in but)))
            query = query.where(ledger.c.loop.not_in(elsewhere))
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def noted(self, loop_ids: Collection[str], interview: str) -> Mapping[str, datetime]:
        """When each of the loops last had a row of that name noted."""
        mine = ledger.c.loop.in_(sorted(set(loop_ids))) & (ledger.c.interview == interview)
        query = sa.select(ledger.c.loop, sa.func.max(ledger.c.noted_at)).where(mine).group_by(ledger.c.loop)
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that a row has which was carried out, or still may be, or could not."""
        mine = ledger.c.key.in_(sorted(set(keys))) & (ledger.c.state != WriteState.DROPPED.value)
        query = sa.select(ledger.c.key).where(mine)
        return set(self.connection.execute(query).scalars())

    def waiting(self, now: datetime) -> tuple[int, datetime | None]:
        """How many rows `due` would give, and since when the longest has been due for another attempt."""
        time = sa.func.coalesce(ledger.c.due_at, ledger.c.noted_at) <= now
        query = sa.select(sa.func.count(), sa.func.min(ledger.c.due_at)).where(_TODO, CURRENT, time)
        count, oldest = self.connection.execute(query).one()
        return count, oldest

    def done(self, id: str, result: Mapping[str, Any], loop: str = "") -> bool:
        """Mark it done. ``False`` for whoever comes too late: it is no longer to do, or its loop has
        moved on to another generation (a cancel is still done then). Raises `Missing`; whoever names the
        ``loop`` of the row is not asked for it, and told ``False`` where there is no such row."""
        return self._mark(id, loop, state=WriteState.DONE.value, result=encode(result), error="")

    def failed_attempt(self, id: str, error: str, due_at: datetime | None) -> bool:
        """Count an attempt that failed and try again at ``due_at``; ``False`` as in `done`."""
        return self._mark(id, attempts=ledger.c.attempts + 1, error=error, due_at=due_at)

    def again(self, loop_id: str, at: datetime) -> list[LedgerRow]:
        """Note once more what of the loop's present mails was given up; gives them."""
        lock_loops(self.connection, [loop_id])
        failed = (ledger.c.loop == loop_id) & (ledger.c.state == WriteState.FAILED.value)
        found = self._list(failed & (ledger.c.write == Write.MAIL.value) & CURRENT)
        mine = ledger.c.id.in_([row.id for row in found])
        todo = {"state": WriteState.TODO.value, "attempts": 0, "due_at": at}
        self.connection.execute(sa.update(ledger).where(mine).values(todo))
        return found

    def give_up(self, id: str, error: str) -> bool:
        """Mark it failed for good; ``False`` as in `done`."""
        failed = WriteState.FAILED.value
        return self._mark(id, state=failed, attempts=ledger.c.attempts + 1, error=error)

    def drop(
        self, loop_id: str, *, below_generation: int | None = None, ids: Collection[str] | None = None
    ) -> int:
        """Mark the loop's open rows as no longer wanted: those of older generations, or of ``ids``,
        or all; returns how many."""
        lock_loops(self.connection, [loop_id])
        gone = sa.update(ledger).where(ledger.c.loop == loop_id, _TODO)
        if below_generation is not None:
            gone = gone.where(ledger.c.generation < below_generation)
        if ids is not None:
            gone = gone.where(ledger.c.id.in_(sorted(set(ids))))
        return self.connection.execute(gone.values(state=WriteState.DROPPED.value)).rowcount

    def _mark(self, id: str, loop: str = "", **values: Any) -> bool:
        known = loop or self.connection.execute(sa.select(ledger.c.loop).where(ledger.c.id == id)).scalar()
        if known is None:
            raise Missing("ledger row", id)
        lock_loops(self.connection, [known])
        change = sa.update(ledger).where(ledger.c.id == id, _TODO, CURRENT).values(values)
        return self.connection.execute(change).rowcount == 1

    def _list(self, condition: sa.ColumnElement[bool]) -> list[LedgerRow]:
        order = (ledger.c.generation, ledger.c.position, ledger.c.id)
        query = sa.select(ledger).where(condition).order_by(*order)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]
