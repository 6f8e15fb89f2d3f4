"""Where an interview could be instead, and who could take a seat of it.

Told by `tests/scheduler/api/test_places.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.models.changing import RefusalOut
from scheduler.api.problems import answers
from scheduler.api.reading.asked import From, To, Zone, window
from scheduler.domain.errors import Missing
from scheduler.services.changing import places
from scheduler.services.changing.places import Substitute, Verdict

router = APIRouter(prefix=f"{BASE}/loops/{{loop_id}}/interviews/{{interview}}", tags=["loops"])
Reader = Annotated[Actor, needs(Action.READ)]
LoopId = Annotated[str, Path(max_length=100)]
Interview = Annotated[str, Path(max_length=100, description="The template's id of it.")]
Proposal = Annotated[
    str | None, Query(max_length=100, description="The plan, of a loop that is not booked; else the best.")
]


class VerdictOut(BaseModel):
    """`verdict` is `fits` (only the debrief may follow), `price` (somebody else comes, another room, a soft rule), `no`,
    or `undecided` where time ran out. `rule` and `people` say what stands against it; `text` says why, or what follows.
    `cost` is the difference to the plan that stands."""

    verdict: str
    cost: int
    rule: str = ""
    people: list[str] = []
    text: str = ""


class StartOut(VerdictOut):
    start: datetime


class StartsOut(BaseModel):
    """Every start of the grid; `zone` is the loop's clock. `already` is what the plan that stands breaks elsewhere, whatever
    start is chosen: it is held against none of them."""

    interview: str
    zone: str
    starts: list[StartOut]
    already: list[RefusalOut] = []


class LoadOut(BaseModel):
    """Interviews of one ISO week, held and confirmed, of every loop, against the cap."""

    week: str
    interviews: int
    most: int


class SubstituteOut(VerdictOut):
    person: str
    name: str
    price: dict[str, int]
    overrides: list[str] = Field(description="What would take a reason (`override`).")
    load: LoadOut


class NextOut(BaseModel):
    """Who would be the next choice, and what that costs more."""

    person: str
    name: str
    cost: int


class SeatPlacesOut(BaseModel):
    """`picked` are the next two after those who sit there: they are why nobody else was picked."""

    interview: str
    seat: int
    holders: list[str]
    picked: list[NextOut]
    substitutes: list[SubstituteOut]
    already: list[RefusalOut] = Field(
        [], description="What the plan breaks elsewhere, whoever takes the seat."
    )


@router.get("/starts", responses=answers(404, 409))
def list_starts(
    loop_id: LoopId,
    interview: Interview,
    app: Services,
    _: Reader,
    start: From = None,
    end: To = None,
    zone: Zone = "",
    proposal: Proposal = None,
) -> StartsOut:
    """Every start of the grid between two moments (at most two weeks; on the loop's clock unless `zone` says another): whether
    the interview, or the `debrief`, fits there, at what price, or why not, with all other interviews kept where they are."""
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    span = window(start, end, zone or loop.zone, places.MOST.days)
    found = places.starts(app, loop_id, interview, span, proposal)
    rows = [StartOut(start=s.at, **_fields(s.verdict)) for s in found.starts]
    return StartsOut(interview=interview, zone=loop.zone, starts=rows, already=RefusalOut.all(found.already))


@router.get("/substitutes", responses=answers(404, 409))
def list_substitutes(
    loop_id: LoopId,
    interview: Interview,
    app: Services,
    _: Reader,
    seat: Annotated[int, Query(ge=0, le=50, description="Its number, from 0; shadows are not counted.")] = 0,
    instead_of: Annotated[
        str | None, Query(max_length=100, description="Of several in the seat, whom they would replace.")
    ] = None,
    proposal: Proposal = None,
) -> SeatPlacesOut:
    """Who could take a seat at the time that stands: everybody of its pools, with the price, their load that week against
    the cap, and why not for those who cannot."""
    found = places.substitutes(app, loop_id, interview, seat, instead_of, proposal)
    able = [s for s in found.others if s.verdict.verdict in (places.FITS, places.PRICED)]
    return SeatPlacesOut(
        interview=interview,
        seat=seat,
        holders=list(found.holders),
        picked=[NextOut(person=s.person, name=s.name, cost=s.verdict.cost) for s in able[:2]],
        substitutes=[_substitute(s) for s in found.others],
        already=RefusalOut.all(found.already),
    )


def _substitute(value: Substitute) -> SubstituteOut:
    load = value.load
    return SubstituteOut(
        person=value.person,
        name=value.name,
        price=dict(value.verdict.price),
        overrides=[o.text for o in value.verdict.overrides],
        load=LoadOut(week=load.week, interviews=load.interviews, most=load.most),
        **_fields(value.verdict),
    )


def _fields(verdict: Verdict) -> dict[str, Any]:
    first = verdict.refused[0] if verdict.refused else None
    return {
        "verdict": verdict.verdict,
        "cost": verdict.cost,
        "rule": first.rule if first else "",
        "people": list(first.people) if first else [],
        "text": _together(first.text if first else "", *_follows(verdict)),
    }


def _follows(verdict: Verdict) -> Iterable[str]:
    yield from (o.text for o in verdict.overrides)
    yield from (s.text for s in verdict.steps)


def _together(*texts: str) -> str:
    return "; ".join(filter(None, texts))
