"""What a loop is let off, as the problem and the sites that it is planned with: made for this loop, and nobody else's.

Told by `tests/scheduler/services/planning/fixes/test_exempt.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from scheduler.domain.fixes.fix import (
    AVAILABILITY,
    BUFFER,
    CAPS,
    HOLIDAY,
    HORIZON,
    NOTICE,
    PERSON,
    Change,
    Exemption,
)
from scheduler.domain.people import Person, Site
from scheduler.domain.time import days_of, zone
from solver import Interval, NeededChange, Problem, amended
from solver import Kind as ChangeKind
from solver import Person as Somebody

if TYPE_CHECKING:
    from scheduler.services.planning.diaries import Scale

_ELSEWHERE = frozenset({BUFFER, HORIZON, NOTICE, HOLIDAY, AVAILABILITY})
"""Kinds that the loop's own template, horizon and windows say, or the sites."""


def eased(
    problem: Problem,
    exemptions: Iterable[Exemption],
    scale: Scale,
    unknown: Collection[str],
    specs: Mapping[str, str],
) -> Problem:
    """The problem of one loop with what it is let off. ``unknown`` are those whose calendars cannot be read: what they
    agreed to does not make them free. ``specs`` says of each session which interview of the template it is."""
    sessions = {spec: session for session, spec in specs.items()}
    for change in (exemption.change for exemption in exemptions):
        if change.kind == PERSON:
            problem = _working(problem, change, scale, unknown)
        elif change.kind == CAPS:
            problem = _capped(problem, change)
        elif change.kind not in _ELSEWHERE and sessions.keys() >= set(change.interviews):
            # where a step was left out since, there is nothing to be let off
            problem = amended(problem, (of_change(change, problem.loops[0].id, scale, sessions),))
    return problem


def of_change(change: Change, loop: str, scale: Scale, sessions: Mapping[str, str]) -> NeededChange:
    """The change in the solver's words; ``sessions`` are its names of the template's interviews."""
    return NeededChange(
        ChangeKind(change.kind),
        loop,
        sessions=tuple(sessions[spec] for spec in change.interviews),
        people=change.people,
        times=tuple(scale.taken(span) for span in change.spans),
        site=change.site,
        limits=change.limits,
    )


def _working(problem: Problem, change: Change, scale: Scale, unknown: Collection[str]) -> Problem:
    """They work at these times as well; what stands in their calendar stands."""
    times = tuple(scale.taken(span) for span in change.spans)

    def more(one: Somebody) -> Somebody:
        asked = one.id in change.people and one.id not in unknown
        return replace(one, work=_joined([*one.work, *times])) if asked else one

    return replace(problem, people=tuple(map(more, problem.people)))


def _joined(spans: Sequence[Interval]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def _capped(problem: Problem, change: Change) -> Problem:
    """More interviews for them; a cap that is higher by now stays."""

    def raised(one: Somebody) -> Somebody:
        if one.id not in change.people:
            return one
        caps: dict[str, Any] = {name: max(value, getattr(one, name) or 0) for name, value in change.limits}
        return replace(one, **caps)

    return replace(problem, people=tuple(map(raised, problem.people)))


def with_caps(people: Mapping[str, Person], exemptions: Iterable[Exemption]) -> dict[str, Person]:
    """These people with the caps that the exemptions of one loop allow, as a booking counts them."""
    found = dict(people)
    for change in (e.change for e in exemptions if e.change.kind == CAPS):
        caps = dict(change.limits)
        for id in change.people:
            if id in found:
                one = found[id]
                day, week = caps.get("max_day", 0), caps.get("max_week", 0)
                found[id] = replace(one, max_day=max(one.max_day, day), max_week=max(one.max_week, week))
    return found


def with_open_days(sites: Mapping[str, Site], exemptions: Iterable[Exemption]) -> dict[str, Site]:
    """The sites with the holidays as ordinary days that are worked for one loop."""
    found = dict(sites)
    for change in (e.change for e in exemptions if e.change.kind == HOLIDAY):
        if change.site in found:
            site = found[change.site]
            days = {day for span in change.spans for day in days_of(span, zone(site.zone))}
            found[change.site] = opened(site, days)
    return found


def opened(site: Site, days: Collection[date]) -> Site:
    """The site with some days as ordinary ones."""
    names = {day.isoformat() for day in days}
    every_year = {f"{day:%m-%d}" for day in days}
    own = site.closing
    closing = replace(
        own,
        yearly=own.yearly - names - every_year,
        half_days=own.half_days - names - every_year,
        leave_out=own.leave_out | names,
    )
    return replace(site, holidays=site.holidays - frozenset(days), closing=closing)
