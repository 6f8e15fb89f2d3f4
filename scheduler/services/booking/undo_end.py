"""Until when a person can undo before the best plan is booked by itself.

Told by `tests/scheduler/services/hiring/test_automating.py`.
"""

from __future__ import annotations

from datetime import datetime

from scheduler.domain.loops import BookMode, Loop, LoopState, undo_time
from scheduler.domain.proposals import ProposalState
from scheduler.storage.database import Tx

_BY_HAND = "loop_changed_by_hand"


def books_at(tx: Tx, loop: Loop) -> datetime | None:
    """When the plan on offer is booked unless somebody says otherwise; ``None`` where a person says yes, or nothing
    is waited for. The delay counts from the first plan, and anew from a change by hand."""
    if loop.state is not LoopState.PROPOSED or loop.mode is not BookMode.BOOK:
        return None
    offered = [p for p in tx.proposals.of_loop(loop.id, loop.generation) if p.state is ProposalState.OFFERED]
    best = min(offered, key=lambda p: p.rank, default=None)
    if best is None:
        return None
    undo = undo_time(loop.undo_minutes, tx.company.policy().undo_minutes)
    changed = tx.facts.last(f"loop:{loop.id}", {_BY_HAND})
    if changed is not None and changed.at >= best.created_at:
        return changed.at + undo
    return best.created_at + undo if loop.replans == 0 else None
