"""A candidate says when they can: checked at once against what their loop needs, then planned with.

Told by `tests/scheduler/services/links/test_times.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from scheduler.domain.errors import BadInput, BadInputs
from scheduler.domain.guests.links import Link
from scheduler.domain.loops import Loop
from scheduler.domain.templates import InterviewKind, LoopTemplate
from scheduler.domain.time import Span, exists, place
from scheduler.services.app import App
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopChanges
from scheduler.services.links.choosing import ACTOR

MOST_DAYS = 15
"""Days that are asked about."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Offered:
    """Hours of one day, as they were typed: ``09:00``, the end up to ``24:00``. Both empty where the day is left out."""

    day: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Needed:
    """What a loop needs at the least, in minutes: in all, for its longest interview, and beside each window for the
    way; on at most ``days`` days."""

    total: int
    longest: int
    way: int
    days: int


def needed(loop: Loop) -> Needed:
    """What the candidate's windows have to hold for any plan to exist."""
    template: LoopTemplate = loop.template
    minutes = [i.minutes or 0 for i in template.interviews if i.kind is not InterviewKind.TAKE_HOME]
    return Needed(
        sum(minutes), max(minutes, default=0), 2 * template.travel if loop.site else 0, template.max_days
    )


def days(app: App, loop: Loop, zone_name: str) -> list[date]:
    """The weekdays that are asked about: from the least notice on, as far as the loop may reach."""
    tz, now = place(zone_name), app.clock()
    first = (now + timedelta(hours=loop.template.notice_hours)).astimezone(tz).date()
    last = requests.moved_on(loop, now).end.astimezone(tz).date()
    found = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in found if day.weekday() < _SATURDAY][:MOST_DAYS]


def give(app: App, link: Link, zone_name: str, offered: Sequence[Offered]) -> Loop:
    """Plan with these hours, on the clock of ``zone_name``, in place of what was offered before.

    Raises `BadInput` for a zone, and `BadInputs` naming the day (``day.2026-03-11``) of hours that cannot be used, or
    ``days`` where all of them together cannot hold the loop; `WrongState` where it is booked by now.
    """
    place(zone_name)
    spans = _spans(offered, zone_name)
    with app.db.write() as tx:
        loop = tx.loops.claim(link.loop)
        assert loop is not None
        check(needed(loop), spans)
        texts = [(s.start.isoformat(), s.end.isoformat()) for s in spans]
        changes = LoopChanges(offered=texts, zone_name=zone_name)
        return requests.change_in(app, tx, loop.id, f"{ACTOR}:{link.id}", changes)


def check(need: Needed, spans: Sequence[Span]) -> None:
    """Raises `BadInput` where no plan can exist within these spans, whoever is free."""
    if not spans:
        raise BadInput("days", "no day is filled in", "give the hours of at least one day")
    lengths = sorted((s.minutes - need.way for s in spans), reverse=True)
    if need.days == 1 and lengths[0] < need.total:
        raise TooShort(lengths[0] + need.way, need.total + need.way, 1)
    if lengths[0] < need.longest:
        raise TooShort(lengths[0] + need.way, need.longest + need.way, 1)
    best = sum(n for n in lengths[: need.days] if n > 0)
    if best < need.total:
        raise TooShort(best, need.total, need.days)


class TooShort(BadInput):
    """``have`` minutes are offered where ``want`` are needed, on ``on`` days."""

    def __init__(self, have: int, want: int, on: int) -> None:
        where = "on one day" if on == 1 else f"on {on} days together"
        fix = "offer longer hours" if on == 1 else "offer longer hours, or one more day"
        super().__init__("days", f"the longest is {have} minutes; {want} are needed {where}", fix)
        self.have, self.want, self.on = have, want, on


def _spans(offered: Sequence[Offered], zone_name: str) -> list[Span]:
    found, faults = list[Span](), list[BadInput]()
    for one in offered:
        if not one.start and not one.end:
            continue
        try:
            found.append(_span(one, zone_name))
        except BadInput as fault:
            faults.append(fault)
    if faults:
        raise BadInputs(faults)
    return found


def _span(one: Offered, zone_name: str) -> Span:
    field = f"day.{one.day}"
    if not one.start or not one.end:
        raise BadInput(field, "has only one of its two times", "give both, or none")
    # where the clocks are set back, only what is certainly meant is taken: from the later, until the earlier
    start, end = (
        _instant(one.day, one.start, zone_name, field, 1),
        _instant(one.day, one.end, zone_name, field, 0),
    )
    if end <= start:
        raise BadInput(field, "ends before it begins", "choose a later end")
    return Span(start, end)


def _instant(day: str, clock: str, zone_name: str, field: str, fold: int) -> datetime:
    try:
        midnight = datetime.combine(date.fromisoformat(day), time.min)
        at = time.min if clock == "24:00" else time.fromisoformat(clock)
    except ValueError:
        raise BadInput(field, "holds no day and time", "choose from the lists") from None
    local = datetime.combine(midnight.date(), at) + timedelta(days=clock == "24:00")
    tz = place(zone_name)
    if not exists(local, tz):
        raise BadInput(field, f"the clocks skip {clock} on that day", "choose another time")
    return local.replace(tzinfo=tz, fold=fold)
