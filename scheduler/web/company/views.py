"""Pools, rooms, templates, sites and the policy: seen, and changed with the checks of the company file.

Told by `tests/scheduler/web/days/test_company.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError
from scheduler.services.app import App
from scheduler.services.company.edit import put_entry, put_policy
from scheduler.storage.database import Tx
from scheduler.web.company import entries, fields
from scheduler.web.company.fields import FieldOf
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
def get_entry(
    request: Request,
    section: Section,
    app: Services,
    viewer: Looking,
    id: Id = "",
    way: Annotated[Literal["", "text"], Query(alias="as")] = "",
) -> Response:
    """One entry by its common fields, or ``as=text``; without an id a new one. A new template is a text: its steps are."""
    id = "policy" if section == "policy" else id
    with app.db.read() as tx:
        entries.entries(tx, section)
        text = entries.text_of(tx, section, id)
    typed: dict[str, Any] = {"id": id, "text": text or SKELETONS.get(section, ""), "seen": text}
    if way == "text" or (section == "templates" and not id):
        return _page(request, viewer, section, Filled[EntryForm](typed, None))
    known = entries.read(text) if text else {}
    found = fields.fields_of(section, known, new=not id)
    return _page(
        request,
        viewer,
        section,
        Filled[EntryForm](typed | fields.shown(found, known), None),
        found=found,
        **_lists(app),
    )


@router.post("/{section}")
def put(request: Request, section: Section, app: Services, viewer: Looking, posted: Posted) -> Response:
    with app.db.read() as tx:
        entries.entries(tx, section)
    if any(name.startswith(fields.PREFIX) for name, _ in posted):
        return _put_fields(request, app, viewer, section, posted)
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


def _put_fields(
    request: Request, app: App, viewer: Viewer, section: str, posted: list[tuple[str, str]]
) -> Response:
    """The entry as its page showed it, with what was typed into its fields; a fault stands beside its field."""
    sent = {name.removeprefix(fields.PREFIX): text for name, text in posted if name.startswith(fields.PREFIX)}
    rest = [(name, text) for name, text in posted if not name.startswith(fields.PREFIX)]
    filled = read(EntryForm, [*rest, ("text", "-")], viewer.words)
    if filled.value is None:
        raise BadInput("form", "cannot be read", "open the page again")
    seen = filled.value.seen
    known = entries.read(seen) if seen.strip() else {}
    found = fields.fields_of(section, known, new=not filled.value.id)
    lists, before = _lists(app), fields.shown(found, known)
    ids = {p.name.casefold(): p.id for p in lists["people"]}
    shown = Filled[EntryForm]({**filled.typed, **{f.path: sent.get(f.path, "") for f in found}}, None)
    if section == "policy":
        shown.typed = {**shown.typed, "id": "policy"}
    try:
        new = fields.put(found, known, sent, before, ids)
        _put(app, section, filled.value.model_copy(update={"text": entries.written(new)}))
    except Meanwhile as faster:
        now = fields.shown(found, entries.read(faster.now))
        kept = {f.path: now[f.path] for f in found if sent.get(f.path, "") == before[f.path]}
        shown.typed = {**shown.typed, **kept, "seen": faster.now}
        changed = entries.differs(seen, faster.now)
        return _page(request, viewer, section, shown, 409, changed, found=found, **lists)
    except DomainError as error:
        for fault in error.faults if isinstance(error, BadInputs) else [error]:
            name = fields.beside(found, fault.field) if isinstance(fault, BadInput) else ""
            text = f"{fault.fault}; {fault.fix}" if name and isinstance(fault, BadInput) else fault.text
            shown.faults[name] = f"{shown.faults[name]}\n{text}" if name in shown.faults else text
        return _page(request, viewer, section, shown, 422, found=found, **lists)
    return say(see("/company"), "saved")


def _lists(app: App) -> dict[str, Any]:
    """Whom and which site one can choose."""
    with app.db.read() as tx:
        return {"people": sorted(tx.people.list(), key=lambda p: p.name), "sites": tx.sites.list()}


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
    found: Sequence[FieldOf] = (),
    **lists: Any,
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
        fields=found,
        steps=fields.steps(found),
        **{"people": (), "sites": (), **lists},
    )
