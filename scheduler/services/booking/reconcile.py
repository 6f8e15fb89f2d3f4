"""The net beneath everything else: finishes what is pending, frees what expired, removes orphans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.protocol import event_id
from connectors.types import Event, EventRef, Window
from scheduler.domain.bookings import Interview, LedgerRow, Write, WriteState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import BookMode, Loop, LoopState, undo_time
from scheduler.domain.proposals import BatchState, ProposalState
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.booking import compensate
from scheduler.storage.database import Tx

ACTOR = "system:reconciler"
OVERDUE = timedelta(seconds=60)
_PAGE = 500
"""Rows of the ledger that are read at once."""
_PERFORMED = frozenset(s for s, job in jobs.WAITS_FOR.items() if job is jobs.Job.PERFORM)
"""States of loops that wait for their writes: they are looked after as such."""
_BACK, _AHEAD = timedelta(days=7), timedelta(days=100)


def sweep(app: App) -> None:
    """Queue again whatever waits longer than it should; complete loops whose last meeting is over.

    What waits is queued again once, and once more for every hour that it goes on: where the jobs
    themselves are late, more of them would only make them later.
    """
    now = app.clock()
    expire(app)
    with app.db.write() as tx:
        for row in overdue(tx, now):
            loop = tx.loops.get(row.loop)
            if loop is not None:
                jobs.perform_again(app, tx, loop, row, row.due_at or loop.updated_at)
        for delivery in tx.inbox.pending(now - OVERDUE):
            jobs.intake_again(app, tx, delivery.id, delivery.received_at)
        _look_after(app, tx, now)
    complete(app)


def overdue(tx: Tx, now: datetime) -> Iterator[LedgerRow]:
    """Of each loop that waits for no job that writes, the row that is due the longest: that job does all of them.
    Cancels and mails of what is booked already, as many as there are."""
    seen = set[str]()
    for row in all_due(tx, now - OVERDUE, _PERFORMED):
        if row.loop not in seen:
            seen.add(row.loop)
            yield row


def all_due(tx: Tx, now: datetime, but: Collection[LoopState] = ()) -> Iterator[LedgerRow]:
    """Every row that is due, page by page, but for loops in one of these states: nothing is to be marked meanwhile."""
    skip = 0
    while page := tx.ledger.due(now, _PAGE, skip, but):
        skip += len(page)
        yield from page


def _look_after(app: App, tx: Tx, now: datetime) -> None:
    """Every loop that waits for a job, whatever became of the job: a worker may have ended while it had it."""
    for batch in tx.batches.list({BatchState.PLANNING}):
        if batch.updated_at + OVERDUE <= now:
            jobs.batch_again(app, tx, batch.id, batch.round, batch.updated_at)
    usual = tx.company.policy().undo_minutes if tx.company.loaded_at() else 0
    for loop in tx.loops.every(jobs.WAITS_FOR.keys()):
        if loop.updated_at + OVERDUE > now:
            continue
        if loop.state is not LoopState.PROPOSED:
            rows = tx.ledger.of_loop(loop.id, {WriteState.TODO})
            if not any(r.due_at and r.due_at > now - OVERDUE for r in rows):  # else it comes again by itself
                jobs.awaited_again(app, tx, loop)
        elif (
            loop.mode is BookMode.BOOK
            and loop.updated_at + undo_time(loop.undo_minutes, usual) + OVERDUE <= now
        ):
            offered = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
            if offered:
                jobs.awaited_again(app, tx, loop, offered[0].id)


def expire(app: App) -> None:
    """Holds past their time: what was being booked under them is undone, a human is told. What was booked before
    keeps the times that it was to be moved to, as wherever its repair fails."""
    now = app.clock()
    with app.db.write() as tx:
        late = tx.reservations.late(now)
        for loop_id in late:
            compensate.expired_in(app, tx, loop_id)
        tx.reservations.expire(
            now, late
        )  # not of one that another transaction has just let go of: its loop was not told


def backlog(app: App) -> tuple[int, float]:
    """How many writes wait, and for how many seconds the oldest has been due."""
    now = app.clock()
    with app.db.read() as tx:
        count, oldest = tx.ledger.waiting(now)
    return count, (now - oldest).total_seconds() if oldest is not None else 0.0


def complete(app: App) -> None:
    """Confirmed loops become *completed* once their last meeting has ended."""
    now = app.clock()
    with app.db.read() as tx:
        over = tx.loops.over(now)
    for id in over:
        with app.db.write() as tx:
            loop = tx.loops.claim(id)
            if loop is not None and loop.state is LoopState.CONFIRMED and _over(tx, loop, now):
                tx.loops.move(
                    id, LoopState.COMPLETED, expect={LoopState.CONFIRMED}, actor=ACTOR, cause="over", at=now
                )


def _over(tx: Tx, loop: Loop, now: datetime) -> bool:
    return all(i.span.end < now for i in tx.interviews.of_loop(loop.id))


@dataclass(frozen=True, slots=True)
class Stray:
    """An event that carries our key but is not the one of a live interview. ``interview`` is the one whose
    second event it is; ``ours`` whether nobody else can have made or changed it."""

    interview: Interview | None
    ours: bool


def orphans(app: App) -> list[str]:
    """Cancel events in the organizer's calendar that carry our key but belong to no live interview.

    An event whose write is still noted as to do is left alone: its answer may just be on its way. So is a
    second event that a person may have made of ours by copying it. Returns the keys of what was cancelled.
    """
    now = app.clock()
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return []
        organizer = tx.company.organizer()
    calendar = app.calendar(organizer)
    events = calendar.find_all(organizer.address, Window(now - _BACK, now + _AHEAD))
    gone, there = [], {e.ref.id for e in events}
    for event in _strangers(app, events):
        if _orphan(app, event, there):
            try:
                calendar.cancel(EventRef(event.ref.calendar, event.ref.id))
            except ConnectorError:
                continue
            gone.append(event.key)
    if gone:
        with app.db.write() as tx:
            for key in gone:
                tx.facts.add(Fact(now, ACTOR, "orphan_cancelled", f"event:{key}"))
    return gone


def _strangers(app: App, events: Iterable[Event]) -> list[Event]:
    """The live events with our key that are not simply where a live interview has them."""
    ours = [e for e in events if e.key.startswith(f"{app.deployment}/") and not e.cancelled]
    with app.db.read() as tx:
        known = tx.interviews.at_events({e.ref.id for e in ours})
    return [e for e in ours if (*e.key.split("/")[1:3], e.ref.id) not in known]


def _orphan(app: App, event: Event, there: Collection[str]) -> bool:
    with app.db.read() as tx:
        found = stray(tx, event, there)
    return found is not None and found.ours


def stray(tx: Tx, event: Event, there: Collection[str]) -> Stray | None:
    """What is wrong with a live event that carries our key; ``None`` where nothing is, or while its loop is
    being written. ``there`` are the ids of all of ours in that calendar: a second event of an interview that has
    lost its first is all that is left of it."""
    parts = event.key.split("/")
    if len(parts) != 4:
        return None
    _, loop_id, spec, _ = parts
    rows = tx.ledger.of_loop(loop_id)
    if any(r.state is WriteState.TODO and r.write is not Write.MAIL for r in rows):
        return None
    interview = next((i for i in tx.interviews.of_loop(loop_id) if i.spec == spec), None)
    if interview is None:
        return Stray(None, True)
    if interview.event_id == event.ref.id:
        return None
    if interview.event_id and interview.event_id not in there:
        return Stray(interview, False)
    known = {event_id(event.key), *(r.result.get("event") for r in rows)}
    as_we_write_it = (event.start, event.end) == (interview.span.start, interview.span.end)
    return Stray(interview, event.ref.id in known or as_we_write_it)
