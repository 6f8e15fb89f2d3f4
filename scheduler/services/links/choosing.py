"""A candidate takes a whole plan: in one transaction, or another one that still holds is shown in its place.

Told by `tests/stories/test_candidate_chooses.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scheduler.domain.errors import Missing, Taken, WrongState
from scheduler.domain.guests.links import Link, Purpose
from scheduler.domain.loops import LoopState
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.services.app import App
from scheduler.services.booking import choose, losing
from scheduler.services.booking.choose import BOOKED

ACTOR = "candidate"


@dataclass(slots=True)
class _Held:
    """Keeps what was to be done after the answer, so that it can be decided on first."""

    items: list[tuple[str, Callable[[Sequence[Any]], None], Any]] = field(default_factory=list)

    def add(self, name: str, work: Callable[[Sequence[Any]], None], item: Any) -> None:
        self.items.append((name, work, item))

    def close(self) -> None:
        """There is nothing to end."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """``taken`` is whether the plan is theirs now. Else its times are gone: ``nearest`` is the plan that is most like it
    and still holds, empty where none does and new ones are made."""

    taken: bool
    nearest: str = ""


def take(app: App, link: Link, proposal_id: str) -> Chosen:
    """Book the plan for the candidate of a link. The same plan again, by a second click or the back button, is
    answered as the first was.

    Raises `Missing` for a plan of another loop, `WrongState` where another plan was taken meanwhile or there is nothing
    to choose; where a calendar cannot be read, nothing is taken.
    """
    if link.purpose is not Purpose.CHOOSE:
        raise WrongState("link", link.id, link.purpose.value, "the company chooses among these plans")
    with app.db.read() as tx:
        proposal, loop = tx.proposals.get(proposal_id), tx.loops.get(link.loop)
    if loop is None or proposal is None or proposal.loop != link.loop:
        raise Missing("plan", proposal_id)
    if loop.chosen == proposal_id and loop.state in BOOKED:
        return Chosen(True)
    if (
        loop.state is not LoopState.PROPOSED
    ):  # of a booked loop, the repair that is offered is the company's to choose
        raise WrongState("loop", loop.id, loop.state.value, "there is nothing to choose just now")
    if proposal.state is not ProposalState.OFFERED:
        return Chosen(False, nearest(app, proposal))
    held = _Held()
    try:
        choose.choose(replace(app, later=held), proposal_id, f"{ACTOR}:{link.id}")
    except Taken:
        return _instead(app, proposal, held)
    return Chosen(True)


def _instead(app: App, lost: Proposal, held: _Held) -> Chosen:
    """Another plan that still holds; only where there is none are all of them made anew."""
    found = nearest(app, lost)
    if found:
        with app.db.write() as tx:
            loop, now = tx.loops.claim(lost.loop), tx.proposals.get(lost.id)
            if loop is not None and now is not None and now.state is ProposalState.OFFERED:
                tx.proposals.set_state(lost.id, ProposalState.STALE)
        return Chosen(False, found)
    for name, work, item in held.items:
        app.later.add(name, work, item)
    return Chosen(False)


def nearest(app: App, lost: Proposal) -> str:
    """The plan on offer that is most like one that is gone, and whose times nobody has: its id, or nothing."""
    with app.db.read() as tx:
        offered = [
            p for p in tx.proposals.of_loop(lost.loop) if p.state is ProposalState.OFFERED and p.id != lost.id
        ]
    looks = losing.looks(app, [p.id for p in offered])
    holding = [p for p in offered if p.id in looks and not looks[p.id].gone]
    return min(holding, key=lambda p: (_apart(p, lost), p.rank, p.id)).id if holding else ""


def _apart(one: Proposal, other: Proposal) -> float:
    """Seconds by which the interviews of two plans lie apart, all in all."""
    there = {p.interview: p.span.start for p in other.interviews}
    return sum(
        abs((p.span.start - there[p.interview]).total_seconds())
        for p in one.interviews
        if p.interview in there
    )
