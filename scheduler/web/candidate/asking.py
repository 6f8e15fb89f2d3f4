"""When the candidate can come: asked by day, checked at once, planned with.

Told by `tests/scheduler/web/guests/test_choosing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from fastapi import APIRouter, Request, Response

from scheduler.domain.errors import BadInput, BadInputs, DomainError
from scheduler.domain.time import place, zone
from scheduler.services.app import App
from scheduler.services.links import times
from scheduler.services.links.candidate import Standing
from scheduler.services.links.times import Needed, Offered, TooShort
from scheduler.web.candidate.doors import Door, Opened
from scheduler.web.candidate.forms import TimesForm
from scheduler.web.candidate.views import framed
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_, Words
from scheduler.web.guest import frame
from scheduler.web.guest.zones import Zones

router = APIRouter(prefix="/candidate/{token}", include_in_schema=False, route_class=Door)
CLOCKS = (*(f"{n // 2:02}:{n % 2 * 30:02}" for n in range(48)), "24:00")
_OFFICE = (time(9), time(17))
"""What is told to somebody on another clock: the hours in which most offices can be met."""
_FAULTS = {
    "has only one of its two times": N_("Choose both times, or none."),
    "ends before it begins": N_("The end lies before the beginning."),
    "no day is filled in": N_("Choose the hours of at least one day."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the form."""

    day: str
    title: str
    start: str
    end: str
    fault: str


@router.get("/times")
def get_the_times(request: Request, token: str, opened: Opened, app: Services, viewer: Looking) -> Response:
    stands = opened[1]
    asked = frame.zone_of(request, stands.application.candidate.zone)
    return _page(request, app, viewer, token, stands, asked, _given(stands, asked))


@router.post("/times")
def give_times(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    link, stands = opened
    words, own = viewer.words, stands.application.candidate.zone
    filled = read(TimesForm, posted, words)
    form = filled.value
    if form is None or not len(form.day) == len(form.start) == len(form.end):
        return _page(
            request, app, viewer, token, stands, own, {}, 422, {"days": words(_FAULTS["no day is filled in"])}
        )
    offered = {
        day: Offered(day, start, end) for day, start, end in zip(form.day, form.start, form.end, strict=True)
    }
    try:
        times.give(app, link, form.zone, list(offered.values()))
    except (BadInput, BadInputs) as error:
        shown = form.zone if _is_place(form.zone) else own
        return _page(request, app, viewer, token, stands, shown, offered, 422, _faults(error, words))
    except DomainError:
        return frame.see(f"/candidate/{token}/times", form.zone, own)
    return frame.see(f"/candidate/{token}", form.zone, own)


def _is_place(name: str) -> bool:
    try:
        place(name)
    except BadInput:
        return False
    return True


def _faults(error: BadInput | BadInputs, words: Words) -> dict[str, str]:
    each = error.faults if isinstance(error, BadInputs) else (error,)
    return {fault.field.removeprefix("day."): _words(fault, words) for fault in each}


def _words(fault: BadInput, words: Words) -> str:
    if isinstance(fault, TooShort):
        have, want = length(fault.have, words), length(fault.want, words)
        if fault.on == 1:
            text = N_("Your longest day holds %(have)s; %(want)s are needed on one day.")
            return words(text, have=have, want=want)
        text = N_("Your longest days hold %(have)s together; %(want)s are needed on at most %(days)s days.")
        return words(text, have=have, want=want, days=fault.on)
    if fault.fault in _FAULTS:
        return words(_FAULTS[fault.fault])
    if fault.field.startswith("day."):
        return words(N_("That time does not exist on that day: the clocks are changed. Choose another one."))
    return words(N_("That cannot be used. Choose from the list."))


def length(minutes: int, words: Words) -> str:
    """``3 h 15 min``."""
    hours, rest = divmod(minutes, 60)
    parts = [words(N_("%(n)s h"), n=hours)] if hours else []
    return " ".join([*parts, *([words(N_("%(n)s min"), n=rest)] if rest or not hours else [])])


def asked(need: Needed, words: Words) -> str:
    """What is asked for, in words."""
    if need.days == 1:
        text = N_(
            "The interviews take at least %(length)s, on one day. The more you offer, the sooner there is a plan."
        )
        return words(text, length=length(need.total + need.way, words))
    text = N_(
        "The interviews take at least %(length)s, on one to %(days)s days. The more you offer, the sooner there is a plan."
    )
    return words(text, length=length(need.total, words), days=need.days)


def office(stands: Standing, day: date, when: Clock, zones: Zones, words: Words) -> str:
    """The office's usual hours on the reader's clock, where that is another one."""
    there = zone(stands.loop.zone)
    start, end = (datetime.combine(day, clock, there) for clock in _OFFICE)
    if when.offset(start, stands.loop.zone) == when.offset(start):
        return ""
    hours = f"{when.time(start)}–{when.time(end)}"
    text = N_("9:00–17:00 in %(city)s, where we are, is %(hours)s for you.")
    return words(text, city=zones.city(stands.loop.zone), hours=hours)


def _given(stands: Standing, zone_name: str) -> dict[str, Offered]:
    """What was offered before, as far as the form can show it."""
    tz, found = zone(zone_name), dict[str, Offered]()
    for span in stands.loop.windows:
        start, end = span.start.astimezone(tz), span.end.astimezone(tz)
        day, last = start.date().isoformat(), f"{end:%H:%M}"
        if (end.date() - start.date()).days == 1 and last == "00:00":
            last = CLOCKS[-1]
        elif end.date() != start.date():
            continue
        found.setdefault(day, Offered(day, f"{start:%H:%M}", last))
    return found


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    stands: Standing,
    zone_name: str,
    given: Mapping[str, Offered],
    status: int = 200,
    faults: Mapping[str, str] | None = None,
) -> Response:
    words, wrong = viewer.words, dict(faults or {})
    when, zones = Clock(words.locale, zone_name, app.clock()), Zones(words.locale)
    days = times.days(app, stands.loop, zone_name)
    rows = _rows(days, given, wrong, when)
    clocks = sorted({*CLOCKS, *(c for r in rows for c in (r.start, r.end) if c)})
    more: dict[str, Any] = {
        "rows": rows,
        "clocks": clocks,
        "asked": asked(times.needed(stands.loop), words),
        "office": office(stands, days[0], when, zones, words) if days else "",
        "faults": wrong,
        "fault": words(N_("Nothing was sent yet: see below.")) if wrong else "",
    }
    values = {**framed(token, stands, zone_name), **more}
    return frame.page(request, "candidate/times.html", zone_name, status, **values)


def _rows(
    days: Sequence[date], given: Mapping[str, Offered], faults: Mapping[str, str], when: Clock
) -> list[Row]:
    found = []
    for day in days:
        key = day.isoformat()
        hours = given.get(key, Offered(key, "", ""))
        found.append(Row(key, when.long_day(day), hours.start, hours.end, faults.get(key, "")))
    return found
