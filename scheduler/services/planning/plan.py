"""Makes proposals for a loop, or says in words why there are none.

When it is done, and together with which other loops, says `scheduler.services.planning.together`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import solver
from scheduler.domain.errors import Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.fixes.fix import Fix
from scheduler.domain.fixes.saying import listed, said
from scheduler.domain.loops import UNREAD, Loop, LoopState, Reason
from scheduler.domain.proposals import Proposal, ProposalState
from scheduler.domain.reasons import Deed
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import jobs
from scheduler.services import reasons as given
from scheduler.services.app import App
from scheduler.services.planning import naming
from scheduler.services.planning.encode import Encoded, decode, encode
from scheduler.services.planning.fixes import saying
from scheduler.services.planning.fixes.eased import eased
from scheduler.services.planning.fixes.found import fix as as_data
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.windows import closed_days
from scheduler.services.solving import SolveFailed, why
from scheduler.storage.database import Tx
from solver import ProblemError, Result, Status

if TYPE_CHECKING:
    from solver import Explanation

ACTOR = "system:planning"
SOUGHT, NO_MORE = "further_plans_sought", "further_plans_ended"
"""Facts: further plans are looked for; they are not any more."""
_KEEP_FIXES = 8
_REPLANNED = frozenset(
    {LoopState.AWAITING_CANDIDATE, LoopState.PROPOSED, LoopState.INFEASIBLE, LoopState.NEEDS_ATTENTION}
)
"""States from which a loop that is not booked is planned anew."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of looking for plans of a loop: ``proposals``, best first, or where it goes instead and why.

    ``contested``: there is no plan that keeps away from what is on offer to others.
    """

    picture: Picture
    proposals: tuple[Proposal, ...] = ()
    to: LoopState = LoopState.PROPOSED
    reasons: tuple[Reason, ...] = ()
    fixes: tuple[Fix, ...] = ()
    contested: bool = False
    effort: float = 0.0
    """What the best plan took (`solver.Result.effort`)."""

    @property
    def placed(self) -> bool:
        return bool(self.proposals)


def look(app: App, pictures: Sequence[Picture], *, explain: bool = True) -> Outcome | None:
    """The best plan of one loop, or why there are none (``None`` where nobody asks for it).

    ``pictures`` are of the same loop: in each later one less is kept free for others, and it is asked
    only where the one before it gave no plan.
    """
    try:
        for n, picture in enumerate(pictures):
            found = _look(app, picture, explain=explain and n == len(pictures) - 1)
            if found is not None:
                return replace(found, contested=n > 0 and found.placed)
        return None
    except (SolveFailed, ProblemError) as error:
        loop = pictures[0].loop.id
        text = why(error, loop)
        reason = Reason("solver", f"the plan could not be made: {text}", said=said("solver", why=text))
        return _cannot(pictures[0], LoopState.NEEDS_ATTENTION, (reason,))


def _look(app: App, picture: Picture, *, explain: bool) -> Outcome | None:
    """The best plan, or why not; ``None`` where there are none and nobody asks why."""
    encoded = encode(picture)
    if isinstance(encoded, tuple):
        if not explain:
            return None
        return _cannot(picture, LoopState.INFEASIBLE, encoded, eased(app, picture))
    best = app.solver.within(picture.policy.solve_seconds).best(encoded.problem)
    placed = best.plan.loops.get(picture.loop.id) is not None
    if best.status in (Status.OPTIMAL, Status.FEASIBLE) and placed:
        proposal = proposed(picture, encoded, best, 1)
        return Outcome(picture, (proposal,), reasons=_unreadable(picture), effort=best.effort)
    return _answer(app, picture, encoded, best.status) if explain else None


def _answer(app: App, picture: Picture, encoded: Encoded, status: Status) -> Outcome:
    if status in (Status.OPTIMAL, Status.FEASIBLE):
        return _cannot(picture, LoopState.NEEDS_ATTENTION, (_too_dear(encoded),))
    if status is Status.INFEASIBLE:
        reasons, fixes = _explained(app, picture, encoded)
        return _cannot(picture, LoopState.INFEASIBLE, reasons, fixes)
    seconds = picture.policy.solve_seconds
    text = f"no plan was found within {seconds:.0f} seconds; nothing is proven"
    reason = Reason("out_of_time", text, said=said("out_of_time", seconds=round(seconds)))
    return _cannot(picture, LoopState.NEEDS_ATTENTION, (reason,))


def _too_dear(encoded: Encoded) -> Reason:
    """Leaving the loop out is the cheapest plan: the company's prices say so, not the calendars."""
    text = (
        f"no plan was found that costs less than none at all, {encoded.problem.weights.unscheduled}; raise "
        "policy.prices.unscheduled in the company file, or lower other prices"
    )
    return Reason("too_dear", text, said=said("too_dear", price=encoded.problem.weights.unscheduled))


