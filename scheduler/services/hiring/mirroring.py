"""The hiring system shows our interviews: new, moved, answered, taken back. What is written once is not written again.

Told by `tests/scheduler/services/hiring/test_mirroring.py`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError, Gone, NotFound, RateLimited, Transient
from connectors.hiring.protocol import Ats
from connectors.hiring.types import Interview as Theirs
from connectors.hiring.types import Interviewer, Reply, Step
from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.hiring.connections import Advance, Connection, Written
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
_PAGE, _PAGES = 500, 20
_LOOP = "loop:"
_SILENT = frozenset({InterviewKind.TAKE_HOME})
_REPLIES = {
    SeatState.ACCEPTED: Reply.ACCEPTED,
    SeatState.TENTATIVE: Reply.TENTATIVE,
    SeatState.DECLINED: Reply.DECLINED,
}


def watch(app: App) -> int:
    """Queue a look at every loop of a hiring system that something has happened to; how many."""
    count = 0
    for _ in range(_PAGES):
        read, found = _page(app)
        count += found
        if read < _PAGE:
            break
    return count


def _page(app: App) -> tuple[int, int]:
    """How many facts were read, and how many loops of them are to be looked at."""
    with app.db.write() as tx:
        said = tx.cursors.get(CURSOR)
        if said is None and not tx.hiring.list():
            tx.cursors.put(CURSOR, str(tx.facts.head()[0]), app.clock())
            return 0, 0
        facts = tx.facts.list(_PAGE, int(said or 0))
        loops = {f.subject.removeprefix(_LOOP): f.seq for f in facts if f.subject.startswith(_LOOP)}
        theirs = [loop for loop in loops if tx.advances.of_loop(loop) is not None]
        for loop in theirs:
            jobs.mirror(app, tx, loop, loops[loop])
        if facts:
            tx.cursors.put(CURSOR, str(facts[-1].seq), app.clock())
        return len(facts), len(theirs)


def mirror(app: App, loop_id: str) -> float | None:
    """Have the system show this loop as it is; seconds until it is worth another try."""
    with app.db.read() as tx:
        loop, advance = tx.loops.get(loop_id), tx.advances.of_loop(loop_id)
        connection = tx.hiring.get(advance.connection) if advance else None
        if loop is None or advance is None or connection is None or not connection.writes:
            return None
        wanted = _wanted(app, tx, loop, advance)
        before = tx.advances.written([w.key.rpartition("/")[2] for w in wanted])
    ats = app.systems.ats(connection.id, connection.system, connection.credentials)
    todo = [w for w in wanted if _differs(w, before.get(w.key.rpartition("/")[2]))]
    if ats is None or not todo:
        return None
    try:
        steps = _steps(ats, advance)
        waits = [_write(app, connection, ats, one, before, steps) for one in todo]
    except (NotFound, Gone):
        return None  # the application is gone, and what it showed with it
    except ConnectorError as error:
        log.warning("hiring system %s: %s", connection.id, error)
        return wait_of(error)
    return max((w for w in waits if w is not None), default=None)


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
    return before.digest != _digest(wanted) and before.tries < TRIES


def _write(
    app: App,
    connection: Connection,
    ats: Ats,
    wanted: Theirs,
    before: Mapping[str, Written],
    steps: Sequence[Step],
) -> float | None:
    """Write one and note it. What the system refuses is counted, noted in words, and tried again some times."""
    id = wanted.key.rpartition("/")[2]
    known = before.get(id) or Written(id, connection.id, "", "")
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
        done = replace(known, tries=known.tries + 1, error=str(error))
    with app.db.write() as tx:
        tx.advances.write(done)
    return wait_of(Transient("")) * done.tries if done.error and done.tries < TRIES else None


def _step(wanted: Theirs, steps: Sequence[Step]) -> str:
    """The one of the plan of the same name, or of the same length, or else the first."""
    minutes = round((wanted.end - wanted.start).total_seconds() / 60)
    named = [s for s in steps if s.name.casefold() == wanted.title.casefold()]
    long = [s for s in steps if s.minutes == minutes]
    found = (named or long or list(steps))[:1]
    return found[0].id if found else ""
