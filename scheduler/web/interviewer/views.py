"""The interviewer's page, opened by a link: what they have to attend, their answers, who could take over.

Told by `tests/scheduler/web/guests/test_interviewer.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from connectors.errors import ConnectorError
from scheduler.domain.errors import DomainError, Missing
from scheduler.domain.guests.links import Link, Purpose
from scheduler.domain.templates import SeatKind
from scheduler.services import opening
from scheduler.services.app import App
from scheduler.services.changing.words import price_in_words
from scheduler.services.links import calendar, interviewer
from scheduler.services.links.interviewer import BACK, Mine
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Form, Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_
from scheduler.web.guest import frame
from scheduler.web.interviewer.forms import DeclineForm, HandOverForm, InterviewForm

router = APIRouter(prefix="/interviewer/{token}", include_in_schema=False)
F = TypeVar("F", bound=Form)
_PURPOSES = frozenset({Purpose.ATTEND})
ELSE = N_("Something has changed since this page was opened. This is how it stands now.")
NOT_NOW = N_("That could not be done just now. Nothing has changed; please try again in a minute.")
_NOT_THEM = N_("That is not possible any more: they are not free then. Nothing has changed.")
DONE = {
    "accepted": N_("Accepted."),
    "declined": N_("Declined: somebody else is looked for, and everybody hears of it."),
    "proposed": N_("Proposed: it stays where it is until somebody decides."),
    "given": N_("Handed over: calendars and invitations follow."),
}


ROLES = {
    SeatKind.LEAD: N_("You lead"),
    SeatKind.CO_INTERVIEWER: N_("You interview too"),
    SeatKind.OPTIONAL: N_("You may join"),
    SeatKind.SHADOW: N_("You observe: listen, and ask nothing."),
    SeatKind.REVERSE_SHADOW: N_("You lead, and are observed"),
    SeatKind.COMPANION: N_("You accompany the candidate"),
}


def found(app: App, token: str, back: bool = False) -> tuple[Link, Mine] | None:
    """The link of an address and what its person has to attend; ``None`` for every address that opens nothing."""
    with app.db.read() as tx:
        link = opening.opened(app, tx, token, _PURPOSES)
        mine = interviewer.mine(app, tx, link, *([BACK] if back else [])) if link else None
    return (link, mine) if link and mine else None


@router.get("")
def get_the_page(request: Request, token: str, app: Services, viewer: Looking) -> Response:
    opened = found(app, token)
    return page(request, app, viewer, token, opened[1]) if opened else frame.gone(request)


@router.get("/calendar.ics")
def get_the_feed(request: Request, token: str, app: Services) -> Response:
    opened = found(app, token, back=True)
    if opened is None:
        return frame.gone(request)
    text = calendar.of_interviewer(app, opened[1])
    return Response(text, media_type="text/calendar; charset=utf-8", headers=frame.HEADERS)


@router.get("/decline")
def get_who_could_come(request: Request, token: str, app: Services, viewer: Looking) -> Response:
    opened = found(app, token)
    if opened is None:
        return frame.gone(request)
    return _declining(request, app, viewer, token, *opened, request.query_params.get("interview", ""))


@router.post("/accept")
def accept_it(request: Request, token: str, app: Services, viewer: Looking, posted: Posted) -> Response:
    return do(
        request,
        app,
        viewer,
        token,
        posted,
        InterviewForm,
        lambda link, form: interviewer.accept(app, link, form.interview),
        "accepted",
    )


@router.post("/decline")
def decline_it(request: Request, token: str, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(link: Link, form: DeclineForm) -> None:
        interviewer.decline(app, link, form.interview, form.reason, form.comment)

    return do(request, app, viewer, token, posted, DeclineForm, work, "declined")


@router.post("/hand-over")
def hand_it_over(request: Request, token: str, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(link: Link, form: HandOverForm) -> None:
        interviewer.hand_over(app, link, form.interview, form.to)

    return do(request, app, viewer, token, posted, HandOverForm, work, "given", _NOT_THEM)


def do(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    posted: list[tuple[str, str]],
    kind: type[F],
    work: Callable[[Link, F], None],
    done: str,
    otherwise: str = ELSE,
) -> Response:
    """Do what a form asks for, and show the page: as it is then, with what stands against it."""
    opened = found(app, token)
    if opened is None:
        return frame.gone(request)
    link, mine = opened
    form, note, status = read(kind, posted, viewer.words).value, otherwise, 409
    try:
        if form is None:
            raise Missing("form", "")
        work(link, form)
    except ConnectorError:
        note, status = NOT_NOW, 503
    except DomainError:
        pass
    else:
        return frame.see(f"/interviewer/{token}", "", "", done=done)
    again = found(app, token)
    return page(request, app, viewer, token, again[1] if again else mine, status, note=viewer.words(note))


def _declining(
    request: Request, app: App, viewer: Viewer, token: str, link: Link, mine: Mine, interview: str
) -> Response:
    try:
        with app.db.read() as tx:
            duty = interviewer.duty(app, tx, link, interview)
        others = interviewer.could_take_over(app, duty)
    except Missing:
        return page(request, app, viewer, token, mine, 404, note=viewer.words(ELSE))
    except ConnectorError:
        others = ()
    why = price_in_words(others[0].verdict.price) if others else []
    more = {"duty": duty, "others": others, "why": why, "reasons": mine.reasons}
    return shown(request, app, token, mine, "interviewer/decline.html", 200, more)


def page(
    request: Request, app: App, viewer: Viewer, token: str, mine: Mine, status: int = 200, note: str = ""
) -> Response:
    when = Clock(viewer.words.locale, mine.person.zone, app.clock())
    days = [
        (when.long_day(day), list(group))
        for day, group in groupby(mine.duties, lambda d: when.day_of(d.interview.span.start))
    ]
    done = DONE.get(request.query_params.get("done", ""), "") if not note else ""
    more = {"days": days, "note": note, "done": viewer.words(done) if done else ""}
    return shown(request, app, token, mine, "interviewer/interviewer.html", status, more)


def shown(
    request: Request,
    app: App,
    token: str,
    mine: Mine,
    template: str,
    status: int,
    more: dict[str, Any],
) -> Response:
    home = f"/interviewer/{token}"
    return frame.page(
        request,
        template,
        mine.person.zone,
        status,
        mine=mine,
        company=mine.company,
        home=home,
        roles=ROLES,
        feed=f"{app.base_url}{home}/calendar.ics",
        **more,
    )
