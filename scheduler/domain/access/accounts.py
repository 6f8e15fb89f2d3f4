"""Accounts of people and tokens of programs.

Told by `tests/scheduler/services/access/test_accounts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scheduler.domain.access.policy import Actor, Grant
from scheduler.domain.subjects import Subject


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in. ``person`` is their id in the company (empty for who is none), ``assists`` are the ids of
    those for whom they ask as an assistant. Who is not ``active`` may nothing."""

    id: str
    name: str
    email: str
    person: str
    grants: tuple[Grant, ...]
    assists: tuple[str, ...]
    active: bool
    created_at: datetime

    def actor(self) -> Actor:
        """Who asks, when they do. In the facts they are the person they are in the company."""
        name = str(Subject.person(self.person)) if self.person else f"user:{self.id}"
        return Actor(
            name, grants=self.grants, person=self.person, assists=self.assists, account=f"user:{self.id}"
        )


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What a program asks with: its secret's hash, what it may, until when, and when it was last used. One that belongs
    to a ``user`` may what they may, and has no grants of its own."""

    id: str
    name: str
    digest: str = field(repr=False)
    grants: tuple[Grant, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    user: str = ""
    used_at: datetime | None = None

    def actor(self) -> Actor:
        """Who asks, when it does; of one that belongs to a user it is they (`User.actor`)."""
        return Actor(f"token:{self.id}", grants=self.grants, account=f"token:{self.id}")