def _explained(app: App, picture: Picture, encoded: Encoded) -> tuple[tuple[Reason, ...], tuple[Fix, ...]]:
    """Why not, and what would help; that it is impossible stands even where the reasons took too long."""
    try:
        explanation = app.solver.within(picture.policy.solve_seconds).explain(encoded.problem)
    except SolveFailed as error:
        text = f"there is no plan, that is proven, but the reasons could not be worked out: {error}"
        reason = Reason("unexplained", text, said=said("unexplained", why=str(error)))
        return (reason, *_unreadable(picture)), ()
    reasons, fixes = in_words(picture, encoded, explanation)
    every = sorted((*eased(app, picture), *fixes), key=lambda fix: fix.effort)
    return reasons, tuple(every[:_KEEP_FIXES])


def in_words(
    picture: Picture, encoded: Encoded, explanation: Explanation
) -> tuple[tuple[Reason, ...], tuple[Fix, ...]]:
    """The explanation of an infeasible loop with names instead of ids: reasons, and fixes."""
    name, when = naming.names(picture, encoded), naming.times(picture, encoded)
    found = explanation.loops[picture.loop.id]
    spec = encoded.sessions.spec
    reasons = tuple(
        Reason(
            gap.lack.value,
            solver.gap_sentence(gap, name),
            gap.people,
            tuple(spec[s] for s in dict.fromkeys((*([gap.session] if gap.session else []), *gap.sessions))),
            saying.of_gap(gap, name, picture.application.candidate.name),
        )
        for gap in found.gaps
    )
    fixes = tuple(as_data(encoded, fix, name, when) for fix in found.fixes[:_KEEP_FIXES])
    if not reasons:
        alone = said("together", template=picture.loop.template.title)
        reasons = (Reason("together", _together(picture), said=alone),)
    return (*reasons, *closed_days(picture), *_unreadable(picture)), fixes


def _together(picture: Picture) -> str:
    return (
        f"every interview of {picture.loop.template.title} could take place by itself, "
        "but no times fit all of them together"
    )


def _unreadable(picture: Picture) -> tuple[Reason, ...]:
    """People who might have helped, had their calendars been readable."""
    if not picture.unknown:
        return ()
    names = ", ".join(picture.roster.name(p) for p in picture.unknown)
    text = f"not considered, because the calendar cannot be read: {names}"
    return (Reason(UNREAD, text, picture.unknown, said=said("not_considered", people=_named(picture))),)


def _named(picture: Picture) -> dict[str, object]:
    return listed(picture.roster.name(p) for p in picture.unknown)


def _cannot(
    picture: Picture, to: LoopState, reasons: tuple[Reason, ...], fixes: tuple[Fix, ...] = ()
) -> Outcome:
    return Outcome(picture, to=to, reasons=reasons, fixes=fixes)


def begun(loop: Loop, at: datetime) -> Fact:
    """That further plans are looked for from now on."""
    return Fact(at, ACTOR, SOUGHT, f"loop:{loop.id}", cause=loop.cause, data=_round(loop))


