"""Deliveries as they came in, and answers already given: each once, however often it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import add_new, insert
from scheduler.storage.tables import answers, inbox

CLAIMED = timedelta(seconds=60)
"""How long a claimed key without an answer is somebody's: then whoever had it is taken to have ended."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook call: ``delivery_id`` is the sender's, ``digest`` of the raw ``body``. ``outcome``
    is empty until it was worked on; ``loop`` is what became of it."""

    id: str
    source: str
    delivery_id: str
    digest: str
    body: bytes
    received_at: datetime
    finished_at: datetime | None = None
    outcome: str = ""
    loop: str | None = None
    about: str = ""
    """Whom of theirs a hiring system's message is about; ``what`` is its word for what happened."""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an idempotency key was answered with."""

    status: int
    body: str


_rows = Rows(Delivery, inbox)


class Inbox:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def receive(
        self,
        source: str,
        delivery_id: str,
        digest: str,
        body: bytes,
        at: datetime,
        *,
        about: str = "",
        what: str = "",
    ) -> tuple[Delivery, bool]:
        """Keep a delivery; the second value says whether it is new. One that came before is returned
        as it was kept then, whatever this one's body is."""
        fresh = Delivery(uuid.uuid4().hex, source, delivery_id, digest, body, at, about=about, what=what)
        if add_new(self.connection, inbox, _rows.row(fresh)):
            return fresh, True
        same = (inbox.c.source == source) & (inbox.c.delivery_id == delivery_id)
        row = self.connection.execute(sa.select(inbox).where(same)).mappings().one()
        return _rows.value(row), False

    def receive_all(self, fresh: Sequence[Delivery]) -> list[tuple[str, bool]]:
        """Keep many in one statement: of each the id under which it is kept, and whether it is new. One that came before,
        or stands twice among them, is kept as it came first."""
        rows = sorted((_rows.row(one) for one in fresh), key=lambda r: (r["source"], r["delivery_id"]))
        # in one order, so that two who keep the same messages wait for each other in turn
        statement = insert(self.connection, inbox).on_conflict_do_nothing().returning(inbox.c.id)
        new = set(self.connection.execute(statement, rows).scalars()) if rows else set()
        before = (
            {
                (row.source, row.delivery_id): row.id
                for row in self.connection.execute(
                    sa.select(inbox.c.source, inbox.c.delivery_id, inbox.c.id).where(
                        sa.or_(
                            *(
                                (inbox.c.source == one.source) & (inbox.c.delivery_id == one.delivery_id)
                                for one in fresh
                                if one.id not in new
                            )
                        )
                    )
                )
            }
            if len(new) < len(fresh)
            else {}
        )
        return [
            (one.id, True) if one.id in new else (before[one.source, one.delivery_id], False) for one in fresh
        ]

    def get(self, id: str) -> Delivery | None:
        """The delivery of that id (ours, not the sender's), or ``None``."""
        row = self.connection.execute(sa.select(inbox).where(inbox.c.id == id)).mappings().first()
        return _rows.value(row) if row else None

    def finish(self, id: str, outcome: str, loop_id: str | None = None, at: datetime | None = None) -> bool:
        """Say what became of it; ``False`` where that was said before. Raises `Missing`."""
        change = sa.update(inbox).where(inbox.c.id == id, inbox.c.finished_at.is_(None))
        values = {"outcome": outcome, "loop": loop_id, "finished_at": at or datetime.now(UTC)}
        if self.connection.execute(change.values(values)).rowcount == 1:
            return True
        if self.get(id) is None:
            raise Missing("delivery", id)
        return False

    def reopen(self, id: str, outcome: str) -> bool:
        """Work on it once more, if that is how it ended (``outcome`` is what the outcome begins with)."""
        mine = (inbox.c.id == id) & inbox.c.outcome.startswith(outcome, autoescape=True)
        change = sa.update(inbox).where(mine).values(outcome="", finished_at=None)
        return self.connection.execute(change).rowcount == 1

    def again(self, id: str) -> None:
        """Forget what became of it: it is to be worked on once more."""
        change = sa.update(inbox).where(inbox.c.id == id)
        self.connection.execute(change.values(outcome="", loop=None, finished_at=None))

    def empty(self, id: str) -> None:
        """Keep nothing of what a delivery says, only that it came."""
        mine = sa.update(inbox).where(inbox.c.id == id)
        self.connection.execute(mine.values(body=b"", about="", delivery_id=id))

    def forget_bodies(self, before: datetime) -> int:
        """Keep nothing of what deliveries said that were finished before an instant; how many."""
        done = inbox.c.finished_at.is_not(None) & (inbox.c.finished_at < before) & (inbox.c.body != b"")
        return self.connection.execute(sa.update(inbox).where(done).values(body=b"", about="")).rowcount

    def page(
        self,
        *,
        source: str | None = None,
        outcome: str | None = None,
        limit: int = 50,
        after: Delivery | None = None,
    ) -> list[Delivery]:
        """The newest first; ``outcome`` is what it begins with, empty: those that wait. ``after`` is the last one of
        the page before."""
        query = sa.select(inbox)
        if source is not None:
            query = query.where(inbox.c.source == source)
        if outcome is not None:
            query = query.where(
                inbox.c.outcome.startswith(outcome, autoescape=True) if outcome else inbox.c.outcome == ""
            )
        if after is not None:
            older = (inbox.c.received_at < after.received_at) | (
                (inbox.c.received_at == after.received_at) & (inbox.c.id < after.id)
            )
            query = query.where(older)
        query = query.order_by(inbox.c.received_at.desc(), inbox.c.id.desc()).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def pending(self, older_than: datetime, limit: int = 100) -> list[Delivery]:
        """Those received before ``older_than`` and not finished, oldest first."""
        waiting = inbox.c.finished_at.is_(None) & (inbox.c.received_at <= older_than)
        query = sa.select(inbox).where(waiting).order_by(inbox.c.received_at, inbox.c.id).limit(limit)
        return [_rows.value(row) for row in self.connection.execute(query).mappings()]

    def answer(self, key: str, route: str, request_digest: str, at: datetime | None = None) -> Answer | None:
        """The answer that this idempotency key got on this route, or ``None``: then the key is ours
        until the transaction ends, and `keep_answer` says the answer. Whoever sends the same key
        meanwhile waits for us. Raises `BadInput` where the key came with another request."""
        row = self._claim(key, route, request_digest, at or datetime.now(UTC))
        return None if row is None or row.status is None else Answer(row.status, row.body)

    def claim_answer(self, key: str, route: str, request_digest: str, at: datetime) -> Answer | None:
        """The same for a claim that outlives the transaction, as long as its work lasts but no longer than
        `CLAIMED`. Raises `WrongState` while somebody else has it."""
        row = self._claim(key, route, request_digest, at)
        if row is None:
            return None
        if row.status is not None:
            return Answer(row.status, row.body)
        if row.at > at - CLAIMED:
            raise WrongState("the request of idempotency key", key, "under way", "send it again in a moment")
        mine = (answers.c.key == key) & (answers.c.route == route) & (answers.c.at == row.at)
        if self.connection.execute(sa.update(answers).where(mine).values(at=at)).rowcount != 1:
            raise WrongState("the request of idempotency key", key, "under way", "send it again in a moment")
        return None

    def give_up_claim(self, key: str, route: str) -> None:
        """The work of a claim failed: the key may be used again."""
        mine = (answers.c.key == key) & (answers.c.route == route) & answers.c.status.is_(None)
        self.connection.execute(sa.delete(answers).where(mine))

    def _claim(self, key: str, route: str, request_digest: str, at: datetime) -> sa.Row[Any] | None:
        """``None`` if the key is ours now, else what is there. Raises `BadInput`."""
        claim = {
            "key": key,
            "route": route,
            "digest": request_digest,
            "status": None,
            "body": "",
            "at": at,
        }
        if add_new(self.connection, answers, claim):
            return None
        mine = (answers.c.key == key) & (answers.c.route == route)
        row = self.connection.execute(sa.select(answers).where(mine)).one()
        if row.digest != request_digest:
            raise BadInput("Idempotency-Key", "was used for another request", "send a new key with this one")
        return row

    def keep_answer(self, key: str, route: str, status: int, body: str) -> None:
        """Answer this key so from now on. Raises `Missing` where `answer` was not asked before."""
        change = sa.update(answers).where(answers.c.key == key, answers.c.route == route)
        if self.connection.execute(change.values(status=status, body=body)).rowcount != 1:
            raise Missing("idempotency key", key)

    def forget_answers(self, before: datetime) -> int:
        """Forget the keys that were answered before an instant; returns how many."""
        return self.connection.execute(sa.delete(answers).where(answers.c.at < before)).rowcount
