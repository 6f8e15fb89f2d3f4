"""Dates ↔ minutes: the one place where a loop becomes a packing problem and a plan becomes times.

The epoch is the UTC midnight before everything that matters; free time is rounded inwards to whole
minutes and busy time outwards, so that rounding never invents free time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.types import Known
from scheduler.domain.bookings import Interview
from scheduler.domain.fixes.saying import listed, said
from scheduler.domain.loops import Reason
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import LoopTemplate
from scheduler.domain.time import Span, at, day_span, days_of, merged, utc, without, zone
from scheduler.services.planning import diaries, worktime
from scheduler.services.planning.availability import without_own
from scheduler.services.planning.diaries import Scale
from scheduler.services.planning.fixes import exempt
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.seating import debrief_attendees
from scheduler.services.planning.sessions import DEBRIEF as DEBRIEF
from scheduler.services.planning.sessions import Sessions, build_sessions, debrief_lock, session_id
from scheduler.services.planning.windows import candidate_days, candidate_windows, closed_days, no_window
from solver import (
    Assignment,
    Debrief,
    Interval,
    LongestRun,
    Loop,
    LoopPlan,
    Plan,
    Problem,
    Room,
    Weights,
)

_ALWAYS = "always"
"""Business hours without a pause: a debrief *right after* the last interview must not slip over night."""
_DEFAULT_PRICES = {"room_change": 20, "run": 2, "optional_empty": 200}
"""Prices of the soft rules that the public format leaves at zero."""
_RUN_REST = 10
"""Minutes that count as a break."""


@dataclass(frozen=True, slots=True)
class Encoded:
    problem: Problem
    scale: Scale
    sessions: Sessions


def encode(picture: Picture, pinned: frozenset[str] = frozenset()) -> Encoded | tuple[Reason, ...]:
    """The loop as a packing problem, or why it cannot even be posed.

    ``pinned`` names interviews (template ids) that keep their present time, people and room.
    """
    scale = Scale(utc(picture.span.start).replace(hour=0, minute=0, second=0, microsecond=0))
    missing = _attendees_gone(picture) or _unread_attendees(picture)
    if missing is not None:
        return (missing,)
    offered = candidate_windows(picture)
    if not offered:
        return (no_window(picture), *closed_days(picture))
    sessions = build_sessions(picture, scale, offered, pinned)
    if sessions.reasons:
        return sessions.reasons
    lock = debrief_lock(picture, scale)
    if isinstance(lock, Reason):
        return (lock,)
    sites = {s.id: scale.free(worktime.open_hours(s, picture.span)) for s in picture.sites.values()}
    calendars = {site: spans for site, spans in sites.items() if spans}
    manager = scale.free(_manager_hours(picture))
    calendars |= {_ALWAYS: ((0, scale.ceil(picture.span.end)),)}
    calendars |= {_manager_calendar(picture): manager, _site(picture): calendars.get(_site(picture), manager)}
    people = diaries.people(picture, scale, sessions)
    zones = {p.zone for p in picture.roster.people.values()} | {picture.loop.zone}
    problem = Problem(
        name=picture.loop.id,
        grid=picture.loop.template.grid,
        epoch=scale.epoch.isoformat(),
        horizon=scale.ceil(picture.span.end),
        buffer=picture.loop.template.buffer,
        weights=_weights(picture),
        calendars=calendars,
        day_bounds={z: _days(scale, picture.span, zone(z)) for z in sorted(zones)},
        week_bounds={z: _weeks(scale, picture.span, zone(z)) for z in sorted(zones)},
        people=people,
        rooms=_rooms(picture, scale, sessions),
        loops=(_loop(picture, scale, offered, sessions, lock),),
    )
    return Encoded(
        exempt.eased(problem, picture.exempt, scale, picture.unknown, sessions.spec), scale, sessions
    )


def _attendees_gone(picture: Picture) -> Reason | None:
    """Somebody whom the debrief cannot do without, and who has left: only a human can say who comes instead."""
    template, people = picture.loop.template, picture.roster.people
    needed = debrief_attendees(template, picture.application) if template.debrief else ()
    gone = [p for p in needed if p in people and not people[p].active]
    if not gone:
        return None
    names = ", ".join(picture.roster.name(p) for p in gone)
    text = f"the debrief needs {names}, no longer with the company: name somebody else in the application"
    told = said("debrief.left", names=listed(picture.roster.name(p) for p in gone))
    return Reason("left", text, tuple(gone), (DEBRIEF,), told)


def _unread_attendees(picture: Picture) -> Reason | None:
    """Somebody whom the debrief cannot do without, and whose calendar cannot be read."""
    template = picture.loop.template
    there = {s.person for i in picture.current if i.spec == DEBRIEF for s in i.seats}
    needed = debrief_attendees(template, picture.application) if template.debrief else ()
    lost = [p for p in needed if p in picture.unknown and p not in there]
    if not lost:
        return None
    names = ", ".join(picture.roster.name(p) for p in lost)
    text = f"the debrief needs {names}, whose calendar cannot be read"
    told = said("debrief.unread", names=listed(picture.roster.name(p) for p in lost))
    return Reason("unknown_calendar", text, tuple(lost), (DEBRIEF,), told)


def _site(picture: Picture) -> str:
    """The loop's site; a remote loop has one of its own, without rooms."""
    return picture.loop.site or f"remote:{picture.loop.zone}"


