"""Carries out what the ledger notes, step by step, so that it can be repeated after any failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    RateLimited,
    StaleWrite,
    Transient,
)
from connectors.mail import Message
from connectors.protocol import Calendar, fingerprint
from connectors.types import Booked, EventIntent, EventRef
from scheduler.domain.bookings import UNTIL, Interview, LedgerRow, Write, WriteState
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.people import Account
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import lease, opening
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.booking import compensate, recheck
from scheduler.services.booking.choose import SEEN
from scheduler.services.booking.settle import settle
from scheduler.services.failpoints import failpoint
from scheduler.storage import codec
from scheduler.storage.database import Tx

ACTOR = "system:booking"
FRESH = timedelta(seconds=30)
"""A calendar read older than this is not trusted to write on."""
_FIRST_WAIT = 2.0
_LONGEST = 7
"""Waits double up to ``_FIRST_WAIT`` × 2 to this power seconds (four minutes)."""
_TRIES = {Write.BOOK: 12, Write.RESCHEDULE: 12, Write.CANCEL: 300, Write.MAIL: 300}
"""A booking is given up after about a quarter of an hour of outage, a cancel or a mail after most of a day."""
_UNWRITTEN = "the calendar could not be written"
_EDITS = 3
"""How often a write is tried again on an event that somebody keeps editing."""


class Impossible(Exception):
    """A write that will not succeed by waiting; ``blocked`` are the times found taken."""

    def __init__(self, reason: Reason, blocked: tuple[tuple[Subject, Span], ...] = ()) -> None:
        super().__init__(reason.text)
        self.reason, self.blocked = reason, blocked


@dataclass(slots=True)
class _Run:
    """One pass over the ledger of a loop: where to write, whether an earlier pass may have written already, and
    when busy time was last read."""

    app: App
    loop: Loop
    organizer: Account
    calendar: Calendar
    again: bool
    todo: Sequence[LedgerRow] = ()
    checked: datetime | None = None


def perform(app: App, loop_id: str) -> None:
    """Do every write of the loop's ledger that is still to do, then confirm and tell the candidate.

    Rows of an older generation are never carried out, cancels excepted: what was written must go.
    Raises `Again` when a service asks to wait, and while another job is at the same ledger: a change and the
    mails about it are noted together and asked for apart.
    """
    with lease.held(app, f"perform:{loop_id}") as mine:
        _perform(app, loop_id, mine)


def _perform(app: App, loop_id: str, mine: lease.Lease) -> None:
    run = _begin(app, loop_id)
    if run is None:
        return
    try:
        for row in run.todo:
            mine.renew()
            if not _wanted(run, row):
                continue
            if row.write is not Write.CANCEL and (row.generation != run.loop.generation or _late(run, row)):
                _drop(run, row)
                continue
            _one(run, row)
    except Impossible as error:
        compensate.undo(app, loop_id, error.reason, error.blocked)
        return
    if run.loop.state in (LoopState.BOOKING, LoopState.CANCELLING):  # mails alone settle nothing
        settle(app, loop_id)


def _begin(app: App, loop_id: str) -> _Run | None:
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        if loop is None:
            return None
        again = loop.state is not LoopState.HELD
        organizer, _, policy = tx.company.terms()
        if loop.state is LoopState.HELD:
            loop = tx.loops.move(
                loop_id, LoopState.BOOKING, expect={LoopState.HELD}, actor=ACTOR, cause="held", at=app.clock()
            )
        if loop.state is LoopState.BOOKING:
            # a hold lives as long as its booking goes on; left alone, it expires
            tx.reservations.extend(loop_id, app.clock() + timedelta(minutes=policy.hold_minutes))
        rows = tx.ledger.of_loop(loop_id, {WriteState.TODO})
    todo = sorted(rows, key=lambda r: (r.generation, r.write is Write.MAIL, r.order))
    return _Run(app, loop, organizer, app.calendar(organizer), again, todo, _seen(app, todo))


def _seen(app: App, todo: Sequence[LedgerRow]) -> datetime | None:
    """When all calendars that the open rows need were last read: what was just seen when the plan was chosen
    need not be read again. Another machine's clock may be ahead of ours, which tells nothing."""
    rows = [r.payload.get(SEEN) for r in todo if r.write in (Write.BOOK, Write.RESCHEDULE)]
    seen = [codec.decode(datetime, at) for at in rows if at]
    return min(seen) if seen and len(seen) == len(rows) and max(seen) <= app.clock() else None


