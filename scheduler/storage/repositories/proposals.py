"""Proposals: the plans that were offered for a loop.

Told by `tests/scheduler/storage/test_loops.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.errors import Missing
from scheduler.domain.loops import LoopState
from scheduler.domain.proposals import Contender, PlannedInterview, Proposal, ProposalState, Seen, Undoable
from scheduler.domain.subjects import Subject
from scheduler.storage.codec import decode, encode
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert
from scheduler.storage.tables import applications, loops, proposals, seen
from scheduler.storage.tables.apart import undoables

_rows = Rows(Proposal, proposals)
_seen = Rows(Seen, seen)
_undoables = Rows(Undoable, undoables)
_contender = (
    sa.select(
        proposals.c.id,
        proposals.c.loop,
        proposals.c.state,
        proposals.c.interviews,
        loops.c.state.label("loop_state"),
        loops.c.chosen,
        applications.c.candidate_email,
    )
    .join(loops, loops.c.id == proposals.c.loop)
    .join(applications, applications.c.id == loops.c.application)
    .where(proposals.c.id.in_(sa.bindparam("wanted", expanding=True)))
)


class Proposals:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add_all(self, values: Sequence[Proposal]) -> None:
        """Keep new ones."""
        if values:
            self.connection.execute(sa.insert(proposals), [_rows.row(p) for p in values])

    def get(self, id: str) -> Proposal | None:
        """The proposal of that id, or ``None``."""
        row = self.connection.execute(sa.select(proposals).where(proposals.c.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def contenders(self, ids: Collection[str]) -> list[Contender]:
        """How the proposals of these ids stand, in one small read; those that there are."""
        rows = self.connection.execute(_contender, {"wanted": sorted(ids)}).mappings()
        return [
            Contender(
                id=row["id"],
                loop=row["loop"],
                state=ProposalState(row["state"]),
                loop_state=LoopState(row["loop_state"]),
                chosen=row["chosen"],
                candidate=Subject.candidate(row["candidate_email"]),
                interviews=decode(tuple[PlannedInterview, ...], row["interviews"], "proposal.interviews"),
            )
            for row in rows
        ]

    def of_loop(self, loop_id: str, generation: int | None = None) -> list[Proposal]:
        """Newest generation first, best first in each; of one ``generation`` where given."""
        query = sa.select(proposals).where(proposals.c.loop == loop_id)
        if generation is not None:
            query = query.where(proposals.c.generation == generation)
        order = (
            proposals.c.generation.desc(),
            proposals.c.created_at.desc(),
            proposals.c.rank,
            proposals.c.id,
        )
        return [_rows.value(row) for row in self.connection.execute(query.order_by(*order)).mappings()]

    def standing(self, since: datetime, now: datetime) -> list[Proposal]:
        """What is on offer (`on_offer`), of every loop, the oldest first."""
        order = (proposals.c.created_at, proposals.c.loop, proposals.c.rank, proposals.c.id)
        query = sa.select(proposals).where(on_offer(since, now)).order_by(*order)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def move_down(self, loop_id: str, generation: int, rank: int) -> None:
        """Make room at a rank: what is offered of the loop there or below goes down by one."""
        offered = (proposals.c.loop == loop_id) & (proposals.c.state == ProposalState.OFFERED.value)
        below = offered & (proposals.c.generation == generation) & (proposals.c.rank >= rank)
        self.connection.execute(sa.update(proposals).where(below).values(rank=proposals.c.rank + 1))

    def weigh(
        self, id: str, price: Mapping[str, int], cost: int, bound: int, status: str, basis: datetime
    ) -> None:
        """What a plan that is on offer costs as things are at ``basis``."""
        values = {
            "price": encode(dict(price)),
            "cost": cost,
            "bound": bound,
            "basis": basis,
            "status": status,
        }
        self.connection.execute(sa.update(proposals).where(proposals.c.id == id).values(values))

    def keep(self, id: str, until: datetime | None) -> None:
        """Have the times of a plan kept free until then, or no longer than those of every offer."""
        self.connection.execute(sa.update(proposals).where(proposals.c.id == id).values(kept_until=until))

    def set_state(self, id: str, state: ProposalState) -> None:
        """Raises `Missing` for an unknown id."""
        change = sa.update(proposals).where(proposals.c.id == id).values(state=state.value)
        if self.connection.execute(change).rowcount != 1:
            raise Missing("proposal", id)

    def choose(self, loop_id: str, id: str) -> None:
        """Mark one of the loop's proposals as chosen and all others as stale."""
        mine = (proposals.c.loop == loop_id) & (
            (proposals.c.id == id) | (proposals.c.state != ProposalState.STALE.value)
        )
        state = sa.case((proposals.c.id == id, ProposalState.CHOSEN.value), else_=ProposalState.STALE.value)
        self.connection.execute(sa.update(proposals).where(mine).values(state=state))

    def withdraw(self, loop_id: str) -> int:
        """Mark stale what is still offered of a loop; returns how many that were. What was chosen stays so."""
        offered = (proposals.c.loop == loop_id) & (proposals.c.state == ProposalState.OFFERED.value)
        change = sa.update(proposals).where(offered).values(state=ProposalState.STALE.value)
        return self.connection.execute(change).rowcount

    def make_stale(self, loop_id: str, except_id: str | None = None) -> int:
        """Mark the loop's proposals stale, all but one; returns how many were not before."""
        stale = ProposalState.STALE.value
        change = sa.update(proposals).where(proposals.c.loop == loop_id, proposals.c.state != stale)
        if except_id is not None:
            change = change.where(proposals.c.id != except_id)
        return self.connection.execute(change.values(state=stale)).rowcount


def on_offer(since: datetime, now: datetime) -> sa.ColumnElement[bool]:
    """Plans that are on offer and were made after ``since``, or that somebody has kept free until later than ``now``."""
    young = (proposals.c.created_at > since) | (proposals.c.kept_until > now)
    return (proposals.c.state == ProposalState.OFFERED.value) & young


class SeenCalendars:
    """What was seen when plans were chosen: one row for each booking of a loop."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, value: Seen) -> None:
        """Keep it; one of the same loop and generation is replaced."""
        upsert(self.connection, seen, [_seen.row(value)], key=["loop", "generation"])

    def last(self, loop_id: str) -> Seen | None:
        """What was seen for a loop's last booking, or ``None``."""
        query = sa.select(seen).where(seen.c.loop == loop_id).order_by(seen.c.generation.desc()).limit(1)
        row = self.connection.execute(query).mappings().first()
        return _seen.value(row) if row else None


class Undoables:
    """What the last change of each loop by hand took the place of."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, value: Undoable) -> None:
        """Keep it instead of an earlier one of the loop, which is claimed."""
        upsert(self.connection, undoables, [_undoables.row(value)], key=["loop"])

    def of_loop(self, loop: str) -> Undoable | None:
        row = self.connection.execute(sa.select(undoables).where(undoables.c.loop == loop)).mappings().first()
        return _undoables.value(row) if row else None

    def remove(self, loop: str) -> None:
        """Nothing of the loop, which is claimed, can be undone any more."""
        self.connection.execute(sa.delete(undoables).where(undoables.c.loop == loop))
