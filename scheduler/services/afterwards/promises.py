"""Reminds whoever looks after a loop of the day by which the candidate hears, on the weekday before it.

Nothing here knows what was decided: once the candidate is in another stage, or the application is closed, nobody is
reminded. As with other reminders it is worked out and not waited for. Told by
`tests/scheduler/services/afterwards/test_promises.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from scheduler.domain.bookings import Interview
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.policy import Policy
from scheduler.domain.privacy.erasure import NOBODY
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span, at, zone
from scheduler.services.app import App
from scheduler.services.telling import colleagues, promise, timely
from scheduler.storage.database import Tx

_STATES = {LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION, LoopState.COMPLETED}
_MORNING = time(8)
_GONE = ("left", "closed")
"""Labels of a loop whose candidate is no longer in its stage."""


def remind(app: App) -> int:
    """Tell every owner whose time has come; how many."""
    now = app.clock()
    with app.db.read() as tx:
        policy = tx.company.policy() if tx.company.loaded_at() is not None else Policy()
        due = [loop.id for loop, _ in _due(tx, policy, now)] if policy.decide_days else []
    return sum(_tell(app, policy, now, loop) for loop in due)


def _tell(app: App, policy: Policy, now: datetime, loop_id: str) -> int:
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        for one, promised in _due(tx, policy, now, loop):
            data = {"day": promised.isoformat()}
            fact = Fact(now, timely.ACTOR, colleagues.PROMISE, f"loop:{one.id}", data=data)
            colleagues.tell(app, tx, fact)
            return 1
    return 0


def _due(tx: Tx, policy: Policy, now: datetime, only: Loop | None = None) -> Iterator[tuple[Loop, date]]:
    """Loops whose interviews are over, that nobody was reminded of for that day."""
    back = Span(now - timedelta(days=2 * policy.decide_days + 7), now)
    rows = tx.interviews.between(back) if only is None else tx.interviews.of_loop(only.id)
    mine: dict[str, list[Interview]] = {}
    for interview in rows:
        mine.setdefault(interview.loop, []).append(interview)
    for loop in tx.loops.of_ids(sorted(mine), _STATES) if mine else ():
        interviews = tx.interviews.of_loop(loop.id)
        owner = tx.people.get(loop.owner, active=True) if loop.owner else None
        application = tx.applications.get(loop.application)
        erased = application is not None and application.candidate.email.endswith(f"@{NOBODY}")
        if owner is None or application is None or erased or any(label in loop.labels for label in _GONE):
            continue
        promised = promise.day(policy, interviews, zone(application.candidate.zone))
        last = max((i.span.end for i in interviews if i.kind is not InterviewKind.DEBRIEF), default=now)
        if promised is None or last > now:
            continue
        tz = zone(owner.zone)
        begins, ends = at(promise.eve(promised), _MORNING, tz), at(promised + timedelta(days=1), time(0), tz)
        if (
            begins <= now < ends
            and not timely.quiet(policy, now, tz)
            and not _known(tx, loop, promised, last)
        ):
            yield loop, promised


def _known(tx: Tx, loop: Loop, promised: date, last: datetime) -> bool:
    """Whether they were reminded, or the candidate is further by now."""
    told = tx.facts.last(f"loop:{loop.id}", {colleagues.PROMISE})
    entered = tx.facts.last(f"application:{loop.application}", {"stage_entered", "application_closed"})
    later = any(
        other.created_at > last
        for other in tx.loops.list(application=loop.application)
        if other.id != loop.id
    )
    moved = entered is not None and entered.at > last
    return later or moved or (told is not None and told.data.get("day") == promised.isoformat())