def _wanted(run: _Run, row: LedgerRow) -> bool:
    """Whether the row is still to do: the loop may have been cancelled since the list was read, but for the first row,
    before which nothing has been done. Events are only written while the loop is being booked."""
    if row is run.todo[0]:
        return row.write in (Write.CANCEL, Write.MAIL) or run.loop.state is LoopState.BOOKING
    with run.app.db.read() as tx:
        found = tx.ledger.wanted(row.id)
    if found is None or found[0] is not WriteState.TODO:
        return False
    return row.write in (Write.CANCEL, Write.MAIL) or found[1] is LoopState.BOOKING


def _late(run: _Run, row: LedgerRow) -> bool:
    """Whether what a reminder was for has begun: a mail server may have been away until then."""
    until = row.payload.get(UNTIL)
    return until is not None and run.app.clock() >= codec.decode(datetime, until)


def _drop(run: _Run, row: LedgerRow) -> None:
    with run.app.db.write() as tx:
        tx.ledger.drop(run.loop.id, ids=[row.id])


def _one(run: _Run, row: LedgerRow) -> None:
    """Carry out one row; failures are sorted into *wait* and *impossible* here and nowhere else."""
    try:
        if row.write is Write.MAIL:
            message = codec.decode(Message, row.payload["message"])
            run.app.messenger.send(opening.with_page(run.app, message, row.payload.get("page", "")))
            failpoint("K11")
            _done(run, row, {})
        elif row.write is Write.CANCEL:
            _cancel(run, row)
        else:
            _write_event(run, row)
    except (RateLimited, Transient, AuthExpired) as error:
        _wait(run, row, error)
    except (AuthRevoked, Forbidden, ConnectorError) as error:
        _give_up(run, row, error)


def _wait(run: _Run, row: LedgerRow, error: ConnectorError) -> None:
    seconds = getattr(error, "retry_after", None) or _FIRST_WAIT * 2 ** min(row.attempts, _LONGEST)
    if row.attempts + 1 >= _TRIES[row.write] and not isinstance(error, RateLimited):
        _give_up(run, row, error)
        return
    with run.app.db.write() as tx:
        tx.ledger.failed_attempt(row.id, str(error), run.app.clock() + timedelta(seconds=seconds))
    raise Again(seconds, str(error))


def _give_up(run: _Run, row: LedgerRow, error: ConnectorError) -> None:
    """A booking that cannot be written is undone; a mail or a cancel that cannot is shown to a human."""
    with run.app.db.write() as tx:
        what = f"{_mail_to(tx, run.loop, row)} could not be sent" if row.write is Write.MAIL else _UNWRITTEN
        reason = Reason("write_failed", f"{what}: {error}", (), (row.interview,))
        tx.ledger.give_up(row.id, str(error))
        if row.write in (Write.MAIL, Write.CANCEL):
            loop = tx.loops.claim(run.loop.id)
            assert loop is not None
            reasons = (*(r for r in loop.reasons if r != reason), reason)
            tx.loops.change(
                loop.id, actor=ACTOR, cause=row.id, at=run.app.clock(), what="write_failed", reasons=reasons
            )
            return
    raise Impossible(reason)


def _mail_to(tx: Tx, loop: Loop, row: LedgerRow) -> str:
    """The mail, by whose it is."""
    message = codec.decode(Message, row.payload["message"])
    application = tx.applications.get(loop.application)
    if application is not None and message.to.casefold() == application.candidate.email.casefold():
        return "the mail to the candidate"
    return f"the mail to {message.to_name or message.to}"


def _write_event(run: _Run, row: LedgerRow) -> None:
    intent = codec.decode(EventIntent, row.payload["intent"])
    interview = _interview(run, row) if row.write is Write.RESCHEDULE else None
    failpoint("K5")
    _recheck(run)
    failpoint("K6")
    if interview is not None:
        booked, key = _reschedule(run, interview, intent, row)
    else:
        booked, key = _book(run, intent)
    failpoint("K7")
    result = {"event": booked.ref.id, "etag": booked.etag}
    same = interview is not None and booked.ref.id == interview.event_id
    # the same event: its link stands, even where the answer leaves it out
    link = booked.join_url or (interview.join_url if same and interview is not None else "")
    with run.app.db.write() as tx:
        ours = tx.ledger.done(row.id, result, row.loop)
        if ours:
            tx.interviews.written(
                row.interview,
                row.loop,
                calendar=booked.ref.calendar,
                event_id=booked.ref.id,
                etag=booked.etag,
                join_url=link,
                revision=int(key.rpartition("/")[2]),
                flag="",
                elsewhere=None,
            )
    if not ours:
        _too_late(run, row, booked)
    failpoint("K8")


