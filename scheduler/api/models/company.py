"""The company in answers: accounts, people, pools, rooms, sites, templates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator

from scheduler.domain.company import Company
from scheduler.domain.people import Account, Hours, Person, Pool, Room, Site
from scheduler.domain.templates import InterviewSpec, LoopTemplate
from scheduler.services.afterwards.push import State
from scheduler.services.company.fields import entry, follows


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


T = TypeVar("T")

PLAIN = {str: str, bool: bool, int: int, frozenset[str]: list[str], tuple[Hours, ...]: list[str]}
"""How a field of the domain is told that says nothing else."""


class Told(BaseModel, Generic[T]):
    """A value of the domain, told field by field as the company file writes it."""

    @classmethod
    def of(cls, value: T) -> Self:
        return cls.model_validate(entry(value, cls))


@follows(Person, PLAIN, always=True)
class PersonOut(Told[Person]):
    """``lunch`` is false for somebody who keeps no such break."""

    calendar: AccountOut
    lunch: Annotated[str | Literal[False], BeforeValidator(lambda written: written or False)]


class PoolOut(BaseModel):
    """``members`` maps a person's id to their standing."""

    id: str
    name: str
    members: dict[str, str]

    @staticmethod
    def of(value: Pool) -> PoolOut:
        return PoolOut(id=value.id, name=value.name, members={p: s.value for p, s in value.members.items()})


@follows(Room, PLAIN, always=True)
class RoomOut(Told[Room]):
    calendar: AccountOut


@follows(Site, PLAIN, always=True, without=frozenset({"holidays", "closing"}))
class SiteOut(Told[Site]):
    pass


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
