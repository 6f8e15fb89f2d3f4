"""People and weeks, each cell as warm as it is full; and how evenly each pool shares its work.

Told by `tests/scheduler/web/days/test_load.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput
from scheduler.domain.load import PersonWeek, Spread
from scheduler.domain.people import Person, Pool, Standing
from scheduler.services.planning import workload
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.templates import page
from scheduler.web.frame.viewer import Looking, Services

router = APIRouter(prefix="/load", include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST))
WEEKS, BEFORE = 8, 2
"""How many weeks are shown, and how many of them lie behind the current one."""
ROWS = 60
Id = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Cell:
    """One person's week. ``heat`` is 0 (nothing) to 4 (the cap is reached or passed); ``away`` is whether they pause on
    all its days."""

    week: PersonWeek
    heat: int
    away: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """How a pool shares its work."""

    pool: Pool
    spread: Spread
    interviews: int


@router.get("")
def get_load(
    request: Request,
    app: Services,
    viewer: Looking,
    pool: Id = "",
    site: Id = "",
    start: Annotated[str, Query(alias="from", max_length=10)] = "",
    after: Id = "",
) -> Response:
    """Weeks from that of the day ``from`` on, else from two before the current one."""
    today = app.clock().astimezone(viewer.tz).date()
    first = workload.monday(_day(start) if start else today - timedelta(weeks=BEFORE))
    mondays = [first + timedelta(weeks=n) for n in range(WEEKS)]
    with app.db.read() as tx:
        pools, sites = sorted(tx.pools.list(), key=lambda p: p.name.casefold()), tx.sites.list()
        people = _people(tx, pools, pool, site)
        rest = [p for p in people if not after or (p.name, p.id) > _place(people, after)]
        shown = rest[:ROWS]
        groups = {p.id: p.of(Standing.QUALIFIED) for p in pools if not pool or p.id == pool}
        everybody = {p.id: p for p in people} | {
            p.id: p for p in tx.people.list({id for ids in groups.values() for id in ids})
        }
        rows, spreads = workload.board(
            tx, list(everybody.values()), set(everybody), groups, mondays[0], mondays[-1]
        )
    return page(
        request,
        "load/load.html",
        viewer=viewer,
        pools=pools,
        sites=sites,
        pool=pool,
        site=site,
        start=start,
        mondays=mondays,
        now=workload.monday(today),
        before=first - timedelta(weeks=WEEKS),
        behind=first + timedelta(weeks=WEEKS),
        rows=_cells(shown, rows, mondays),
        further=shown[-1].id if len(rest) > ROWS else "",
        shared=_shared(pools, groups, rows, spreads),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("from", f"{text!r:.20} is no day", "write it as 2026-03-09") from None


def _people(tx: Tx, pools: Sequence[Pool], pool: str, site: str) -> list[Person]:
    found = tx.people.list()
    if pool:
        known = next((p for p in pools if p.id == pool), None)
        if known is None:
            raise BadInput("pool", f"no pool {pool!r}", "choose one of the list")
        found = [p for p in found if p.id in known.of(Standing.QUALIFIED)]
    if site:
        found = [p for p in found if p.site == site]
    return sorted(found, key=lambda p: (p.name, p.id))


def _place(people: Sequence[Person], after: str) -> tuple[str, str]:
    return next(((p.name, p.id) for p in people if p.id == after), ("", ""))


def _cells(
    people: Sequence[Person], rows: Sequence[PersonWeek], mondays: Sequence[date]
) -> list[tuple[Person, list[Cell]]]:
    of: dict[str, list[PersonWeek]] = {}
    for row in rows:
        of.setdefault(row.person, []).append(row)
    return [
        (p, [Cell(w, heat(w.interviews, w.cap_week), _away(p, day)) for w, day in zip(of[p.id], mondays)])  # noqa: B905
        for p in people
    ]


def heat(interviews: int, cap: int) -> int:
    """0 for nothing, 1 up to half of the cap, 2 up to three quarters, 3 below it, 4 from it on."""
    if not interviews:
        return 0
    if interviews >= cap:
        return 4
    return 1 if interviews * 2 <= cap else 2 if interviews * 4 <= cap * 3 else 3


def _away(person: Person, monday: date) -> bool:
    days = {h.weekday for h in person.hours}
    return bool(days) and all(person.pauses_on(monday + timedelta(days=d)) for d in days)


def _shared(
    pools: Sequence[Pool],
    groups: Mapping[str, Sequence[str]],
    rows: Sequence[PersonWeek],
    spreads: Mapping[str, Spread],
) -> list[Shared]:
    """The pools, those that share least evenly first."""
    amounts: dict[str, int] = {}
    for row in rows:
        amounts[row.person] = amounts.get(row.person, 0) + row.interviews
    found = [
        Shared(p, spreads[p.id], sum(amounts.get(id, 0) for id in groups[p.id]))
        for p in pools
        if p.id in groups
    ]
    return sorted(found, key=lambda s: (-s.spread.interviews, s.pool.name))
