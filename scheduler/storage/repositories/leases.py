"""Who is at something now, for work that two processes must not do at once and that lasts longer than a
transaction. A lease runs out by itself, so that nothing waits for a process that is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.storage.statements import insert
from scheduler.storage.tables import leases


@dataclass(frozen=True, slots=True)
class Held:
    """Who has, or had, something, and until when."""

    name: str
    holder: str
    until: datetime


class Leases:
    """One row per name that is held, or was and has run out."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def now(self, here: datetime) -> datetime:
        """What time it is for all who share the database: PostgreSQL's own, since the clocks of two machines
        differ; with SQLite all are on one machine, and it is ``here``."""
        if self.connection.dialect.name != "postgresql":
            return here
        query = sa.select(sa.type_coerce(sa.func.clock_timestamp(), leases.c.until.type))
        found: datetime = self.connection.execute(query).scalar_one()
        return found

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Hold ``name`` until then: true where it was free, had run out or is the holder's already."""
        new = insert(self.connection, leases).values(name=name, holder=holder, until=until)
        free = sa.or_(leases.c.holder == holder, leases.c.until <= sa.literal(now, leases.c.until.type))
        taken = new.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": new.excluded.holder, "until": new.excluded.until},
            where=free,
        )
        return self.connection.execute(taken.returning(leases.c.name)).first() is not None

    def holder(self, name: str) -> str | None:
        """Who holds it, or held it last and did not give it back."""
        query = sa.select(leases.c.holder).where(leases.c.name == name)
        found: str | None = self.connection.execute(query).scalar()
        return found

    def starting_with(self, prefix: str) -> list[Held]:
        """Every row whose name starts like this, also those that have run out."""
        query = sa.select(leases.c.name, leases.c.holder, leases.c.until)
        query = query.where(leases.c.name.startswith(prefix, autoescape=True)).order_by(leases.c.name)
        return [Held(*row) for row in self.connection.execute(query)]

    def forget(self, prefix: str, before: datetime) -> None:
        """Remove the rows of such names that ran out before then."""
        old = leases.c.name.startswith(prefix, autoescape=True) & (leases.c.until < before)
        self.connection.execute(sa.delete(leases).where(old))

    def give_back(self, name: str, holder: str) -> bool:
        """Let go; false where somebody else holds it by now."""
        mine = (leases.c.name == name) & (leases.c.holder == holder)
        return self.connection.execute(sa.delete(leases).where(mine)).rowcount > 0
