"""What is held and booked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.models import InterviewOut
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput
from scheduler.domain.time import Span

router = APIRouter(prefix="/bookings", tags=["bookings"])
LONGEST_DAYS = 92


@router.get("", responses=answers())
def list_bookings(
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    loop: Annotated[str | None, Query(max_length=100)] = None,
    person: Annotated[str | None, Query(max_length=100)] = None,
    start: Annotated[datetime | None, Query(alias="from", description="With an offset.")] = None,
    end: Annotated[datetime | None, Query(alias="to", description="With an offset, exclusive.")] = None,
) -> list[InterviewOut]:
    """The live interviews of one loop, or of one person between two instants."""
    with app.db.read() as tx:
        if loop is not None:
            return [InterviewOut.of(i) for i in tx.interviews.of_loop(loop)]
        if person is None or start is None or end is None:
            raise BadInput("loop", "missing", "give a loop, or a person with from and to")
        return [InterviewOut.of(i) for i in tx.interviews.upcoming(person, _span(start, end))]


def _span(start: datetime, end: datetime) -> Span:
    for name, value in (("from", start), ("to", end)):
        if value.tzinfo is None:
            raise BadInput(name, "has no offset", "write it as 2026-11-24T09:00+01:00")
    if end <= start:
        raise BadInput("to", "is not after from", "give a later end")
    if (end - start).days > LONGEST_DAYS:
        raise BadInput("to", f"lies more than {LONGEST_DAYS} days after from", "ask for less")
    return Span(start, end)