def ended(loop: Loop, at: datetime, why: str) -> Fact:
    """That no more plans are looked for, and why: a value of `solver.Ending`, or ``given_up``."""
    return Fact(at, ACTOR, NO_MORE, f"loop:{loop.id}", after=why, cause=loop.cause, data=_round(loop))


def looking(tx: Tx, loop: Loop) -> tuple[bool, str | None]:
    """Whether more plans of a loop are being looked for, and once they are not, why there are no more."""
    last = tx.facts.last(f"loop:{loop.id}", {SOUGHT, NO_MORE})
    if last is None or loop.state is not LoopState.PROPOSED or dict(last.data) != _round(loop):
        return False, None
    return last.what == SOUGHT, last.after or None


def _round(loop: Loop) -> dict[str, int]:
    return {"generation": loop.generation, "replans": loop.replans}


def proposed(picture: Picture, encoded: Encoded, result: Result, rank: int) -> Proposal:
    """A plan of the solver as an offer."""
    plan = result.plan.loops[picture.loop.id]
    assert plan is not None
    return Proposal(
        id=f"pr_{secrets.token_hex(8)}",
        loop=picture.loop.id,
        rank=rank,
        interviews=decode(encoded, plan),
        price=dict(result.price),
        cost=result.cost,
        bound=result.bound,
        status=result.status.value,
        basis=picture.now,
        unknown=picture.unknown,
        state=ProposalState.OFFERED,
        created_at=picture.now,
        generation=picture.loop.generation,
    )


def replan(
    app: App,
    loop_id: str,
    *,
    actor: str,
    cause: str,
    blocked: Sequence[tuple[Subject, Span]] = (),
    change: Callable[[Tx, Loop], dict[str, object]] | None = None,
    reason: str | None = None,
    note: str = "",
) -> Loop:
    """Send a loop that is not booked back to planning, with times found taken kept out. ``change``
    says what else becomes of it, as it is in this transaction; ``reason`` is a code.

    Raises `Missing`, `WrongState` for a loop that is booked, being booked or ended, and `BadInput` for a reason
    that the company has not.
    """
    with app.db.write() as tx:
        return replan_in(
            app,
            tx,
            loop_id,
            actor=actor,
            cause=cause,
            blocked=blocked,
            change=change,
            reason=reason,
            note=note,
        )


def replan_in(
    app: App,
    tx: Tx,
    loop_id: str,
    *,
    actor: str,
    cause: str,
    blocked: Sequence[tuple[Subject, Span]] = (),
    change: Callable[[Tx, Loop], dict[str, object]] | None = None,
    reason: str | None = None,
    note: str = "",
    overrides: str | None = None,
) -> Loop:
    """`replan` inside a transaction that is already open; where it raises, nothing was written. ``overrides`` is the code
    of why a rule is overridden."""
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    if loop.state not in _REPLANNED or tx.interviews.of_loop(loop_id):
        state = loop.state.value
        raise WrongState("loop", loop_id, state, "only a loop without bookings is planned anew")
    changes = change(tx, loop) if change else {}
    given.note(app, tx, loop, Deed.RESCHEDULE, reason, actor, note)
    given.note(app, tx, loop, Deed.OVERRIDE, overrides, actor, note)
    tx.proposals.make_stale(loop_id)
    changes.setdefault("blocked", (*loop.blocked, *blocked))
    changes.setdefault("replans", loop.replans + 1)
    changes.setdefault("overtaken", 0)  # whoever asks anew gives it as many tries again
    moved = tx.loops.move(
        loop_id,
        LoopState.PLANNING,
        expect=_REPLANNED,
        actor=actor,
        cause=cause,
        at=app.clock(),
        reasons=(),
        fixes=(),
        **changes,
    )
    jobs.plan(app, tx, moved)
    return moved
