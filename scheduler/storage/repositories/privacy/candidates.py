"""A candidate as the tables know them: found by address or application, read as a whole, and forgotten.

Told by `tests/scheduler/services/privacy/test_erasing.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Application
from scheduler.domain.privacy.erasure import NOBODY, Words
from scheduler.domain.subjects import Subject
from scheduler.storage.repositories.applications import value_of
from scheduler.storage.repositories.facts import Facts
from scheduler.storage.repositories.privacy import held, words
from scheduler.storage.repositories.privacy.held import Theirs
from scheduler.storage.tables import applications, connections, interviews, ledger, loops, people, users


class Candidates:
    def __init__(self, connection: sa.Connection, facts: Facts) -> None:
        self.connection, self.facts = connection, facts

    def applications(self, email: str) -> list[Application]:
        """Every application of whoever has this address, in any case of its letters, by id."""
        same = sa.func.lower(applications.c.candidate_email) == email.strip().lower()
        found = self.connection.execute(sa.select(applications).where(same).order_by(applications.c.id))
        wanted = Subject.candidate(email)
        return [a for row in found.mappings() if (a := value_of(row)).candidate.subject == wanted]

    def over(self, before: datetime, limit: int) -> list[str]:
        """An application of each candidate whose every loop was over before an instant, erased ones left out."""
        c = applications.c
        fresh = loops.c.state.not_in([s.value for s in ENDED]) | (loops.c.updated_at >= before)
        has = sa.exists().where(loops.c.application == c.id)
        query = (
            sa.select(sa.func.min(c.id), sa.func.lower(c.candidate_email))
            .where(c.candidate_email.not_like(f"%@{NOBODY}"), has)
            .group_by(sa.func.lower(c.candidate_email))
            .having(
                sa.func.lower(c.candidate_email).not_in(
                    sa.select(sa.func.lower(c.candidate_email))
                    .join(loops, loops.c.application == c.id)
                    .where(fresh)
                )
            )
            .order_by(sa.func.min(c.id))
            .limit(limit)
        )
        return [row[0] for row in self.connection.execute(query)]

    def theirs(self, mine: Collection[Application]) -> Theirs:
        """What belongs to these applications of one candidate."""
        ids = tuple(sorted(a.id for a in mine))
        found = sa.select(loops.c.id).where(loops.c.application.in_(ids)).order_by(loops.c.id)
        of = tuple(self.connection.execute(found).scalars())
        held_in = sa.select(interviews.c.id).where(interviews.c.loop.in_(of)).order_by(interviews.c.id)
        subject = next((str(a.candidate.subject) for a in mine), "")
        known = set(self.connection.execute(sa.select(connections.c.id)).scalars())
        parts = [id.partition(":") for id in ids]
        elsewhere = tuple((of, number) for of, _, number in parts if of in known and number)
        return Theirs(ids, of, tuple(self.connection.execute(held_in).scalars()), subject, elsewhere)

    def keys(self, theirs: Theirs) -> dict[str, set[str]]:
        """The keys of every event that was ever to be written for their loops, by the calendar it was written to; those
        whose calendar is not known under the empty name."""
        found: dict[str, set[str]] = {}
        for row in self.connection.execute(sa.select(ledger.c.key).where(ledger.c.loop.in_(theirs.loops))):
            found.setdefault("", set()).add(row.key)
        known = sa.select(interviews.c.calendar).where(interviews.c.loop.in_(theirs.loops)).distinct()
        for calendar in self.connection.execute(known).scalars():
            found.setdefault(calendar, set())
        return found

    def shared(self, names: Collection[str], addresses: Collection[str], mine: Collection[str]) -> set[str]:
        """Those of the names and addresses that are somebody else's too: another candidate's, or a colleague's."""
        wanted = {w.casefold() for w in (*names, *addresses)}  # SQLite's `lower` knows ASCII alone
        found: set[str] = set()
        others = applications.c.id.not_in(sorted(mine))
        for table, name, address, which in (
            (applications, applications.c.candidate_name, applications.c.candidate_email, others),
            (people, people.c.name, people.c.email, sa.true()),
            (users, users.c.name, users.c.email, sa.true()),
        ):
            for row in self.connection.execute(sa.select(name, address).select_from(table).where(which)):
                found |= wanted & {value.casefold() for value in row}
        return {word for word in (*names, *addresses) if word.casefold() in found}

    def everything(self, theirs: Theirs, said: Words) -> Mapping[str, list[dict[str, Any]]]:
        """Every row that is kept about them, by table; the facts behind the others."""
        found = {name: rows for name, rows in held.of_candidate(self.connection, theirs) if rows}
        known = words.facts_of(self.connection, theirs, said)
        return found | {"lw_facts": known} if known else found

    def forget(
        self,
        erasure: str,
        theirs: Theirs,
        said: Words,
        renamed: Mapping[str, tuple[str, str, str]],
        at: datetime,
    ) -> dict[str, int]:
        """Delete, empty or rename everything about them; ``renamed`` gives each application's new id, name and
        address. How many rows of each table."""
        changed: list[Fact] = words.facts_about(self.connection, theirs, said)
        counts = held.forget(self.connection, theirs)
        for old, (new, name, address) in renamed.items():
            held.rename(self.connection, old, new, name, address)
        more = words.take_out(self.connection, said)
        self.facts.redact(erasure, changed, "system:privacy", at)
        counts = {n: counts.get(n, 0) + more.get(n, 0) for n in {**counts, **more}}
        counts |= {"lw_applications": len(renamed), "lw_facts": len(changed)}
        return {name: count for name, count in sorted(counts.items()) if count}
