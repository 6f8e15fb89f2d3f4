"""Why a loop of a batch got nothing: it fits alone, or not even then; and who would have to give way.

*Impossible* is said only of what is proven; where time ran out, that is what is said.

Told by `tests/stories/test_superdays.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scheduler.domain.fixes.fix import Change, Fix, How, fix_id
from scheduler.domain.fixes.saying import said
from scheduler.domain.loops import LoopState, Reason
from scheduler.services.app import App
from scheduler.services.planning.plan import Outcome, look
from scheduler.services.planning.together.offers import Offer, around, offer_of, overlapping

LEFT_OUT = "left_out"


def told(app: App, outcome: Outcome, mates: Iterable[Offer]) -> Outcome:
    """The outcome with words that set it against the rest of the batch. One that is no plan for want of time,
    or for another fault, stays as it is."""
    if outcome.to is not LoopState.INFEASIBLE:
        return outcome
    alone = look(app, [outcome.picture])
    assert alone is not None
    if not alone.placed:
        return replace(alone, picture=outcome.picture)
    others = [o for o in mates if o.leads]
    way = [o for o in others if overlapping(offer_of(alone).rows, o.times)]
    text = "it fits alone, but not beside the other loops of its batch and what else is on offer"
    reason = Reason(LEFT_OUT, text, said=said("left_out"))
    return Outcome(
        outcome.picture,
        to=LoopState.NEEDS_ATTENTION,
        reasons=(reason,),
        fixes=(*_room(app, outcome, others, way), *outcome.fixes),
    )


def _room(app: App, outcome: Outcome, others: Sequence[Offer], way: Sequence[Offer]) -> tuple[Fix, ...]:
    """Whose giving way would make room: the one loop, if one is enough, else all that stand in the way of the
    plan it would have alone. Each is tried."""
    for gone in (*([o] for o in way), way):
        if gone:
            ids = {o.loop.id for o in gone}
            left = [o for o in others if o.loop.id not in ids]
            found = look(app, [around(outcome.picture, left)], explain=False)
            if found is not None and found.placed:
                names = sorted(ids)
                changes = tuple(Change("loop", limits=((name, 0),)) for name in names)
                text = f"It would fit if {' and '.join(names)} gave way."
                plan = found.proposals[0].interviews
                return (Fix(fix_id(changes), text, 0, How.BY_HAND, changes, (), plan),)
    return ()
