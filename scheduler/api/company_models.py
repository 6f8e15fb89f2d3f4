"""The company in answers: accounts, people, pools, rooms, sites, templates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel

from scheduler.domain.company import Company
from scheduler.domain.people import Account, Hours, Person, Pool, Room, Site
from scheduler.domain.templates import InterviewSpec, LoopTemplate
from scheduler.services.afterwards.push import State
from scheduler.services.company.words import DAYS


class AccountOut(BaseModel):
    """Where a calendar lives; ``mode`` free_busy sees no kinds of events."""

    provider: str
    address: str
    mode: str

    @staticmethod
    def of(value: Account) -> AccountOut:
        return AccountOut(provider=value.provider, address=value.address, mode=value.mode.value)


class NoticesOut(BaseModel):
    """How changes in the organizer's calendar become known beside polling. ``status``: ``off`` (no
    LOOPWRIGHT_BASE_URL), ``unsupported`` by the service, ``waiting``, ``alive``, ``late`` (not renewed in
    time) or ``refused``; ``reason`` is what the service last said against it."""

    status: str
    provider: str | None
    calendar: str | None
    url: str | None
    since: datetime | None
    until: datetime | None
    reason: str

    @staticmethod
    def of(value: State) -> NoticesOut:
        aim, live = value.wanted, value.live
        return NoticesOut(
            status=value.status,
            provider=aim.provider if aim else None,
            calendar=aim.calendar if aim else None,
            url=aim.url if aim else None,
            since=live.created if live else None,
            until=live.expires if live else None,
            reason=value.reason,
        )


def _hours(hours: Collection[Hours]) -> list[str]:
    return [f"{DAYS[h.weekday]} {h.start:%H:%M}-{h.end:%H:%M}" for h in hours]


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
    """How many of each there are."""

    name: str
    organizer: AccountOut
    people: int
    pools: int
    rooms: int
    templates: int

    @staticmethod
    def of(value: Company) -> CompanyOut:
        return CompanyOut(
            name=value.name,
            organizer=AccountOut.of(value.organizer),
            people=len(value.people),
            pools=len(value.pools),
            rooms=len(value.rooms),
            templates=len(value.templates),
        )
