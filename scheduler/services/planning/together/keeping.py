"""What came of planning several loops is kept in one transaction, in the order in which they are served.

Between the look at the tables and this moment others have booked, and been offered plans: who wants the same
time is planned once more instead, and nobody counts that as a lost try.

Told by `tests/stories/test_together.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from scheduler.domain.bookings import Reservation
from scheduler.domain.loops import BookMode, Loop, LoopState, undo_time
from scheduler.domain.proposals import Proposal
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.planning.plan import ACTOR, Outcome, begun
from scheduler.services.planning.together import offers
from scheduler.services.planning.together.offers import Offer
from scheduler.storage.database import Tx


def keep(app: App, outcomes: Sequence[Outcome], known: Collection[str]) -> list[str]:
    """Keep what came of each loop that is still as it was looked at. ``known`` are the proposals that were
    planned around.

    Returns the loops whose best plan takes time that is somebody else's since: they are as before.
    """
    plans = {o.picture.loop.id: _offers(o) for o in outcomes}
    again = []
    with app.db.write() as tx:
        present = {id: tx.loops.claim(id) for id in sorted(plans)}
        live = [o for o in outcomes if _unchanged(present[o.picture.loop.id], o.picture.loop)]
        taken = _taken_since(app, tx, [plan for o in live for plan in plans[o.picture.loop.id]], known)
        for outcome in live:
            id = outcome.picture.loop.id
            free = [p for p in plans[id] if not offers.overlapping(p.rows, _of_others(taken, id))]
            if outcome.placed and (not free or free[0].rank != 1):
                again.append(id)
                continue
            proposals = [p for p in outcome.proposals if p.id in {f.id for f in free}]
            _keep(app, tx, outcome, proposals)
            if free and not outcome.contested:
                taken += [(id, time) for time in free[0].times]
    return again


Whose = tuple[str, tuple[Subject, Span]]
"""A time of somebody, with the loop that has it."""


def _offers(outcome: Outcome) -> list[Offer]:
    loop, application = outcome.picture.loop, outcome.picture.application
    return [offers.offer(p.id, loop, p.rank, application, p.interviews) for p in outcome.proposals]


def _unchanged(now: Loop | None, planned: Loop) -> bool:
    """Whether nobody changed the loop, or planned it, while this plan was being made."""
    wanted = (LoopState.PLANNING, planned.generation, planned.replans)
    return now is not None and (now.state, now.generation, now.replans) == wanted


def _taken_since(app: App, tx: Tx, plans: Sequence[Offer], known: Collection[str]) -> list[Whose]:
    """What is booked of everybody in these plans, all of it (plans keep away from what was known), and what
    others were offered meanwhile. Nobody else takes any of it until the transaction ends."""
    rows: list[Reservation] = [row for plan in plans for row in plan.rows]
    if not rows:
        return []
    tx.reservations.alone(rows)
    window = Span(min(r.span.start for r in rows), max(r.span.end for r in rows))
    booked = tx.reservations.of_subjects({r.subject for r in rows}, window)
    mine = {plan.loop.id for plan in plans}
    new = [o for o in offers.standing(tx, app.clock(), tx.company.policy(), mine) if o.id not in known]
    found = [(row.loop, (row.subject, row.span)) for row in booked]
    return found + [(o.loop.id, time) for o in new if o.leads for time in o.times]


def _of_others(taken: Iterable[Whose], loop: str) -> list[tuple[Subject, Span]]:
    return [time for whose, time in taken if whose != loop]


def _keep(app: App, tx: Tx, outcome: Outcome, proposals: Sequence[Proposal]) -> None:
    picture, loop = outcome.picture, outcome.picture.loop
    tx.proposals.make_stale(loop.id)
    tx.proposals.add_all(proposals)
    watched = outcome.contested and loop.mode is BookMode.BOOK
    moved = tx.loops.move(
        loop.id,
        outcome.to,
        expect={LoopState.PLANNING},
        actor=ACTOR,
        cause=proposals[0].id if proposals else outcome.reasons[0].kind,
        at=app.clock(),
        reasons=outcome.reasons,
        fixes=tuple(fix.text for fix in outcome.fixes),
        unknown=picture.unknown,
        # over somebody's offer nothing is booked by itself: a person says who gets it
        **({"mode": BookMode.PROPOSE} if watched else {}),
    )
    tx.fixes.replace(loop.id, outcome.fixes)
    if proposals and moved.mode is BookMode.BOOK:
        undo = undo_time(loop.undo_minutes, picture.policy.undo_minutes)
        delay = undo.total_seconds() if loop.replans == 0 else 0
        jobs.book(app, tx, proposals[0].id, delay)
    elif proposals and picture.policy.alternatives > 1:
        jobs.further(app, tx, moved, outcome.effort)
        tx.facts.add(begun(moved, app.clock()))
