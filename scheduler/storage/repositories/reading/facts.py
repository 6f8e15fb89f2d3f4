"""Facts by who, what, when, loop and person, in pages in the order in which they happened.

Told by `tests/scheduler/storage/test_finding.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.finding import FactsWanted
from scheduler.domain.time import Span
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import place
from scheduler.storage.tables import fact_chain, fact_people, facts

_rows = Rows(Fact, facts)


class FoundFacts:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def page(
        self,
        wanted: FactsWanted,
        limit: int,
        after: int | None = None,
        upto: int | None = None,
        *,
        newest_first: bool = False,
    ) -> Sequence[Fact]:
        """By the moment they happened at, from behind the fact of number ``after``; none above the number ``upto``.
        Raises `BadInput` where no fact has that number."""
        where = fact_people.c if wanted.person is not None else facts.c
        query = sa.select(facts)
        if wanted.person is not None:
            query = query.join(fact_people, fact_people.c.seq == facts.c.seq)
            query = query.where(fact_people.c.person == wanted.person)
        for column, value in (
            (facts.c.actor, wanted.actor),
            (facts.c.what, wanted.what),
            (facts.c.subject, wanted.subject),
        ):
            if value is not None:
                query = query.where(column == value)
        if wanted.start is not None:
            query = query.where(where["at"] >= wanted.start)
        if wanted.end is not None:
            query = query.where(where["at"] < wanted.end)
        if upto is not None:
            query = query.where(facts.c.seq <= upto)
        if after is not None:
            here, place = sa.tuple_(where["at"], where["seq"]), self._place(after)
            query = query.where(here < place if newest_first else here > place)
        order = (where["at"], where["seq"])
        query = query.order_by(*(c.desc() for c in order) if newest_first else order).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def counted(self, what: str, window: Span) -> Mapping[tuple[str, str], int]:
        """How many facts ``what`` of a stretch of time there are for each before and after."""
        query = (
            sa.select(facts.c.before, facts.c.after, sa.func.count().label("n"))
            .where(facts.c.what == what, facts.c["at"] >= window.start, facts.c["at"] < window.end)
            .group_by(facts.c.before, facts.c.after)
        )
        return {(row.before, row.after): row.n for row in self.connection.execute(query)}

    def with_movers(self, what: str, window: Span) -> Sequence[tuple[Fact, str]]:
        """The facts ``what`` of a stretch of time, each with who moved its loop last before it: what follows from a
        decision is noted by the machine, and who decided beside the move."""
        move = facts.alias("move")
        mover = (
            sa.select(move.c.actor)
            .where(move.c.subject == facts.c.subject, move.c.seq < facts.c.seq, move.c.what == "loop_moved")
            .order_by(move.c.seq.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = (
            sa.select(facts, mover.label("mover"))
            .where(facts.c.what == what, facts.c["at"] >= window.start, facts.c["at"] < window.end)
            .order_by(facts.c["at"], facts.c.seq)
        )
        rows = self.connection.execute(query).mappings().all()
        return [(_rows.value(row), row["mover"] or row["actor"]) for row in rows]

    def newest(self) -> int:
        """The number of the newest fact, 0 before the first."""
        return int(self.connection.execute(sa.select(fact_chain.c.seq)).scalar_one())

    def _place(self, after: int) -> sa.Tuple:
        query = sa.select(facts.c["at"], facts.c.seq).where(facts.c.seq == after)
        row = self.connection.execute(query).first()
        if row is None:
            raise BadInput("after", f"no fact {after}", "give the number of the last row of the page before")
        return place(row, facts.c["at"], facts.c.seq)
