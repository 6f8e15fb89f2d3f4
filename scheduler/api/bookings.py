"""What is held and booked.

Told by `tests/scheduler/api/test_flow.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.models.loops import InterviewOut
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput
from scheduler.domain.time import Span, instant

router = APIRouter(prefix="/bookings", tags=["bookings"])
LONGEST_DAYS = 92
WHEN = "`2026-11-24T09:00` in the person's zone, or with an offset."


@router.get("", responses=answers())
def list_bookings(
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    loop: Annotated[str | None, Query(max_length=100, description="All of one loop.")] = None,
    person: Annotated[str | None, Query(max_length=100, description="One person's.")] = None,
    start: Annotated[str | None, Query(alias="from", max_length=40, description=WHEN)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40, description=f"{WHEN} Exclusive.")] = None,
) -> list[InterviewOut]:
    """The live interviews of one loop, or of one person between two instants."""
    with app.db.read() as tx:
        if loop is not None:
            return [InterviewOut.of(i) for i in tx.interviews.of_loop(loop)]
        if person is None or start is None or end is None:
            raise BadInput("loop", "missing", "give a loop, or a person with from and to")
        found = tx.people.get(person)
        if found is None:
            raise BadInput("person", f"no person {person!r}", "use the id of a person of the company")
        return [InterviewOut.of(i) for i in tx.interviews.upcoming(person, _span(start, end, found.zone))]


def _span(start_text: str, end_text: str, zone: str) -> Span:
    # "+" in an address is a space: 09:00+01:00 arrives as 09:00 01:00
    start = instant(start_text.replace(" ", "+"), zone, "from")
    end = instant(end_text.replace(" ", "+"), zone, "to")
    if end <= start:
        raise BadInput("to", "is not after from", "give a later end")
    if end - start > timedelta(days=LONGEST_DAYS):
        raise BadInput("to", f"lies more than {LONGEST_DAYS} days after from", "ask for less")
    return Span(start, end)
