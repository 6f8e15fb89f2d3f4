"""The candidate's page, opened by a link: choose a plan, see what is booked, take it into a calendar.

Told by `tests/scheduler/web/guests/test_choosing.py`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError, Missing
from scheduler.services.app import App
from scheduler.services.links import calendar, choosing
from scheduler.services.links.adding import adding
from scheduler.services.links.candidate import Stage, Standing
from scheduler.web.candidate import doors, shown
from scheduler.web.candidate.doors import Door, Opened
from scheduler.web.candidate.forms import PlanForm
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_
from scheduler.web.guest import frame
from scheduler.web.guest.zones import Zones

router = APIRouter(prefix="/candidate/{token}", include_in_schema=False, route_class=Door)
_GONE = N_(
    "That plan is not free any more: somebody was quicker. The first one below is the nearest that still is."
)
_ALL_GONE = N_("That plan is not free any more, and neither are the others. We are looking for new times.")
_NOT_NOW = N_("That could not be done just now. Nothing was booked; please try again in a minute.")
_ELSE = N_("Something has changed since this page was opened. This is how it stands now.")

DONE = {
    "moved": N_("Moved: the new invitation comes by mail."),
    "needs": N_("Noted: your plan keeps to it."),
    "asked": N_("We look for another time and write to you."),
}


@router.get("")
def get_the_page(request: Request, token: str, opened: Opened, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, token, opened[1])


@router.post("/choose")
def choose_a_plan(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    link, before = opened
    own = before.application.candidate.zone
    filled = read(PlanForm, posted, viewer.words)
    try:
        if filled.value is None:
            raise Missing("plan", "")
        chosen = choosing.take(app, link, filled.value.plan)
    except ConnectorError:
        return _again(request, app, viewer, token, 503, _NOT_NOW)
    except DomainError:
        return _again(request, app, viewer, token, 409, _ELSE)
    if chosen.taken:
        return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own)
    return _again(request, app, viewer, token, 409, _GONE if chosen.nearest else _ALL_GONE, chosen.nearest)


@router.get("/interviews.ics")
def get_the_calendar(request: Request, opened: Opened, app: Services) -> Response:
    if opened[1].stage in (Stage.CANCELLED, Stage.OVER) or not opened[1].meetings:
        return frame.gone(request)
    text = calendar.of_candidate(app, opened[1])
    headers = {**frame.HEADERS, "content-disposition": 'attachment; filename="interviews.ics"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


def _again(
    request: Request, app: App, viewer: Viewer, token: str, status: int, note: str, nearest: str = ""
) -> Response:
    """The page as it is now, with what came of the click."""
    opened = doors.found(app, token)
    if opened is None:
        return frame.gone(request)
    if not opened[1].choices:
        nearest = ""
    note = _ALL_GONE if note == _GONE and not opened[1].choices else note
    return _page(request, app, viewer, token, opened[1], status, nearest=nearest, note=viewer.words(note))


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    stands: Standing,
    status: int = 200,
    **more: Any,
) -> Response:
    words, own = viewer.words, stands.application.candidate.zone
    zone = frame.zone_of(request, own)
    when, zones = Clock(words.locale, zone, app.clock()), Zones(words.locale)
    options = shown.options(stands.choices, more.get("nearest", ""), when, zones, words)
    days = shown.days(stands.meetings, when, zones, words)
    return frame.page(
        request,
        "candidate/candidate.html",
        zone,
        status,
        **{
            **framed(token, stands, zone),
            "heading": words(shown.HEADINGS[stands.stage]),
            "steps": shown.steps(stands.stage, words),
            "options": options,
            "days": days,
            "away": shown.away([*days, *(day for option in options for day in option.days)]),
            "exercises": [(e, when.long_day(stands.loop.due_day(e))) for e in stands.exercises],
            "nearest": "",
            "fault": "",
            "note": "",
            "done": words(DONE.get(request.query_params.get("done", ""), "")) if not more.get("note") else "",
            "adding": {id: adding(entry) for id, entry in calendar.entries(app, stands).items()},
            "ahead": {m.id for m in stands.meetings if m.span.start > app.clock()},
            **more,
        },
    )


def framed(token: str, stands: Standing, zone: str) -> dict[str, Any]:
    """What every page of a candidate is given."""
    own = stands.application.candidate.zone
    return {
        "s": stands,
        "company": stands.company,
        "contact": stands.contact,
        "home": f"/candidate/{token}",
        "query": f"?zone={zone}" if zone != own else "",
    }
