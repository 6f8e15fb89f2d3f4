"""The changes that a person asks for, made one after another on a plan as it stands. Pure.

What is asked for is what the plan then has to keep (`Draft.pins`); whether it can, the solver says. Input that
cannot be meant (a start off the grid, a seat that is not there, somebody who has left, what is locked) is
refused here, in one line with its field and what to do.

Told by `tests/scheduler/services/changing/test_drafting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scheduler.domain.errors import BadInput
from scheduler.services.changing import asked, edits, locking, shaping
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.ground import Ground

_MAKERS: Mapping[type[Any], Callable[[Draft, Any], None]] = {
    asked.Move: edits.move,
    asked.Place: edits.place,
    asked.Windows: edits.windows,
    asked.Horizon: edits.horizon,
    asked.Give: edits.give,
    asked.Free: edits.free,
    asked.Swap: edits.swap,
    asked.Add: shaping.add,
    asked.Remove: shaping.remove,
    asked.AddSeat: shaping.add_seat,
    asked.RemoveSeat: shaping.remove_seat,
    asked.Lock: locking.lock,
    asked.Unlock: locking.unlock,
}


def draft(ground: Ground, changes: tuple[asked.Change, ...]) -> Draft:
    """Make every change. Raises `BadInput` with the place of the one that cannot be meant."""
    made = Draft(ground, ground.loop, dict(ground.base))
    for n, change in enumerate(changes):
        try:
            _MAKERS[type(change)](made, change)
        except BadInput as fault:
            raise BadInput(f"changes[{n}].{fault.field}", fault.fault, fault.fix) from None
    return made
