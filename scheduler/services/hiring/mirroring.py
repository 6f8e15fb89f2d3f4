"""The hiring system shows our interviews: new, moved, answered, taken back. What is written once is not written again.

Told by `tests/scheduler/services/hiring/test_mirroring.py`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.errors import ConnectorError, Gone, NotFound, RateLimited, Transient
from connectors.hiring.protocol import Ats
from connectors.hiring.types import Interview as Theirs
from connectors.hiring.types import Interviewer, Reply, Step
from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.hiring.connections import Advance, Connection, Showing, Written
from scheduler.domain.loops import Loop
from scheduler.domain.templates import InterviewKind
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.hiring.arriving import wait_of
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.hiring")

CURSOR = "hiring:mirror"
TRIES = 5
"""How often a system may refuse an interview before a person has to look: what it says is kept."""
PATIENCE = timedelta(hours=24)
"""How long a system that does not answer is tried; then a person has to look."""
_LEASE = timedelta(minutes=10)
"""After so long a loop whose job never came back is due again."""
_LONGEST = timedelta(hours=1)
_REFUSED = "refused:"
_PAGE, _PAGES = 500, 20
_LOOP = "loop:"
_SILENT = frozenset({InterviewKind.TAKE_HOME})
_REPLIES = {
    SeatState.ACCEPTED: Reply.ACCEPTED,
    SeatState.TENTATIVE: Reply.TENTATIVE,
    SeatState.DECLINED: Reply.DECLINED,
}


def watch(app: App) -> int:
    """Note every loop of a hiring system that something has happened to, and queue those that are due; how many.
    A loop has one job at a time, and one that waits for its next try has none, however much happens to it."""
    for _ in range(_PAGES):
        if _page(app) < _PAGE:
            break
    return _queue(app)


def _queue(app: App) -> int:
    now = app.clock()
    with app.db.read() as tx:
        if not tx.showings.due(now, 1):
            return 0
    with app.db.write() as tx:
        due = tx.showings.due(now, _PAGE)
        for one in due:
            assert one.due_at is not None, "what was given up is not due"
            tx.showings.put_off(one.loop, now + _LEASE)
            jobs.mirror(app, tx, one.loop, one.fact, one.due_at)
    return len(due)


def _page(app: App) -> int:
    """How many facts were read; the loops of them are noted."""
    with app.db.write() as tx:
        said = tx.cursors.get(CURSOR)
        if said is None and not tx.hiring.list():
            tx.cursors.put(CURSOR, str(tx.facts.head()[0]), app.clock())
            return 0
        facts = tx.facts.list(_PAGE, int(said or 0))
        loops = {f.subject.removeprefix(_LOOP): f.seq for f in facts if f.subject.startswith(_LOOP)}
        for loop, fact in loops.items():
            advance = tx.advances.of_loop(loop)
            if advance is not None:
                tx.showings.want(loop, advance.connection, fact, app.clock())
        if facts:
            tx.cursors.put(CURSOR, str(facts[-1].seq), app.clock())
        return len(facts)


def mirror(app: App, loop_id: str) -> None:
    """Have the system show this loop as it is. What it does not take is due again later, at longer and longer
    intervals; after `TRIES` refusals of an interview or `PATIENCE` without an answer a person has to look."""
    with app.db.write() as tx:
        advance = tx.advances.of_loop(loop_id)
        if advance is None:
            return
        known = tx.showings.of_loop(loop_id)
        if known is None:
            tx.showings.want(loop_id, advance.connection, 0, app.clock())
            known = tx.showings.of_loop(loop_id)
    assert known is not None, "it was noted just now"
    try:
        refused = _show(app, loop_id)
    except (NotFound, Gone):
        refused = []  # the application is gone, and what it showed with it
    except ConnectorError as error:
        log.warning("hiring system %s: %s", advance.connection, error)
        _put_off(app, known, str(error), wait_of(error), for_good=app.clock() - known.since > PATIENCE)
        return
    if refused:
        over = all(one.tries >= TRIES for one in refused)
        _put_off(app, known, refused[0].error, wait_of(Transient("")), for_good=over)
        return
    with app.db.write() as tx:
        tx.showings.done(known, app.clock())


def _put_off(app: App, known: Showing, error: str, seconds: float, *, for_good: bool) -> None:
    wait = min(
        timedelta(seconds=seconds) * 2 ** min(known.tries, 10), max(_LONGEST, timedelta(seconds=seconds))
    )
    with app.db.write() as tx:
        due = None if for_good else app.clock() + wait
        tx.showings.put_off(known.loop, due, tries=known.tries + 1, error=error)


def _show(app: App, loop_id: str) -> Sequence[Written]:
    """Write what differs; what the system refuses, as it is noted. Raises `ConnectorError` where it does not
    answer."""
    with app.db.read() as tx:
        loop, advance = tx.loops.get(loop_id), tx.advances.of_loop(loop_id)
        connection = tx.hiring.get(advance.connection) if advance else None
        if loop is None or advance is None or connection is None or not connection.writes:
            return []
        wanted = _wanted(app, tx, loop, advance)
        before = tx.advances.written([_id(w) for w in wanted])
    ats = app.systems.ats(connection.id, connection.system, connection.credentials)
    todo = [w for w in wanted if _differs(w, before.get(_id(w)))]
    if ats is None or not todo:
        return []
    steps = _steps(ats, advance)
    written = [
        _write(app, connection, ats, one, before, steps) for one in todo if _tries(one, before) < TRIES
    ]
    stuck = [before[_id(one)] for one in todo if _tries(one, before) >= TRIES]
    return [*(one for one in written if one.error), *stuck]


def _steps(ats: Ats, advance: Advance) -> Sequence[Step]:
    """The interview plan of the stage, or else of the whole job."""
    found = ats.application(advance.application)
    plan = ats.plan(found.job.id)
    here = found.visit.stage.id if found.visit else ""
    return [step for step in plan if step.stage == here] or plan


def _wanted(app: App, tx: Tx, loop: Loop, advance: Advance) -> list[Theirs]:
    """The loop's interviews as the system is to show them, those that are cancelled among them."""
    interviews = tx.interviews.of_loop(loop.id, live=False)
    booked = [
        i
        for i in interviews
        if i.state in (InterviewState.CONFIRMED, InterviewState.CANCELLED) and i.kind not in _SILENT
    ]
    emails = {
        p.id: p.email for p in tx.people.list({s.person for i in booked for s in i.seats}, active=False)
    }
    rooms = {r.id: r.name for r in tx.rooms.list({i.room for i in booked if i.room}, active=False)}
    newest: dict[str, Interview] = {}
    for interview in sorted(booked, key=lambda i: (i.state is InterviewState.CONFIRMED, i.revision)):
        newest[interview.id] = interview
    return [_theirs(app, loop, advance, i, emails, rooms) for i in newest.values()]


