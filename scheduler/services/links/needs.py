"""What a candidate needs, as constraints of their plan: no reason is asked for, and none is kept.

Told by `tests/stories/test_candidate_needs.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scheduler.domain.bookings import InterviewState
from scheduler.domain.errors import BadInput, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.guests.links import Link
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.links.choosing import ACTOR
from scheduler.services.planning import plan as planning
from scheduler.storage.database import Tx

NEEDS = "needs_changed"
"""The fact, which says nothing of what they are, and the kind of the reason where something is booked."""
EXTRA, BREAKS, DAYS = (0, 25, 50, 100), (0, 45, 60, 90, 120), (0, 120, 180, 240, 300, 360)
"""What can be chosen: percent more time, minutes after which a break comes, minutes a day; 0: no such need."""


@dataclass(frozen=True, slots=True)
class Needs:
    extra_time: int = 0
    break_every: int = 0
    max_day: int = 0
    features: frozenset[str] = frozenset()


def known(tx: Tx, loop: Loop) -> Needs:
    """What is agreed on."""
    application = tx.applications.get(loop.application)
    assert application is not None
    there = application.accommodation
    return Needs(there.extra_time, there.break_every or 0, there.max_day or 0, there.features)


def features(tx: Tx, loop: Loop) -> Sequence[str]:
    """What rooms of the loop's site have that one may need; nothing where it takes place elsewhere."""
    rooms = tx.rooms.list() if loop.site else ()
    return sorted({feature for room in rooms if room.site == loop.site for feature in room.features})


def tell(app: App, link: Link, needs: Needs) -> None:
    """Keep to these from now on, in place of those before. What is not booked is planned anew; of what is, a person is
    asked to look, without being told why.

    Raises `BadInput` for what cannot be chosen; `WrongState` while a plan is just being booked.
    """
    with app.db.write() as tx:
        loop = tx.loops.claim(link.loop)
        assert loop is not None
        _check(tx, loop, needs)
        application = tx.applications.claim(loop.application)
        assert application is not None
        if needs == known(tx, loop):
            return
        agreed = replace(
            application.accommodation,
            extra_time=needs.extra_time,
            break_every=needs.break_every or None,
            max_day=needs.max_day or None,
            features=needs.features,
        )
        tx.applications.put(replace(application, accommodation=agreed))
        actor = f"{ACTOR}:{link.id}"
        tx.facts.add(Fact(app.clock(), actor, NEEDS, f"loop:{loop.id}"))
        _follow(app, tx, loop, actor)


def _follow(app: App, tx: Tx, loop: Loop, actor: str) -> None:
    if loop.state is LoopState.AWAITING_CANDIDATE:
        return
    if any(i.state is not InterviewState.CANCELLED for i in tx.interviews.of_loop(loop.id)):
        if loop.state not in (LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION):
            raise WrongState("loop", loop.id, loop.state.value, "it is being booked or changed just now")
        text = "what the candidate needs has changed: see whether what is booked still fits, and move what does not"
        holes.attend(app, tx, loop, [Reason(NEEDS, text)], actor)
        return
    planning.replan_in(app, tx, loop.id, actor=actor, cause="needs")


def _check(tx: Tx, loop: Loop, needs: Needs) -> None:
    for name, value, choices in (
        ("extra_time", needs.extra_time, EXTRA),
        ("break_every", needs.break_every, BREAKS),
        ("max_day", needs.max_day, DAYS),
    ):
        if value not in choices and value != getattr(known(tx, loop), name):
            raise BadInput(name, f"{value} cannot be chosen", "choose from the list")
    wrong = needs.features - set(features(tx, loop)) - known(tx, loop).features
    if wrong:
        raise BadInput("features", "is nothing that a room has", "choose from the list")
