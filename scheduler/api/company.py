"""The company: people, pools, rooms, sites, templates; read one by one, written as a whole."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import Services
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.people import Account, Hours, Person, Pool, Room, Site
from scheduler.domain.templates import InterviewSpec, LoopTemplate
from scheduler.services.company import company_json_schema, read_company

router = APIRouter()
Reader = Annotated[Actor, needs(Action.READ)]
IdPath = Annotated[str, Path(max_length=100)]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class AccountOut(BaseModel):
    """Where a calendar lives; ``mode`` free_busy sees no kinds of events."""

    provider: str
    address: str
    mode: str

    @staticmethod
    def of(value: Account) -> AccountOut:
        return AccountOut(provider=value.provider, address=value.address, mode=value.mode.value)


def _hours(hours: Collection[Hours]) -> list[str]:
    return [f"{_DAYS[h.weekday]} {h.start:%H:%M}-{h.end:%H:%M}" for h in hours]


class PersonOut(BaseModel):
    id: str
    name: str
    email: str
    title: str
    level: str
    zone: str
    site: str
    skills: list[str]
    hours: list[str]
    max_day: int
    max_week: int
    calendar: AccountOut
    active: bool

    @staticmethod
    def of(value: Person) -> PersonOut:
        return PersonOut(
            id=value.id,
            name=value.name,
            email=value.email,
            title=value.title,
            level=value.level,
            zone=value.zone,
            site=value.site,
            skills=sorted(value.skills),
            hours=_hours(value.hours),
            max_day=value.max_day,
            max_week=value.max_week,
            calendar=AccountOut.of(value.account),
            active=value.active,
        )


class PoolOut(BaseModel):
    """``members`` maps a person's id to their standing."""

    id: str
    name: str
    members: dict[str, str]

    @staticmethod
    def of(value: Pool) -> PoolOut:
        return PoolOut(id=value.id, name=value.name, members={p: s.value for p, s in value.members.items()})


class RoomOut(BaseModel):
    id: str
    name: str
    site: str
    capacity: int
    features: list[str]
    calendar: AccountOut
    active: bool

    @staticmethod
    def of(value: Room) -> RoomOut:
        return RoomOut(
            id=value.id,
            name=value.name,
            site=value.site,
            capacity=value.capacity,
            features=sorted(value.features),
            calendar=AccountOut.of(value.account),
            active=value.active,
        )


class SiteOut(BaseModel):
    id: str
    name: str
    zone: str
    hours: list[str]
    country: str
    address: str

    @staticmethod
    def of(value: Site) -> SiteOut:
        return SiteOut(
            id=value.id,
            name=value.name,
            zone=value.zone,
            hours=_hours(value.hours),
            country=value.country,
            address=value.address,
        )


class StepOut(BaseModel):
    """One interview of a template; ``minutes`` is null where the step is still to be defined."""

    id: str
    title: str
    kind: str
    modality: str
    minutes: int | None
    after: list[str]
    seats: list[str]
    room: bool
    branch: str | None

    @staticmethod
    def of(value: InterviewSpec) -> StepOut:
        return StepOut(
            id=value.id,
            title=value.title,
            kind=value.kind.value,
            modality=value.modality.value,
            minutes=value.minutes,
            after=list(value.after),
            seats=[
                f"{s.count} {s.kind.value} of {s.person or s.role or ' or '.join(s.pools)}"
                for s in value.seats
            ],
            room=value.needs_room,
            branch=value.branch,
        )


class TemplateOut(BaseModel):
    """``incomplete`` names the steps that cannot be planned as they stand."""

    id: str
    title: str
    interviews: list[StepOut]
    incomplete: list[str]
    max_days: int
    debrief_minutes: int | None

    @staticmethod
    def of(value: LoopTemplate) -> TemplateOut:
        return TemplateOut(
            id=value.id,
            title=value.title,
            interviews=[StepOut.of(i) for i in value.interviews],
            incomplete=value.incomplete,
            max_days=value.max_days,
            debrief_minutes=value.debrief.minutes if value.debrief else None,
        )


