"""The page on which a recruiter's day begins.

Told by `tests/scheduler/web/test_today.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, DomainError
from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import LoopState
from scheduler.domain.reasons import Deed
from scheduler.domain.time import Span, day_span
from scheduler.services.app import App
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown
from scheduler.services.overview import days
from scheduler.services.overview.days import Meeting
from scheduler.storage.database import Tx
from scheduler.storage.repositories.reading.loops import MOST_COUNTED
from scheduler.web.frame.acts import acts, seen_by
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.live import newest_of
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.today import matters
from scheduler.web.today.forms import CloseForm, MatterForm, SnoozeForm

router = APIRouter(
    include_in_schema=False, dependencies=acts(Action.READ, Action.REQUEST, narrows=("GET /today",))
)
F = TypeVar("F", bound=MatterForm)
DAYS_AHEAD = 6
SOON = timedelta(hours=36)
"""What is due within that is red."""
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
    if seen_by(request) is not None:  # a list of everybody's day is for who sees all; theirs is the queue
        return see("/loops")
    return _page(request, app, viewer, owner)


@router.post("/today/take")
def take_over(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    return _say(request, app, viewer, read(MatterForm, posted, viewer.words), matters.take, "taken")


@router.post("/today/snooze")
def leave_alone(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    return _say(request, app, viewer, read(SnoozeForm, posted, viewer.words), matters.snooze, "snoozed")


@router.post("/today/close")
def be_done(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    return _say(request, app, viewer, read(CloseForm, posted, viewer.words), matters.close, "closed")


def _say(
    request: Request,
    app: App,
    viewer: Viewer,
    filled: Filled[F],
    what: Callable[[App, Tx, F, Viewer], None],
    done: str,
) -> Response:
    """Say something of a matter, and look at the rest; or show what stands against it."""
    owner = filled.value.owner if filled.value else ""
    if filled.value is None:
        return _page(request, app, viewer, owner, filled, 422)
    try:
        with app.db.write() as tx:
            what(app, tx, filled.value, viewer)
    except DomainError as error:
        filled.refuse(error)
        return _page(request, app, viewer, owner, filled, 422 if type(error) is BadInput else 409)
    return say(see(f"/today?owner={owner}" if owner else "/today"), done)


def _page(
    request: Request, app: App, viewer: Viewer, owner: str, form: Filled[Any] | None = None, status: int = 200
) -> Response:
    now = app.clock()
    after = newest_of(app)  # before anything is read: what comes meanwhile is told
    with app.db.read() as tx:
        found, total = care.first(app, tx, owner or None, MOST_WAITING)
        meetings, more = days.meetings(tx, _week(viewer, now), MOST_MEETINGS, owner or None)
        counts = tx.found_loops.counts(LoopsWanted(owner=owner or None))
        names = _names(tx, found)
        reasons = [r for r in tx.company.policy().reasons if r.fits(Deed.CLOSE)]
    return page(
        request,
        "today/today.html",
        status,
        viewer=viewer,
        owner=owner,
        names=names,
        waiting=found,
        waiting_total=total,
        kinds=matters.KINDS,
        lines_of=matters.lines_of,
        soon=lambda due: due - now < SOON,
        ways=matters.WAYS,
        deeds=matters.DEEDS,
        machines=matters.MACHINES,
        reasons=reasons,
        days=_by_day(viewer, now, meetings),
        more=more,
        counts=[(state, counts[state], MOST_COUNTED) for state in COUNTED if counts[state]],
        after=after,
        form=form or Filled({}, None),
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


def _names(tx: Tx, found: Sequence[Shown]) -> dict[str, str]:
    ids = {shown.kept.owner for shown in found if shown.kept.owner}
    return {p.id: p.name for p in tx.people.list(ids, active=False)} if ids else {}
