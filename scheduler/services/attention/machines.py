"""What needs a person and belongs to no loop: webhooks either way, calendars, jobs.

Told by `tests/scheduler/services/attention/test_machines.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.attention.matters import Kind, Matter
from scheduler.domain.bookings import Interview
from scheduler.domain.hooks import HookState
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.hiring import waiting
from scheduler.services.hiring.process import gates
from scheduler.storage.database import Tx

PASSING = frozenset({"transient", "rate_limited", "auth_expired", "not_answered"})
"""Reasons of an unread calendar that most often go by themselves."""
_PATIENCE = timedelta(minutes=30)
"""So long such a one is waited for."""
_SEEN = timedelta(days=1)
"""A calendar that nobody has asked for so long is nobody's worry; so old a job that was given up is forgotten."""
_AHEAD = timedelta(days=90)
_WAITS = {
    "advance_waits": (
        Kind.ADVANCE,
        "the application {about} of {system} has reached a stage, and no loop is asked for: {why}",
    ),
    "connection_fault": (Kind.CONNECTION, "the hiring system {system} does not answer as it should: {why}"),
    "not_shown": (Kind.SHOWN, "the hiring system {system} does not show the loop {about} as it is: {why}"),
    "delivery_waits": (Kind.LATE, "a message of the hiring system {system} waits: {why}"),
}
"""The kind and the sentence of each thing of a hiring system that needs a person."""
_REVOKED = frozenset({"auth_revoked", "forbidden"})
_LEASES = "hangs/"


def every(app: App, tx: Tx, since: datetime) -> Iterator[Matter]:
    """All of them, in no order; deliveries that failed from an instant on."""
    yield from _hooks(tx)
    yield from _deliveries(tx, since)
    yield from _advances(app, tx)
    yield from _decisions(app, tx)
    yield from _calendars(app, tx)
    yield from _hanging(app, tx)
    yield from _given_up(app, tx)


def _hooks(tx: Tx) -> Iterator[Matter]:
    for hook in tx.hooks.list():
        if hook.state is HookState.DISABLED:
            yield Matter(
                id=f"{Kind.HOOK}:{hook.id}",
                kind=Kind.HOOK,
                subject=f"hook:{hook.id}",
                since=hook.failing_since or hook.created_at,
                text=f"the webhook {hook.id} is sent nothing any more: {hook.why}",
            )


def _deliveries(tx: Tx, since: datetime) -> Iterator[Matter]:
    for row in tx.found_matters.dead_letters(since):
        why = row.outcome.partition(": ")[2] or row.outcome
        yield Matter(
            id=f"{Kind.DELIVERY}:{row.id}",
            kind=Kind.DELIVERY,
            subject=f"delivery:{row.id}",
            since=row.finished_at,
            text=f"the message {row.delivery_id} of the hiring system could not be acted on: {why}",
        )


def _advances(app: App, tx: Tx) -> Iterator[Matter]:
    """Advances that wait for a match, messages that nobody works on, systems that do not answer."""
    for waits in waiting.still(
        tx, app.clock()
    ):  # a message that could not be acted on is a delivery's matter
        kind, text = _WAITS[waits.what]
        yield Matter(
            id=f"{kind}:{waits.id}",
            kind=kind,
            subject=f"connection:{waits.connection}",
            since=waits.since,
            text=text.format(about=waits.about, system=waits.connection, why=waits.why),
        )


def _decisions(app: App, tx: Tx) -> Iterator[Matter]:
    """Gates whose interviews are over and that nobody has decided."""
    for due in gates.undecided(app, tx):
        yield Matter(
            id=f"{Kind.DECISION}:{due.loop.id}",
            kind=Kind.DECISION,
            subject=f"application:{due.application.id}",
            since=due.loop.updated_at,
            text=f"the interviews of {due.stage} are over, and nobody has decided about {due.application.candidate.name}",
            owner=due.application.hiring_manager,
            loop=due.loop.id,
            people=(due.application.hiring_manager,),
        )


def _calendars(app: App, tx: Tx) -> Iterator[Matter]:
    """Those that cannot be read and that somebody asked for lately."""
    now = app.clock()
    faults = [f for f in tx.calendar_faults.all() if f.seen_at > now - _SEEN]
    faults = [f for f in faults if f.code not in PASSING or f.since <= now - _PATIENCE]
    people = {f.subject.id for f in faults if f.subject.kind is Whose.PERSON}
    if not faults:
        return
    names = {Subject.person(p.id): p.name for p in tx.people.list(people)}
    names |= {Subject.room(r.id): r.name for r in tx.rooms.list()}
    booked = tx.interviews.of_people(people, Span(now, now + _AHEAD)) if people else []
    for fault in faults:
        if fault.subject in names:  # whoever has left is nobody that could be asked
            yield _calendar(fault, names[fault.subject], _next(booked, fault.subject, now))


def _next(booked: list[Interview], subject: Subject, now: datetime) -> Interview | None:
    mine = (i for i in booked if i.span.start > now and any(s.person == subject.id for s in i.seats))
    return next(mine, None) if subject.kind is Whose.PERSON else None


def _calendar(fault: CalendarFault, name: str, ahead: Interview | None) -> Matter:
    kind = Kind.REVOKED if fault.code in _REVOKED else Kind.UNREADABLE
    what = "may not be read any more" if kind is Kind.REVOKED else "cannot be read"
    return Matter(
        id=f"{kind}:{fault.subject}",
        kind=kind,
        subject=str(fault.subject),
        since=fault.since,
        text=f"the calendar of {name} {what}: {fault.text}",
        due=ahead.span.start if ahead else None,
        loop=ahead.loop if ahead else "",
        interview=ahead.id if ahead else "",
        people=(fault.subject.id,) if fault.subject.kind is Whose.PERSON else (),
    )


def _hanging(app: App, tx: Tx) -> Iterator[Matter]:
    """Jobs that do not come back, as the workers that have them say. When one began is not known: a case lasts
    for the day."""
    now = tx.leases.now(app.clock())
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for row in tx.leases.starting_with(_LEASES):
        if row.until > now:
            run, _, job = row.name.removeprefix(_LEASES).partition("/")
            yield Matter(
                id=f"{Kind.HANGING}:{_short(row.name)}",
                kind=Kind.HANGING,
                subject=f"worker:{run}",
                since=day,
                text=f"the job {job} does not come back in the worker {run}; it is done anew: restart that worker",
            )


def _given_up(app: App, tx: Tx) -> Iterator[Matter]:
    """Jobs that were given up within a day and that no loop and no delivery tells of: the last time of each."""
    last = {
        fact.cause: fact
        for fact in tx.facts.called("job_given_up", app.clock() - _SEEN)
        if not fact.subject.startswith("loop:") and fact.cause != "intake"
    }
    for name, fact in last.items():
        yield Matter(
            id=f"{Kind.FAILED}:{_short(name)}",
            kind=Kind.FAILED,
            subject=f"job:{name}",
            since=fact.at,
            text=f"the job {name} was given up after several tries: the program's log says why",
        )


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]
