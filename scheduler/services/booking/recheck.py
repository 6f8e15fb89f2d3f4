"""The look into the calendars right before a booking: for exactly the times that it needs.

Told by `tests/stories/test_conflicts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import Transient
from connectors.types import Unknown, Verdict
from scheduler.domain.bookings import Interview, LedgerRow, Write, WriteState
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Account, Person, Room
from scheduler.domain.policy import Policy
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.booking import layout, seen
from scheduler.services.booking.seen import Looked
from scheduler.services.planning import availability, buffers
from scheduler.services.planning.meaning import Claim, Meaning, meaning
from scheduler.services.planning.picture import subjects_of
from scheduler.storage import codec
from scheduler.storage.database import Tx

PASSING = frozenset({"transient", "rate_limited", "auth_expired", "not_answered"})
"""Reasons of an unknown calendar that are worth waiting for."""


def requirements(
    loop: Loop, application: Application, planned: Sequence[PlannedInterview]
) -> list[tuple[Subject, Span]]:
    """Every ``(person, room or candidate, time)`` that a plan needs to be free."""
    found: list[tuple[Subject, Span]] = []
    for interview in layout.interviews(loop, application, planned):
        found += needs(interview)
        if interview.kind is not InterviewKind.DEBRIEF:
            found.append((application.candidate.subject, interview.span))
    return list(dict.fromkeys(found))


def needs(interview: Interview) -> list[tuple[Subject, Span]]:
    """The calendars that must be free for one interview: those of its required people and its room."""
    found = [(Subject.person(s.person), interview.span) for s in interview.seats if s.required]
    return [*found, (Subject.room(interview.room), interview.span)] if interview.room else found


@dataclass(frozen=True, slots=True)
class Ground:
    """What the database says of the times that are wanted, read once: whose they are, by which policy, and where
    our own events stand."""

    owners: Mapping[Subject, Person | Room]
    policy: Policy
    application: Application
    own: Mapping[Subject, Sequence[Span]]

    def away(self, wanted: Iterable[tuple[Subject, Span]]) -> list[tuple[Subject, Span]]:
        """What is wanted of people and rooms that are no longer the company's: they are not booked anew."""
        return [(s, span) for s, span in wanted if s in self.owners and not self.owners[s].active]


def ground(tx: Tx, loop: Loop, application: Application, subjects: Iterable[Subject]) -> Ground:
    """Read what is known of these people and rooms, and of the loop's events."""
    # what was never booked has no events
    written = [i for i in tx.interviews.of_loop(loop.id) if i.event_id] if loop.generation else []
    return Ground(
        owners=owners_of(tx, set(subjects)),
        policy=tx.company.policy(),
        application=application,
        own=own_times(written, tx.ledger.of_loop(loop.id, {WriteState.TODO}) if written else ()),
    )


def fresh(app: App, loop: Loop, planned: Sequence[PlannedInterview]) -> Looked:
    """Read the calendars again for these intervals: what of them is not free now, and what was seen.

    Raises `Transient` when a calendar cannot be read just now: nobody is called busy for that.
    """
    with app.db.read() as tx:
        application = tx.applications.get(loop.application)
        assert application is not None
        guests = [
            (Subject.person(s.person), i.span)
            for i in layout.interviews(loop, application, planned)
            for s in i.seats
            if not s.required
        ]
        wanted = requirements(loop, application, planned)
        known = ground(tx, loop, application, [s for s, _ in (*wanted, *guests)])
    looked = _look(app, loop, wanted, known)
    return replace(looked, broken=[*known.away(guests), *looked.broken])


def broken(app: App, loop: Loop, wanted: Sequence[tuple[Subject, Span]]) -> list[tuple[Subject, Span]]:
    """`look`, for what is not free alone."""
    return look(app, loop, wanted).broken


def look(app: App, loop: Loop, wanted: Sequence[tuple[Subject, Span]]) -> Looked:
    """Which of the wanted times are not free, with the buffer that people have beside everything else; this
    loop's own events do not count. Raises `Transient`."""
    with app.db.read() as tx:
        application = tx.applications.get(loop.application)
        assert application is not None
        known = ground(tx, loop, application, [s for s, _ in wanted])
    return _look(app, loop, wanted, known)


def _look(app: App, loop: Loop, wanted: Sequence[tuple[Subject, Span]], known: Ground) -> Looked:
    away = known.away(wanted)
    gone = {s for s, _ in away}
    asked = [(s, span) for s, span in wanted if s in known.owners and s not in gone]
    if not asked:
        return Looked(away, ())
    buffer = buffers.buffer_of(loop, known.application)
    spans = [buffers.around(span, buffer(subject)) for subject, span in asked]
    window = Span(min(s.start for s in spans), max(s.end for s in spans))
    found = availability.read(app, {s: known.owners[s].account for s, _ in asked}, window)
    for subject, state in sorted(found.items()):
        if isinstance(state, Unknown) and state.code in PASSING:
            raise Transient(f"the calendar of {subject.id} cannot be read just now: {state.reason}")

    def hard(subject: Subject, verdict: Verdict) -> bool:
        claim = Claim.ROOM if subject.kind is Whose.ROOM else Claim.WANTED
        return meaning(verdict, loop.mode, known.policy, claim) is Meaning.HARD

    prefix = f"{app.deployment}/{loop.id}/"
    taken = availability.conflicts(found, asked, prefix, known.own, hard, buffer)
    return Looked([*away, *taken], seen.calendars(found, window))


def own_times(
    interviews: Iterable[Interview], open_rows: Iterable[LedgerRow]
) -> Mapping[Subject, list[Span]]:
    """Where our own events stand in each calendar now: as booked, or, where a change is still to be
    written, as they were before it."""
    waiting = {r.interview: r.payload for r in open_rows if r.write is Write.RESCHEDULE}
    found: dict[Subject, list[Span]] = {}
    for interview in interviews:
        if not interview.event_id:
            continue
        payload = waiting.get(interview.id)
        span = codec.decode(Span, payload["was"]) if payload else interview.span
        had = map(Subject.parse, payload["had"]) if payload else subjects_of(interview)
        for subject in had:
            found.setdefault(subject, []).append(span)
    return found


def accounts_of(tx: Tx, subjects: set[Subject]) -> dict[Subject, Account]:
    """The calendar account behind each person and room; candidates have none."""
    return {s: owner.account for s, owner in owners_of(tx, subjects).items()}


def names_of(tx: Tx, subjects: set[Subject]) -> dict[Subject, str]:
    """How these people and rooms are called in what a human reads."""
    return {s: owner.name for s, owner in owners_of(tx, subjects).items()}


def owners_of(tx: Tx, subjects: set[Subject]) -> dict[Subject, Person | Room]:
    """These people and rooms, whether they count any more or not; candidates have no calendar here."""
    people, rooms = _ids(subjects, Whose.PERSON), _ids(subjects, Whose.ROOM)
    found: dict[Subject, Person | Room] = {}
    if people:
        found |= {Subject.person(p.id): p for p in tx.people.list(people, active=False)}
    if rooms:
        found |= {Subject.room(r.id): r for r in tx.rooms.list(rooms, active=False)}
    return found


def _ids(subjects: set[Subject], whose: Whose) -> set[str]:
    return {s.id for s in subjects if s.kind is whose}
