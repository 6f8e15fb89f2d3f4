"""Those who may ask for loops of some jobs and sites alone ask for no others, and take none from others.

Told by `tests/scheduler/api/test_policy_of_routes.py`.
"""

from __future__ import annotations

from scheduler.domain.access.policy import Action, Actor, sight
from scheduler.domain.errors import NotAllowed
from scheduler.domain.loops import Application, Loop
from scheduler.storage.database import Tx

_TEXT = "your roles do not reach that far: ask for loops of your own jobs and sites, and leave others' applications"


def check_application(tx: Tx, actor: Actor, value: Application) -> None:
    """Raises `NotAllowed` for one of another job, and for the id of an application that is not theirs."""
    seen = sight(actor, Action.REQUEST)
    if seen is None:
        return
    jobs = any(not look.ties and (not look.jobs or value.job in look.jobs) for look in seen)
    taken = tx.applications.get(value.id) is not None and not tx.sights.application(value.id, seen)
    if not jobs or taken:
        raise NotAllowed("roles", _TEXT)


def check_loop(tx: Tx, actor: Actor, made: Loop) -> None:
    """Raises `NotAllowed` for a loop that whoever asked for it would not see."""
    seen = sight(actor, Action.REQUEST)
    if seen is not None and not tx.sights.loop(made.id, seen):
        raise NotAllowed("roles", _TEXT)
