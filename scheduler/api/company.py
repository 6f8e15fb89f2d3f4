"""The company: people, pools, rooms, sites, templates; as a whole, and one by one."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, After, Limit, Services, page
from scheduler.api.conditional.conditions import Conditions, Put
from scheduler.api.models.company import (
    CompanyOut,
    NoticesOut,
    PersonOut,
    PoolOut,
    RoomOut,
    SiteOut,
    TemplateOut,
)
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.afterwards import push
from scheduler.services.company.edit import company_file, put_entry
from scheduler.services.company.load import load
from scheduler.services.company.read import checked_company, company_json_schema
from scheduler.services.company.text import plain
from scheduler.storage.database import Tx

router = APIRouter(prefix=BASE)
Reader = Annotated[Actor, needs(Action.LOOK_UP)]
Configurer = Annotated[Actor, needs(Action.CONFIGURE)]
IdPath = Annotated[str, Path(max_length=100)]
Entry = Annotated[dict[str, Any], Body()]


def _body(shape: str) -> dict[str, Any]:
    """The description of a body that is checked together with the rest of the company."""
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.put(
    "/company", tags=["company"], responses=answers(412, 413, 415), openapi_extra=_body("CompanyFile")
)
def load_the_company(app: Services, _: Configurer, body: Entry, conditions: Put) -> CompanyOut:
    """Replace the company: people, pools, rooms, sites, templates, policy. The body is the company
    file as JSON, with the same fields and the same checks; all faults are named at once."""
    company = checked_company(plain(body, "body"))
    with app.db.write() as tx:
        if conditions != Conditions():
            tx.company.lock()
            loaded = tx.company.loaded_at() is not None
            conditions.check("company", company.name, company_file(tx) if loaded else None)
        load(app, tx, company)
    return CompanyOut.of(company)


@router.get("/company", tags=["company"], responses=answers(404))
def get_the_company(app: Services, _: Reader) -> dict[str, Any]:
    """What is loaded, in the form of a company file with every default written out."""
    with app.db.read() as tx:
        return company_file(tx)


@router.get("/company/notices", tags=["company"], responses=answers())
def get_the_notices(app: Services, _: Reader) -> NoticesOut:
    """Whether the organizer's calendar service tells us of changes, and if not, why. It is polled anyway."""
    with app.db.read() as tx:
        return NoticesOut.of(push.state(app, tx))


@router.get("/company/schema", tags=["company"], responses=answers())
def get_company_schema(_: Annotated[Actor, needs(Action.OBSERVE)]) -> dict[str, Any]:
    """The JSON schema of the company file, for editors."""
    return company_json_schema()


@router.get("/people", tags=["people"], responses=answers())
def list_people(app: Services, _: Reader, limit: Limit = 50, after: After = None) -> list[PersonOut]:
    """Everybody active."""
    with app.db.read() as tx:
        return [PersonOut.of(v) for v in tx.people.page(limit, after)]


@router.get("/people/{id}", tags=["people"], responses=answers(404))
def get_person(id: IdPath, app: Services, _: Reader) -> PersonOut:
    """One person, their hours, caps and calendar account."""
    with app.db.read() as tx:
        found = tx.people.get(id)
    if found is None:
        raise Missing("person", id)
    return PersonOut.of(found)


def _check_person(tx: Tx, id: str, conditions: Conditions) -> None:
    now = tx.people.get(id)
    conditions.check("person", id, None if now is None else PersonOut.of(now))


@router.put(
    "/people/{id}", tags=["people"], responses=answers(404, 412, 413, 415), openapi_extra=_body("PersonFile")
)
def put_person(id: IdPath, app: Services, _: Configurer, body: Entry, conditions: Put) -> PersonOut:
    """Add a person, or replace the one of that id. `active: false` takes them out of all planning."""
    company = put_entry(app, "people", id, body, partial(_check_person, id=id, conditions=conditions))
    return PersonOut.of(next(v for v in company.people if v.id == id))


@router.get("/pools", tags=["pools"], responses=answers())
def list_pools(app: Services, _: Reader, limit: Limit = 50, after: After = None) -> list[PoolOut]:
    """Who may fill which seats."""
    with app.db.read() as tx:
        return [PoolOut.of(v) for v in tx.pools.page(limit, after)]


