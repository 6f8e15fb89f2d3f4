"""The company file as last loaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from scheduler.domain.company import Company
from scheduler.domain.errors import Missing
from scheduler.domain.people import Account
from scheduler.domain.policy import Policy
from scheduler.storage import tables
from scheduler.storage.codec import decode, encode
from scheduler.storage.locks import lock_subjects
from scheduler.storage.repositories.people import People, Pools, Rooms, Sites
from scheduler.storage.repositories.templates import Templates
from scheduler.storage.statements import upsert
from scheduler.storage.tables import company

T = TypeVar("T")


class CompanyFile:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._known: sa.RowMapping | None = None
        """The row as this transaction has read it."""

    def replace(self, new: Company, at: datetime) -> None:
        """Make the stored company what ``new`` says. Whoever and whatever it no longer names becomes
        inactive and keeps its row, since loops and interviews speak of them."""
        row = {
            "id": 1,
            "name": new.name,
            "organizer": encode(new.organizer),
            "policy": encode(new.policy),
            "loaded_at": at,
        }
        self._known = None
        upsert(self.connection, company, [row], key=["id"])  # first: two loads follow one another
        for register, values in (
            (Sites(self.connection), new.sites),
            (People(self.connection), new.people),
            (Pools(self.connection), new.pools),
            (Rooms(self.connection), new.rooms),
            (Templates(self.connection), new.templates),
        ):
            register.retire()
            register.put_all(values)  # type: ignore[arg-type]

    def lock(self) -> None:
        """Be the only one who changes the company until the transaction ends, also before there is one."""
        lock_subjects(self.connection, ["company"])
        self.connection.execute(sa.select(company.c.id).with_for_update()).all()
        self._known = None  # it may have changed while we waited

    def name(self) -> str:
        return str(self._one("name"))

    def organizer(self) -> Account:
        """Whose calendar every event is booked on."""
        return decode(Account, self._one("organizer"), "company.organizer")

    def terms(self) -> tuple[Account, str, Policy]:
        """The organizer, the company's name and its policy, in one read. Raises `Missing`."""
        return self.organizer(), self.name(), self.policy()

    def zones(self) -> dict[str, str]:
        """The zone of everybody's and every room's calendar, by its address in lower case."""
        rooms, sites = tables.rooms, tables.sites
        of_rooms = sa.select(rooms.c.account, sites.c.zone).join(sites, sites.c.id == rooms.c.site)
        of_people = sa.select(tables.people.c.account, tables.people.c.zone).where(tables.people.c.active)
        found: dict[str, str] = {}
        for query in (
            of_rooms.where(rooms.c.active, sites.c.active),
            of_people,
        ):  # two columns, not all of them
            for row in self.connection.execute(query):
                found[str(row.account["address"]).casefold()] = row.zone
        return found

    def policy(self) -> Policy:
        return decode(Policy, self._one("policy"), "company.policy")

    def loaded_at(self) -> datetime | None:
        """When a company file was last loaded; ``None`` before the first."""
        found: datetime | None = self.connection.execute(sa.select(company.c.loaded_at)).scalar()
        return found

    def _one(self, column: str) -> Any:
        if self._known is None:
            self._known = self.connection.execute(sa.select(company)).mappings().first()
        if self._known is None:
            raise Missing("company", "(none loaded)")
        return self._known[column]