class CompanyOut(BaseModel):
    name: str
    organizer: AccountOut
    people: int
    pools: int
    rooms: int
    templates: int


@router.put("/company", tags=["company"], responses=answers(413, 415))
def load_the_company(
    app: Services,
    _: Annotated[Actor, needs(Action.CONFIGURE)],
    body: Annotated[
        dict[str, Any], Body(description="The company file as JSON: the same fields, the same checks.")
    ],
) -> CompanyOut:
    """Replace the company: people, pools, rooms, sites, templates, policy. All faults are named at once."""
    company = read_company(json.dumps(body), "yaml", "body")
    with app.db.write() as tx:
        tx.company.replace(company, app.clock())
    return CompanyOut(
        name=company.name,
        organizer=AccountOut.of(company.organizer),
        people=len(company.people),
        pools=len(company.pools),
        rooms=len(company.rooms),
        templates=len(company.templates),
    )


@router.get("/company/schema", tags=["company"], responses=answers())
def get_company_schema(_: Annotated[Actor, needs(Action.OBSERVE)]) -> dict[str, Any]:
    """The JSON schema of the company file, for editors."""
    return company_json_schema()


@router.get("/people", tags=["people"], responses=answers())
def list_people(app: Services, _: Reader) -> list[PersonOut]:
    """Everybody active."""
    with app.db.read() as tx:
        return [PersonOut.of(p) for p in tx.people.list()]


@router.get("/people/{id}", tags=["people"], responses=answers(404))
def get_person(id: IdPath, app: Services, _: Reader) -> PersonOut:
    """One person, their hours, caps and calendar account."""
    with app.db.read() as tx:
        found = tx.people.get(id)
    if found is None:
        raise Missing("person", id)
    return PersonOut.of(found)


@router.get("/pools", tags=["pools"], responses=answers())
def list_pools(app: Services, _: Reader) -> list[PoolOut]:
    """Who may fill which seats."""
    with app.db.read() as tx:
        return [PoolOut.of(p) for p in tx.pools.list()]


@router.get("/pools/{id}", tags=["pools"], responses=answers(404))
def get_pool(id: IdPath, app: Services, _: Reader) -> PoolOut:
    """One pool with everybody's standing."""
    with app.db.read() as tx:
        found = tx.pools.get(id)
    if found is None:
        raise Missing("pool", id)
    return PoolOut.of(found)


@router.get("/rooms", tags=["rooms"], responses=answers())
def list_rooms(app: Services, _: Reader) -> list[RoomOut]:
    """Every room with its capacity and features."""
    with app.db.read() as tx:
        return [RoomOut.of(r) for r in tx.rooms.list()]


@router.get("/rooms/{id}", tags=["rooms"], responses=answers(404))
def get_room(id: IdPath, app: Services, _: Reader) -> RoomOut:
    """One room."""
    with app.db.read() as tx:
        found = tx.rooms.get(id)
    if found is None:
        raise Missing("room", id)
    return RoomOut.of(found)


@router.get("/sites", tags=["sites"], responses=answers())
def list_sites(app: Services, _: Reader) -> list[SiteOut]:
    """Every site with its zone and business hours."""
    with app.db.read() as tx:
        return [SiteOut.of(s) for s in tx.sites.list()]


@router.get("/templates", tags=["templates"], responses=answers())
def list_templates(app: Services, _: Reader) -> list[TemplateOut]:
    """Every loop template, with what is still missing in it."""
    with app.db.read() as tx:
        return [TemplateOut.of(t) for t in tx.templates.list()]


@router.get("/templates/{id}", tags=["templates"], responses=answers(404))
def get_template(id: IdPath, app: Services, _: Reader) -> TemplateOut:
    """One loop template."""
    with app.db.read() as tx:
        found = tx.templates.get(id)
    if found is None:
        raise Missing("template", id)
    return TemplateOut.of(found)
