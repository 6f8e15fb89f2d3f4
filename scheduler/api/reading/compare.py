"""Two plans side by side, and what the calendars said when one was chosen.

Told by `tests/scheduler/api/test_compare.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.proposals import Seen
from scheduler.services.booking import compare

router = APIRouter(prefix=BASE)
Reader = Annotated[Actor, needs(Action.READ)]
Plan = Annotated[str, Query(max_length=100, description="The id of a plan.")]


class ChangeOut(BaseModel):
    """One thing that `b` does otherwise. `kind` is `time`, `people`, `room`, `only_a`, `only_b`, `days` or `price`."""

    kind: str
    interview: str
    text: str


class ComparedOut(BaseModel):
    """`price` is what `b` costs more than `a`, per rule that differs; less, where it is negative."""

    a: str
    b: str
    cost: int = Field(description="What `b` costs more than `a` as a whole.")
    price: dict[str, int]
    changes: list[ChangeOut]


class BlockOut(BaseModel):
    start: datetime
    end: datetime
    verdict: str


class CalendarOut(BaseModel):
    """`known` is false where the calendar could not be read, and `code` says why; `subject` is as in `person:anna`."""

    subject: str
    start: datetime
    end: datetime
    known: bool
    code: str
    blocks: list[BlockOut]


class SeenOut(BaseModel):
    """What the calendars said of the stretch that a plan takes, when it was chosen."""

    loop: str
    generation: int
    proposal: str
    at: datetime
    calendars: list[CalendarOut]

    @staticmethod
    def of(value: Seen) -> SeenOut:
        return SeenOut(
            loop=value.loop,
            generation=value.generation,
            proposal=value.proposal,
            at=value.at,
            calendars=[
                CalendarOut(
                    subject=str(c.subject),
                    start=c.window.start,
                    end=c.window.end,
                    known=c.known,
                    code=c.code,
                    blocks=[
                        BlockOut(start=b.span.start, end=b.span.end, verdict=b.verdict) for b in c.blocks
                    ],
                )
                for c in value.calendars
            ],
        )


@router.get("/proposals/compare", tags=["proposals"], responses=answers(404))
def compare_proposals(a: Plan, b: Plan, app: Services, _: Reader) -> ComparedOut:
    """What differs between two plans of a loop, as a person would say it."""
    with app.db.read() as tx:
        found = compare.compare(tx, a, b)
    return ComparedOut(
        a=a,
        b=b,
        cost=found.b.cost - found.a.cost,
        price=dict(found.price),
        changes=[ChangeOut(kind=c.kind, interview=c.interview, text=c.text) for c in found.changes],
    )


@router.get("/loops/{loop_id}/calendars", tags=["loops"], responses=answers(404))
def get_calendars_seen(loop_id: Annotated[str, Path(max_length=100)], app: Services, _: Reader) -> SeenOut:
    """What the calendars said when the loop's plan was chosen: busy times and verdicts, no titles."""
    with app.db.read() as tx:
        found = tx.seen.last(loop_id)
    if found is None:
        raise Missing("chosen plan of loop", loop_id)
    return SeenOut.of(found)
