"""Whose loop it is: the application's recruiter, until somebody else looks after it.

Told by `tests/scheduler/api/test_finding.py`.
"""

from __future__ import annotations

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Loop
from scheduler.services.app import App
from scheduler.storage.database import Tx


def assign(app: App, loop_id: str, owner: str | None, actor: str) -> Loop:
    """Give a loop to a person of the company, or back to the recruiter. Raises `Missing`, `BadInput`."""
    with app.db.write() as tx:
        return assign_in(app, tx, loop_id, owner, actor)


def assign_in(app: App, tx: Tx, loop_id: str, owner: str | None, actor: str) -> Loop:
    """`assign` inside a transaction that is already open."""
    check_owner(tx, owner)
    return tx.loops.assign(loop_id, owner, actor, app.clock())


def check_owner(tx: Tx, owner: str | None, field: str = "owner") -> None:
    """Whoever looks after loops is somebody who is there. Raises `BadInput`."""
    person = None if owner is None else tx.people.get(owner)
    if owner is not None and (person is None or not person.active):
        fault = f"no person {owner!r}" if person is None else f"{person.name} is not active any more"
        raise BadInput(field, fault, "use the id of a person of the company")
