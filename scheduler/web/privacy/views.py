"""What is stored about whom, and erasures of candidates: asked for here, and followed.

Told by `tests/scheduler/web/days/test_privacy.py`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import Missing
from scheduler.services.app import App
from scheduler.services.company.words import email_of
from scheduler.services.privacy import erasing, exporting
from scheduler.web.frame.acts import acts, asking
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_
from scheduler.web.privacy.held import STORED

router = APIRouter(
    prefix="/privacy", include_in_schema=False, dependencies=acts(Action.ADMINISTER, Action.ADMINISTER)
)


class CandidateForm(Form):
    """Whom it is about, and what is to be done; an erasure wants to be meant."""

    email: Annotated[str, Field(max_length=254), AfterValidator(email_of)]
    do: Literal["export", "erase"] = "export"
    sure: Literal["", "on"] = ""


@router.get("")
def get_privacy(request: Request, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, Filled[CandidateForm]({}, None))


@router.post("")
def do_it(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    """Give a file with everything about a candidate, or begin to erase them."""
    filled = read(CandidateForm, posted, viewer.words)
    given = filled.value
    if given is not None:
        try:
            if given.do == "export":
                return _file(exporting.export(app, given.email, needs=asking(request).trusted))
            if given.sure:
                erasing.ask(app, viewer.actor, given.email)
                return say(see("/privacy"), "erasing")
            filled.faults["sure"] = viewer.words(N_("It is erased only where this is ticked."))
        except Missing:
            filled.faults["email"] = viewer.words(N_("No candidate has this address."))
    return _page(request, app, viewer, filled, 422)


def _file(found: dict[str, Any]) -> Response:
    text = json.dumps(found, indent=1, ensure_ascii=False)
    name = 'attachment; filename="candidate.json"'
    return Response(text, media_type="application/json", headers={"content-disposition": name})


def _page(request: Request, app: App, viewer: Viewer, form: Filled[Any], status: int = 200) -> Response:
    with app.db.read() as tx:
        erasures = tx.erasures.list()
    kept = request.app.state.settings
    stored = [(s, getattr(kept, s.setting) if s.setting else 0) for s in STORED]
    return page(
        request, "privacy/privacy.html", status, viewer=viewer, form=form, erasures=erasures, stored=stored
    )