def _too_late(run: _Run, row: LedgerRow, booked: Booked) -> None:
    """Our row was dropped or done by another worker while we wrote: an event that nobody wants any
    more is taken back at once."""
    with run.app.db.read() as tx:
        noted = tx.ledger.get(row.id)
        interview = tx.interviews.get(row.interview)
    dropped = noted is not None and noted.state is WriteState.DROPPED
    if dropped and (interview is None or interview.event_id != booked.ref.id):
        run.calendar.cancel(booked.ref)


def _interview(run: _Run, row: LedgerRow) -> Interview:
    """The interview whose event is changed, as it is now: answers change events too."""
    with run.app.db.read() as tx:
        found = tx.interviews.get(row.interview)
    assert found is not None
    return found


def _recheck(run: _Run) -> None:
    """Busy time for everything still to be written, read again unless that was just done."""
    now = run.app.clock()
    if run.checked is not None and now - run.checked < FRESH:
        return
    with run.app.db.read() as tx:
        rows = tx.ledger.of_loop(run.loop.id, {WriteState.TODO})
        waiting = {r.interview for r in rows if r.write in (Write.BOOK, Write.RESCHEDULE)}
        wanted = [n for i in tx.interviews.of_loop(run.loop.id) if i.id in waiting for n in recheck.needs(i)]
    broken = recheck.broken(run.app, run.loop, wanted)
    if broken:
        with run.app.db.read() as tx:
            names = recheck.names_of(tx, {s for s, _ in broken})
        who = ", ".join(sorted({names.get(s, str(s)) for s, _ in broken}))
        raise Impossible(Reason("taken", f"no longer free while booking: {who}"), tuple(broken))
    run.checked = now


def _book(run: _Run, intent: EventIntent) -> tuple[Booked, str]:
    """Book under its key, or under the next one where that is burnt or holds another event; the event
    and the key it has. A pass before this one may have ended between its write and its mark, and not every
    service notices the same key twice: so it is looked for first then."""
    if run.again and (there := _standing(run, intent)):
        return there, intent.key
    try:
        return run.calendar.book(run.organizer.address, intent), intent.key
    except Conflict:
        if there := _standing(run, intent):
            return there, intent.key
        stem, _, revision = intent.key.rpartition("/")
        key = f"{stem}/{int(revision) + 1}"
        return run.calendar.book(run.organizer.address, replace(intent, key=key)), key


def _standing(run: _Run, intent: EventIntent) -> Booked | None:
    """The event, where it is in the calendar just as it is meant to be."""
    found = run.calendar.find(run.organizer.address, intent.key)
    if found is None or found.cancelled or found.fingerprint != fingerprint(intent):
        return None
    return Booked(found.ref, found.etag, found.join_url)


def _reschedule(run: _Run, interview: Interview, intent: EventIntent, row: LedgerRow) -> tuple[Booked, str]:
    """Change the event. Answers that came in meanwhile only changed its etag and are kept; one that a
    human has moved is left alone and shown, unless a human then asked for the repair."""
    was = codec.decode(Span, row.payload["was"])
    ref, etag = EventRef(interview.calendar, interview.event_id), interview.etag
    for _ in range(_EDITS):
        try:
            return run.calendar.reschedule(ref, intent, etag), intent.key
        except StaleWrite:
            event = run.calendar.get(ref)
            ours = (event.start, event.end) in ((was.start, was.end), (intent.start, intent.end))
            if not ours and row.payload.get("flag") != "moved":
                text = f"{interview.title} was moved in the calendar by somebody else"
                raise Impossible(Reason("moved_outside", text, (), (interview.id,))) from None
            etag = event.etag
        except Gone:
            return _book(run, intent)
    raise Transient("somebody keeps editing the event")


def _cancel(run: _Run, row: LedgerRow) -> None:
    event = row.payload.get("event")
    failpoint("C2")
    if event:
        ref = EventRef(row.payload.get("calendar") or run.organizer.address, event)
        run.calendar.cancel(ref, row.payload.get("message", ""))
    else:
        found = run.calendar.find(run.organizer.address, row.key)
        if found and not found.cancelled:
            run.calendar.cancel(found.ref, row.payload.get("message", ""))
    failpoint("C3")
    _done(run, row, {})
    failpoint("C4")


def _done(run: _Run, row: LedgerRow, result: Mapping[str, Any]) -> None:
    with run.app.db.write() as tx:
        tx.ledger.done(row.id, result, row.loop)
