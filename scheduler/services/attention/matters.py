"""Everything that needs a person now, in one list, from the state of things: what is mended is gone from it.

Told by `tests/scheduler/services/attention/test_matters.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.attention.matters import Kind, Matter
from scheduler.domain.loops import REPAIR_OFFERED, LoopState, undo_time
from scheduler.domain.time import Span
from scheduler.services.app import App
from scheduler.services.attention import machines
from scheduler.storage.database import Tx
from scheduler.storage.repositories.attention.found import Ahead, Only, OpenLoop, Unanswered, Waits

NEAR = timedelta(hours=48)
"""So long before an interview everybody should have answered."""
SILENT = timedelta(days=3)
"""So long a candidate may take to say when they can."""
STUCK = timedelta(minutes=15)
"""So long a loop may wait for a job; the sweep queues it again after a minute."""
KEPT = timedelta(days=30)
"""So far back mails and deliveries that failed are looked for."""
AT_ONCE = 500
_LABELS = ("left", "closed")
"""Labels of a loop that ask a person whether it is to be cancelled."""


def every(app: App, tx: Tx) -> list[Matter]:
    """All of them, in no order."""
    found = [*_loops(app, tx), *_invitations(app, tx), *_mails(app, tx)]
    return [*found, *machines.every(app, tx, app.clock() - KEPT)]


def urgent(app: App, tx: Tx, owner: str | None, limit: int) -> tuple[list[Matter], list[Matter], int]:
    """Enough to know the ``limit`` most urgent of all: of what is somebody's own (`owner`; ``None`` for anybody's) and
    nobody has said anything of, the most urgent and how many there are; and everything else."""
    now = app.clock()
    waits = Waits(candidate=now - SILENT, job=now - STUCK)
    ids, total = tx.found_matters.urgent(waits, now, owner, limit)
    first = list(_loops_of(app, tx, ids))
    rest = [*_loops_of(app, tx, tx.found_matters.others(waits)), *_invitations(app, tx), *_mails(app, tx)]
    return first, [*rest, *machines.every(app, tx, now - KEPT)], total


def one(app: App, tx: Tx, id: str) -> Matter | None:
    """The matter of that id, or ``None`` where there is none (any more)."""
    kind, _, thing = id.partition(":")
    if kind == Kind.INVITATION:
        found = _invitations(app, tx, thing)
    elif kind == Kind.MAIL:
        found = _mails(app, tx, thing)
    elif kind in _OF_LOOPS:
        found = _loops(app, tx, thing)
    else:
        found = machines.every(app, tx, app.clock() - KEPT)
    return next((m for m in found if m.id == id), None)


_OF_LOOPS = (Kind.LOOP, Kind.REPAIR, Kind.INFEASIBLE, Kind.LEFT, Kind.CANDIDATE, Kind.STUCK)


def _loops_of(app: App, tx: Tx, ids: Sequence[str]) -> Iterator[Matter]:
    """Those of some loops, asked for in parts: however many there are, a statement names no more than `AT_ONCE`."""
    for first in range(0, len(ids), AT_ONCE):
        yield from _loops(app, tx, ids[first : first + AT_ONCE])


def _loops(app: App, tx: Tx, only: Only = None) -> Iterator[Matter]:
    now = app.clock()
    waits = Waits(candidate=now - SILENT, job=now - STUCK)
    usual = tx.company.policy().undo_minutes if tx.company.loaded_at() else 0
    ahead = tx.found_matters.ahead(waits, now, only)
    for loop in tx.found_matters.loops(waits, only):
        undo = undo_time(loop.undo_minutes, usual)
        if loop.state is LoopState.PROPOSED and loop.since > now - STUCK - undo:
            continue  # a person can still undo it
        said = _said(loop)
        if said is not None:
            yield _of_loop(loop, *said, ahead.get(loop.id))


def _of_loop(loop: OpenLoop, kind: Kind, text: str, people: tuple[str, ...], ahead: Ahead | None) -> Matter:
    return Matter(
        id=f"{kind}:{loop.id}",
        kind=kind,
        subject=f"loop:{loop.id}",
        since=loop.since,
        text=text,
        owner=loop.owner,
        due=ahead.start if ahead else loop.last,
        loop=loop.id,
        interview=ahead.interview if ahead else "",
        people=people,
    )


def _said(loop: OpenLoop) -> tuple[Kind, str, tuple[str, ...]] | None:
    """The kind of the matter, its sentence, and whom it is about; ``None`` for a loop that needs nobody."""
    text = "; ".join(reason.text for reason in loop.reasons if not reason.aside)
    people = tuple(dict.fromkeys(p for reason in loop.reasons for p in reason.people))
    match loop.state:
        case LoopState.NEEDS_ATTENTION:
            offered = any(reason.kind == REPAIR_OFFERED for reason in loop.reasons)
            return (Kind.REPAIR if offered else Kind.LOOP), text or "somebody has to look at it", people
        case LoopState.INFEASIBLE:
            return Kind.INFEASIBLE, text or "there is no plan", people
        case LoopState.AWAITING_CANDIDATE:
            return Kind.CANDIDATE, f"the candidate has not said when they can for {_days(SILENT)}", ()
        case LoopState.CONFIRMED:
            asked = "; ".join(loop.labels[name] for name in _LABELS if name in loop.labels)
            return (Kind.LEFT, asked, ()) if asked else None
        case _:
            minutes = STUCK // timedelta(minutes=1)
            return Kind.STUCK, f"it has waited in {loop.state.value} for more than {minutes} minutes", ()


def _days(long: timedelta) -> str:
    return f"{long // timedelta(days=1)} days"


def _invitations(app: App, tx: Tx, only: str | None = None) -> Iterator[Matter]:
    """One for each interview that is near, however many have not answered."""
    now = app.clock()
    waiting: dict[str, list[Unanswered]] = {}
    for row in tx.found_matters.unanswered(Span(now, now + NEAR), only):
        waiting.setdefault(row.interview, []).append(row)
    names = _names(tx, {row.person for rows in waiting.values() for row in rows})
    for interview, rows in waiting.items():
        people = tuple(row.person for row in rows)
        who = ", ".join(names.get(p, p) for p in people)
        first = rows[0]
        yield Matter(
            id=f"{Kind.INVITATION}:{interview}",
            kind=Kind.INVITATION,
            subject=f"loop:{first.loop}",
            since=first.start - NEAR,
            text=f"no answer yet to the invitation to {first.title}: {who}",
            owner=first.owner,
            due=first.start,
            loop=first.loop,
            interview=interview,
            people=people,
        )


def _names(tx: Tx, people: set[str]) -> dict[str, str]:
    return {p.id: p.name for p in tx.people.list(people, active=False)} if people else {}


@dataclass(slots=True)
class _Unsent:
    owner: str
    error: str
    since: datetime
    count: int = 0


def _mails(app: App, tx: Tx, only: str | None = None) -> Iterator[Matter]:
    """One for each loop, however many of its mails could not be sent."""
    now, loops = app.clock(), dict[str, _Unsent]()
    for mail in tx.found_matters.unsent(now - KEPT, only):
        entry = loops.setdefault(mail.loop, _Unsent(mail.owner, mail.error, mail.noted_at))
        entry.count += 1
    ahead = tx.found_matters.ahead_of(loops.keys(), now)
    for loop, entry in loops.items():
        what = "a mail" if entry.count == 1 else f"{entry.count} mails"
        yield Matter(
            id=f"{Kind.MAIL}:{loop}",
            kind=Kind.MAIL,
            subject=f"loop:{loop}",
            since=entry.since,
            text=f"{what} could not be sent: {entry.error}",
            owner=entry.owner,
            due=ahead[loop].start if loop in ahead else None,
            loop=loop,
            interview=ahead[loop].interview if loop in ahead else "",
        )
