"""Changes of a loop itself that would help where there is no plan, each of them tried.

The solver knows neither the buffer beside what stands in calendars, nor what lies behind the horizon, within the notice
or on a holiday.
Told by `tests/stories/test_horizon.py`, `tests/stories/test_buffers.py` and
`tests/scheduler/services/asking/test_fixing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from scheduler.domain.fixes.fix import BUFFER, HOLIDAY, HORIZON, NOTICE, Change, Fix, How, fix_id
from scheduler.domain.loops import Loop
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.templates import LoopTemplate
from scheduler.domain.time import Span, day_span, days_of, zone
from scheduler.services.app import App
from scheduler.services.planning import worktime
from scheduler.services.planning.encode import DEBRIEF, decode, encode
from scheduler.services.planning.fixes.exempt import opened
from scheduler.services.planning.picture import Picture, gather
from scheduler.services.solving import SolveFailed
from solver import ProblemError, Status

MAX_HORIZON_DAYS = 90
"""A horizon ends at most so many days ahead."""
_EFFORT = {HORIZON: 5, NOTICE: 15, BUFFER: 20, HOLIDAY: 130}
"""Their places among the solver's kinds, whose efforts are ten apart."""
_HOUR = timedelta(hours=1)


Planner = Callable[[App, Picture], tuple[PlannedInterview, ...] | None]
"""Finds a plan with which a change is shown, or none."""


def eased(app: App, picture: Picture, plan: Planner | None = None) -> tuple[Fix, ...]:
    """One fix per change with which there is a plan: the best one, or what ``plan`` finds."""
    return tuple(_fixes(app, picture, plan or _plan))


def _fixes(app: App, picture: Picture, plan: Planner) -> Iterator[Fix]:
    for found in (
        _buffer(app, picture, plan),
        _horizon(app, picture, plan),
        _notice(app, picture, plan),
        _holidays(app, picture, plan),
    ):
        if found is not None:
            yield found


def _fix(
    text: str, changes: tuple[Change, ...], plan: Sequence[PlannedInterview], how: How = How.APPLY
) -> Fix:
    asked = {p for i in plan for seat in i.people for p in seat} if how is How.ASK_PEOPLE else set[str]()
    effort = _EFFORT[changes[0].kind]
    return Fix(fix_id(changes), text, effort, how, changes, tuple(sorted(asked)), tuple(plan))


def _with_template(picture: Picture, template: LoopTemplate) -> Picture:
    return replace(picture, loop=replace(picture.loop, template=template))


def _buffer(app: App, picture: Picture, planner: Planner) -> Fix | None:
    template = picture.loop.template
    if not template.buffer:
        return None
    plan = planner(app, _with_template(picture, replace(template, buffer=0)))
    text = f"It would fit without the buffer of {template.buffer} minutes."
    return None if plan is None else _fix(text, (Change(BUFFER, limits=((BUFFER, 0),)),), plan)


def _horizon(app: App, picture: Picture, planner: Planner) -> Fix | None:
    loop = picture.loop
    last = max((w.end for w in loop.windows), default=loop.horizon.end)
    if not loop.horizon.end < last <= picture.now + timedelta(days=MAX_HORIZON_DAYS):
        return None
    longer = Span(loop.horizon.start, last)
    reaching = gather(app, replace(loop, horizon=longer))
    plan = planner(app, replace(reaching, current=picture.current, to_be_kept=picture.to_be_kept))
    local = last.astimezone(zone(loop.zone))
    text = f"It would fit with a horizon until {local:%d %B %Y %H:%M} ({loop.zone}): change the `horizon`."
    return None if plan is None else _fix(text, (Change(HORIZON, spans=(longer,)),), plan)


def _notice(app: App, picture: Picture, planner: Planner) -> Fix | None:
    """As much notice as the plan leaves that is found without any."""
    template, now = picture.loop.template, picture.now
    soon = Span(now, now + timedelta(hours=template.notice_hours)) if template.notice_hours else None
    if soon is None or not any(w.overlaps(soon) for w in picture.loop.windows):
        return None
    plan = planner(app, _with_template(picture, replace(template, notice_hours=0)))
    if plan is None:
        return None
    hours = min(p.span.start for p in plan if p.interview != DEBRIEF) - now
    enough = min(hours // _HOUR, template.notice_hours)
    text = f"It would fit with {_hours(enough)} of notice instead of {_hours(template.notice_hours)}."
    return _fix(text, (Change(NOTICE, limits=((NOTICE, enough),)),), plan)


def _hours(n: int) -> str:
    return "1 hour" if n == 1 else f"{n} hours"


def _holidays(app: App, picture: Picture, planner: Planner) -> Fix | None:
    """On days that are holidays or half days somewhere, if everybody of the plan would work then."""
    closed = _closed(picture)
    if not closed:
        return None
    sites = {id: opened(site, closed[id]) if id in closed else site for id, site in picture.sites.items()}
    plan = planner(app, replace(picture, sites=sites))
    if plan is None:
        return None
    changes, told = list[Change](), list[str]()
    for id in sorted(closed):
        site = picture.sites[id]
        tz = zone(site.zone)
        days = sorted(closed[id] & {day for p in plan for day in days_of(p.span, tz)})
        if days:
            changes.append(Change(HOLIDAY, site=id, spans=tuple(day_span(day, tz) for day in days)))
            told += [f"{day:%d %B %Y}{_named(picture, id, day)} at {site.name}" for day in days]
    text = f"It would fit on a holiday: {', '.join(told)}, if everybody of the plan works then."
    return _fix(text, tuple(changes), plan, How.ASK_PEOPLE) if changes else None


def _named(picture: Picture, site: str, day: date) -> str:
    name = worktime.why_closed(picture.sites[site], day)
    return f" ({name})" if name else ""


def _closed(picture: Picture) -> dict[str, set[date]]:
    """The days of the candidate's windows that are no ordinary ones, by site of the loop or its people."""
    loop: Loop = picture.loop
    ids = {loop.site, *(p.site for p in picture.roster.people.values())}
    found: dict[str, set[date]] = {}
    for id, site in ((id, site) for id, site in picture.sites.items() if id in ids):
        days = {day for w in loop.windows for day in days_of(w, zone(site.zone))}
        closed = {day for day in days if worktime.closes(site, day) is not None}
        if closed:
            found[id] = closed
    return found


def _plan(app: App, picture: Picture) -> tuple[PlannedInterview, ...] | None:
    encoded = encode(picture)
    if isinstance(encoded, tuple):
        return None
    try:
        solver = app.solver.within(picture.policy.solve_seconds)
        found = solver.alternatives(encoded.problem, 1)[0]
    except (SolveFailed, ProblemError):
        return None
    plan = found.plan.loops.get(picture.loop.id)
    good = found.status in (Status.OPTIMAL, Status.FEASIBLE) and plan is not None
    return decode(encoded, plan) if good and plan is not None else None
