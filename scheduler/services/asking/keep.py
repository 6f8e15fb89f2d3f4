"""A plan on offer is kept free by hand: others plan around it as around a booking, until its time ends.

Nothing is booked and nobody is told. What is kept stands beside the proposal, so that it ends with it: when a plan of its
loop is chosen, when the loop is planned anew or ends, and by the clock (decision 115).

Told by `tests/stories/test_plans_kept_free.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services.app import App
from scheduler.storage.database import Tx

KEPT, LET_GO = "offer_kept", "offer_let_go"
LEAST = timedelta(hours=24)
"""So long at least, also where the policy keeps offers for less."""


def keep(app: App, tx: Tx, loop_id: str, proposal_id: str, actor: str) -> Proposal:
    """Keep a plan's times free: as long as the policy keeps an offer, counted from now, at least `LEAST`, and not beyond
    its first interview. Raises `Missing`, and `WrongState` for a plan that cannot be chosen now."""
    found, now = _claimed(tx, loop_id, proposal_id), app.clock()
    if found.state is not ProposalState.OFFERED:
        raise WrongState("plan", found.id, found.state.value, "choose one that is on offer")
    begins = min(planned.span.start for planned in found.interviews)
    if begins <= now:
        raise WrongState("plan", found.id, "past", "its first interview would have begun")
    usual = timedelta(hours=tx.company.policy().offer_hours)
    until = min(now + max(usual, LEAST), begins)
    tx.proposals.keep(found.id, until)
    _note(app, tx, found, KEPT, actor, until.isoformat(timespec="minutes"))
    return replace(found, kept_until=until)


def let_go(app: App, tx: Tx, loop_id: str, proposal_id: str, actor: str) -> Proposal:
    """Keep a plan's times free no longer than those of every offer. Raises `Missing`; nothing is changed for a plan that
    nobody has kept."""
    found = _claimed(tx, loop_id, proposal_id)
    if found.kept_until is None:
        return found
    tx.proposals.keep(found.id, None)
    _note(app, tx, found, LET_GO, actor, "")
    return replace(found, kept_until=None)


def _claimed(tx: Tx, loop_id: str, proposal_id: str) -> Proposal:
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    found = tx.proposals.get(proposal_id)
    if found is None or found.loop != loop_id:
        raise Missing("plan", proposal_id)
    if loop.state is not LoopState.PROPOSED:
        raise WrongState("loop", loop_id, loop.state.value, "only plans that wait for a yes are kept free")
    return found


def _note(app: App, tx: Tx, plan: Proposal, what: str, actor: str, after: str) -> None:
    data = {"proposal": plan.id}
    tx.facts.add(Fact(app.clock(), actor, what, f"loop:{plan.loop}", "", after, data=data))
