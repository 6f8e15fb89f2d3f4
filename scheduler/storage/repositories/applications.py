"""Applications: candidacies, keyed as the ATS keys them.

Told by `tests/scheduler/storage/test_loops.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.finding import words_of_application
from scheduler.domain.loops import Application, Candidate, Loop
from scheduler.storage.locks import lock_subjects
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.loops import Loops, loop_and
from scheduler.storage.repositories.proposals import on_offer
from scheduler.storage.statements import upsert
from scheduler.storage.tables import application_words, applications, loops, proposals

_rows = Rows(Application, applications, without=frozenset({"candidate"}))


class Applications:
    def __init__(self, connection: sa.Connection, loops: Loops) -> None:
        self.connection, self.loops = connection, loops

    def get(self, id: str) -> Application | None:
        """The application of that id, or ``None``."""
        row = (
            self.connection.execute(sa.select(applications).where(applications.c.id == id)).mappings().first()
        )
        return value_of(row) if row else None

    def claim(self, id: str) -> Application | None:
        """The same, for ourselves until the transaction ends, also where there is none yet."""
        lock_subjects(self.connection, [f"application:{id}"])
        mine = sa.select(applications).where(applications.c.id == id).with_for_update(key_share=True)
        row = self.connection.execute(mine).mappings().first()
        return value_of(row) if row else None

    def put(self, value: Application) -> None:
        """Insert it, or replace the one of its id; its loops are found by the new one, and those that were given
        to nobody else are its recruiter's."""
        before = self.get(value.id)
        candidate = {
            "candidate_name": value.candidate.name,
            "candidate_email": value.candidate.email,
            "candidate_zone": value.candidate.zone,
        }
        if before is not None and (before.job, before.recruiter) != (value.job, value.recruiter):
            self.loops.follow(value)
        upsert(self.connection, applications, [{**_rows.row(value), **candidate}], key=["id"])
        self._name(value)

    def _name(self, value: Application) -> None:
        """Have it found by its words; its row is ours by now, so nobody else changes them."""
        c = application_words.c
        wanted = set(words_of_application(value))
        known = set(self.connection.execute(sa.select(c.word).where(c.application == value.id)).scalars())
        if gone := sorted(known - wanted):
            mine = (c.application == value.id) & c.word.in_(gone)
            self.connection.execute(sa.delete(application_words).where(mine))
        if new := sorted(wanted - known):
            rows = [{"word": word, "application": value.id} for word in new]
            self.connection.execute(sa.insert(application_words), rows)

    def offering(self, since: datetime, now: datetime) -> dict[str, tuple[Loop, Application]]:
        """The loops, each with its application, whose plans are on offer (`on_offer`): one read."""
        mine = sa.select(loops, *(column.label(f"its_{column.name}") for column in applications.c))
        query = mine.join(applications, applications.c.id == loops.c.application).where(
            loops.c.id.in_(sa.select(proposals.c.loop).where(on_offer(since, now)))
        )
        found = (loop_and(row) for row in self.connection.execute(query).mappings())
        return {loop.id: (loop, value_of(its)) for loop, its in found}

    def of_candidate(self, addresses: Collection[str]) -> Sequence[Application]:
        """Those of whoever has one of these addresses, in lower case, by id."""
        theirs = sa.func.lower(applications.c.candidate_email).in_(sorted(set(addresses)))
        query = sa.select(applications).where(theirs).order_by(applications.c.id)
        return [value_of(row) for row in self.connection.execute(query).mappings()]

    def list(self, limit: int = 100, after: str | None = None) -> Sequence[Application]:
        """By id, from behind the id ``after``."""
        query = sa.select(applications).order_by(applications.c.id).limit(limit)
        if after is not None:
            query = query.where(applications.c.id > after)
        return [value_of(row) for row in self.connection.execute(query).mappings()]


def value_of(row: Mapping[Any, Any]) -> Application:
    """The application that a row of the table, or of a wider one, holds."""
    candidate = Candidate(row["candidate_name"], row["candidate_email"], row["candidate_zone"])
    return _rows.value(row, candidate=candidate)
