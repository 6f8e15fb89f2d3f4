"""What a change by hand starts from: the loop, its plan as it stands, and the company. Read once, without a trace.

Told by `tests/stories/test_changing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.domain.bookings import Interview
from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.people import Person, Pool, Room
from scheduler.domain.proposals import PlannedInterview, Proposal, ProposalState
from scheduler.domain.templates import InterviewKind, LoopTemplate, SeatKind
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.sessions import solver_seats
from scheduler.storage.database import Tx

BOOKED = frozenset({LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION})
"""States in which what is booked may be changed: nothing is just being written."""


@dataclass(frozen=True, slots=True)
class Ground:
    """``base`` is the plan as it stands, by the template's id; ``proposal`` the offer that it is, where the loop is not
    booked; ``current`` the live interviews where it is."""

    loop: Loop
    application: Application
    people: Mapping[str, Person]
    rooms: Mapping[str, Room]
    pools: Mapping[str, Pool]
    now: datetime
    base: Mapping[str, PlannedInterview]
    current: tuple[Interview, ...] = ()
    proposal: Proposal | None = None

    @property
    def booked(self) -> bool:
        return bool(self.current)

    @property
    def begun(self) -> frozenset[str]:
        """Interviews that have begun: nothing of them is changed any more."""
        return frozenset(i.spec for i in self.current if i.span.start <= self.now)

    def name(self, person: str) -> str:
        """What people call somebody."""
        found = self.people.get(person)
        return found.name if found else person


def read(tx: Tx, loop_id: str, now: datetime, proposal: str | None = None) -> Ground:
    """Raises `Missing`; `WrongState` for a loop that is neither on offer nor booked and at rest; `BadInput` for a
    proposal that is not on offer."""
    loop = tx.loops.get(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    application = tx.applications.get(loop.application)
    assert application is not None
    current = tuple(tx.interviews.of_loop(loop_id))
    offer = None
    if loop.state in BOOKED and current:
        base = planned(loop.template, current)
        if proposal is not None:
            raise BadInput("proposal", "the loop is booked", "leave it out: what is booked is changed")
    elif loop.state is LoopState.PROPOSED:
        offer = _offer(tx, loop, proposal)
        base = {p.interview: p for p in padded(loop.template, offer.interviews)}
    else:
        text = "only a loop with plans on offer, or a booked one at rest, is changed by hand"
        raise WrongState("loop", loop_id, loop.state.value, text)
    return Ground(
        loop,
        application,
        {p.id: p for p in tx.people.list(active=False)},
        {r.id: r for r in tx.rooms.list(active=False)},
        {p.id: p for p in tx.pools.list()},
        now,
        base,
        current,
        offer,
    )


def _offer(tx: Tx, loop: Loop, wanted: str | None) -> Proposal:
    offered = [p for p in tx.proposals.of_loop(loop.id, loop.generation) if p.state is ProposalState.OFFERED]
    if not offered:
        raise WrongState("loop", loop.id, loop.state.value, "no plan of it is on offer any more")
    if wanted is None:
        return min(offered, key=lambda p: p.rank)
    found = next((p for p in offered if p.id == wanted), None)
    if found is None:
        known = ", ".join(p.id for p in sorted(offered, key=lambda p: p.rank))
        raise BadInput("proposal", f"no plan {wanted!r} of this loop is on offer", f"use one of {known}")
    return found


def padded(template: LoopTemplate, plan: Iterable[PlannedInterview]) -> tuple[PlannedInterview, ...]:
    """A plan with a place for every seat of the template, whether anybody sits there or not; those of one seat in
    the order of their ids, which means nothing."""
    seats = {i.id: len(solver_seats(i)) for i in template.interviews}

    def whole(one: PlannedInterview) -> PlannedInterview:
        missing = max(seats.get(one.interview, 0) - len(one.people), 0)
        return replace(one, people=(*(tuple(sorted(p)) for p in one.people), *((),) * missing))

    return tuple(map(whole, plan))


def planned(template: LoopTemplate, interviews: Iterable[Interview]) -> dict[str, PlannedInterview]:
    """Booked interviews as the plan that they carry out."""
    specs = {i.id: i for i in template.interviews}
    found: dict[str, PlannedInterview] = {}
    for i in interviews:
        if i.kind is InterviewKind.DEBRIEF:
            found[DEBRIEF] = PlannedInterview(DEBRIEF, i.span, ((),))
        elif i.spec in specs:
            seats = range(len(solver_seats(specs[i.spec])))
            people = tuple(tuple(sorted(s.person for s in i.seats if s.number == n)) for n in seats)
            shadow = next((s.person for s in i.seats if s.kind is SeatKind.SHADOW), None)
            found[i.spec] = PlannedInterview(i.spec, i.span, people, shadow, i.room)
    return found
