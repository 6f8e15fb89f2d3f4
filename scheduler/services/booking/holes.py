"""Holes in a booked loop: required seats whose people have declined, and times that were lost since.

Told by `tests/stories/test_afterwards.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.loops import Loop, LoopState, Reason
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


def open_holes(
    app: App,
    tx: Tx,
    loop: Loop,
    interviews: Sequence[Interview] | None = None,
    roster: absent.Roster | None = None,
) -> list[tuple[Subject, str]]:
    """Everybody and every room that an interview of the loop has lost: by a decline, by something else at
    that time, or for good. Whoever has read its live ``interviews`` in this transaction, and who sits in them
    (``roster``), hands them in."""
    interviews = tx.interviews.of_loop(loop.id) if interviews is None else interviews
    found = [(Subject.person(p), spec) for p, spec in holes(interviews)]
    found += clashes(loop, interviews)
    return list(dict.fromkeys([*found, *absent.gone(tx, interviews, app.clock(), roster)]))


FLAGS = {
    "moved": "{title} was moved in the calendar by somebody else",
    "deleted": "{title} was deleted in the calendar",
}
"""Flags of interviews whose event is not where we put it: nothing is decided about them without a human."""
BOOKED_TWICE = "booked_twice"
_STAND_ALONE = frozenset({"write_failed", "job_failed"})
"""Kinds of reasons that tell of something else than a hole."""


def flag_reason(interview: Interview) -> Reason:
    """What a human is told of an interview whose event is not where we put it."""
    return Reason(interview.flag, FLAGS[interview.flag].format(title=interview.title), (), (interview.spec,))


def show_flags(app: App, tx: Tx, loop: Loop, interviews: Iterable[Interview]) -> None:
    """Hand a confirmed loop over whose events were moved or deleted while it was being written."""
    flagged = [flag_reason(i) for i in interviews if i.flag in FLAGS]
    if loop.state is LoopState.CONFIRMED and flagged:
        attend(app, tx, loop, flagged, "flagged while it was being written")


def attend(app: App, tx: Tx, loop: Loop, reasons: Iterable[Reason], cause: str) -> Loop:
    """Tell a human why a loop at rest is no longer as it was agreed on; a loop that waits for them already
    has the reasons more."""
    told = tuple(dict.fromkeys((*loop.reasons, *reasons)))
    at = app.clock()
    if loop.state is LoopState.CONFIRMED:
        expect, to = {LoopState.CONFIRMED}, LoopState.NEEDS_ATTENTION
        return tx.loops.move(loop.id, to, expect=expect, actor=ACTOR, cause=cause, at=at, reasons=told)
    if loop.state is LoopState.NEEDS_ATTENTION and told != loop.reasons:
        return tx.loops.change(loop.id, ACTOR, cause, at, "reason_added", reasons=told)
    return loop


def heal(app: App, tx: Tx, loop_id: str, cause: str, over: Callable[[Reason], bool]) -> None:
    """Take back what is over, since its cause is gone: a loop of which nothing is open any more is confirmed
    again; where other holes are left and no event stands elsewhere, their repair is tried anew."""
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state is not LoopState.NEEDS_ATTENTION:
        return
    interviews = tx.interviews.of_loop(loop_id)
    left = tuple(r for r in loop.reasons if not over(r))
    flagged = any(i.flag in FLAGS for i in interviews) or any(r.kind == BOOKED_TWICE for r in left)
    lost = open_holes(app, tx, loop)
    written = bool(interviews) and all(i.state is InterviewState.CONFIRMED for i in interviews)
    if written and not lost and not flagged:
        left = tuple(r for r in left if r.kind in _STAND_ALONE)
    now, at = {LoopState.NEEDS_ATTENTION}, app.clock()
    if written and not left and not lost and not flagged:
        tx.loops.move(loop_id, LoopState.CONFIRMED, expect=now, actor=ACTOR, cause=cause, at=at, reasons=())
    elif written and not flagged and left != loop.reasons and not all(_told(left, *hole) for hole in lost):
        to = LoopState.REPAIRING
        moved = tx.loops.move(loop_id, to, expect=now, actor=ACTOR, cause=cause, at=at, reasons=left)
        jobs.repair_declined(app, tx, moved, len(lost))
    elif left != loop.reasons:
        tx.loops.change(loop_id, ACTOR, cause, at, "reason_gone", reasons=left)


def _told(reasons: Iterable[Reason], subject: Subject, spec: str) -> bool:
    """Whether a human knows of a hole."""
    return any(
        (not r.people or subject.id in r.people) and (spec in r.interviews or (r.people and not r.interviews))
        for r in reasons
    )


def mend(
    app: App,
    tx: Tx,
    loop_id: str,
    cause: str,
    interviews: Sequence[Interview] | None = None,
    roster: absent.Roster | None = None,
) -> Loop | None:
    """Send a confirmed loop with holes to its repair; a loop that is just being written is left until
    it is confirmed, when this is asked again. ``interviews`` and ``roster`` as in `open_holes`."""
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state is not LoopState.CONFIRMED:
        return None
    found = open_holes(app, tx, loop, interviews, roster)
    if not found:
        return None
    moved = tx.loops.move(
        loop_id, LoopState.REPAIRING, expect={LoopState.CONFIRMED}, actor=ACTOR, cause=cause, at=app.clock()
    )
    jobs.repair_declined(app, tx, moved, len(found))
    return moved


def standing(loop: Loop) -> tuple[Reason, ...]:
    """What came into somebody's calendar is told until it is mended or gone."""
    return tuple(r for r in loop.reasons if r.kind in CONFLICTS)


def repair_anew(app: App, tx: Tx, loop: Loop, actor: str, cause: str, **changes: Any) -> Loop:
    """Send a booked loop that waits for a person to its repair once more, with other fields changed on the way. The loop
    is claimed, and in *needs_attention*."""
    moved = tx.loops.move(
        loop.id,
        LoopState.REPAIRING,
        expect={LoopState.NEEDS_ATTENTION},
        actor=actor,
        cause=cause,
        at=app.clock(),
        reasons=standing(loop),
        replans=loop.replans + 1,
        **changes,
    )
    jobs.repair(app, tx, moved)
    return moved
