"""What of accounts and tokens comes in and goes out: never a secret but once.

Told by `tests/scheduler/api/test_accounts.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from scheduler.api.models.loops import Address, Id, In, Short
from scheduler.domain.access.accounts import ApiToken, User
from scheduler.domain.access.policy import Grant, Role
from scheduler.domain.access.sessions import Session


class GrantModel(In):
    """A role, for some jobs and some sites; for all, where none are named."""

    role: Role
    jobs: list[Short] = Field(default=[], max_length=50)
    sites: list[Id] = Field(default=[], max_length=50)

    def value(self) -> Grant:
        return Grant(self.role, tuple(self.jobs), tuple(self.sites))

    @staticmethod
    def of(value: Grant) -> GrantModel:
        return GrantModel(role=value.role, jobs=list(value.jobs), sites=list(value.sites))


class UserIn(In):
    """Somebody who asks. `person` is their id in the company, `assists` are those for whom an assistant asks."""

    name: Annotated[Short, Field(min_length=1)]
    email: Address
    person: Id | None = None
    roles: list[GrantModel] = Field(default=[], max_length=20)
    assists: list[Id] = Field(default=[], max_length=50)
    active: bool = True

    def value(self, id: str, now: datetime) -> User:
        return User(
            id=id,
            name=self.name,
            email=self.email,
            person=self.person or "",
            grants=tuple(g.value() for g in self.roles),
            assists=tuple(self.assists),
            active=self.active,
            created_at=now,
        )


class UserOut(BaseModel):
    id: str
    name: str
    email: str
    person: str | None
    roles: list[GrantModel]
    assists: list[str]
    active: bool
    created_at: datetime

    @staticmethod
    def of(value: User) -> UserOut:
        return UserOut(
            id=value.id,
            name=value.name,
            email=value.email,
            person=value.person or None,
            roles=[GrantModel.of(g) for g in value.grants],
            assists=list(value.assists),
            active=value.active,
            created_at=value.created_at,
        )


class TokenIn(In):
    """`roles` for a program, or `user` for a token of a person's own."""

    name: Annotated[Short, Field(min_length=1)]
    roles: list[GrantModel] = Field(default=[], max_length=20)
    user: Id | None = None
    days: int = Field(90, ge=1, le=366, description="How long it works.")


class TokenOut(BaseModel):
    """`used_at` is exact to a minute."""

    id: str
    name: str
    roles: list[GrantModel]
    user: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None

    @staticmethod
    def of(value: ApiToken) -> TokenOut:
        return TokenOut(
            id=value.id,
            name=value.name,
            roles=[GrantModel.of(g) for g in value.grants],
            user=value.user or None,
            created_at=value.created_at,
            created_by=value.created_by,
            expires_at=value.expires_at,
            used_at=value.used_at,
        )


class NewTokenOut(TokenOut):
    secret: str = Field(description="What the program sends. It is told this once and never again.")


class MeOut(BaseModel):
    """Who asks: `actor` is what facts call them. `admin` is whether it is the deployment's own token, which may
    everything."""

    actor: str
    admin: bool
    person: str | None
    roles: list[GrantModel]


class SessionOut(BaseModel):
    """A browser that is signed in. `user` is missing where it is the deployment itself; `used_at` is exact to a
    minute; `here` is whether it is the one that asks."""

    id: str
    user: str | None
    browser: str = Field(description="What the browser calls itself.")
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    here: bool

    @staticmethod
    def of(value: Session, here: str) -> SessionOut:
        return SessionOut(
            id=value.id,
            user=value.user or None,
            browser=value.browser,
            created_at=value.created_at,
            used_at=value.used_at,
            expires_at=value.expires_at,
            here=value.id == here,
        )
