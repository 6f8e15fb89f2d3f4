"""The candidate cannot come to one interview: other times that hold are shown, or the company is asked.

Told by `tests/scheduler/web/guests/test_cannot.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError, Missing
from scheduler.domain.guests.links import Link
from scheduler.domain.templates import Modality
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.links import unable
from scheduler.services.links.candidate import Standing
from scheduler.services.links.unable import Way
from scheduler.web.candidate.doors import Door, Opened
from scheduler.web.candidate.forms import AskForm, InterviewForm, MoveForm
from scheduler.web.candidate.views import framed
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_
from scheduler.web.guest import frame

router = APIRouter(prefix="/candidate/{token}/cannot", include_in_schema=False, route_class=Door)
_GONE = N_("That time is not free any more. These still are:")
_NOT_NOW = N_("That could not be done just now. Nothing has changed; please try again in a minute.")


@router.get("")
def get_it(request: Request, token: str, opened: Opened, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, token, *opened, request.query_params.get("interview", ""))


@router.post("")
def look_for_times(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    form = read(InterviewForm, posted, viewer.words).value
    return _times(request, app, viewer, token, *opened, form.interview if form else "")


@router.post("/move")
def move_it(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    link, stands = opened
    own = stands.application.candidate.zone
    form = read(MoveForm, posted, viewer.words).value
    try:
        if form is None:
            raise Missing("interview", "")
        unable.move(app, link, form.interview, form.to, form.comment)
    except Missing:
        return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own)
    except DomainError:
        spec = form.interview if form else ""
        return _times(request, app, viewer, token, link, stands, spec, 409, viewer.words(_GONE))
    except ConnectorError:
        spec, note = (form.interview if form else ""), viewer.words(_NOT_NOW)
        return _page(request, app, viewer, token, link, stands, spec, 503, note=note)
    return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own, done="moved")


@router.post("/ask")
def ask_for_another(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    link, stands = opened
    own = stands.application.candidate.zone
    form = read(AskForm, posted, viewer.words).value
    try:
        if form is None:
            raise Missing("interview", "")
        unable.ask(app, link, form.interview, form.comment)
    except DomainError:
        return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own)
    return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own, done="asked")


def _times(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    link: Link,
    stands: Standing,
    spec: str,
    status: int = 200,
    note: str = "",
) -> Response:
    times: Sequence[Span] = ()
    try:
        times = unable.look(app, link, spec)
    except DomainError:
        pass  # the page says what stands against it
    except ConnectorError:
        status, note = 503, viewer.words(_NOT_NOW)
    return _page(request, app, viewer, token, link, stands, spec, status, note=note, times=times)


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    link: Link,
    stands: Standing,
    spec: str,
    status: int = 200,
    *,
    note: str = "",
    times: Sequence[Span] | None = None,
) -> Response:
    own = stands.application.candidate.zone
    try:
        with app.db.read() as tx:
            one = unable.interview_of(app, tx, link, spec)
            way: Way = unable.way(app, tx, link, one)
    except Missing:
        return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own)
    # what is at the office is told on the clock there, as on the agenda
    there = stands.loop.zone if one.modality is Modality.ON_SITE and stands.loop.site else ""
    when = Clock(viewer.words.locale, there or frame.zone_of(request, own), app.clock())
    values = {
        **framed(token, stands, frame.zone_of(request, own)),
        "one": one,
        "way": way.value,
        "old": when.stretch(one.span),
        "note": note,
        "times": None if times is None else [(s.start.isoformat(), when.stretch(s)) for s in times],
    }
    return frame.page(request, "candidate/cannot.html", frame.zone_of(request, own), status, **values)
