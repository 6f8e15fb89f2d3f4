"""Reads and keeps what a browser remembers of whoever uses it; lists where they are signed in, and signs out.

Told by `tests/scheduler/web/test_viewer.py` and `tests/scheduler/web/test_signed_in.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, field_validator

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.time import zone
from scheduler.services.access import sessions
from scheduler.services.app import App
from scheduler.services.overview import named
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer, remember

router = APIRouter(include_in_schema=False, dependencies=acts(Action.SELF, Action.SELF))


class YouForm(Form):
    """What is kept."""

    me: str = Field("", max_length=254)
    zone: str = Field("", max_length=60)
    language: Literal["", "en", "de"] = ""
    keys: Literal["", "on"] = ""

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        if name:
            try:
                zone(name, "zone")
            except BadInput as error:
                raise ValueError(f"{error.fault}; {error.fix}") from None
        return name


@router.get("/you")
def get_you(request: Request, app: Services, viewer: Looking) -> Response:
    typed = {
        "me": viewer.me,
        "zone": viewer.zone if viewer.known else "",
        "language": viewer.language,
        "keys": "on" if viewer.keys else "",
    }
    return _page(request, app, viewer, Filled[YouForm](typed, None))


@router.post("/you")
def keep_you(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read(YouForm, posted, viewer.words)
    given, me = filled.value, ""
    if given is not None and given.me and not viewer.account:  # which says who they are
        try:
            with app.db.read() as tx:
                me = named.person(tx, given.me, "me").id
        except BadInput as error:
            filled.refuse(error)
    if given is None or filled.faults:
        return _page(request, app, viewer, filled, 422)
    answer = say(see("/you"), "kept")
    remember(answer, request, me=me, zone=given.zone, language=given.language)
    remember(answer, request, keys="" if given.keys else "off")
    return answer


class SignOutForm(Form):
    """Which of one's sessions ends; without one the browser's own."""

    session: str = Field("", max_length=100)


@router.post("/you/sign-out")
def sign_out(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """End one session of whoever asks. The browser's own cookie goes with its session."""
    given, here = read(SignOutForm, posted, viewer.words).value, getattr(request.state, "session", "")
    ended = (given.session if given else "") or here
    own = sessions.owner(request.state.actor)
    if own is None:
        raise Missing("session", ended)
    with app.db.write() as tx:
        sessions.end(app, tx, ended, viewer.actor, own)
    if ended != here:
        return say(see("/you"), "signed_out")
    answer = see("/you")  # which is told there how to come in
    for name in request.app.state.door.names():
        answer.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax")
    return answer


def _page(request: Request, app: App, viewer: Viewer, form: Filled[Any], status: int = 200) -> Response:
    own = sessions.owner(request.state.actor)
    with app.db.read() as tx:
        people = named.owners(tx)
        user = tx.accounts.get(own) if own else None
        live = [] if own is None else sessions.live(app, tx, request.app.state.door.keeping, own)
    here = getattr(request.state, "session", "")
    shown = [(s, browser(s.browser), s.id == here) for s in live]
    more = {"people": people, "sessions": shown, "user": user}
    return page(request, "you/you.html", status, viewer=viewer, form=form, **more)


def browser(agent: str) -> str:
    """What people call a browser, from what it calls itself; as it came where nobody is known by that."""
    name = next((n for mark, n in _BROWSERS if mark in agent), "")
    system = next((n for mark, n in _SYSTEMS if mark in agent), "")
    return f"{name}, {system}" if name and system else name or agent[:60]


_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""In this order: most browsers also say that they are others."""
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
