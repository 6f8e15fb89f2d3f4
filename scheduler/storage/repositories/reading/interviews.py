"""Live interviews of a stretch of time, in pages by their start.

Told by `tests/scheduler/storage/test_finding.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.errors import BadInput
from scheduler.domain.finding import InterviewsWanted
from scheduler.storage.repositories.access.sight import within
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.repositories.interviews import LONGEST, Interviews
from scheduler.storage.statements import place
from scheduler.storage.tables import interviews, loops, seats

_GONE = (SeatState.REPLACED.value, SeatState.DECLINED.value)


class FoundInterviews:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def page(self, wanted: InterviewsWanted, limit: int, after: str | None = None) -> Sequence[Interview]:
        """By start, from behind the interview of id ``after``. Raises `BadInput` where no interview has that id."""
        i, window = interviews.c, wanted.window
        query = sa.select(i.id).where(
            i.state != InterviewState.CANCELLED.value,
            i.start_at < window.end,
            i.start_at > window.start - LONGEST,
            i.end_at > window.start,
        )
        if wanted.loop is not None:
            query = query.where(i.loop == wanted.loop)
        if wanted.room is not None:
            query = query.where(i.room == wanted.room)
        if wanted.owner is not None:
            query = query.join(loops, loops.c.id == i.loop).where(loops.c.owner == wanted.owner)
        if wanted.sight is not None:
            query = query.where(i.loop.in_(sa.select(loops.c.id).where(within(wanted.sight))))
        if wanted.person is not None:
            sits = sa.exists().where(
                seats.c.interview == i.id, seats.c.person == wanted.person, seats.c.state.not_in(_GONE)
            )
            query = query.where(sits)
        if after is not None:
            query = query.where(sa.tuple_(i.start_at, i.id) > self._place(after, wanted))
        ids = self.connection.execute(query.order_by(i.start_at, i.id).limit(limit)).scalars().all()
        return Interviews(self.connection, Facts(self.connection)).of_ids(ids)

    def _place(self, after: str, wanted: InterviewsWanted) -> sa.Tuple:
        i = interviews.c
        query = sa.select(i.start_at, i.id).where(i.id == after)
        if wanted.sight is not None:
            query = query.where(i.loop.in_(sa.select(loops.c.id).where(within(wanted.sight))))
        row = self.connection.execute(query).first()
        if row is None:
            raise BadInput(
                "after", f"no interview {after!r}", "give the id of the last row of the page before"
            )
        return place(row, interviews.c.start_at, interviews.c.id)
