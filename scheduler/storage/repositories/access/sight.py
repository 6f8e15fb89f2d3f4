"""The loops that somebody may see or change, as conditions of the database: one meaning for lists and for one loop.

Told by `tests/scheduler/api/test_policy_of_routes.py`.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from scheduler.domain.access.policy import Look, Sight, Tie
from scheduler.domain.bookings import InterviewState, SeatState
from scheduler.storage.tables import applications, interviews, loops, proposals, seats


def within(seen: Sight) -> sa.ColumnElement[bool]:
    """Whether a row of the loops' table is among them."""
    if seen is None:
        return sa.true()
    return sa.or_(sa.false(), *(_looked(look) for look in seen))


def _looked(look: Look) -> sa.ColumnElement[bool]:
    found: list[sa.ColumnElement[bool]] = []
    if look.jobs:
        found.append(loops.c.job.in_(look.jobs))
    if look.sites:
        found.append(loops.c.site.in_(look.sites))
    if look.ties:
        found.append(sa.or_(*(_tied(tie, look.people) for tie in sorted(look.ties))))
    return sa.and_(sa.true(), *found)


def _tied(tie: Tie, people: Collection[str]) -> sa.ColumnElement[bool]:
    c = applications.c
    if tie is Tie.SITS:
        sits = sa.select(interviews.c.loop).join(seats, seats.c.interview == interviews.c.id)
        sits = sits.where(seats.c.person.in_(people), seats.c.state != SeatState.REPLACED.value)
        return loops.c.id.in_(sits.where(interviews.c.state != InterviewState.CANCELLED.value))
    if tie is Tie.MANAGES:
        return loops.c.application.in_(sa.select(c.id).where(c.hiring_manager.in_(people)))
    theirs = sa.select(c.id).where(c.recruiter.in_(people) | c.coordinator.in_(people))
    return loops.c.owner.in_(people) | loops.c.application.in_(theirs)


class Sights:
    """Whether one thing is among those that somebody may see or change."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def loop(self, id: str, seen: Sight) -> bool:
        return self._any(sa.select(loops.c.id).where(loops.c.id == id, within(seen)))

    def proposal(self, id: str, seen: Sight) -> bool:
        query = sa.select(loops.c.id).join(proposals, proposals.c.loop == loops.c.id)
        return self._any(query.where(proposals.c.id == id, within(seen)))

    def application(self, id: str, seen: Sight) -> bool:
        """Whether one of its loops is, or it is for one of the jobs of a look that is for jobs alone."""
        if self._any(sa.select(loops.c.id).where(loops.c.application == id, within(seen))):
            return True
        jobs = {job for look in seen or () if not look.sites and not look.ties for job in look.jobs}
        c = applications.c
        return self._any(sa.select(c.id).where(c.id == id, c.job.in_(sorted(jobs))))

    def _any(self, query: sa.Select[tuple[str]]) -> bool:
        return self.connection.execute(query.limit(1)).first() is not None
