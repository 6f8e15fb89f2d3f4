"""Holes in a booked loop: required seats whose people have declined, and times that were lost since.

Told by `tests/stories/test_afterwards.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.subjects import Subject
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.booking import recheck
from scheduler.services.planning import absent
from scheduler.storage.database import Tx

ACTOR = "system:replies"
CONFLICT, ROOM_CONFLICT = "conflict", "room_conflict"
CONFLICTS = frozenset({CONFLICT, ROOM_CONFLICT})
"""Kinds of reasons: somebody who is booked, or a room, was given something else at that time."""


def holes(interviews: Iterable[Interview]) -> list[tuple[str, str]]:
    """``(person, interview of the template)`` of every required seat that was declined."""
    return [
        (s.person, i.spec)
        for i in interviews
        for s in i.seats
        if s.required and s.state is SeatState.DECLINED
    ]


def clashes(loop: Loop, interviews: Iterable[Interview]) -> list[tuple[Subject, str]]:
    """``(subject, interview of the template)`` of everybody and every room that is needed at a time
    which was found taken."""
    return [
        (subject, i.spec)
        for i in interviews
        for subject, span in recheck.needs(i)
        if any(subject == who and span.overlaps(when) for who, when in loop.blocked)
    ]


def open_holes(app: App, tx: Tx, loop: Loop) -> list[tuple[Subject, str]]:
    """Everybody and every room that an interview of the loop has lost: by a decline, by something else at
    that time, or for good."""
    interviews = tx.interviews.of_loop(loop.id)
    found = [(Subject.person(p), spec) for p, spec in holes(interviews)]
    found += clashes(loop, interviews)
    return list(dict.fromkeys([*found, *absent.gone(tx, interviews, app.clock())]))


def mend(app: App, tx: Tx, loop_id: str, cause: str) -> Loop | None:
    """Send a confirmed loop with holes to its repair; a loop that is just being written is left until
    it is confirmed, when this is asked again."""
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state is not LoopState.CONFIRMED:
        return None
    found = open_holes(app, tx, loop)
    if not found:
        return None
    moved = tx.loops.move(
        loop_id, LoopState.REPAIRING, expect={LoopState.CONFIRMED}, actor=ACTOR, cause=cause, at=app.clock()
    )
    jobs.repair_declined(app, tx, moved, len(found))
    return moved
