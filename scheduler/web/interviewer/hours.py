"""My hours: when an interviewer works, would rather not, and pauses; and how much is asked of them beside their pools.

Told by `tests/scheduler/web/guests/test_hours.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.services.app import App
from scheduler.services.links import hours as service
from scheduler.services.links.hours import Own
from scheduler.services.links.interviewer import Mine
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_
from scheduler.web.guest import frame
from scheduler.web.interviewer import views
from scheduler.web.people.forms import entry_of, short_hours

router = APIRouter(prefix="/interviewer/{token}/hours", include_in_schema=False)
_CHANGED = N_(
    "Somebody else has changed this since the page was opened. Nothing of yours is saved; this is how it is now."
)
KINDS = {
    "interview": N_("any interview"),
    "lunch": N_("a team lunch"),
    "presentation": N_("a presentation"),
}
_LINES = ("hours", "avoid", "pauses")
_NUMBERS = ("max_day", "max_week")
Lines = Annotated[str, Field(max_length=3000)]


class OwnForm(Form):
    """``seen`` holds what the page showed."""

    seen: str = Field("", max_length=20_000)
    hours: Lines = ""
    lunch: str = Field("", max_length=40)
    avoid: Lines = ""
    pauses: Lines = ""
    rather_not: list[str] = Field(default=[], max_length=60)
    max_day: str = Field("", max_length=10)
    max_week: str = Field("", max_length=10)


@router.get("")
def get_hours(request: Request, token: str, app: Services, viewer: Looking) -> Response:
    opened = views.found(app, token)
    if opened is None:
        return frame.gone(request)
    with app.db.read() as tx:
        own = service.own(app, tx, opened[0])
    return _page(request, app, viewer, token, opened[1], own, Filled(_typed(own), None))


@router.post("")
def keep_them(request: Request, token: str, app: Services, viewer: Looking, posted: Posted) -> Response:
    opened = views.found(app, token)
    if opened is None:
        return frame.gone(request)
    link, mine = opened
    filled = read(OwnForm, posted, viewer.words)
    form, status = filled.value, 422
    with app.db.read() as tx:
        own = service.own(app, tx, link)
    if form is not None:
        try:
            seen = entry_of(form.seen)
            service.keep(app, link, _wanted(form, own, seen), seen)
        except (BadInput, BadInputs) as error:
            _beside(filled, error)
        except Missing:
            return frame.gone(request)
        except DomainError:
            filled, status = Filled(_typed(own), None, {"": viewer.words(_CHANGED)}), 409
        else:
            return frame.see(f"/interviewer/{token}/hours", "", "", done="kept")
    return _page(request, app, viewer, token, mine, own, filled, status)


def _typed(own: Own) -> dict[str, Any]:
    """What the fields show. Lists are told whole: what was not touched is sent back as it was."""
    entry = own.entry
    found: dict[str, Any] = {name: "\n".join(short_hours(entry.get(name, ()))) for name in _LINES}
    found |= {name: str(entry.get(name, "")) for name in _NUMBERS}
    found |= {"lunch": entry.get("lunch") or "", "rather_not": list(entry.get("rather_not", ()))}
    seen = {name: entry.get(name) for name in service.FIELDS}
    return found | {"seen": json.dumps(seen, sort_keys=True, ensure_ascii=False)}


def _wanted(form: OwnForm, own: Own, seen: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something else than the page showed."""
    shown = _typed(Own(own.person, seen, own.may, (), (), ()))
    found: dict[str, Any] = {}
    for name in sorted(own.may):
        text = getattr(form, name)
        if name == "rather_not":
            if sorted(text) != sorted(shown[name]):
                found[name] = sorted(set(text))
        elif _plain(text) != _plain(shown[name]):
            found[name] = _meant(name, text)
    return found


def _plain(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _meant(name: str, text: str) -> Any:
    if name in _LINES:
        return _plain(text)
    if name in _NUMBERS:
        return int(text) if text.isdecimal() and len(text) < 6 else text
    return text or False


def _beside(filled: Filled[OwnForm], error: BadInput | BadInputs) -> None:
    for one in error.faults if isinstance(error, BadInputs) else [error]:
        name = one.field.replace("[", ".").partition(".")[0]
        known = name in OwnForm.model_fields
        text = "; ".join(t for t in (one.fault, one.fix) if t) if known else one.text
        key = name if known else ""
        filled.faults[key] = f"{filled.faults[key]}\n{text}" if key in filled.faults else text


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    mine: Mine,
    own: Own,
    filled: Filled[OwnForm],
    status: int = 200,
) -> Response:
    when, words = Clock(viewer.words.locale, mine.person.zone, app.clock()), viewer.words
    more = {
        "own": own,
        "form": filled,
        "steps": [(id, title or words(KINDS[id])) for id, title in own.steps],
        "weeks": [
            (when.day(date.fromisocalendar(int(w.week[:4]), int(w.week[6:]), 1)), w) for w in own.weeks
        ],
        "done": request.query_params.get("done") == "kept",
    }
    return views.shown(request, app, token, mine, "interviewer/hours.html", status, more)
