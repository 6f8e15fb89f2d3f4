"""Proposals in answers: when, where and with whom, in words and in ids.

Told by `tests/scheduler/api/test_offers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from scheduler.domain.proposals import Proposal
from scheduler.services.booking.offers import Told


class SeatedOut(BaseModel):
    """Somebody who would be there."""

    person: str
    name: str
    kind: str
    required: bool


class PlannedOut(BaseModel):
    """``start`` and ``end`` in UTC; ``local_start`` and ``local_end`` are the same on the clock of ``zone``: on
    site the place's, else the candidate's, of the debrief the loop's. ``seats`` are everybody who would be
    there, those of the debrief included; ``people`` are the ids per seat of the template."""

    interview: str
    title: str
    kind: str
    modality: str
    start: datetime
    end: datetime
    zone: str
    local_start: datetime
    local_end: datetime
    people: list[list[str]]
    shadow: str | None
    room: str | None
    room_name: str | None
    seats: list[SeatedOut]

    @staticmethod
    def of(told: Told) -> PlannedOut:
        planned = told.planned
        return PlannedOut(
            interview=planned.interview,
            title=told.title,
            kind=told.kind,
            modality=told.modality,
            start=planned.span.start,
            end=planned.span.end,
            zone=told.zone,
            local_start=told.start,
            local_end=told.end,
            people=[list(seat) for seat in planned.people],
            shadow=planned.shadow,
            room=planned.room,
            room_name=told.room_name,
            seats=[
                SeatedOut(person=s.person, name=s.name, kind=s.kind, required=s.required) for s in told.seats
            ],
        )


class ProposalOut(BaseModel):
    """``price`` per rule sums to ``cost``; no plan can cost less than ``bound``, which is 0 where ``status`` is ``by_hand``:
    nothing is proven of a plan that a person has changed."""

    id: str
    loop: str
    rank: int
    state: str
    status: str
    cost: int
    bound: int
    price: dict[str, int]
    basis: datetime = Field(description="When the calendars were read.")
    unknown: list[str]
    interviews: list[PlannedOut]

    @staticmethod
    def of(value: Proposal, told: Sequence[Told]) -> ProposalOut:
        return ProposalOut(
            id=value.id,
            loop=value.loop,
            rank=value.rank,
            state=value.state.value,
            status=value.status,
            cost=value.cost,
            bound=value.bound,
            price=dict(value.price),
            basis=value.basis,
            unknown=list(value.unknown),
            interviews=[PlannedOut.of(t) for t in told],
        )
