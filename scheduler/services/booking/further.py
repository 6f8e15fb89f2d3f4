"""Further plans beside the best one, added to its offer one by one as they are found.

Nobody waits for this: it is the least urgent of all jobs, and is dropped as soon as the loop has been chosen,
cancelled or planned anew. A plan that is found is offered only if nobody has taken its times meanwhile. A
process that dies between two plans leaves the first on offer; whoever goes on knows it and looks for others.

Told by `tests/stories/test_further.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from scheduler.domain.facts import Fact
from scheduler.domain.loops import BookMode, Loop
from scheduler.domain.proposals import BatchState, Proposal, ProposalState
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.failpoints import failpoint
from scheduler.services.planning.encode import DEBRIEF, Encoded, encode
from scheduler.services.planning.picture import Picture, gather
from scheduler.services.planning.plan import ACTOR, ended, looking, proposed
from scheduler.services.planning.together import offers
from scheduler.services.solving import SolveFailed, why
from scheduler.storage.database import Tx
from solver import Assignment, Ending, LoopPlan, Plan, ProblemError, Result, Status, price, violations

ADDED = "further_plan_added"
"""A fact: one more plan is on offer."""

WEIGHED = "plans_weighed_again"
"""A fact: what is on offer costs something else by now, and is told so."""

GIVEN_UP = "given_up"
"""How a search ends that could not be made."""


def look(app: App, loop_id: str, generation: int, replans: int, effort: float) -> None:
    """Look for more plans of a loop that was offered one in this round; in any other there is nothing to do."""
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
        if loop is None or not _wanted(tx, loop, generation, replans):
            return
    picture = gather(app, loop)
    with app.db.read() as tx:
        others = offers.standing(tx, app.clock(), picture.policy, {loop_id})
    first, later = [o for o in others if o.leads], [o for o in others if not o.leads]
    picture = offers.around(picture, first, later)
    try:
        encoded = encode(picture)
        ending = (
            _search(app, picture, encoded, effort) if isinstance(encoded, Encoded) else Ending.NO_OTHER.value
        )
    except (SolveFailed, ProblemError) as error:
        why(error, loop_id)
        ending = GIVEN_UP
    failpoint("A3")
    finish(app, loop, ending)


def finish(app: App, then: Loop, ending: str) -> None:
    """Say that the search of this round is over, once."""
    with app.db.write() as tx:
        loop = tx.loops.claim(then.id)
        if loop is not None and _wanted(tx, loop, then.generation, then.replans):
            tx.facts.add(ended(loop, app.clock(), ending))


def _wanted(tx: Tx, loop: Loop, generation: int, replans: int) -> bool:
    """Whether the loop still is on offer as it was when the search was asked for, and the search not over."""
    return (loop.generation, loop.replans) == (generation, replans) and looking(tx, loop)[0]


def _search(app: App, picture: Picture, encoded: Encoded, effort: float) -> str:
    loop = picture.loop
    with app.db.read() as tx:
        offer = _offered(tx, loop)
    if not offer:
        return Ending.LIMIT.value

    def wanted() -> bool:
        with app.db.read() as tx:
            now = tx.loops.get(loop.id)
            return now is not None and _wanted(tx, now, loop.generation, loop.replans)

    asked = app.solver.within(picture.policy.solve_seconds)
    known = [_plan(encoded, p) for p in offer]
    if (prices := _other_prices(encoded, offer, known)) is not None:
        best = asked.best(encoded.problem)
        offer = _weigh(app, picture, encoded, offer, prices, best)
        if not offer:
            return Ending.LIMIT.value
        known = [_plan(encoded, p) for p in offer]
    search = asked.offers(encoded.problem, picture.policy.alternatives - len(offer), known, effort, wanted)
    with closing(search):
        return _each(app, picture, encoded, search, offer[0])


def _other_prices(
    encoded: Encoded, offer: Sequence[Proposal], known: Sequence[Plan]
) -> Sequence[Mapping[str, int]] | None:
    """What the plans on offer cost as things are now, where that is not what was said: others were booked or let go
    meanwhile, so that people carry more or less. ``None`` where it is, or where one of them does not hold any more."""
    if any(violations(encoded.problem, plan) for plan in known):
        return None
    prices = [price(encoded.problem, plan) for plan in known]
    told = [p.cost for p in offer]
    return prices if [sum(now.values()) for now in prices] != told else None


def _weigh(
    app: App,
    picture: Picture,
    encoded: Encoded,
    offer: Sequence[Proposal],
    prices: Sequence[Mapping[str, int]],
    best: Result,
) -> list[Proposal]:
    """Tell the plans on offer by what they cost now, beside the best one of now if it is another: plans that
    stand side by side are priced on the same facts. Empty where nobody wants more of them."""
    loop_id = picture.loop.id
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        if loop is None or not _wanted(tx, loop, picture.loop.generation, picture.loop.replans):
            return []
        for was, now in zip(offer, prices, strict=True):
            cost = sum(now.values())
            bound = 0 if was.by_hand else min(best.bound, cost)
            status = Status.OPTIMAL if bound == cost else Status.FEASIBLE
            kind = was.status if was.by_hand else status.value
            tx.proposals.weigh(was.id, now, cost, bound, kind, picture.now)
        tx.facts.add(Fact(app.clock(), ACTOR, WEIGHED, f"loop:{loop_id}", cause=loop.cause))
        found = best.plan.loops.get(loop_id)
        if found is not None and best.cost < min(sum(now.values()) for now in prices):
            new = replace(proposed(picture, encoded, best, 0), created_at=offer[0].created_at)
            if free(app, tx, loop, new):
                _rank(tx, loop, new)
                tx.facts.add(
                    Fact(app.clock(), ACTOR, ADDED, f"loop:{loop_id}", after=new.id, cause=loop.cause)
                )
        return _offered(tx, loop)


def _plan(encoded: Encoded, offer: Proposal) -> Plan:
    """What is on offer as a plan of the problem: `decode` the other way round."""
    loop, scale, sessions = encoded.problem.loops[0], encoded.scale, encoded.sessions
    planned = {p.interview: p for p in offer.interviews}
    assigned: dict[str, Assignment] = {}
    for session in loop.sessions:
        was = planned[sessions.spec[session.id]]
        people = tuple(was.people[n] if n < len(was.people) else () for n in sessions.kept[session.id])
        assigned[session.id] = Assignment(scale.floor(was.span.start), people, was.shadow, was.room)
    debrief = planned.get(DEBRIEF)
    return Plan({loop.id: LoopPlan(assigned, scale.floor(debrief.span.start) if debrief else None)})


def _each(
    app: App, picture: Picture, encoded: Encoded, search: Generator[Result, None, Ending], first: Proposal
) -> str:
    """Adds what is found, for as long as it is wanted; how the search ended."""
    while True:
        try:
            found = next(search)
        except StopIteration as end:
            ending: Ending = end.value
            return ending.value
        # one offer, whenever its plans were found: in order of rank, the best one first
        new = replace(proposed(picture, encoded, found, 0), created_at=first.created_at)
        failpoint("A1")
        if not _add(app, picture.loop, new):
            return Ending.LIMIT.value
        failpoint("A2")


def _add(app: App, then: Loop, new: Proposal) -> bool:
    """Put one more plan on offer, unless somebody has taken one of its times; whether more are wanted."""
    with app.db.write() as tx:
        loop = tx.loops.claim(then.id)
        if loop is None or not _wanted(tx, loop, then.generation, then.replans):
            return False
        if free(app, tx, loop, new):
            _rank(tx, loop, new)
            tx.facts.add(Fact(app.clock(), ACTOR, ADDED, f"loop:{loop.id}", after=new.id, cause=loop.cause))
        return True


def _rank(tx: Tx, loop: Loop, new: Proposal) -> None:
    """Keep a plan at its place by price: whatever is dearer moves down by one, the first one only where that is free to
    change."""
    others = _offered(tx, loop)
    kept = _keeps_its_first(tx, loop)
    dearer = [p.rank for p in others if p.cost > new.cost and not (kept and p is others[0])]
    if dearer:
        tx.proposals.move_down(loop.id, loop.generation, min(dearer))
    rank = min(dearer) if dearer else 1 + max(p.rank for p in others)
    tx.proposals.add_all([replace(new, rank=rank)])


def _keeps_its_first(tx: Tx, loop: Loop) -> bool:
    """Whether the plan that is first stays it, whatever others cost by now: in mode *book* it is the one that is booked,
    and the plans of a batch belong together."""
    return loop.mode is BookMode.BOOK or any(
        loop.id in batch.loops for batch in tx.batches.list({BatchState.PLANNING, BatchState.OFFERED})
    )


def free(app: App, tx: Tx, loop: Loop, new: Proposal) -> bool:
    """Whether nobody else holds any of a plan's times now, or is offered it as the best plan."""
    application = tx.applications.get(loop.application)
    assert application is not None
    wanted = offers.offer(new.id, loop, 2, application, new.interviews)
    whole = Span(min(s.start for _, s in wanted.times), max(s.end for _, s in wanted.times))
    rows = tx.reservations.of_subjects({s for s, _ in wanted.times}, whole, except_loop=loop.id)
    others = offers.standing(tx, app.clock(), tx.company.policy(), {loop.id})
    taken = [(r.subject, r.span) for r in rows] + [t for o in others if o.leads for t in o.times]
    return not offers.overlapping(wanted.rows, taken)


def _offered(tx: Tx, loop: Loop) -> list[Proposal]:
    """What is on offer of a loop, the best plan first."""
    offered = [p for p in tx.proposals.of_loop(loop.id, loop.generation) if p.state is ProposalState.OFFERED]
    return sorted(offered, key=lambda p: p.rank)
