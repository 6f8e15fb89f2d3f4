"""A plan that is offered, as whoever decides on it reads it: titles, names, wall-clock times, the debrief's people.

Told by `tests/scheduler/api/test_offers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Interview, Seat
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person, Room
from scheduler.domain.proposals import PlannedInterview, Proposal
from scheduler.domain.templates import InterviewKind, SeatKind
from scheduler.domain.time import zone
from scheduler.services.booking import layout
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.naming import title_of
from scheduler.services.planning.sessions import solver_seats
from scheduler.services.telling.agenda import zone_of
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody who would be there; ``kind`` is that of their seat."""

    person: str
    name: str
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One interview of a plan. ``start`` and ``end`` are wall-clock in ``zone``: that of the place on site,
    else the candidate's; of a debrief the loop's."""

    planned: PlannedInterview
    title: str
    kind: str
    modality: str
    zone: str
    start: datetime
    end: datetime
    room_name: str | None
    seats: tuple[Seated, ...]


def told(tx: Tx, proposals: Iterable[Proposal]) -> list[tuple[Proposal, list[Told]]]:
    """Every proposal with its interviews in words, the debrief's people included."""
    found = []
    for proposal in proposals:
        loop = tx.loops.get(proposal.loop)
        application = tx.applications.get(loop.application) if loop else None
        assert loop is not None and application is not None
        found.append((proposal, loop, application, _laid(loop, application, proposal.interviews)))
    every = [(p, laid.get(p.interview)) for one, _, _, laid in found for p in one.interviews]
    people = {p.id: p for p in tx.people.list({id for pair in every for id in _who(*pair)}, active=False)}
    rooms = {r.id: r for r in tx.rooms.list({p.room for p, _ in every if p.room}, active=False)}
    return [
        (one, [_one(loop, application, p, laid.get(p.interview), people, rooms) for p in one.interviews])
        for one, loop, application, laid in found
    ]


def drawn(tx: Tx, loop: Loop, application: Application, planned: Sequence[PlannedInterview]) -> list[Told]:
    """A plan that is not kept anywhere, in words; ``loop`` as it would be then."""
    laid = _laid(loop, application, planned)
    people = {
        p.id: p
        for p in tx.people.list({i for p in planned for i in _who(p, laid.get(p.interview))}, active=False)
    }
    rooms = {r.id: r for r in tx.rooms.list({p.room for p in planned if p.room}, active=False)}
    return [_one(loop, application, p, laid.get(p.interview), people, rooms) for p in planned]


def _laid(loop: Loop, application: Application, planned: Sequence[PlannedInterview]) -> dict[str, Interview]:
    """The interviews that would come of a plan, by those of the template."""
    return {i.spec: i for i in layout.interviews(loop, application, planned)} if _fits(loop, planned) else {}


def _who(planned: PlannedInterview, laid: Interview | None) -> list[str]:
    return [s.person for s in laid.seats] if laid else [p for seat in planned.people for p in seat]


def _fits(loop: Loop, planned: Sequence[PlannedInterview]) -> bool:
    """Whether a plan has the seats of the loop's template: one made before a change may not."""
    seats = {i.id: len(solver_seats(i)) for i in loop.template.interviews}
    known = [p for p in planned if p.interview != DEBRIEF]
    return all(p.interview in seats and len(p.people) <= seats[p.interview] for p in known)


def _one(
    loop: Loop,
    application: Application,
    planned: PlannedInterview,
    laid: Interview | None,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> Told:
    own = application.candidate.zone
    debrief = laid is None or laid.kind is InterviewKind.DEBRIEF
    name = loop.zone if laid is None or debrief else zone_of(laid.modality, loop, own)
    tz = zone(name)
    room = rooms.get(planned.room or "")
    there = laid.seats if laid else [Seat(p, SeatKind.LEAD) for seat in planned.people for p in seat]
    names = {s.person: people[s.person].name if s.person in people else s.person for s in there}
    seats = [Seated(s.person, names[s.person], s.kind.value if laid else "", s.required) for s in there]
    return Told(
        planned=planned,
        title=laid.title if laid else title_of(loop.template, planned.interview),
        kind=laid.kind.value if laid else "",
        modality=laid.modality.value if laid else "",
        zone=name,
        start=planned.span.start.astimezone(tz),
        end=planned.span.end.astimezone(tz),
        room_name=room.name if room else planned.room,
        seats=tuple(seats),
    )
