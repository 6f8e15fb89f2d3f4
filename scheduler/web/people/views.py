"""Everybody, and one person: seen, and changed with the checks of the company file.

Told by `tests/scheduler/web/days/test_people.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.company.edit import company_file, put_entry
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.forms import Filled, Posted, read
from scheduler.web.frame.said import say
from scheduler.web.frame.templates import page, see
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.people import forms
from scheduler.web.people.forms import PersonForm

router = APIRouter(
    prefix="/people",
    include_in_schema=False,
    dependencies=acts(Action.LOOK_UP, Action.CONFIGURE, {"GET /people/new": Action.CONFIGURE}),
)
ROWS, AHEAD, MEETINGS = 100, timedelta(days=28), 12
PersonId = Annotated[str, Path(max_length=100)]
Text = Annotated[str, Query(max_length=200)]


class Meanwhile(Exception):
    """Somebody was faster: ``fields`` hold these now."""

    def __init__(self, fields: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        super().__init__("the person has changed since the page was made")
        self.fields, self.entry = fields, entry


@router.get("")
def get_people(
    request: Request,
    app: Services,
    viewer: Looking,
    text: Text = "",
    pool: Text = "",
    state: Text = "",
    after: Text = "",
) -> Response:
    """Everybody whose name, title, level or address has the text; ``state=unread`` are those whose calendar cannot be
    read, ``state=gone`` those who take part no longer."""
    with app.db.read() as tx:
        pools = sorted(tx.pools.list(), key=lambda p: p.name.casefold())
        faults = {
            f.subject.id: f for f in tx.calendar_faults.all() if f.subject == Subject.person(f.subject.id)
        }
        people = sorted(tx.people.list(active=state != "gone"), key=lambda p: (p.name, p.id))
        sites = {s.id: s.name for s in tx.sites.list(active=False)}
    if state == "gone":
        people = [p for p in people if not p.active]
    if state == "unread":
        people = [p for p in people if p.id in faults]
    members = next((p.members for p in pools if p.id == pool), {})
    found = [p for p in people if (not pool or p.id in members) and _has(p, text)]
    start = next((n + 1 for n, p in enumerate(found) if p.id == after), 0)
    return page(
        request,
        "people/people.html",
        viewer=viewer,
        rows=found[start : start + ROWS],
        total=len(found),
        further=found[start + ROWS - 1].id if len(found) > start + ROWS else "",
        in_pools={p.id: [pool.name for pool in pools if p.id in pool.members] for p in found},
        pools=pools,
        sites=sites,
        faults=faults,
        asked={"text": text, "pool": pool, "state": state},
    )


def _has(person: Person, text: str) -> bool:
    where = " ".join((person.id, person.name, person.title, person.level, person.email)).casefold()
    return all(word in where for word in text.casefold().split())


@router.get("/new")
def get_new(request: Request, app: Services, viewer: Looking) -> Response:
    with app.db.read() as tx:
        sites = tx.sites.list()
    typed = {"site": sites[0].id if sites else "", "active": "yes"}
    return _page(request, app, viewer, "", Filled[PersonForm](typed, None))


@router.post("/new")
def add(request: Request, app: Services, viewer: Looking, posted: Posted) -> Response:
    filled = read(PersonForm, posted, viewer.words)
    if filled.value is not None and not filled.value.id:
        filled.faults["id"] = viewer.words("is needed")
    return _save(request, app, viewer, "", filled)


@router.get("/{person_id}")
def get_person(request: Request, person_id: PersonId, app: Services, viewer: Looking) -> Response:
    with app.db.read() as tx:
        typed = forms.typed(_entry(tx, person_id))
    return _page(request, app, viewer, person_id, Filled[PersonForm](typed, None))


@router.post("/{person_id}")
def change(request: Request, person_id: PersonId, app: Services, viewer: Looking, posted: Posted) -> Response:
    return _save(request, app, viewer, person_id, read(PersonForm, posted, viewer.words))


def _entry(tx: Tx, id: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = company_file(tx)["people"]
    found = next((e for e in entries if e["id"] == id), None)
    if found is None:
        raise Missing("person", id)
    return found


def _save(request: Request, app: App, viewer: Viewer, id: str, filled: Filled[PersonForm]) -> Response:
    """Have it as it is typed; or say beside the fields what stands against it, or what somebody else has put there."""
    form = filled.value
    if form is None or filled.faults:
        return _page(request, app, viewer, id, filled, 422)
    try:
        put_entry(app, "people", id or form.id, _wanted(app, id, form), lambda tx: _unchanged(tx, id, form))
    except Meanwhile as found:
        return _page(request, app, viewer, id, _merged(filled, found), 409, found.fields)
    except DomainError as error:
        _beside(filled, error)
        return _page(request, app, viewer, id, filled, 422)
    return say(see(f"/people/{id or form.id}"), "saved")


def _wanted(app: App, id: str, form: PersonForm) -> dict[str, Any]:
    with app.db.read() as tx:
        return forms.entry(form, _entry(tx, id) if id else {})


def _unchanged(tx: Tx, id: str, form: PersonForm) -> None:
    if not id:
        if any(e["id"] == form.id for e in company_file(tx)["people"]):
            raise BadInput("id", "is somebody else’s already", "choose another one")
        return
    now = _entry(tx, id)
    fields = forms.changed(form.seen, now)
    if fields:
        raise Meanwhile(fields, now)


def _merged(filled: Filled[PersonForm], found: Meanwhile) -> Filled[PersonForm]:
    """What was typed, and what others have put into the fields that were not touched."""
    before = forms.typed(found.entry)
    first = forms.typed(forms.entry_of(str(filled.typed.get("seen", ""))))
    own = dict(filled.typed)
    for name in found.fields:
        if own.get(name, "") == first.get(name, ""):
            own[name] = before[name]
    return Filled(own | {"seen": before["seen"]}, None, dict(filled.faults))


def _beside(filled: Filled[PersonForm], error: DomainError) -> None:
    """Each fault beside its field, ``hours[1]`` beside the hours; what is wrong elsewhere is told above."""
    for one in error.faults if isinstance(error, BadInputs) else [error]:
        name = one.field.replace("[", ".").partition(".")[0] if isinstance(one, BadInput) else ""
        known = name in PersonForm.model_fields and isinstance(one, BadInput)
        text = (
            "; ".join(t for t in (one.fault, one.fix) if t)
            if known and isinstance(one, BadInput)
            else one.text
        )
        key = name if known else ""
        filled.faults[key] = f"{filled.faults[key]}\n{text}" if key in filled.faults else text


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    id: str,
    form: Filled[Any],
    status: int = 200,
    meanwhile: Mapping[str, Any] | None = None,
) -> Response:
    now = app.clock()
    with app.db.read() as tx:
        person = tx.people.get(id, active=False) if id else None
        pools = [p for p in tx.pools.list() if id in p.members]
        fault = next((f for f in tx.calendar_faults.all() if id and f.subject == Subject.person(id)), None)
        booked = tx.interviews.of_people([id], Span(now, now + AHEAD)) if id else []
        ahead = sorted((i for i in booked if i.span.end > now), key=lambda i: (i.span, i.id))
        applications = tx.overview.applications_of([i.loop for i in ahead[:MEETINGS]])
        sites = tx.sites.list()
    return page(
        request,
        "people/person.html",
        status,
        viewer=viewer,
        id=id,
        person=person,
        form=form,
        pools=pools,
        fault_of=fault,
        ahead=ahead[:MEETINGS],
        more=max(0, len(ahead) - MEETINGS),
        applications=applications,
        sites=sites,
        meanwhile=meanwhile or {},
    )