@router.get("/pools/{id}", tags=["pools"], responses=answers(404))
def get_pool(id: IdPath, app: Services, _: Reader) -> PoolOut:
    """One pool with everybody's standing."""
    with app.db.read() as tx:
        found = tx.pools.get(id)
    if found is None:
        raise Missing("pool", id)
    return PoolOut.of(found)


def _check_pool(tx: Tx, id: str, conditions: Conditions) -> None:
    now = tx.pools.get(id)
    conditions.check("pool", id, None if now is None else PoolOut.of(now))


@router.put(
    "/pools/{id}", tags=["pools"], responses=answers(404, 412, 413, 415), openapi_extra=_body("PoolFile")
)
def put_pool(id: IdPath, app: Services, _: Configurer, body: Entry, conditions: Put) -> PoolOut:
    """Add a pool, or replace the one of that id with all its members."""
    company = put_entry(app, "pools", id, body, partial(_check_pool, id=id, conditions=conditions))
    return PoolOut.of(next(v for v in company.pools if v.id == id))


@router.get("/rooms", tags=["rooms"], responses=answers())
def list_rooms(app: Services, _: Reader, limit: Limit = 50, after: After = None) -> list[RoomOut]:
    """Every room with its capacity and features."""
    with app.db.read() as tx:
        return [RoomOut.of(v) for v in tx.rooms.page(limit, after)]


@router.get("/rooms/{id}", tags=["rooms"], responses=answers(404))
def get_room(id: IdPath, app: Services, _: Reader) -> RoomOut:
    """One room."""
    with app.db.read() as tx:
        found = tx.rooms.get(id)
    if found is None:
        raise Missing("room", id)
    return RoomOut.of(found)


def _check_room(tx: Tx, id: str, conditions: Conditions) -> None:
    now = tx.rooms.get(id)
    conditions.check("room", id, None if now is None else RoomOut.of(now))


@router.put(
    "/rooms/{id}", tags=["rooms"], responses=answers(404, 412, 413, 415), openapi_extra=_body("RoomFile")
)
def put_room(id: IdPath, app: Services, _: Configurer, body: Entry, conditions: Put) -> RoomOut:
    """Add a room, or replace the one of that id. `active: false` takes it out of all planning."""
    company = put_entry(app, "rooms", id, body, partial(_check_room, id=id, conditions=conditions))
    return RoomOut.of(next(v for v in company.rooms if v.id == id))


@router.get("/templates", tags=["templates"], responses=answers())
def list_templates(app: Services, _: Reader, limit: Limit = 50, after: After = None) -> list[TemplateOut]:
    """Every loop template, with what is still missing in it."""
    with app.db.read() as tx:
        return [TemplateOut.of(v) for v in page(tx.templates.list(), limit, after)]


@router.get("/templates/{id}", tags=["templates"], responses=answers(404))
def get_template(id: IdPath, app: Services, _: Reader) -> TemplateOut:
    """One loop template."""
    with app.db.read() as tx:
        found = tx.templates.get(id)
    if found is None:
        raise Missing("template", id)
    return TemplateOut.of(found)


def _check_template(tx: Tx, id: str, conditions: Conditions) -> None:
    now = tx.templates.get(id)
    conditions.check("template", id, None if now is None else TemplateOut.of(now))


@router.put(
    "/templates/{id}",
    tags=["templates"],
    responses=answers(404, 412, 413, 415),
    openapi_extra=_body("OwnTemplate"),
)
def put_template(id: IdPath, app: Services, _: Configurer, body: Entry, conditions: Put) -> TemplateOut:
    """Add a template, or replace the one of that id. Loops that were asked for keep the one they were asked with."""
    company = put_entry(app, "templates", id, body, partial(_check_template, id=id, conditions=conditions))
    return TemplateOut.of(next(v for v in company.templates if v.id == id))


@router.get("/sites", tags=["sites"], responses=answers())
def list_sites(app: Services, _: Reader, limit: Limit = 50, after: After = None) -> list[SiteOut]:
    """Every site with its zone and business hours."""
    with app.db.read() as tx:
        return [SiteOut.of(v) for v in tx.sites.page(limit, after)]
