"""A loop as it is got, and whether it is still so when it is changed.

Told by `tests/scheduler/api/test_conditions.py`.
"""

from __future__ import annotations

from scheduler.api.conditional.conditions import Conditions
from scheduler.api.models.loops import InterviewOut, LoopDetail, LoopOut
from scheduler.api.models.proposals import ProposalOut
from scheduler.domain.errors import Missing
from scheduler.services.booking import offers
from scheduler.services.booking.undo_end import books_at
from scheduler.services.planning import plan as planning
from scheduler.storage.database import Tx


def detail(tx: Tx, loop_id: str) -> LoopDetail:
    """The loop with its plans and interviews. Raises `Missing`."""
    loop = tx.loops.get(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    proposals = offers.told(tx, tx.proposals.of_loop(loop_id))
    interviews = tx.interviews.of_loop(loop_id)
    looking, no_more = planning.looking(tx, loop)
    return LoopDetail(
        **LoopOut.of(loop).model_dump(),
        looking=looking,
        no_more=no_more,
        books_at=books_at(tx, loop),
        proposals=[ProposalOut.of(p, interviews) for p, interviews in proposals],
        interviews=[InterviewOut.of(i) for i in interviews],
    )


def check(tx: Tx, loop_id: str, conditions: Conditions) -> None:
    """Have the loop to ourselves, and raise `Stale` where it is not as the client has it."""
    if conditions.match is None:
        return
    if tx.loops.claim(loop_id) is None:
        raise Missing("loop", loop_id)
    facts = tx.facts.of(f"loop:{loop_id}", limit=20)
    conditions.check("loop", loop_id, detail(tx, loop_id), facts)