def _theirs(
    app: App,
    loop: Loop,
    advance: Advance,
    interview: Interview,
    emails: Mapping[str, str],
    rooms: Mapping[str, str],
) -> Theirs:
    people = tuple(
        Interviewer(emails[seat.person], _REPLIES.get(seat.state, Reply.NEEDS_ACTION))
        for seat in interview.seats
        if seat.state is not SeatState.REPLACED and seat.person in emails
    )
    return Theirs(
        key=f"{app.deployment}/{loop.id}/{interview.id}",
        application=advance.application,
        title=interview.title,
        start=interview.span.start,
        end=interview.span.end,
        zone=loop.zone,
        people=people,
        place=rooms.get(interview.room or "", interview.join_url),
        cancelled=interview.state is InterviewState.CANCELLED,
    )


def _digest(wanted: Theirs) -> str:
    if wanted.cancelled:
        return "cancelled"
    told = repr((wanted.title, wanted.start, wanted.end, wanted.place, wanted.people))
    return hashlib.sha256(told.encode()).hexdigest()


def _differs(wanted: Theirs, before: Written | None) -> bool:
    if before is None:
        return not wanted.cancelled
    return before.digest != _digest(wanted)


def _id(wanted: Theirs) -> str:
    """Ours of an interview."""
    return wanted.key.rpartition("/")[2]


def _tries(wanted: Theirs, before: Mapping[str, Written]) -> int:
    """How often the system has refused exactly this."""
    known = before.get(_id(wanted))
    return known.tries if known is not None and known.digest == _REFUSED + _digest(wanted) else 0


def _write(
    app: App,
    connection: Connection,
    ats: Ats,
    wanted: Theirs,
    before: Mapping[str, Written],
    steps: Sequence[Step],
) -> Written:
    """Write one and note it. What the system refuses is counted and noted in words."""
    known = before.get(_id(wanted)) or Written(_id(wanted), connection.id, "", "")
    wanted = replace(wanted, id=known.theirs, step=_step(wanted, steps))
    try:
        if wanted.cancelled:
            ats.cancel(wanted)
            done = replace(known, digest=_digest(wanted), tries=0, error="")
        else:
            done = replace(known, theirs=ats.write(wanted), digest=_digest(wanted), tries=0, error="")
    except (Transient, RateLimited):
        raise
    except ConnectorError as error:
        log.warning("hiring system %s: %s", connection.id, error)
        tries = _tries(wanted, before) + 1
        done = replace(known, digest=_REFUSED + _digest(wanted), tries=tries, error=str(error))
    with app.db.write() as tx:
        tx.advances.write(done)
    return done


def _step(wanted: Theirs, steps: Sequence[Step]) -> str:
    """The one of the plan of the same name, or of the same length, or else the first."""
    minutes = round((wanted.end - wanted.start).total_seconds() / 60)
    named = [s for s in steps if s.name.casefold() == wanted.title.casefold()]
    long = [s for s in steps if s.minutes == minutes]
    found = (named or long or list(steps))[:1]
    return found[0].id if found else ""
