"""What must hold in the tables at any time, each as one query whose answer is empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from scheduler.domain.bookings import Hold, InterviewState, SeatState, WriteState
from scheduler.domain.loops import ENDED
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.storage.repositories.ledger import CURRENT, NOTED
from scheduler.storage.tables import facts, interviews, ledger, loops, reservations, seats

if TYPE_CHECKING:
    from scheduler.storage.database import Tx

GRACE = timedelta(seconds=60)
"""How long a hold may outlive its time: expiry runs once a minute at least."""

PATIENCE = timedelta(minutes=15)
"""How long a write may stay undone past the time it was due before somebody must know."""


def check(tx: Tx, now: datetime | None = None) -> list[str]:
    """One line per thing that is not as promised; empty when all is well."""
    moment = now or datetime.now(UTC)
    return [
        *_overlaps(tx),
        *_unprotected(tx),
        *_twice_requested(tx),
        *_broken_facts(tx),
        *_rows_taken_out(tx),
        *_overdue_writes(tx, moment),
        *_writes_too_late(tx),
        *_holds_too_old(tx, moment),
        *_ended_but_holding(tx),
    ]


WALLS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        (
            "tr_lw_facts_only_added_delete",
            "tr_lw_facts_only_added_update",
            "tr_lw_reservations_no_overlap_insert",
            "tr_lw_reservations_no_overlap_update",
        ),
    ),
    "postgresql": (
        "SELECT conname FROM pg_constraint WHERE conrelid = 'lw_reservations'::regclass AND contype = 'x' "
        "UNION ALL SELECT tgname FROM pg_trigger WHERE tgrelid = 'lw_facts'::regclass AND tgenabled <> 'D'",
        ("ex_lw_reservations_no_overlap", "tr_lw_facts_only_added", "tr_lw_facts_only_redacted"),
    ),
}
"""By dialect, how to ask for them and their names: what the database itself refuses, whatever a program does."""


def missing_walls(tx: Tx) -> list[str]:
    """What guards the tables and is not there any more, by name."""
    query, wanted = WALLS[tx.connection.dialect.name]
    there = set(tx.connection.exec_driver_sql(query).scalars())
    return [name for name in wanted if name not in there]


def _overlaps(tx: Tx) -> Iterator[str]:
    """Nobody and no room is in two places."""
    a, b = reservations.alias("a"), reservations.alias("b")
    clash = (a.c.subject == b.c.subject) & (a.c.start_at < b.c.start_at) & (b.c.start_at < a.c.end_at)
    query = sa.select(a.c.subject, a.c.start_at, a.c.loop, b.c.loop.label("other")).join(b, clash)
    for row in tx.connection.execute(query):
        yield f"{row.subject} is taken twice at {row.start_at:%Y-%m-%d %H:%M}Z: {row.loop} and {row.other}"


def _unprotected(tx: Tx) -> Iterator[str]:
    """Whoever must be in a live interview has its whole time reserved for it."""
    # Put together here: either database's planner would read every earlier row of a person for each seat.
    held: dict[tuple[str, str], list[sa.RowMapping]] = {}
    for row in tx.connection.execute(sa.select(reservations)).mappings():
        held.setdefault((row["interview"], row["subject"]), []).append(row)
    query = (
        sa.select(interviews, seats.c.person)
        .join(seats, seats.c.interview == interviews.c.id)
        .join(loops, loops.c.id == interviews.c.loop)
        .where(
            interviews.c.state != InterviewState.CANCELLED.value,
            interviews.c.kind != InterviewKind.TAKE_HOME.value,
            loops.c.state.not_in([s.value for s in ENDED]),
            seats.c.required,
            seats.c.state.not_in((SeatState.REPLACED.value, SeatState.DECLINED.value)),
        )
        .order_by(interviews.c.id, seats.c.place)
    )
    for seat in tx.connection.execute(query):
        rows = held.get((seat.id, str(Subject.person(seat.person))), [])
        if not any(r["start_at"] <= seat.start_at and r["end_at"] >= seat.end_at for r in rows):
            yield f"{seat.person} has a seat in {seat.id} of loop {seat.loop} whose time is not reserved"


def _twice_requested(tx: Tx) -> Iterator[str]:
    """A stage visit of an application has one loop."""
    visit = (loops.c.application, loops.c.stage_visit)
    query = sa.select(*visit, sa.func.count().label("n")).group_by(*visit).having(sa.func.count() > 1)
    for row in tx.connection.execute(query):
        yield f"application {row.application} has {row.n} loops for its stage visit {row.stage_visit}"


def _broken_facts(tx: Tx) -> Iterator[str]:
    """Facts are as they were chained."""
    broken = tx.facts.verify()
    if broken is not None:
        yield f"fact {broken} is not as it was written, or missing"


def _rows_taken_out(tx: Tx) -> Iterator[str]:
    """Every row of the ledger that a fact names is there."""
    there = set(tx.connection.execute(sa.select(ledger.c.id)).scalars())
    named = sa.select(facts.c.subject, facts.c.data).where(facts.c.what == NOTED).order_by(facts.c.seq)
    for row in tx.connection.execute(named):
        for id in row.data["rows"]:
            if id not in there:
                loop = row.subject.partition(":")[2]
                yield f"the write {id} of loop {loop} was noted and is no longer in the ledger"


def _overdue_writes(tx: Tx, now: datetime) -> Iterator[str]:
    """No write waits long past the time it was due."""
    since = sa.func.coalesce(ledger.c.due_at, ledger.c.noted_at)
    query = sa.select(ledger).where(ledger.c.state == WriteState.TODO.value, since < now - PATIENCE)
    for row in tx.connection.execute(query.order_by(ledger.c.id)):
        yield f"the {row.write} of {row.interview} ({row.id}, loop {row.loop}) is overdue: {row.error or 'not tried'}"


def _writes_too_late(tx: Tx) -> Iterator[str]:
    """Nothing is left to do for a generation that its loop has left."""
    query = (
        sa.select(ledger.c.id, ledger.c.loop)
        .join(loops, loops.c.id == ledger.c.loop)
        .where(ledger.c.state == WriteState.TODO.value, ~CURRENT)
    )
    for row in tx.connection.execute(query.order_by(ledger.c.id)):
        yield f"the write {row.id} of loop {row.loop} is of a generation that has passed and was not dropped"


def _holds_too_old(tx: Tx, now: datetime) -> Iterator[str]:
    """Holds end when they said they would."""
    late = (reservations.c.state == Hold.HELD.value) & (reservations.c.expires_at < now - GRACE)
    query = sa.select(reservations).where(late).order_by(reservations.c.subject, reservations.c.start_at)
    for row in tx.connection.execute(query):
        yield f"the hold on {row.subject} at {row.start_at:%Y-%m-%d %H:%M}Z (loop {row.loop}) is past its time"


def _ended_but_holding(tx: Tx) -> Iterator[str]:
    """A cancelled loop holds nobody's time."""
    query = (
        sa.select(reservations.c.loop, sa.func.count().label("n"))
        .join(loops, loops.c.id == reservations.c.loop)
        .where(loops.c.state == "cancelled")
        .group_by(reservations.c.loop)
    )
    for row in tx.connection.execute(query):
        yield f"loop {row.loop} is cancelled and still takes {row.n} times"