def _manager_calendar(picture: Picture) -> str:
    return str(Subject.person(picture.application.hiring_manager))


def _manager_hours(picture: Picture) -> list[Span]:
    """Business time of the debrief's deadline: the hiring manager's working hours in their zone."""
    manager = picture.roster.people[picture.application.hiring_manager]
    return worktime.working(manager, picture.sites.get(manager.site), picture.span)


def _weights(picture: Picture) -> Weights:
    return replace(Weights(), **{**_DEFAULT_PRICES, **picture.policy.prices})


def _days(scale: Scale, span: Span, tz: ZoneInfo) -> tuple[Interval, ...]:
    return tuple(scale.taken(day_span(d, tz)) for d in days_of(span, tz))


def _weeks(scale: Scale, span: Span, tz: ZoneInfo) -> tuple[Interval, ...]:
    """ISO weeks, Monday to Monday, as intervals."""
    days = days_of(span, tz)
    mondays = sorted({d - timedelta(days=d.weekday()) for d in days})
    midnight = datetime.min.time()
    return tuple(
        scale.taken(Span(at(m, midnight, tz), at(m + timedelta(days=7), midnight, tz))) for m in mondays
    )


def _rooms(picture: Picture, scale: Scale, sessions: Sessions) -> tuple[Room, ...]:
    """Rooms whose calendar is known; companions take a head each."""
    companions = len(picture.application.accommodation.also)
    found = []
    for room in picture.rooms.values():
        subject = Subject.room(room.id)
        state = picture.availability.get(subject)
        if not isinstance(state, Known) and room.id not in sessions.pinned_rooms:
            continue
        spans = [o.span for o in picture.others if o.subject == subject]
        spans += [s for who, s in picture.loop.blocked if who == subject]
        if isinstance(state, Known):
            own = picture.own(subject)
            spans += [Span(b.start, b.end) for b in without_own(state, picture.prefix, own)]
        if not room.active:
            spans += without([picture.span], sessions.pinned_room_spans(room.id))
        spans = [s for s in spans if not any(s.overlaps(p) for p in sessions.pinned_room_spans(room.id))]
        busy = tuple(scale.taken(s) for s in merged(spans))
        found.append(
            Room(room.id, room.site, max(room.capacity - companions, 0), busy, frozenset(room.features))
        )
    return tuple(found)


