"""Everything that is known when a loop is planned: gathered once, then only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.types import Availability, Known
from scheduler.domain.bookings import Interview, Reservation, SeatState
from scheduler.domain.fixes.fix import Exemption
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Account, Person, Pool, Room, Site
from scheduler.domain.policy import Policy
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import EVALUATING, InterviewKind
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.planning import absent, availability, buffers, candidate, seating
from scheduler.services.planning.buffers import Occupied
from scheduler.services.planning.fixes.exempt import with_open_days
from scheduler.services.planning.seating import Roster
from scheduler.storage.database import Tx

DEBRIEF_TAIL = timedelta(days=7)
"""Calendars are read this far past the horizon: the debrief may lie behind it."""
_WEEK = timedelta(days=7)
_LOAD = timedelta(days=28)
"""Fair load counts interviews this far back."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``availability`` is keyed by subject; ``held`` are interviews of other loops per person, ``others`` all
    that other loops hold of anybody; ``current`` are this loop's live interviews (when repairing);
    ``load`` counts recent interviews."""

    loop: Loop
    application: Application
    roster: Roster
    sites: Mapping[str, Site]
    rooms: Mapping[str, Room]
    policy: Policy
    now: datetime
    span: Span
    deployment: str
    held: Mapping[str, tuple[Interview, ...]]
    others: tuple[Occupied, ...]
    barred: frozenset[str]
    load: Mapping[str, int]
    soft: tuple[tuple[Subject, Span], ...] = ()
    """What is on offer to others: planned around at the price of a tentative meeting."""
    elsewhere: tuple[Span, ...] = ()
    """When other loops keep the candidate from being met, breaks and the way between places included."""
    current: tuple[Interview, ...] = ()
    exempt: tuple[Exemption, ...] = ()
    """What this loop is let off."""
    to_be_kept: frozenset[str] | None = None
    """Interviews (template ids) of ``current`` whose times stay possible whatever the candidate offers; ``None``: all."""
    gone: tuple[tuple[Subject, str], ...] = ()
    """People and rooms of ``current`` that are no longer the company's, each with the interview it leaves."""
    availability: Mapping[Subject, Availability] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What the calendar keys of this loop's own events begin with."""
        return f"{self.deployment}/{self.loop.id}/"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Ids of the people whose calendars could not be read, sorted."""
        subjects = (s for s, a in self.availability.items() if not isinstance(a, Known))
        return tuple(sorted(s.id for s in subjects if s.kind is Whose.PERSON))

    @property
    def standing(self) -> tuple[Interview, ...]:
        """The present interviews without the rooms that are out of use."""
        return tuple(
            replace(i, room=None) if i.room and (Subject.room(i.room), i.spec) in self.gone else i
            for i in self.current
        )

    def own(self, subject: Subject) -> list[Span]:
        """The times of this loop's events in somebody's calendar, or in a room's, now."""
        return [i.place_in_time for i in self.current if i.event_id and subject in subjects_of(i)]


def subjects_of(interview: Interview) -> set[Subject]:
    """Everybody and the room of an interview, as subjects."""
    found = {Subject.person(s.person) for s in interview.seats if s.state is not SeatState.REPLACED}
    return found | ({Subject.room(interview.room)} if interview.room else set())


