"""People, pools, rooms and sites. What the company file no longer names is kept as inactive."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from scheduler.domain.errors import BadInput
from scheduler.domain.people import Person, Pool, Room, Site, Standing
from scheduler.storage import tables
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert

T = TypeVar("T", Person, Pool, Room, Site)


_AT_ONCE = 1000
"""Values in one query: SQLite and PostgreSQL both take more."""


class Register(Generic[T]):
    """What all four have in common: one row per id, active or not."""

    rows: Rows[T]

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def get(self, id: str, *, active: bool = False) -> T | None:
        """The one of that id, or ``None``; with ``active`` only if it still counts."""
        found = self.list([id], active=active)
        return found[0] if found else None

    def list(self, ids: Collection[str] | None = None, active: bool = True) -> Sequence[T]:
        """Those of ``ids`` (or all) by id; with ``active=False`` also those that no longer count."""
        table = self.rows.table
        query = sa.select(table)
        if active:
            query = query.where(table.c.active)
        if ids is None:
            return self._read(query)
        wanted, found = sorted(set(ids)), list[T]()
        for n in range(0, len(wanted), _AT_ONCE):
            found += self._read(query.where(table.c.id.in_(wanted[n : n + _AT_ONCE])))
        return found

    def page(self, limit: int, after: str | None = None) -> Sequence[T]:
        """Up to ``limit`` of those that count, in the order of their ids, behind the id ``after``."""
        table = self.rows.table
        # by code points, as SQLite and Python do, whatever alphabet the database was made with
        postgresql = self.connection.dialect.name == "postgresql"
        id: sa.ColumnElement[str] = sa.collate(table.c.id, "C") if postgresql else table.c.id
        query = sa.select(table).where(table.c.active).order_by(id).limit(limit)
        return self._read(query if after is None else query.where(id > after))

    def _read(self, query: sa.Select[Any]) -> Sequence[T]:
        found = self._values(list(self.connection.execute(query).mappings()))
        return sorted(found, key=lambda value: value.id)  # no database's own idea of an alphabet

    def put(self, value: T) -> None:
        """Insert it, or replace the one of its id."""
        self.put_all([value])

    def put_all(self, values: Collection[T]) -> None:
        """Insert or replace all of them."""
        upsert(self.connection, self.rows.table, [self._row(v) for v in values], key=["id"])

    def retire(self) -> None:
        """Mark everything inactive; what is put afterwards counts again."""
        self.connection.execute(sa.update(self.rows.table).values(active=False))

    def _row(self, value: T) -> dict[str, Any]:
        return {"active": True, **self.rows.row(value)}

    def _values(self, rows: Collection[sa.RowMapping]) -> Sequence[T]:
        return [self.rows.value(row) for row in rows]


class People(Register[Person]):
    """An e-mail address belongs to one active person at most, whatever its case."""

    rows = Rows(Person, tables.people)

    def by_email(self, email: str) -> Person | None:
        """The active person with that address in any case, or ``None``."""
        table = tables.people
        query = sa.select(table).where(table.c.email_folded == email.strip().casefold(), table.c.active)
        row = self.connection.execute(query).mappings().first()
        return self.rows.value(row) if row else None

    def by_emails(self, emails: Collection[str]) -> dict[str, Person]:
        """Everybody who has one of the addresses, by the address in lower case. One that changed hands is
        its active owner's; otherwise who had it and no longer counts is found as well."""
        wanted = sorted({e.strip().casefold() for e in emails})
        table = tables.people
        found: list[Person] = []
        for n in range(0, len(wanted), _AT_ONCE):
            query = sa.select(table).where(table.c.email_folded.in_(wanted[n : n + _AT_ONCE]))
            found += self._values(list(self.connection.execute(query).mappings()))
        found.sort(key=lambda person: (person.active, person.id))
        return {p.email.strip().casefold(): p for p in found}

    def put_all(self, values: Collection[Person]) -> None:
        """Insert or replace all of them. Raises `BadInput` where two active people share an address."""
        table, gone = tables.people, {p.id for p in values}
        owners: dict[str, str] = {}
        emails = sorted({p.email.strip().casefold() for p in values})
        for n in range(0, len(emails), _AT_ONCE):
            theirs = table.c.email_folded.in_(emails[n : n + _AT_ONCE]) & table.c.active
            rows = self.connection.execute(sa.select(table.c.email_folded, table.c.id).where(theirs))
            owners |= {row.email_folded: row.id for row in rows}
        owners = {email: id for email, id in owners.items() if id not in gone}
        for person in (p for p in values if p.active):
            other = owners.setdefault(person.email.strip().casefold(), person.id)
            if other != person.id:
                raise BadInput(
                    f"people.{person.id}.email", f"{person.email} is {other}'s", "give each person their own"
                )
        # Addresses may change hands among them: nobody keeps one while the rows are written.
        self.connection.execute(
            sa.update(tables.people).where(tables.people.c.id.in_(sorted(gone))).values(active=False)
        )
        super().put_all(values)

    def _row(self, value: Person) -> dict[str, Any]:
        return {**self.rows.row(value), "email_folded": value.email.strip().casefold()}


class Pools(Register[Pool]):
    """Pools with their members; a member must be a person that is stored."""

    rows = Rows(Pool, tables.pools, without=frozenset({"members"}))

    def put_all(self, values: Collection[Pool]) -> None:
        """Insert or replace all of them, members included. Raises `BadInput` for an unknown member."""
        named = {person for pool in values for person in pool.members}
        known = set(self.connection.execute(sa.select(tables.people.c.id)).scalars()) if named else set()
        for pool in values:
            for stranger in sorted(pool.members.keys() - known):
                raise BadInput(
                    f"pools.{pool.id}.members", f"nobody is called {stranger!r}", "name a person's id"
                )
        super().put_all(values)
        members = tables.pool_members
        self.connection.execute(sa.delete(members).where(members.c.pool.in_(sorted(p.id for p in values))))
        rows = [
            {"pool": pool.id, "person": person, "standing": standing.value}
            for pool in values
            for person, standing in sorted(pool.members.items())
        ]
        upsert(self.connection, members, rows, key=["pool", "person"])

    def _values(self, rows: Collection[sa.RowMapping]) -> Sequence[Pool]:
        members = tables.pool_members
        query = sa.select(members).where(members.c.pool.in_([row["id"] for row in rows]))
        standings: dict[str, dict[str, Standing]] = {row["id"]: {} for row in rows}
        for found in self.connection.execute(query.order_by(members.c.person)).mappings():
            standings[found["pool"]][found["person"]] = Standing(found["standing"])
        return [self.rows.value(row, members=standings[row["id"]]) for row in rows]


class Rooms(Register[Room]):
    rows = Rows(Room, tables.rooms)

    def at(self, site: str | None, also: Collection[str] = ()) -> Sequence[Room]:
        """The rooms in use of a site, and those of the ids ``also`` wherever they are, in use or not."""
        table = tables.rooms
        there = (table.c.site == site) & table.c.active
        return self._read(sa.select(table).where(there | table.c.id.in_(sorted(set(also)))))


class Sites(Register[Site]):
    rows = Rows(Site, tables.sites)