def _loop(
    picture: Picture, scale: Scale, offered: Sequence[Span], sessions: Sessions, debrief_at: int | None
) -> Loop:
    loop, template, needs = picture.loop, picture.loop.template, picture.application.accommodation
    tz = zone(loop.zone)
    availability = scale.free(offered)
    days = [scale.taken(d) for d in candidate_days(offered, tz, picture.span)]
    preferred = worktime.clock_windows(template.preferred, tz, picture.span) if template.preferred else []
    run = LongestRun(template.longest_run, _RUN_REST) if template.longest_run else None
    if needs.break_every:
        run = LongestRun(needs.break_every, _RUN_REST, hard=True)
    return Loop(
        id=loop.id,
        site=_site(picture),
        tz=loop.zone,
        availability=availability,
        days=tuple(d for d in days if any(a < d[1] and d[0] < b for a, b in availability)),
        max_days=template.max_days,
        max_span=template.max_span,
        min_break=template.min_break,
        preferred=scale.free(preferred) or availability,
        priority=2,
        sessions=sessions.sessions,
        debrief=_debrief(picture, scale, debrief_at),
        recruiter=picture.application.recruiter,
        hm=picture.application.hiring_manager,
        gaps=sessions.gaps,
        same_day=_groups(loop.id, template.same_day, sessions),
        different_day=_groups(loop.id, template.different_day, sessions),
        longest_run=run,
        max_day_minutes=needs.max_day,
        barred=(picture.barred & picture.roster.people.keys()) - sessions.named,
    )


def _groups(loop: str, groups: Sequence[Sequence[str]], sessions: Sessions) -> tuple[tuple[str, ...], ...]:
    known = {s.id for s in sessions.sessions}
    found = (tuple(i for i in (session_id(loop, g) for g in group) if i in known) for group in groups)
    return tuple(g for g in found if len(g) > 1)


def _debrief(picture: Picture, scale: Scale, lock: int | None) -> Debrief | None:
    spec = picture.loop.template.debrief
    if spec is None:
        return None
    now = next((i for i in picture.current if i.spec == DEBRIEF), None)
    return Debrief(
        dur=spec.minutes,
        within=spec.within_hours * 60 or _right_after(picture.loop.template),
        attend=debrief_attendees(picture.loop.template, picture.application),
        least=spec.least_gap,
        calendar=_manager_calendar(picture) if spec.within_hours else _ALWAYS,
        lock=lock,
        previous=scale.floor(now.span.start) if now else None,
    )


def _right_after(template: LoopTemplate) -> int:
    """How late *right after the last interview* may be: the first start that the buffer leaves. Whoever sat
    in that interview is in the debrief too, and keeps the buffer between the two."""
    return template.buffer + template.grid - 1 if template.buffer else 0


def decode(encoded: Encoded, plan: LoopPlan) -> tuple[PlannedInterview, ...]:
    """A placed loop as interviews in order of time, the debrief last."""
    problem = encoded.problem
    loop = problem.loops[0]
    durations = {s.id: s.dur for s in loop.sessions}
    found = [
        PlannedInterview(
            encoded.sessions.spec[id],
            encoded.scale.span(a.start, durations[id]),
            encoded.sessions.by_seat(id, a.people),
            a.shadow,
            a.room,
        )
        for id, a in plan.sessions.items()
    ]
    found.sort(key=lambda i: i.span)
    if loop.debrief is not None and plan.debrief is not None:
        span = encoded.scale.span(plan.debrief, loop.debrief.dur)
        found.append(PlannedInterview(DEBRIEF, span, ((),)))
    return tuple(found)


def booked_plan(encoded: Encoded, current: Iterable[Interview]) -> Plan:
    """The interviews as booked now, as a plan of the same problem."""
    loop = encoded.problem.loops[0]
    by_spec = {i.spec: i for i in current}
    assigned: dict[str, Assignment] = {}
    for session in loop.sessions:
        interview = by_spec.get(encoded.sessions.spec[session.id])
        if interview is not None:
            assigned[session.id] = encoded.sessions.assignment(interview, encoded.scale)
    debrief = by_spec.get(DEBRIEF)
    start = encoded.scale.floor(debrief.span.start) if debrief else None
    return Plan({loop.id: LoopPlan(assigned, start)})
