"""What is on offer takes time as well: others plan around it, although nothing of it is booked.

An offer is read off the proposals themselves: it ends when one of them is chosen, when the loop is planned
anew, or by the clock (`Policy.offer_hours`, or as long as somebody has a plan kept free by hand). Nothing has to be freed, so nothing can be forgotten.

Told by `tests/stories/test_offers_are_kept_free.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.domain.bookings import Hold, Interview, Reservation
from scheduler.domain.loops import Application, BookMode, Loop
from scheduler.domain.policy import Policy
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.services.planning import buffers, candidate, panels
from scheduler.services.planning.buffers import Occupied
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.plan import Outcome
from scheduler.services.planning.sessions import solver_seats
from scheduler.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that is not booked, with the time that it would take. ``id`` is its proposal's; ``rank`` 1 is the
    plan that its loop is likely to get; ``kept``: somebody has its times kept free."""

    id: str
    loop: Loop
    rank: int
    interviews: tuple[Interview, ...]
    rows: tuple[Reservation, ...]
    kept: bool = False

    @property
    def leads(self) -> bool:
        """Whether others are planned around it as around a booking; further plans of a loop only have a price."""
        return self.rank == 1 or self.kept

    @property
    def firm(self) -> bool:
        """Whether it will be booked without anybody being asked: as good as taken."""
        return self.rank == 1 and self.loop.mode is BookMode.BOOK

    @property
    def first(self) -> bool:
        """Whether it is the best of those that wait for a person."""
        return self.leads and self.loop.mode is not BookMode.BOOK

    @property
    def times(self) -> list[tuple[Subject, Span]]:
        return [(row.subject, row.span) for row in self.rows]


def offer(
    id: str, loop: Loop, rank: int, application: Application, planned: Sequence[PlannedInterview]
) -> Offer:
    """A plan of a loop as it would be booked."""
    interviews = panels.interviews(loop, application, planned)
    return Offer(
        id, loop, rank, interviews, tuple(panels.taken(loop, application, interviews, Hold.HELD, None))
    )


def offer_of(outcome: Outcome) -> Offer:
    """The best plan that was found for a loop, as an offer."""
    best, picture = outcome.proposals[0], outcome.picture
    return offer(best.id, picture.loop, 1, picture.application, best.interviews)


def standing(tx: Tx, now: datetime, policy: Policy, leave_out: Collection[str] = ()) -> list[Offer]:
    """Everything on offer now, the loops ``leave_out`` left out."""
    since, found = now - timedelta(hours=policy.offer_hours), []
    whose = tx.applications.offering(since, now)
    for proposal in tx.proposals.standing(since, now):
        if proposal.loop in leave_out or proposal.loop not in whose:
            continue
        loop, application = whose[proposal.loop]
        if _fits(loop, proposal.interviews):
            made = offer(proposal.id, loop, proposal.rank, application, proposal.interviews)
            kept = proposal.kept_until is not None and proposal.kept_until > now
            found.append(replace(made, kept=kept))
    return found


def _fits(loop: Loop, planned: Iterable[PlannedInterview]) -> bool:
    """Whether a plan has the seats of the loop's template as it is now."""
    seats = {i.id: len(solver_seats(i)) for i in loop.template.interviews}
    known = [p for p in planned if p.interview != panels.DEBRIEF]
    return all(p.interview in seats and len(p.people) <= seats[p.interview] for p in known)


def around(picture: Picture, taken: Iterable[Offer], soft: Iterable[Offer] = ()) -> Picture:
    """The picture with some offers as if they were booked, and with others at a price."""
    held = {person: list(rows) for person, rows in picture.held.items()}
    load = dict(picture.load)
    others, elsewhere = list(picture.others), list(picture.elsewhere)
    own = picture.application.candidate.subject
    there = {Subject.person(p) for p in picture.roster.people} | {own}
    there |= {Subject.room(r) for r in picture.rooms}
    for one in taken:
        if one.loop.id == picture.loop.id:
            continue
        occupied = [o for o in _occupied(one) if o.subject in there]
        others += occupied
        elsewhere += [
            candidate.kept_beside(picture.loop, one.loop, o.span) for o in occupied if o.subject == own
        ]
        for person, interview in _counted(one, picture.roster.people.keys()):
            held.setdefault(person, []).append(interview)
            load[person] = load.get(person, 0) + 1
    priced = [t for one in soft if one.loop.id != picture.loop.id for t in one.times if t[0] in there]
    return replace(
        picture,
        held={person: tuple(rows) for person, rows in held.items()},
        others=tuple(others),
        elsewhere=tuple(elsewhere),
        load=load,
        soft=(*picture.soft, *(t for t in priced if t[0].kind is Whose.PERSON)),
    )


def _occupied(one: Offer) -> list[Occupied]:
    meetings = {i.id: i.span for i in one.interviews}
    return [
        Occupied(r.subject, r.interview, meetings[r.interview], r.span.end - meetings[r.interview].end)
        for r in one.rows
    ]


def _counted(one: Offer, people: Collection[str]) -> list[tuple[str, Interview]]:
    """Whom an offer would give another interview, as caps and the fair load count them."""
    return [
        (seat.person, interview)
        for interview in one.interviews
        if interview.kind is InterviewKind.INTERVIEW
        for seat in interview.seats
        if seat.person in people and buffers.counted(interview, seat.person)
    ]


def overlapping(rows: Iterable[Reservation], times: Iterable[tuple[Subject, Span]]) -> bool:
    """Whether one of these times of somebody is among what the rows would take."""
    mine: dict[Subject, list[Span]] = {}
    for row in rows:
        mine.setdefault(row.subject, []).append(row.span)
    return any(span.overlaps(own) for subject, span in times for own in mine.get(subject, ()))
