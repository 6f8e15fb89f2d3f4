"""What is held and booked.

Told by `tests/scheduler/api/test_finding.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services
from scheduler.api.models.loops import InterviewOut
from scheduler.api.problems import answers
from scheduler.api.reading.asked import From, Id, To, Zone, window
from scheduler.domain.access.policy import sight
from scheduler.domain.errors import BadInput
from scheduler.domain.finding import InterviewsWanted

router = APIRouter(prefix=f"{BASE}/bookings", tags=["bookings"])


@router.get("", responses=answers())
def list_bookings(
    app: Services,
    actor: Annotated[Actor, needs(Action.READ, narrows=True)],
    loop: Annotated[
        str | None, Query(max_length=100, description="One loop's; without dates all of them.")
    ] = None,
    person: Annotated[str | None, Query(max_length=100, description="In which they have a seat.")] = None,
    room: Id = None,
    owner: Annotated[str | None, Query(max_length=100, description="Of loops that are theirs.")] = None,
    start: From = None,
    end: To = None,
    zone: Zone = "",
    limit: Limit = 50,
    after: After = None,
) -> list[InterviewOut]:
    """The live interviews of one loop, or all between two moments, by their start. Times without an offset are on
    the clock of `zone`, or of the person that is asked for."""
    with app.db.read() as tx:
        if loop is not None and (person, room, owner, start, end, after) == (None,) * 6:
            if not tx.sights.loop(loop, sight(actor, Action.READ)):
                return []
            return [InterviewOut.of(i) for i in tx.interviews.of_loop(loop)]
        if start is None and end is None:
            raise BadInput("loop", "missing", "give a loop, or from and to")
        found = None if person is None else tx.people.get(person)
        if person is not None and found is None:
            raise BadInput("person", f"no person {person!r}", "use the id of a person of the company")
        when = window(start, end, zone or (found.zone if found else ""))
        wanted = InterviewsWanted(when, person, loop, room, owner, sight(actor, Action.READ))
        return [InterviewOut.of(i) for i in tx.found_interviews.page(wanted, limit, after)]
