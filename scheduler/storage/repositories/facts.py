"""Facts: what happened, hash chained, never changed.

They are noted while a transaction runs and chained in one go at its end. The chain has one head,
which a transaction must have for itself while it adds to it; taken last, it is held for the commit
alone and cannot be part of a deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from scheduler.domain.facts import WORDS_ERASED, Fact, attested, chained, content
from scheduler.domain.finding import people_of
from scheduler.domain.time import utc
from scheduler.storage.codec import encode
from scheduler.storage.columns import clean_json
from scheduler.storage.mapping import Rows
from scheduler.storage.repositories.hooks import Hooks
from scheduler.storage.tables import fact_chain, fact_people, facts
from scheduler.storage.tables.privacy import redactions

_rows = Rows(Fact, facts)
_BATCH = 1000


class Facts:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._noted: list[Fact] = []
        self.woken: dict[str, str] = {}
        """Hooks that have a message to send once this transaction is kept, each with its first."""

    def add(self, fact: Fact) -> Fact:
        """Note it, to be chained when the transaction ends: its ``seq`` and ``hash`` are known then.
        Returns it as it will be kept, instants in UTC and ``data`` as plain JSON."""
        kept = replace(fact, at=utc(fact.at), data=clean_json(encode(fact.data), "fact.data"), seq=0, hash="")
        self._noted.append(kept)
        return kept

    def flush(self) -> Sequence[Fact]:
        """Chain what was noted and return it with its numbers. Done at the end of every write
        transaction; sooner, it holds the head of the chain from then on."""
        if not self._noted:
            return []
        head = self.connection.execute(sa.select(fact_chain).with_for_update()).one()
        seq, last, result = head.seq, head.hash, []
        for fact in self._noted:
            seq, last = seq + 1, chained(last, fact)
            result.append(replace(fact, seq=seq, hash=last))
        self.connection.execute(sa.insert(facts), [_rows.row(fact) for fact in result])
        named = [{"person": p, "at": fact.at, "seq": fact.seq} for fact in result for p in people_of(fact)]
        if named:
            self.connection.execute(sa.insert(fact_people), named)
        self.connection.execute(sa.update(fact_chain).values(seq=seq, hash=last))
        self.woken.update(Hooks(self.connection).note(result))
        self._noted.clear()
        return result

    def of(self, subject: str, limit: int = 200) -> Sequence[Fact]:
        """The newest ``limit`` of a subject, oldest first; those of this transaction not yet."""
        query = sa.select(facts).where(facts.c.subject == subject).order_by(facts.c.seq.desc()).limit(limit)
        return [_value(row) for row in self.connection.execute(query).mappings()][::-1]

    def since(self, subject: str, after: int, limit: int = 100) -> Sequence[Fact]:
        """The first ``limit`` of a subject behind the number ``after``, in order."""
        query = sa.select(facts).where(facts.c.subject == subject, facts.c.seq > after)
        return [
            _value(r) for r in self.connection.execute(query.order_by(facts.c.seq).limit(limit)).mappings()
        ]

    def last(self, subject: str, whats: Collection[str]) -> Fact | None:
        """The newest of a subject that is one of these."""
        query = sa.select(facts).where(facts.c.subject == subject, facts.c.what.in_(sorted(whats)))
        row = self.connection.execute(query.order_by(facts.c.seq.desc()).limit(1)).mappings().first()
        return _value(row) if row else None

    def list(self, limit: int = 100, after: int = 0) -> Sequence[Fact]:
        """In order, from behind the number ``after``; those of this transaction not yet."""
        query = sa.select(facts).where(facts.c.seq > after).order_by(facts.c.seq).limit(limit)
        return [_value(row) for row in self.connection.execute(query).mappings()]

    def called(self, what: str, since: datetime, limit: int = 200) -> Sequence[Fact]:
        """The newest ``limit`` of one name since an instant, oldest first."""
        named = (facts.c.what == what) & (facts.c.at >= since)
        query = sa.select(facts).where(named).order_by(facts.c.seq.desc()).limit(limit)
        return [_value(row) for row in self.connection.execute(query).mappings()][::-1]

    def head(self) -> tuple[int, str]:
        """The number and the hash of the last fact; ``(0, "")`` before the first."""
        row = self.connection.execute(sa.select(fact_chain)).one()
        return row.seq, row.hash

    def hashes(self, numbers: Collection[int]) -> Mapping[int, str]:
        """The hash of each of these facts that is there."""
        found: dict[int, str] = {}
        wanted = sorted(set(numbers))
        for n in range(0, len(wanted), _BATCH):
            query = sa.select(facts.c.seq, facts.c.hash).where(facts.c.seq.in_(wanted[n : n + _BATCH]))
            found |= {row.seq: row.hash for row in self.connection.execute(query)}
        return found

    def verify(self) -> int | None:
        """The number of the first fact that is not as it was chained, missing and added ones
        included; ``None`` when all are. One that lost words to an erasure is as that erasure left it, and its hash
        as it was chained. To be asked in a read transaction, which sees one moment."""
        head = self.connection.execute(sa.select(fact_chain)).one()
        lost = lost_words(self.connection)
        seq, last = 0, ""
        while batch := self.list(_BATCH, after=seq):
            for fact in batch:
                sound = (
                    content(fact) == lost[fact.seq] if fact.seq in lost else fact.hash == chained(last, fact)
                )
                if fact.seq != seq + 1 or fact.seq > head.seq or not sound:
                    return seq + 1
                seq, last = fact.seq, fact.hash
        return None if (head.seq, head.hash) == (seq, last) else seq + 1

    def that_lost_words(self) -> int:
        """How many facts lost words to erasures."""
        query = sa.select(sa.func.count(sa.distinct(redactions.c.seq)))
        return int(self.connection.execute(query).scalar_one())

    def redact(self, erasure: str, changed: Sequence[Fact], actor: str, at: datetime) -> None:
        """Put facts in the place of those of their numbers, who lose words; a fact of its own attests what they say
        since. Instant, name, number and hash stay."""
        rows = [{"seq": f.seq, "erasure": erasure, "digest": content(f)} for f in changed]
        if not rows:
            return
        self.connection.execute(sa.insert(redactions), rows)
        for fact in changed:
            kept = ("actor", "subject", "before", "after", "cause", "data")
            row = _rows.row(fact)
            change = sa.update(facts).where(facts.c.seq == fact.seq)
            self.connection.execute(change.values({name: row[name] for name in kept}))
        digest = attested((f.seq, content(f)) for f in changed)
        data = {"facts": len(rows), "digest": digest}
        self.add(Fact(at, actor, WORDS_ERASED, f"erasure:{erasure}", data=data))


def lost_words(connection: sa.Connection) -> dict[int, str]:
    """The facts that lost words, each with the digest of what it says since; empty where no fact attests it."""
    rows: dict[str, dict[int, str]] = {}
    for row in connection.execute(sa.select(redactions)):
        rows.setdefault(row.erasure, {})[row.seq] = row.digest
    found: dict[int, str] = {}
    named = sa.select(facts.c.subject, facts.c.data).where(facts.c.what == WORDS_ERASED)
    for row in connection.execute(named.order_by(facts.c.seq)):
        mine = rows.pop(row.subject.partition(":")[2], {})
        genuine = attested(mine.items()) == row.data.get("digest")
        found |= mine if genuine else dict.fromkeys(mine, "")
    return found | {seq: "" for others in rows.values() for seq in others}


def _value(row: sa.RowMapping) -> Fact:
    return _rows.value(row)
