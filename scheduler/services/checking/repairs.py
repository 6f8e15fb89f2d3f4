"""What `doctor --repair` does about what is stored and what stands in the calendars: each thing it did, in a line.

Nothing is done blindly. An event that somebody moved, deleted or changed is told to whoever has the loop, never made
or taken away by a guess; a time is only taken where it is free.

Told by `tests/scheduler/services/checking/test_repairs.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from connectors.types import EventRef
from scheduler.domain.bookings import Hold, Interview, Reservation
from scheduler.domain.errors import Taken
from scheduler.domain.facts import Fact
from scheduler.domain.subjects import Whose
from scheduler.services.afterwards import moved
from scheduler.services.app import App
from scheduler.services.booking import holes, reconcile
from scheduler.services.checking import booked, events, times
from scheduler.services.checking.events import Fault, Kind
from scheduler.storage.database import Tx

ACTOR = "system:doctor"


def repair(app: App) -> Iterator[str]:
    """Let the reconciler act, then take back and take what the tables lack. Raises `ConnectorError` where a
    calendar does not answer."""
    yield from _holds(app)
    yield from _times(app)
    yield from _writes(app)
    yield from _events(app)


def _holds(app: App) -> Iterator[str]:
    with app.db.read() as tx:
        late = [r for r in tx.reservations.since(app.clock() - booked.BACK) if _expired(app, r)]
    reconcile.expire(app)
    for loop in sorted({r.loop for r in late}):
        yield f"freed the expired hold of loop {loop}"


def _expired(app: App, row: Reservation) -> bool:
    return row.state is Hold.HELD and row.expires_at is not None and row.expires_at <= app.clock()


def _times(app: App) -> Iterator[str]:
    now = app.clock()
    with app.db.read() as tx:
        found = times.look(tx, now)
    for loop in sorted({r.loop for r in (*found.loose, *found.lost)}):
        with app.db.write() as tx:
            if tx.loops.claim(loop) is None:
                continue
            again = times.look(tx, now)
            said = [
                *_loose(tx, app, [r for r in again.loose if r.loop == loop]),
                *_lost(tx, app, [r for r in again.lost if r.loop == loop]),
            ]
        yield from said  # once it is kept: whoever reads this may take as long as they like, and others write


def _loose(tx: Tx, app: App, rows: list[Reservation]) -> Iterator[str]:
    for row in rows:
        tx.reservations.give_up(row)
        yield _noted(tx, app, row, "reservation_freed", "freed")


def _lost(tx: Tx, app: App, rows: list[Reservation]) -> Iterator[str]:
    """Taken for good where the interview is confirmed; else as long as a hold lasts."""
    until = app.clock() + timedelta(minutes=tx.company.policy().hold_minutes)
    for row in rows:
        wanted = row if row.state is Hold.CONFIRMED else replace(row, expires_at=until)
        try:
            tx.reservations.put_right(wanted)
        except Taken:
            continue  # what is still missing is told afterwards
        yield _noted(tx, app, row, "reservation_restored", "reserved again")


def _noted(tx: Tx, app: App, row: Reservation, what: str, said: str) -> str:
    data = {"interview": row.interview, "subject": str(row.subject), "at": row.span.start.isoformat()}
    tx.facts.add(Fact(app.clock(), ACTOR, what, f"loop:{row.loop}", data=data))
    who = "the candidate" if row.subject.kind is Whose.CANDIDATE else str(row.subject)
    return f"{said} the time of {who} at {row.span.start:%Y-%m-%d %H:%M}Z ({row.interview})"


def _writes(app: App) -> Iterator[str]:
    now = app.clock()
    with app.db.read() as tx:
        late = Counter(row.loop for row in reconcile.all_due(tx, now - reconcile.OVERDUE))
    reconcile.sweep(app)
    for loop, count in sorted(late.items()):
        yield f"{count} overdue writes of loop {loop} are in the queue, once an hour at most; a worker does them"


def _events(app: App) -> Iterator[str]:
    for fault in events.look(app).faults:
        if fault.event is not None and fault.stray:
            yield from _cancelled(app, fault)
        elif fault.interview is not None and fault.kind in (Kind.GONE, Kind.MOVED):
            yield from _told(app, fault, fault.interview)


def _cancelled(app: App, fault: Fault) -> Iterator[str]:
    event = fault.event
    assert event is not None
    with app.db.read() as tx:
        organizer = tx.company.organizer()
    calendar = app.calendar(replace(organizer, address=event.ref.calendar))
    calendar.cancel(EventRef(event.ref.calendar, event.ref.id))
    with app.db.write() as tx:
        tx.facts.add(Fact(app.clock(), ACTOR, "orphan_cancelled", f"event:{event.key}"))
    where = f"at {event.start:%Y-%m-%d %H:%M}Z in {event.ref.calendar}"
    yield f"cancelled the {'orphaned' if fault.kind is Kind.ORPHANED else 'second'} event {event.key} {where}"


def _told(app: App, fault: Fault, interview: Interview) -> Iterator[str]:
    """Somebody moved or deleted it: its loop says so to whoever has it, unless that is known already."""
    with app.db.write() as tx:
        now = tx.interviews.get(interview.id)
        if now is None or now.flag in holes.FLAGS:
            return
        moved.away(app, tx, now, fault.event)
    what = "is gone" if fault.event is None else "was moved"
    yield f"told whoever has loop {interview.loop} that the event of {interview.title} {what}"
