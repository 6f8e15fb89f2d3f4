"""Advances that need a person: that wait, or have no loop after a quarter of an hour.

Told by `tests/scheduler/services/hiring/test_sweeping.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.hiring.connections import AdvanceState
from scheduler.storage.database import Tx
from scheduler.storage.repositories.inbox import Delivery

OVERDUE = timedelta(minutes=15)
"""After so long a message that was not worked on is told of."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """``what`` is ``advance_waits``, ``delivery_dead``, ``delivery_waits``, ``connection_fault`` or ``not_shown``; ``id``
    that of the advance, the delivery, the connection or the loop; ``about`` their application; ``why`` in words; ``since`` when."""

    what: str
    id: str
    connection: str
    about: str
    why: str
    since: datetime


def advances(tx: Tx, now: datetime, limit: int = 200) -> Sequence[Waiting]:
    """What a person has to look at, the longest waiting first. It goes from the list when its cause does: whoever
    is missing is matched, the system answers, the message is worked on again."""
    dead = (_message(d) for d in tx.inbox.page(outcome="dead_letter", limit=limit))
    return sorted([*still(tx, now, limit), *dead], key=lambda w: (w.since, w.id))[:limit]


def still(tx: Tx, now: datetime, limit: int = 200) -> Sequence[Waiting]:
    """The same without messages that are given up, however many there are; at most ``limit`` of each kind."""
    found = [
        Waiting("advance_waits", a.id, a.connection, a.application, a.why, a.noted_at)
        for a in tx.advances.list({AdvanceState.WAITING}, limit=limit)
    ]
    found += [
        Waiting("connection_fault", c.id, c.id, "", c.fault, c.fault_since)
        for c in tx.hiring.list()
        if c.fault and c.fault_since is not None
    ]
    found += [
        Waiting("not_shown", s.loop, s.connection, s.loop, s.error, s.since)
        for s in tx.showings.given_up(limit)
    ]
    return [*found, *(_message(d) for d in tx.inbox.pending(now - OVERDUE, limit))]


def _message(delivery: Delivery) -> Waiting:
    what = "delivery_dead" if delivery.outcome else "delivery_waits"
    why = delivery.outcome.removeprefix("dead_letter: ") or "it was not worked on yet"
    source = delivery.source.removeprefix("hiring:")
    return Waiting(what, delivery.id, source, delivery.about, why, delivery.received_at)
