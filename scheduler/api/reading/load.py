"""The load of people by week, and how evenly a group shares it.

Told by `tests/scheduler/api/test_load.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services, page
from scheduler.api.problems import answers
from scheduler.api.reading.asked import day_of
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Person, Standing
from scheduler.services.planning import workload
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/load", tags=["load"])
MOST_WEEKS = 26
Day = Annotated[
    str, Query(max_length=10, description="A day of the week to begin or to end with: `2026-03-11`.")
]


class PersonWeekOut(BaseModel):
    """One person in one ISO week of their own zone. `interviews` count against the caps; `minutes` is all time in
    interviews, debriefs and lunches too; `open_minutes` are working hours that nothing of ours takes."""

    person: str
    week: str = Field(examples=["2026-W11"])
    interviews: int
    held: int
    confirmed: int
    minutes: int
    fullest_day: int
    cap_week: int
    cap_day: int
    declines: int
    swapped_by_hand: int
    swapped_by_machine: int
    open_minutes: int


class SpreadOut(BaseModel):
    """Gini coefficients over all that was asked for, also those of other pages: 0 is shared evenly."""

    people: int
    interviews: float
    minutes: float


class LoadOut(BaseModel):
    weeks: list[PersonWeekOut]
    spread: SpreadOut


@router.get("", responses=answers(404))
def get_load(
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    start: Annotated[Day, Query(alias="from")],
    end: Annotated[Day, Query(alias="to")],
    person: Annotated[str | None, Query(max_length=100)] = None,
    pool: Annotated[str | None, Query(max_length=100, description="Its qualified people.")] = None,
    site: Annotated[str | None, Query(max_length=100, description="Everybody who is there.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> LoadOut:
    """What a person, the people of a pool or those of a site have in each week, a page by people."""
    first, last = day_of(start, "from"), day_of(end, "to")
    if last < first:
        raise BadInput("to", "is before from", "give a later day")
    if last - first > timedelta(weeks=MOST_WEEKS):
        raise BadInput("to", f"lies more than {MOST_WEEKS} weeks after from", "ask for less")
    with app.db.read() as tx:
        people = _people(tx, person, pool, site)
        shown = {p.id for p in page(people, limit, after)}
        weeks, spread = workload.weeks(tx, people, shown, first, last)
    return LoadOut(
        weeks=[PersonWeekOut.model_validate(w, from_attributes=True) for w in weeks],
        spread=SpreadOut.model_validate(spread, from_attributes=True),
    )


def _people(tx: Tx, person: str | None, pool: str | None, site: str | None) -> list[Person]:
    if [person, pool, site].count(None) != 2:
        raise BadInput("person", "is one of person, pool and site", "give one of them")
    if person is not None:
        found = tx.people.get(person)
        if found is None:
            raise BadInput("person", f"no person {person!r}", "use the id of a person of the company")
        return [found]
    if pool is not None:
        known = tx.pools.get(pool)
        if known is None:
            raise BadInput("pool", f"no pool {pool!r}", "use the id of a pool of the company")
        return list(tx.people.list(known.of(Standing.QUALIFIED)))
    if tx.sites.get(site or "") is None:
        raise BadInput("site", f"no site {site!r}", "use the id of a site of the company")
    return [p for p in tx.people.list() if p.site == site]