class _Company:
    """What the pictures of one look have in common, who has left and rooms out of use included. Only what the
    loops touch is read, and each thing once: the company may be large."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.sites: Mapping[str, Site] = {s.id: s for s in tx.sites.list()}
        self.policy = tx.company.policy()
        self._people: dict[str, Person] = {}
        self._asked: set[str] = set()
        self._pools: dict[str, Pool] = {}
        self._rooms: dict[str | None, Sequence[Room]] = {}

    def roster(self, loop: Loop, application: Application, also: set[str]) -> Roster:
        """Who might take part in a loop, and the people ``also``."""
        missing, _ = seating.asked_for(loop.template, application, self._pools)
        self._pools |= {p.id: p for p in self._tx.pools.list(missing)} if missing else {}
        _, wanted = seating.asked_for(loop.template, application, self._pools)
        wanted |= also
        new = wanted - self._asked
        self._people |= {p.id: p for p in self._tx.people.list(new, active=False)} if new else {}
        self._asked |= new
        return Roster({i: self._people[i] for i in sorted(wanted) if i in self._people}, self._pools)

    def rooms(self, site: str | None, also: set[str]) -> dict[str, Room]:
        """The rooms in use of a site, and those of the ids ``also``."""
        if site not in self._rooms:
            self._rooms[site] = self._tx.rooms.at(site)
        rooms = {r.id: r for r in self._rooms[site]}
        more = also - rooms.keys()
        return rooms | ({r.id: r for r in self._tx.rooms.list(more, active=False)} if more else {})


def gather(app: App, loop: Loop) -> Picture:
    """Read our tables, then the calendars. Raises nothing for a calendar that cannot be read."""
    now = app.clock()
    with app.db.read() as tx:
        booked = tx.interviews.of_loop(loop.id)
        starts, ends = [i.span.start for i in booked], [i.span.end for i in booked]
        span = Span(min([now, *starts]), max([loop.horizon.end, now, *ends]) + DEBRIEF_TAIL)
        picture = _from_tables(app, tx, loop, now, span, _Company(tx))
    found = availability.read(app, _accounts(picture), span)
    availability.noted(app, found)
    return replace(picture, availability=found)


def gather_draft(app: App, loop: Loop, application: Application) -> Picture:
    """The same of a loop that is kept nowhere, nor its application: what would be known if it were asked for now."""
    now = app.clock()
    span = Span(now, max(loop.horizon.end, now) + DEBRIEF_TAIL)
    with app.db.read() as tx:
        picture = _from_tables(app, tx, loop, now, span, _Company(tx), application)
    found = availability.read(app, _accounts(picture), span)
    return replace(picture, availability=found)


def gather_all(app: App, loops: Sequence[Loop]) -> tuple[dict[str, Picture], dict[str, Exception]]:
    """One picture per loop, none of them booked, as of one instant and over one window; every calendar is
    read once. What goes wrong with a loop is its own: it is in the second answer, the others in the first."""
    now = app.clock()
    span = Span(now, max([now, *(loop.horizon.end for loop in loops)]) + DEBRIEF_TAIL)
    found: dict[str, Picture] = {}
    failed: dict[str, Exception] = {}
    with app.db.read() as tx:
        company = _Company(tx)
        for loop in loops:
            try:
                with tx.part():
                    found[loop.id] = _from_tables(app, tx, loop, now, span, company)
            except Exception as error:
                failed[loop.id] = error
    return _with_calendars(app, found, span, failed), failed


def _with_calendars(
    app: App, pictures: Mapping[str, Picture], span: Span, failed: dict[str, Exception]
) -> dict[str, Picture]:
    """The pictures with everybody's calendars, all asked for at once. What no connector says (it answers
    *unknown* for what it cannot read) is a fault: whose it is shows when each loop is looked at alone."""
    wanted = {id: _accounts(picture) for id, picture in pictures.items()}
    everybody = {s: account for accounts in wanted.values() for s, account in accounts.items()}
    try:
        states = availability.read(app, everybody, span)
        availability.noted(app, states)
    except Exception as error:
        if len(pictures) == 1:
            failed[next(iter(pictures))] = error
            return {}
        return {
            id: whole
            for id, one in pictures.items()
            for whole in _with_calendars(app, {id: one}, span, failed).values()
        }
    return {id: replace(p, availability={s: states[s] for s in wanted[id]}) for id, p in pictures.items()}


def _accounts(picture: Picture) -> dict[Subject, Account]:
    """Whose calendars a picture needs: everybody's who might take part, and the rooms'."""
    found = {Subject.person(p.id): p.account for p in picture.roster.people.values()}
    return found | {Subject.room(r.id): r.account for r in picture.rooms.values()}


def _from_tables(
    app: App,
    tx: Tx,
    loop: Loop,
    now: datetime,
    span: Span,
    company: _Company,
    application: Application | None = None,
) -> Picture:
    application = application or tx.applications.get(loop.application)
    assert application is not None
    current = tuple(tx.interviews.of_loop(loop.id))
    booked = {s.person for i in current for s in i.seats}
    whole = company.roster(loop, application, booked)
    ids = seating.everybody(loop.template, application, whole) | (booked & whole.people.keys())
    roster = Roster({i: whole.people[i] for i in sorted(ids)}, whole.pools)
    rooms = company.rooms(loop.site, {i.room for i in current if i.room and i.span.start <= now})
    subjects = [Subject.person(i) for i in ids] + [Subject.room(r) for r in rooms]
    subjects.append(application.candidate.subject)
    # caps count whole ISO weeks: what was given earlier this week counts as well
    since = Span(span.start - _WEEK, span.end)
    exemptions = tx.exemptions.of_loop(loop.id)
    rows = tx.reservations.of_subjects(subjects, since, except_loop=loop.id)
    return Picture(
        loop=loop,
        application=application,
        roster=roster,
        sites=with_open_days(company.sites, exemptions),
        rooms=rooms,
        policy=company.policy,
        now=now,
        span=span,
        deployment=app.deployment,
        held=held_interviews(tx, rows),
        others=buffers.occupied(tx, rows),
        barred=_met_before(tx, loop),
        load=_load(tx, ids, now, loop.id),
        elsewhere=candidate.kept_free(
            tx, loop, [r for r in rows if r.subject == application.candidate.subject]
        ),
        current=current,
        exempt=exemptions,
        gone=absent.gone(tx, current, now),
    )


def held_interviews(tx: Tx, others: Iterable[Reservation]) -> dict[str, tuple[Interview, ...]]:
    """Interviews of other loops per person: what the caps count."""
    found: dict[str, list[Interview]] = {}
    rows = [row for row in others if row.subject.kind is Whose.PERSON]
    known = {i.id: i for i in tx.interviews.of_ids({row.interview for row in rows})}
    for row in rows:
        interview, person = known.get(row.interview), row.subject.id
        if interview is not None and buffers.counted(interview, person):
            found.setdefault(person, []).append(interview)
    return {person: tuple(rows) for person, rows in found.items()}


def _met_before(tx: Tx, loop: Loop) -> frozenset[str]:
    """Who interviewed this candidate in the earlier rounds that the template names."""
    wanted = set(loop.template.other_people_than)
    if not wanted:
        return frozenset()
    met: set[str] = set()
    for earlier in tx.loops.list(application=loop.application, limit=100):
        if earlier.id != loop.id and earlier.template.id in wanted:
            for interview in tx.interviews.of_loop(earlier.id):
                if interview.kind is InterviewKind.INTERVIEW:
                    met.update(s.person for s in interview.seats if s.kind in EVALUATING)
    return frozenset(met)


def _load(tx: Tx, people: set[str], now: datetime, except_loop: str) -> dict[str, int]:
    """Interviews per person over the last weeks and everything still ahead. What the loop itself has booked does not
    count: it is what is decided on, and whoever sits there would seem busier than who might come instead."""
    found = dict.fromkeys(people, 0)
    for interview in tx.interviews.of_people(people, Span(now - _LOAD, now + _LOAD)):
        if interview.kind is InterviewKind.INTERVIEW and interview.loop != except_loop:
            for seat in interview.seats:
                if seat.person in found:
                    found[seat.person] += 1
    return found
