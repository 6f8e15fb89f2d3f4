"""When the candidate can be met.

Told by `tests/stories/test_main_job.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.types import Known
from scheduler.domain.fixes import saying
from scheduler.domain.fixes.saying import listed, said
from scheduler.domain.loops import Reason
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span, day_span, days_of, intersection, merged, without
from scheduler.services.planning import buffers, worktime
from scheduler.services.planning.availability import without_own
from scheduler.services.planning.picture import Picture

_NIGHT = timedelta(hours=12)
"""The longest window over midnight that is a night, rather than several days offered in one."""


def candidate_windows(picture: Picture) -> list[Span]:
    """When the candidate can be met: offered, inside the horizon and past the notice, with travel
    kept free on site, holidays closed there, outside their interviews of other loops and what is kept
    free beside them, and with companions (an interpreter) free as well. What is booked already stays
    possible, as far as it is to be kept."""
    loop, template = picture.loop, picture.loop.template
    earliest = max(loop.horizon.start, picture.now + timedelta(hours=template.notice_hours))
    travel = timedelta(minutes=template.travel if loop.site else 0)
    found = []
    for window in loop.windows:
        start, end = max(window.start + travel, earliest), min(window.end - travel, loop.horizon.end)
        if start < end:
            found.append(Span(start, end))
    booked = [i for i in picture.current if i.kind is not InterviewKind.DEBRIEF]
    current = [i.span for i in booked if picture.to_be_kept is None or i.spec in picture.to_be_kept]
    windows = merged([*without(merged(found), picture.elsewhere), *current])
    if loop.site and loop.site in picture.sites:
        windows = intersection(windows, worktime.open_days(picture.sites[loop.site], picture.span))
    met = [o.span for o in picture.others if o.subject == picture.application.candidate.subject]
    windows = without(windows, met)
    for companion in picture.application.accommodation.also:
        person = picture.roster.people.get(companion)
        windows = intersection(windows, _companion_free(picture, person) if person else [])
    return windows


def _companion_free(picture: Picture, person: Person) -> list[Span]:
    """Their working hours less everything busy: a companion is there all the time."""
    subject = Subject.person(person.id)
    state = picture.availability.get(subject)
    if not isinstance(state, Known):
        return []
    own = picture.own(subject)
    busy = [Span(b.start, b.end) for b in without_own(state, picture.prefix, own)]
    busy += [o.kept_from(buffers.NONE) for o in picture.others if o.subject == subject]
    return without(worktime.working(person, picture.sites.get(person.site), picture.span), busy)


def candidate_days(offered: Sequence[Span], tz: ZoneInfo, span: Span) -> list[Span]:
    """The candidate's local days. A night that they offer as one window belongs to the day on which it
    begins, so that an interview may lie across its midnight."""
    nights = [w for w in offered if w.end - w.start <= _NIGHT]

    def end(day: Span) -> datetime:
        return next((w.end for w in nights if w.start < day.end < w.end), day.end)

    found: list[Span] = []
    for day in (day_span(d, tz) for d in days_of(span, tz)):
        found.append(Span(found[-1].end if found else day.start, end(day)))
    return found


def closed_days(picture: Picture) -> tuple[Reason, ...]:
    """The holidays and half days within what the candidate offered, where the loop is or its people are."""
    sites = {picture.loop.site} | {p.site for p in picture.roster.people.values()}
    there = [s for id, s in picture.sites.items() if id in sites]
    text = "; ".join(filter(None, (worktime.closing_words(s, picture.loop.windows) for s in there)))
    days = [closed for s in there for closed in worktime.closed_days(s, picture.loop.windows)]
    return (Reason("closed", text, said=said("closed", days=listed(days))),) if text else ()


def no_window(picture: Picture) -> Reason:
    """Why nothing is left of what the candidate offered."""
    loop = picture.loop
    companions = picture.application.accommodation.also
    if all(w.start >= loop.horizon.end for w in loop.windows):
        text = (
            f"every window of the candidate lies behind {loop.horizon.end:%d %B %Y}, the end of the horizon"
        )
        told = said("no_window.horizon", day=saying.day(loop.horizon.end.date()))
    elif companions:
        names = ", ".join(picture.roster.name(p) for p in companions)
        text = f"{names} is needed throughout and free in none of the candidate's windows"
        told = said("no_window.companions", names=listed(picture.roster.name(p) for p in companions))
    else:
        hours = loop.template.notice_hours
        text = f"none of the candidate's windows is open: each is past, within {hours} hours, closed or taken"
        told = said("no_window", hours=hours)
    return Reason("no_window", text, companions, said=told)
