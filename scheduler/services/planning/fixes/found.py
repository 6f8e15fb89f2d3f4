"""The solver's fixes in our words, as data: people, interviews and instants, and the plan that shows each.

Told by `tests/scheduler/services/planning/fixes/test_found.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from scheduler.domain.fixes.fix import AVAILABILITY, HOLIDAY, PERSON, Change, Fix, How, fix_id
from scheduler.domain.time import Span
from scheduler.services.planning.encode import Encoded, decode

if TYPE_CHECKING:
    import solver

_HOW = {
    **dict.fromkeys((PERSON, HOLIDAY), How.ASK_PEOPLE),
    AVAILABILITY: How.ASK_CANDIDATE,
    **dict.fromkeys(("rooms", "pool", "lock", "loop"), How.BY_HAND),
}
"""What cannot be granted by whoever looks after the loop: somebody's time is theirs, and rooms are not made here."""


def fix(
    encoded: Encoded,
    found: solver.Fix,
    name: Callable[[str], str],
    when: Callable[[int, int], str],
) -> Fix:
    """One fix of the solver; ``name`` and ``when`` are for its sentence."""
    changes = tuple(_change(encoded, change) for change in found.changes)
    how = hardest(change.kind for change in changes)
    asked = dict.fromkeys(p for change in changes if change.kind == PERSON for p in change.people)
    return Fix(
        id=fix_id(changes),
        text=found.sentence(name, when),
        effort=found.effort,
        how=how,
        changes=changes,
        people=tuple(asked),
        plan=decode(encoded, found.witness),
    )


def hardest(kinds: Iterable[str]) -> How:
    """How a fix of these kinds is carried out."""
    order = list(How)
    return max((_HOW.get(kind, How.APPLY) for kind in kinds), key=order.index)


def _change(encoded: Encoded, change: solver.NeededChange) -> Change:
    spec, scale = encoded.sessions.spec, encoded.scale
    return Change(
        kind=change.kind.value,
        interviews=tuple(spec.get(session, session) for session in change.sessions),
        people=change.people,
        spans=tuple(Span(scale.instant(start), scale.instant(end)) for start, end in change.times),
        site=change.site,
        limits=change.limits,
    )
