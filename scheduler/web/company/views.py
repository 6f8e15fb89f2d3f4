"""Pools, rooms, templates, sites and the policy: seen, and changed with the checks of the company file.

Told by `tests/scheduler/web/days/test_company.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError
from scheduler.services.app import App
from scheduler.services.company.edit import put_entry, put_policy
from scheduler.storage.database import Tx
from scheduler.web.company import entries
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Form, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_

router = APIRouter(
    prefix="/company", include_in_schema=False, dependencies=acts(Action.LOOK_UP, Action.CONFIGURE)
)
Section = Annotated[str, Path(max_length=20)]
Id = Annotated[str, Query(max_length=100)]
MOST = 100_000
TITLES: Mapping[str, str] = {
    "pools": N_("Pools"),
    "rooms": N_("Rooms"),
    "templates": N_("Templates"),
    "sites": N_("Sites"),
    "policy": N_("Policy"),
}
SKELETONS: Mapping[str, str] = {
    "pools": "id: \nname: \nqualified: []\n",
    "rooms": "id: \nname: \nsite: \ncapacity: 4\ncalendar: \n",
    "templates": "id: \ntitle: \ninterviews:\n- id: talk\n  title: Talk\n  minutes: 45\n  seats:\n  - pools: []\n",
    "sites": "id: \nname: \nzone: Europe/Berlin\nhours: mon-fri 09:00-18:00\n",
}


class EntryForm(Form):
    """``text`` is the entry as YAML, ``seen`` what it was when the page was made, ``id`` whose it is."""

    id: str = Field("", max_length=100)
    text: str = Field(max_length=MOST)
    seen: str = Field("", max_length=MOST)


class Meanwhile(Exception):
    """Somebody was faster: the entry is this now."""

    def __init__(self, now: str) -> None:
        super().__init__("the entry has changed since the page was made")
        self.now = now


@router.get("")
def get_company(request: Request, app: Services, viewer: Looking) -> Response:
    with app.db.read() as tx:
        found = {name: entries.entries(tx, name) for name in entries.SECTIONS}
        people = {p.id: p.name for p in tx.people.list(active=False)}
    return page(request, "company/company.html", viewer=viewer, found=found, titles=TITLES, people=people)


@router.get("/{section}")
def get_entry(request: Request, section: Section, app: Services, viewer: Looking, id: Id = "") -> Response:
    """One entry; without an id a new one."""
    id = "policy" if section == "policy" else id
    with app.db.read() as tx:
        entries.entries(tx, section)
        text = entries.text_of(tx, section, id)
    typed = {"id": id, "text": text or SKELETONS.get(section, ""), "seen": text}
    return _page(request, viewer, section, Filled[EntryForm](typed, None))


@router.post("/{section}")
def put(request: Request, section: Section, app: Services, viewer: Looking, posted: Posted) -> Response:
    with app.db.read() as tx:
        entries.entries(tx, section)
    filled = read(EntryForm, posted, viewer.words)
    form = filled.value
    if form is None:
        return _page(request, viewer, section, filled, 422)
    try:
        _put(app, section, form)
    except Meanwhile as found:
        typed = {**filled.typed, "seen": found.now}
        if entries.lines(form.text) == entries.lines(form.seen):
            typed["text"] = found.now
        changed = entries.differs(form.seen, found.now)
        return _page(request, viewer, section, Filled(typed, None), 409, changed)
    except DomainError as error:
        faults = error.faults if isinstance(error, BadInputs) else [error]
        filled.faults["text"] = "\n".join(fault.text for fault in faults)
        return _page(request, viewer, section, filled, 422)
    return say(see("/company"), "saved")


def _put(app: App, section: str, form: EntryForm) -> None:
    new = entries.read(form.text)

    def before(tx: Tx) -> None:
        if form.id:
            now = entries.text_of(tx, section, form.id)
            if entries.lines(now) != entries.lines(form.seen):
                raise Meanwhile(now)
        elif section != "policy" and any(
            entry["id"] == new.get("id") for entry in entries.entries(tx, section)
        ):
            raise BadInput("id", "is there already", "choose another one, or change that entry")

    if section == "policy":
        put_policy(app, new, before)
        return
    id = form.id or str(new.get("id") or "")
    if not id:
        raise BadInput("id", "is missing", "give the entry a short name")
    put_entry(app, section, id, new, before)


def _page(
    request: Request,
    viewer: Viewer,
    section: str,
    form: Filled[Any],
    status: int = 200,
    changed: list[str] | None = None,
) -> Response:
    return page(
        request,
        "company/entry.html",
        status,
        viewer=viewer,
        section=section,
        title=TITLES[section],
        form=form,
        changed=changed or [],
    )
