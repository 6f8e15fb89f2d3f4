"""What a candidate's page shows: where it stands, the plans to choose from, what is booked. Never the debrief.

Told by `tests/scheduler/services/links/test_candidate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from scheduler.domain.bookings import Interview, InterviewState
from scheduler.domain.guests.links import Link, Purpose
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.people import Person, Room, Site
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.domain.templates import EVALUATING, InterviewKind, InterviewSpec, SeatKind
from scheduler.domain.time import Span, zone
from scheduler.services.booking import offers
from scheduler.services.booking.offers import Told
from scheduler.services.telling import agenda, notices, promise
from scheduler.storage.database import Tx

MOST_PLANS = 6


class Stage(StrEnum):
    """Where it stands, as the candidate is told it."""

    TIMES = "times"  # their times are waited for
    LOOKING = "looking"  # a plan is looked for, or chosen by the company
    CHOOSE = "choose"  # plans are there, and they choose
    BOOKING = "booking"  # a plan is taken, and the invitations follow
    BOOKED = "booked"
    CHANGING = "changing"  # booked, and somebody works on a change
    OVER = "over"
    CANCELLED = "cancelled"


_STAGES: Mapping[LoopState, Stage] = {
    LoopState.DRAFT: Stage.LOOKING,
    LoopState.AWAITING_CANDIDATE: Stage.TIMES,
    LoopState.PLANNING: Stage.LOOKING,
    LoopState.PROPOSED: Stage.LOOKING,
    LoopState.INFEASIBLE: Stage.LOOKING,
    LoopState.HELD: Stage.BOOKING,
    LoopState.BOOKING: Stage.BOOKING,
    LoopState.CONFIRMED: Stage.BOOKED,
    LoopState.REPAIRING: Stage.CHANGING,
    LoopState.NEEDS_ATTENTION: Stage.CHANGING,
    LoopState.COMPLETED: Stage.OVER,
    LoopState.CANCELLING: Stage.CANCELLED,
    LoopState.CANCELLED: Stage.CANCELLED,
}
_UNBOOKED = frozenset(
    {
        LoopState.AWAITING_CANDIDATE,
        LoopState.PLANNING,
        LoopState.PROPOSED,
        LoopState.INFEASIBLE,
        LoopState.NEEDS_ATTENTION,
    }
)
"""States in which new times can be given, as long as nothing is booked."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One interview as a candidate is told of it. ``zone`` is that of the clock on the wall there: the place's on site,
    else empty for their own. ``address`` is where to go, ``join`` the link of a call. ``people`` are names with what each
    of them is, ``observers`` those who only listen."""

    id: str
    title: str
    span: Span
    modality: str
    zone: str
    people: tuple[tuple[str, str], ...]
    observers: tuple[str, ...]
    place: str = ""
    address: str = ""
    join: str = ""
    about: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A whole plan, in the order in which it would take place."""

    id: str
    meetings: tuple[Meeting, ...]

    @property
    def starts(self) -> tuple[datetime, ...]:
        return tuple(m.span.start for m in self.meetings)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything a candidate's page shows. ``contact`` is who answers questions."""

    link: Link
    loop: Loop
    application: Application
    company: str
    contact: Person | None
    stage: Stage
    choices: tuple[Choice, ...]
    meetings: tuple[Meeting, ...]
    exercises: tuple[InterviewSpec, ...]
    may_give_times: bool
    hears: date | None
    """The day by which they hear, where one is promised."""


def standing(tx: Tx, link: Link) -> Standing | None:
    """How it stands for the candidate of a link; ``None`` where its loop is no more."""
    loop = tx.loops.get(link.loop)
    application = tx.applications.get(loop.application) if loop else None
    if loop is None or application is None:
        return None
    booked = [i for i in tx.interviews.of_loop(loop.id) if i.state is not InterviewState.CANCELLED]
    choices = tuple(_choices(tx, link, loop))
    site = tx.sites.get(loop.site) if loop.site else None
    owner = loop.owner or application.recruiter
    return Standing(
        link=link,
        loop=loop,
        application=application,
        company=tx.company.name(),
        contact=next(iter(tx.people.list([owner], active=False)), None),
        stage=_stage(loop, bool(booked), bool(choices)),
        choices=choices,
        meetings=tuple(_booked(tx, loop, application, booked, site)),
        exercises=tuple(s for s in loop.template.interviews if s.kind is InterviewKind.TAKE_HOME),
        may_give_times=loop.state in _UNBOOKED and not booked,
        hears=promise.day(tx.company.policy(), booked, zone(application.candidate.zone)),
    )


