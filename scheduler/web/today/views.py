"""The page on which a recruiter's day begins.

Told by `tests/scheduler/web/test_today.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import LoopState
from scheduler.domain.time import Span, day_span
from scheduler.services.overview import days, queue, waiting
from scheduler.services.overview.days import Meeting
from scheduler.storage.database import Tx
from scheduler.storage.repositories.reading.loops import MOST_COUNTED
from scheduler.web.frame.level import service_level
from scheduler.web.frame.live import newest_of
from scheduler.web.frame.templates import page
from scheduler.web.frame.viewer import Looking, Services, Viewer

router = APIRouter(include_in_schema=False)
DAYS_AHEAD = 6
MOST_WAITING, MOST_MEETINGS = 12, 60
COUNTED = (
    LoopState.NEEDS_ATTENTION,
    LoopState.INFEASIBLE,
    LoopState.PROPOSED,
    LoopState.AWAITING_CANDIDATE,
    LoopState.PLANNING,
    LoopState.BOOKING,
    LoopState.CONFIRMED,
)
Owner = Annotated[str, Query(max_length=100, pattern=r"^[A-Za-z0-9._:-]*$")]


@router.get("/today")
def get_today(request: Request, app: Services, viewer: Looking, owner: Owner = "") -> Response:
    now, level = app.clock(), service_level(request)
    after = newest_of(app)  # before anything is read: what comes meanwhile is told
    with app.db.read() as tx:
        found, total = waiting.waiting(tx, now, level, MOST_WAITING, owner or None)
        meetings, more = days.meetings(tx, _week(viewer, now), MOST_MEETINGS, owner or None)
        counts = tx.found_loops.counts(LoopsWanted(owner=owner or None))
        owners = _owners(tx, [w.row for w in found])
    return page(
        request,
        "today/today.html",
        viewer=viewer,
        owner=owner,
        owners=owners,
        waiting=found,
        waiting_total=total,
        days=_by_day(viewer, now, meetings),
        more=more,
        counts=[(state, counts[state], MOST_COUNTED) for state in COUNTED if counts[state]],
        after=after,
    )


def _week(viewer: Viewer, now: datetime) -> Span:
    """From now until the end of the last day that is shown; what has begun is shown still."""
    last = now.astimezone(viewer.tz).date() + timedelta(days=DAYS_AHEAD)
    return Span(now, day_span(last, viewer.tz).end)


def _by_day(viewer: Viewer, now: datetime, meetings: list[Meeting]) -> list[tuple[date, list[Meeting]]]:
    """The meetings by the day of the viewer on which they begin; today is always there."""

    def day(m: Meeting) -> date:
        return max(m.interview.span.start, now).astimezone(viewer.tz).date()

    found = [(d, list(group)) for d, group in groupby(meetings, day)]
    today = now.astimezone(viewer.tz).date()
    return found if found and found[0][0] == today else [(today, []), *found]


def _owners(tx: Tx, rows: list[queue.Row]) -> dict[str, str]:
    ids = {row.loop.owner for row in rows if row.loop.owner}
    return {p.id: p.name for p in tx.people.list(ids, active=False)} if ids else {}
