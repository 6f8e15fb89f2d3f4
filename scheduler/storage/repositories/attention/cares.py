"""What people said of matters that need somebody, calendars that could not be read, and digests that were sent.

Told by `tests/scheduler/services/attention/test_care.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import sqlalchemy as sa

from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.attention.matters import Care
from scheduler.domain.subjects import Subject
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new, upsert
from scheduler.storage.tables import attention, calendar_faults, digests

_cares = Rows(Care, attention)
_faults = Rows(CalendarFault, calendar_faults)


class Cares:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def all(self) -> dict[str, Care]:
        """Everything that was said, by the matter's id."""
        rows = self.connection.execute(sa.select(attention)).mappings()
        return {row["id"]: _cares.value(row) for row in rows}

    def get(self, id: str) -> Care | None:
        """What was said of one, or ``None``."""
        row = self.connection.execute(sa.select(attention).where(attention.c.id == id)).mappings().first()
        return _cares.value(row) if row else None

    def takers(self) -> set[str]:
        """Who has taken something over."""
        query = sa.select(attention.c.taken_by).where(attention.c.taken_by != "").distinct()
        return set(self.connection.execute(query).scalars())

    def claim(self, blank: Care) -> Care:
        """What was said of a matter, for ourselves until the transaction ends; ``blank`` where nothing was: whoever
        says something of it at the same time waits."""
        if add_new(self.connection, attention, _cares.row(blank)):
            return blank
        mine = sa.select(attention).where(attention.c.id == blank.id).with_for_update()
        return _cares.value(self.connection.execute(mine).mappings().one())

    def put(self, care: Care) -> None:
        """Keep it, in place of what was said before."""
        upsert(self.connection, attention, [_cares.row(care)], key=["id"])

    def forget(self, before: datetime) -> int:
        """Forget what was said before an instant; how much that was."""
        return self.connection.execute(sa.delete(attention).where(attention.c.updated_at < before)).rowcount


class CalendarFaults:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def all(self) -> list[CalendarFault]:
        """Every calendar that could not be read when it was last asked for, by whose it is."""
        query = sa.select(calendar_faults).order_by(calendar_faults.c.subject)
        return [_faults.value(row) for row in self.connection.execute(query).mappings()]

    def note(self, faults: Collection[CalendarFault]) -> None:
        """Keep them, in place of what was known of the same calendars."""
        upsert(self.connection, calendar_faults, [_faults.row(f) for f in faults], key=["subject"])

    def over(self, subjects: Collection[Subject]) -> None:
        """These can be read again."""
        if subjects:
            mine = calendar_faults.c.subject.in_(sorted(str(s) for s in subjects))
            self.connection.execute(sa.delete(calendar_faults).where(mine))


class Digests:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def last(self) -> Mapping[str, date]:
        """For which day everybody's digest was last made."""
        rows = self.connection.execute(sa.select(digests.c.owner, digests.c.day))
        return {owner: date.fromisoformat(day) for owner, day in rows}

    def claim(self, owner: str, day: date, at: datetime) -> bool:
        """Make somebody's digest of a day ours: false where it is somebody else's already."""
        row = {"owner": owner, "day": day.isoformat(), "at": at}
        if add_new(self.connection, digests, row):
            return True
        mine = (digests.c.owner == owner) & (digests.c.day < day.isoformat())
        change = sa.update(digests).where(mine).values(day=day.isoformat(), at=at)
        return self.connection.execute(change).rowcount == 1
