"""Batches as people look at them: every loop with its candidate, the plan it is offered in words, or why it has none.

Told by `tests/scheduler/web/days/test_superday.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.errors import Missing
from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.proposals import Batch, BatchState, Proposal
from scheduler.services.asking import batches
from scheduler.services.booking import offers
from scheduler.services.booking.offers import Told
from scheduler.storage.database import Tx

_TAKEN = frozenset(
    {LoopState.HELD, LoopState.BOOKING, LoopState.CONFIRMED, LoopState.COMPLETED, LoopState.REPAIRING}
)
MOST_SHOWN = 50
"""Batches in a list, the newest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One loop of a batch. ``told`` is empty and ``plan`` none where it has no plan; ``fixes`` and ``reasons`` speak of
    candidates by name."""

    loop: Loop
    application: Application
    plan: Proposal | None
    told: Sequence[Told]
    reasons: Sequence[str]
    fixes: Sequence[str]
    priority: int
    locked: bool

    @property
    def begins(self) -> datetime | None:
        """When its first interview would begin."""
        return min((t.planned.span.start for t in self.told), default=None)

    @property
    def offered(self) -> bool:
        """Whether it waits for a yes."""
        return self.plan is not None and self.loop.state is LoopState.PROPOSED


@dataclass(frozen=True, slots=True)
class Whole:
    """A batch: first the rows that have a plan, in the order in which they begin, then those that have none."""

    batch: Batch
    rows: Sequence[Row]

    @property
    def offered(self) -> int:
        """How many loops wait for a yes."""
        return sum(row.offered for row in self.rows)

    @property
    def booked(self) -> bool:
        """Whether nothing of it waits for a yes any more, and something was said yes to."""
        return _booked(self.batch, {row.loop.id: row.loop.state for row in self.rows})

    @property
    def without(self) -> int:
        """How many have nothing, of those that are not being planned."""
        return sum(row.plan is None and row.loop.state is not LoopState.PLANNING for row in self.rows)


def whole(tx: Tx, batch_id: str) -> Whole:
    """Everything about a batch. Raises `Missing`."""
    batch = tx.batches.get(batch_id)
    if batch is None:
        raise Missing("batch", batch_id)
    loops, plans = batches.told(tx, batch)
    applications = tx.overview.applications_of(list(loops))
    told = {p.loop: t for p, t in offers.told(tx, plans.values())}
    names = {id: applications[id].candidate.name for id in loops}
    rows = [
        Row(
            loop=loop,
            application=applications[id],
            plan=plans.get(id),
            told=sorted(told.get(id, ()), key=lambda t: t.planned.span),
            reasons=[_named(r.text, names) for r in loop.reasons if not r.aside],
            fixes=[_named(text, names) for text in loop.fixes],
            priority=batch.priority.get(id, 2),
            locked=id in batch.locked,
        )
        for id, loop in loops.items()
    ]
    return Whole(batch, sorted(rows, key=lambda r: (r.begins is None, r.begins or batch.created_at)))


def _named(text: str, names: dict[str, str]) -> str:
    """What is said of loops by id, said of their candidates."""
    for id, name in names.items():
        text = text.replace(id, name)
    return text


def _booked(batch: Batch, states: Mapping[str, LoopState]) -> bool:
    there = {states[id] for id in batch.loops if id in states}
    return batch.state is BatchState.OFFERED and bool(there & _TAKEN) and LoopState.PROPOSED not in there


def booked(tx: Tx, found: Sequence[Batch]) -> frozenset[str]:
    """The ids of those of which nothing waits for a yes any more, and something was said yes to."""
    states = tx.found_loops.states(sorted({id for batch in found for id in batch.loops}))
    return frozenset(batch.id for batch in found if _booked(batch, states))


def newest(tx: Tx) -> list[Batch]:
    """The batches that were asked for last, the newest first."""
    return tx.batches.list(set(BatchState))[::-1][:MOST_SHOWN]


def joining(tx: Tx) -> list[tuple[Loop, Application]]:
    """Loops that a batch can take, in the order they were asked for, as many as one takes: nothing is booked of them,
    none of their steps is open, and no other batch has them."""
    elsewhere = {id for b in tx.batches.list({BatchState.PLANNING}) for id in b.loops}
    offered = {id for b in tx.batches.list({BatchState.OFFERED}) for id in b.loops}
    found = [
        loop
        for loop in tx.found_loops.page(LoopsWanted(states=batches.OPEN), batches.MAX_LOOPS)
        if loop.id not in elsewhere
        and not (loop.id in offered and loop.state is LoopState.PROPOSED)
        and not loop.template.incomplete
        and not (loop.chosen and tx.interviews.of_loop(loop.id))
    ]
    applications = tx.overview.applications_of([loop.id for loop in found])
    return [(loop, applications[loop.id]) for loop in found]