def _stage(loop: Loop, booked: bool, choices: bool) -> Stage:
    if choices:
        return Stage.CHOOSE
    found = _STAGES[loop.state]
    return Stage.LOOKING if found is Stage.CHANGING and not booked else found


def _choices(tx: Tx, link: Link, loop: Loop) -> list[Choice]:
    """The plans that can be chosen, the best first; of those that differ in people or rooms alone, the best one."""
    if link.purpose is not Purpose.CHOOSE or loop.state is not LoopState.PROPOSED:
        return []
    offered = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
    site = tx.sites.get(loop.site) if loop.site else None
    found: dict[tuple[datetime, ...], Choice] = {}
    for proposal, told in offers.told(tx, sorted(offered, key=lambda p: (p.rank, p.id))):
        choice = _choice(tx, loop, proposal, told, site)
        found.setdefault(choice.starts, choice)
    return list(found.values())[:MOST_PLANS]


def _choice(tx: Tx, loop: Loop, proposal: Proposal, told: Sequence[Told], site: Site | None) -> Choice:
    known = {p.id: p for p in tx.people.list({s.person for t in told for s in t.seats}, active=False)}
    meetings = [
        Meeting(
            id=one.planned.interview,
            title=one.title,
            span=one.planned.span,
            modality=one.modality,
            zone=_wall(loop, one.modality),
            people=_people([(s.person, s.kind) for s in one.seats], known),
            observers=_observers([(s.person, s.kind) for s in one.seats], known),
            place=one.room_name or "",
            address=site.address if site and one.modality == "on_site" else "",
        )
        for one in told
        if one.kind != InterviewKind.DEBRIEF.value
    ]
    return Choice(proposal.id, tuple(sorted(meetings, key=lambda m: m.span)))


def _booked(
    tx: Tx, loop: Loop, application: Application, interviews: Sequence[Interview], site: Site | None
) -> list[Meeting]:
    seen = [i for i in interviews if i.kind is not InterviewKind.DEBRIEF]
    people, rooms = notices.roster(tx, seen)
    specs = {s.id: s for s in loop.template.interviews}
    standing = {line.interview for line in agenda.for_candidate(loop, application, seen, people, rooms)}
    return [
        _meeting(loop, i, people, rooms, specs.get(i.spec), site)
        for i in sorted(seen, key=lambda i: i.span)
        if i.id in standing
    ]


def _meeting(
    loop: Loop,
    interview: Interview,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
    spec: InterviewSpec | None,
    site: Site | None,
) -> Meeting:
    seats = [
        (s.person, s.kind.value) for s in interview.seats if s.state.value not in ("declined", "replaced")
    ]
    room = rooms.get(interview.room or "")
    return Meeting(
        id=interview.spec,
        title=interview.title,
        span=interview.span,
        modality=interview.modality.value,
        zone=_wall(loop, interview.modality.value),
        people=_people(seats, people),
        observers=_observers(seats, people),
        place=room.name if room else "",
        address=site.address if site and interview.modality.value == "on_site" else "",
        join=interview.join_url,
        about=spec.agenda if spec else "",
        links=spec.links if spec else (),
    )


def _wall(loop: Loop, modality: str) -> str:
    return loop.zone if modality == "on_site" and loop.site else ""


def _people(seats: Sequence[tuple[str, str]], known: Mapping[str, Person]) -> tuple[tuple[str, str], ...]:
    """Those who talk with the candidate, each with their title."""
    talk = {k.value for k in EVALUATING} | {SeatKind.COMPANION.value}
    ids = dict.fromkeys(p for p, kind in seats if kind in talk)
    return tuple((known[p].name, known[p].title) for p in ids if p in known)


def _observers(seats: Sequence[tuple[str, str]], known: Mapping[str, Person]) -> tuple[str, ...]:
    return tuple(known[p].name for p, kind in seats if kind == SeatKind.SHADOW.value and p in known)
