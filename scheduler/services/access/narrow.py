"""Those who may ask for loops of some jobs and sites alone ask for no others, and take none from others.

Told by `tests/scheduler/api/test_policy_of_routes.py`.
"""

from __future__ import annotations

from scheduler.domain.access.policy import Action, Actor, knows_needs, sight
from scheduler.domain.errors import NotAllowed
from scheduler.domain.loops import Application, Loop
from scheduler.storage.database import Tx

_PEOPLE = (
    "who looks after an application is told what its candidate needs, in private: leave its recruiter and coordinator as "
    "they are, or ask them to name others"
)
_TEXT = "your roles do not reach that far: ask for loops of your own jobs and sites, and leave others' applications"


def check_application(tx: Tx, actor: Actor, value: Application) -> None:
    """Raises `NotAllowed` for one of another job, for the id of an application that is not theirs, and for whoever would
    come to be told of a candidate's needs by naming its people anew."""
    _check_people(tx, actor, value)
    seen = sight(actor, Action.REQUEST)
    if seen is None:
        return
    jobs = any(not look.ties and (not look.jobs or value.job in look.jobs) for look in seen)
    taken = tx.applications.get(value.id) is not None and not tx.sights.application(value.id, seen)
    if not jobs or taken:
        raise NotAllowed("roles", _TEXT)


def _check_people(tx: Tx, actor: Actor, value: Application) -> None:
    known = tx.applications.get(value.id)
    if known is None or knows_needs(actor, known.recruiter, known.coordinator):
        return
    if (value.recruiter, value.coordinator) != (known.recruiter, known.coordinator):
        raise NotAllowed("needs", _PEOPLE)


def check_loop(tx: Tx, actor: Actor, made: Loop) -> None:
    """Raises `NotAllowed` for a loop that whoever asked for it would not see."""
    seen = sight(actor, Action.REQUEST)
    if seen is not None and not tx.sights.loop(made.id, seen):
        raise NotAllowed("roles", _TEXT)
