"""Who comes second: told from one small read of the database, and planned anew together with all others.

Told by `tests/stories/test_races.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NoReturn

from scheduler.domain.errors import Missing, Taken, WrongState
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.proposals import Contender, ProposalState
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.planning import buffers
from scheduler.services.planning import plan as planning
from scheduler.services.planning.panels import DEBRIEF
from scheduler.storage.database import Glance, Tx

_AT_ONCE = 25
"""Loops in one transaction: others want to write in between."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A plan that could not be taken, for whom it was tried, and what of it was found taken."""

    loop: str
    proposal: str
    actor: str
    broken: tuple[tuple[Subject, Span], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How a plan stood at a moment, and which of its times were another loop's then."""

    plan: Contender
    gone: tuple[tuple[Subject, Span], ...]


def looks(app: App, proposals: Collection[str]) -> dict[str, Look]:
    """How these plans stand, each that there is: one small read for all of them, and one for those of the same days."""
    with app.db.glance() as glance:
        return _looks(glance, glance.contenders(proposals))


def _looks(glance: Glance, plans: Iterable[Contender]) -> dict[str, Look]:
    found: dict[str, Look] = {}
    days: dict[tuple[date, date], list[Contender]] = defaultdict(list)
    for plan in plans:
        found[plan.id] = Look(plan, ())
        if _on_offer(plan) and plan.interviews:
            spans = [planned.span for planned in plan.interviews]
            days[min(spans).start.date(), max(s.end for s in spans).date()].append(plan)
    for some in days.values():
        gone = glance.taken([(plan.loop, wanted(plan)) for plan in some])
        found |= {plan.id: Look(plan, tuple(g)) for plan, g in zip(some, gone, strict=True)}
    return found


def contender(app: App, proposal_id: str) -> Contender:
    """A plan as it stands. Raises `Missing`."""
    with app.db.glance() as glance:
        found = next(iter(glance.contenders([proposal_id])), None)
    if found is None:
        raise Missing("proposal", proposal_id)
    return found


def gone(app: App, plan: Contender) -> tuple[tuple[Subject, Span], ...]:
    """Which times of a plan are another loop's now."""
    with app.db.glance() as glance:
        return _looks(glance, [plan])[plan.id].gone


def tell(app: App, plan: Contender, actor: str, gone: Sequence[tuple[Subject, Span]]) -> None:
    """Raises `Taken` where some of the times of a plan that is on offer are ``gone``. No calendar is read for that,
    and nothing is written before the answer."""
    if gone and _on_offer(plan):
        taken = Taken(sorted({subject for subject, _ in gone}))
        start_over_later(app, Lost(plan.loop, plan.id, actor, tuple(gone)), taken)


def _on_offer(plan: Contender) -> bool:
    return plan.loop_state is LoopState.PROPOSED and plan.state is ProposalState.OFFERED


def wanted(plan: Contender) -> list[tuple[Subject, Span]]:
    """What a plan certainly takes: of everybody who sits in it, its rooms and the candidate. Debriefs, and
    the time beside each interview, are left to whoever takes it."""
    found: list[tuple[Subject, Span]] = []
    for planned in plan.interviews:
        if planned.interview == DEBRIEF:
            continue
        people = [p for seat in planned.people for p in seat] + ([planned.shadow] if planned.shadow else [])
        found += [(Subject.person(p), planned.span) for p in people]
        if planned.room:
            found.append((Subject.room(planned.room), planned.span))
        found.append((plan.candidate, planned.span))
    return found


def start_over_later(app: App, lost: Lost, taken: Taken) -> NoReturn:
    """Raise ``taken``, and plan the loop anew after the answer. Were that forgotten, the same plan is refused
    again, and a loop that nobody watches is found by the sweep."""
    app.later.add("plans that were overtaken", partial(start_over, app), lost)
    raise taken


def start_over(app: App, lost: Sequence[Lost]) -> None:
    """Send loops whose plan was overtaken back to planning, with what was taken kept out, unless they have moved on
    meanwhile. What nobody watches is not tried for ever: after some rounds a human is asked. What we booked
    ourselves is known when they are planned again: it is neither kept out for ever nor counted."""
    each = {one.loop: one for one in lost}
    for n in range(0, len(each), _AT_ONCE):
        ids = sorted(each)[n : n + _AT_ONCE]
        with app.db.write() as tx:
            # all of them first: whoever works on several loops takes them before anything else
            for loop in [tx.loops.claim(id) for id in ids]:
                if loop is not None:
                    _start_over(app, tx, loop, each[loop.id])


def _start_over(app: App, tx: Tx, loop: Loop, lost: Lost) -> None:
    plan = tx.proposals.get(lost.proposal)
    if loop.state is not LoopState.PROPOSED or plan is None or plan.state is not ProposalState.OFFERED:
        return
    foreign = _not_ours(tx, loop, lost.broken)
    counted = bool(foreign) and lost.actor.startswith("policy:")  # a person's choices are watched by a person
    if counted and loop.overtaken >= tx.company.policy().max_replans:
        _ask_a_human(app, tx, loop, lost)
        return
    try:
        planning.replan_in(
            app,
            tx,
            loop.id,
            actor=lost.actor,
            cause=lost.proposal,
            blocked=foreign,
            change=lambda _, now: {"overtaken": now.overtaken + counted},
        )
    except WrongState:  # it has bookings: its repair is somebody else's
        return


def _not_ours(tx: Tx, loop: Loop, broken: Sequence[tuple[Subject, Span]]) -> list[tuple[Subject, Span]]:
    """What of these times is lost to somebody's calendar, and not to another loop of ours."""
    application = tx.applications.get(loop.application)
    if not broken or application is None:
        return list(broken)
    buffer = buffers.buffer_of(loop, application)
    wide = [(s, span, buffers.around(span, buffer(s))) for s, span in broken]
    window = Span(min(w.start for _, _, w in wide), max(w.end for _, _, w in wide))
    rows = tx.reservations.of_subjects({s for s, _ in broken}, window, except_loop=loop.id)
    return [(s, span) for s, span, w in wide if not any(r.subject == s and r.span.overlaps(w) for r in rows)]


def _ask_a_human(app: App, tx: Tx, loop: Loop, lost: Lost) -> None:
    """There were as many rounds as the policy wants."""
    text = "each plan was overtaken by somebody's calendar before it could be booked"
    tx.proposals.make_stale(loop.id)
    tx.loops.move(
        loop.id,
        LoopState.NEEDS_ATTENTION,
        expect={LoopState.PROPOSED},
        actor=lost.actor,
        cause=lost.proposal,
        at=app.clock(),
        reasons=(Reason("overtaken", text),),
    )
