"""Parameters of questions: moments, lists of words, and the filters made of them.

Told by `tests/scheduler/api/test_finding.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request

from scheduler.api.access import Action, seen_by
from scheduler.api.common import Services
from scheduler.domain.errors import BadInput
from scheduler.domain.finding import FactsWanted, LoopsWanted
from scheduler.domain.loops import LoopState
from scheduler.domain.time import Span, day_span, instant, utc
from scheduler.domain.time import zone as zone_of
from scheduler.services.company.faults import nearest

LONGEST_DAYS = 92
WHEN = "A day, `2026-11-24`, or a time, `2026-11-24T09:00`, on the clock of `zone` or with an offset."
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)

Name = Annotated[str | None, Query(max_length=200)]
Id = Annotated[str | None, Query(max_length=100)]
From = Annotated[str | None, Query(alias="from", max_length=40, description=WHEN)]
To = Annotated[
    str | None, Query(alias="to", max_length=40, description=f"{WHEN} Exclusive; a day counts whole.")
]
Zone = Annotated[str, Query(max_length=60, description="On whose clock `from` and `to` are written.")]


def moment(text: str, zone: str, field: str, *, end: bool = False) -> datetime:
    """The instant of a parameter: a time, or the beginning (with ``end`` the end) of a day.

    Raises `BadInput` where it has no offset and no ``zone`` is given, and for what `instant` refuses."""
    text = text.strip().replace(" ", "+")  # "+" in an address is a space
    if not zone and not _OFFSET.search(text[10:]):
        raise BadInput(field, f"{text!r:.60} is on nobody's clock", "give zone, or write an offset")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day = day_span(day_of(text, field), zone_of(zone, "zone"))
        return day.end if end else day.start
    return instant(text, zone or "UTC", field)


def day_of(text: str, field: str) -> date:
    """The day of a parameter. Raises `BadInput`."""
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError
        found = date.fromisoformat(text)
    except ValueError:
        raise BadInput(field, f"{text!r:.60} is no day", "write it as 2026-03-30") from None
    if not 2000 <= found.year < 2100:
        raise BadInput(field, f"the year {found.year} is out of range", "choose a date in this century")
    return found


def window(start: str | None, end: str | None, zone: str, most_days: int = LONGEST_DAYS) -> Span:
    """The stretch between two parameters. Raises `BadInput` where one is missing, and for too long a one."""
    if start is None or end is None:
        missing, other = ("from", "to") if start is None else ("to", "from")
        raise BadInput(missing, f"missing beside {other}", "give both")
    first, last = moment(start, zone, "from"), moment(end, zone, "to", end=True)
    if last <= first:
        raise BadInput("to", "is not after from", "give a later end")
    if last - first > timedelta(days=most_days, hours=1):  # an hour for the change of the clocks
        raise BadInput("to", f"lies more than {most_days} days after from", "ask for less")
    return Span(first, last)


def states_of(text: str | None) -> frozenset[LoopState] | None:
    """The states of a list such as ``planning,proposed``. Raises `BadInput` for a word that is none."""
    if text is None:
        return None
    known = [s.value for s in LoopState]
    names = [word.strip() for word in text.split(",")]
    for name in names:
        if name not in known:
            raise BadInput("state", f"{name!r} is no state of a loop", nearest(name, known))
    return frozenset(LoopState(name) for name in names)


def _loops(
    app: Services,
    request: Request,
    state: Annotated[
        str | None, Query(max_length=200, description="One state, or several: `proposed,needs_attention`.")
    ] = None,
    owner: Annotated[
        str | None, Query(max_length=100, description="The person whose loops they are.")
    ] = None,
    job: Name = None,
    stage: Annotated[str | None, Query(max_length=200, description="The stage that asked.")] = None,
    template: Id = None,
    application: Id = None,
    person: Annotated[
        str | None, Query(max_length=100, description="Who has a seat in an interview.")
    ] = None,
    start: From = None,
    end: To = None,
    zone: Zone = "",
    older_than: Annotated[
        int | None, Query(ge=0, le=36500, description="Asked for at least so many days ago.")
    ] = None,
    newer_than: Annotated[
        int | None, Query(ge=1, le=36500, description="Asked for less than so many days ago.")
    ] = None,
    text: Annotated[
        str,
        Query(
            max_length=200,
            description="Words of the candidate, the job or the application's id, from their beginning on; a loop's id.",
        ),
    ] = "",
) -> LoopsWanted:
    now = app.clock()
    return LoopsWanted(
        states=states_of(state),
        owner=owner,
        job=job,
        stage=stage,
        template=template,
        application=application,
        person=person,
        window=window(start, end, zone) if start is not None or end is not None else None,
        asked_after=None if newer_than is None else now - timedelta(days=newer_than),
        asked_until=None if older_than is None else now - timedelta(days=older_than),
        text=text,
        sight=seen_by(request, Action.READ),
    )


def _facts(
    who: Annotated[
        str | None,
        Query(max_length=200, description="Who did it: `person:hana`, `system:planning`, `api:token`."),
    ] = None,
    what: Annotated[
        str | None, Query(max_length=100, description="What happened: `loop_moved`, `seat_declined`.")
    ] = None,
    loop: Id = None,
    person: Annotated[
        str | None, Query(max_length=100, description="Whom it is about, or who did it.")
    ] = None,
    start: From = None,
    end: To = None,
    zone: Zone = "",
) -> FactsWanted:
    return FactsWanted(
        actor=who,
        what=what,
        subject=None if loop is None else f"loop:{loop}",
        person=person,
        start=None if start is None else utc(moment(start, zone, "from")),
        end=None if end is None else utc(moment(end, zone, "to", end=True)),
    )


Loops = Annotated[LoopsWanted, Depends(_loops)]
Facts = Annotated[FactsWanted, Depends(_facts)]
