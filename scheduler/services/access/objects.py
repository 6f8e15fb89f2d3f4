"""What an address is about, and whether it is among the loops that somebody may see or change.

Told by `tests/scheduler/api/test_policy_of_routes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.domain.access.policy import Sight
from scheduler.domain.errors import Missing
from scheduler.services.app import App
from scheduler.services.attention import matters
from scheduler.storage.database import Tx

_NAMES = {
    "loop_id": "loop",
    "proposal_id": "proposal",
    "application_id": "application",
    "matter_id": "matter",
}
Named = tuple[str, str]
"""A noun and an id."""


def named(params: Mapping[str, Any]) -> Named | None:
    """What the parameters of an address name, if it is a loop or belongs to one."""
    return next(((noun, str(params[name])) for name, noun in _NAMES.items() if name in params), None)


def check(app: App, what: Named, seen: Sight) -> None:
    """Raises `Missing` where it is none of theirs, in the words for what is not there at all."""
    noun, id = what
    with app.db.read() as tx:
        if not _is_theirs(app, tx, noun, id, seen):
            raise Missing(noun, id)


def _is_theirs(app: App, tx: Tx, noun: str, id: str, seen: Sight) -> bool:
    if noun == "loop":
        return tx.sights.loop(id, seen)
    if noun == "proposal":
        return tx.sights.proposal(id, seen)
    if noun == "application":
        return tx.sights.application(id, seen)
    found = matters.one(app, tx, id)
    return found is not None and bool(found.loop) and tx.sights.loop(found.loop, seen)
