"""Reads and keeps what a browser remembers of whoever uses it.

Told by `tests/scheduler/web/test_viewer.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, field_validator

from scheduler.domain.errors import BadInput
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.overview import named
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer, remember

router = APIRouter(include_in_schema=False)


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
    if given is not None and given.me:
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


def _page(request: Request, app: App, viewer: Viewer, form: Filled[Any], status: int = 200) -> Response:
    with app.db.read() as tx:
        people = named.owners(tx)
    return page(request, "you/you.html", status, viewer=viewer, form=form, people=people)
