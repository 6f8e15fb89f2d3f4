"""Follows the company: who leaves, and a room out of use, open a hole in every loop they are booked in.

Told by `tests/stories/test_people_change.py`.
"""

from __future__ import annotations

from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.subjects import Subject, Whose
from scheduler.services.app import App
from scheduler.services.booking import holes, recheck
from scheduler.services.planning import absent
from scheduler.storage.database import Tx

LEFT = "left"


def look(app: App) -> None:
    """Send every confirmed loop that has lost somebody for good to its repair, and tell those who look
    after the others; what was told and is no longer so is taken back."""
    with app.db.read() as tx:
        told = tx.loops.told(LEFT, {LoopState.NEEDS_ATTENTION})
        lost = {i.loop for i in tx.interviews.without_somebody(app.clock())}
    for loop_id in sorted(told | lost):
        with app.db.write() as tx:
            if holes.mend(app, tx, loop_id, "left the company") is None:
                _tell(app, tx, loop_id)


def _tell(app: App, tx: Tx, loop_id: str) -> None:
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state is not LoopState.NEEDS_ATTENTION:
        return
    reasons = _reasons(app, tx, loop)
    holes.attend(app, tx, loop, reasons, "company")
    if any(r.kind == LEFT for r in loop.reasons) and not reasons:
        holes.heal(app, tx, loop_id, "company", lambda r: r.kind == LEFT)


def _reasons(app: App, tx: Tx, loop: Loop) -> list[Reason]:
    interviews = tx.interviews.of_loop(loop.id)
    gone = absent.gone(tx, interviews, app.clock())
    titles, names = {i.spec: i.title for i in interviews}, recheck.names_of(tx, {s for s, _ in gone})
    return [said(subject, names.get(subject, subject.id), spec, titles[spec]) for subject, spec in gone]


def said(subject: Subject, name: str, spec: str, title: str) -> Reason:
    """Who or what an interview has lost for good, as a reason."""
    if subject.kind is Whose.ROOM:
        return Reason(LEFT, f"{name}, where {title} is to be, is out of use", (), (spec,))
    return Reason(
        LEFT, f"{name}, who is to be in {title}, is no longer with the company", (subject.id,), (spec,)
    )
