"""Events that somebody moved, deleted or put back: shown, never silently undone, and told to every loop
that is in the way where they stand now.

Told by `tests/stories/test_moved.py`.
"""

from __future__ import annotations

from connectors.types import Event
from scheduler.domain.bookings import Interview
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Application, LoopState, Reason
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span, zone
from scheduler.services.app import App
from scheduler.services.booking import holes, recheck
from scheduler.storage.database import Tx

MOVED, DELETED = "moved", "deleted"
_WATCHED = frozenset({LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION})


def away(app: App, tx: Tx, interview: Interview, event: Event | None) -> None:
    """Show that an event is gone (``None``), or elsewhere."""
    flag = DELETED if event is None else MOVED
    there = Span(event.start, event.end) if event is not None else None
    if (interview.flag, interview.elsewhere) == (flag, there):
        return
    now = tx.interviews.update(interview.id, flag=flag, elsewhere=there)
    _note(app, tx, interview, flag)
    loop = tx.loops.claim(interview.loop)
    if loop is not None:
        holes.attend(app, tx, loop, [holes.flag_reason(now)], flag)


def back(app: App, tx: Tx, interview: Interview) -> None:
    """An event that was moved or deleted is where we have it again: nothing is left to decide about it."""
    tx.interviews.update(interview.id, flag="", elsewhere=None)
    _note(app, tx, interview, "put_back")
    kinds = {MOVED, DELETED, "moved_outside"}
    known = {interview.spec, interview.id}
    cause = f"{interview.id} was put back"
    holes.heal(app, tx, interview.loop, cause, lambda r: r.kind in kinds and bool(known & set(r.interviews)))


def _note(app: App, tx: Tx, interview: Interview, what: str) -> None:
    subject, data = f"loop:{interview.loop}", {"interview": interview.id}
    tx.facts.add(
        Fact(app.clock(), holes.ACTOR, f"interview_{what}", subject, interview.flag, what, "calendar", data)
    )


def look(app: App) -> None:
    """Tell every loop, and once more when it is over, that somebody of theirs is booked twice because an
    event was moved onto another one of ours."""
    with app.db.read() as tx:
        told = tx.loops.told(holes.BOOKED_TWICE, _WATCHED)
        found: dict[str, list[Reason]] = {}
        for interview in tx.interviews.moved():
            for loop_id, reason in _twice(tx, interview):
                found.setdefault(loop_id, []).append(reason)
    for loop_id in sorted(told | found.keys()):
        with app.db.write() as tx:
            _retell(app, tx, loop_id, tuple(dict.fromkeys(found.get(loop_id, ()))))


def _retell(app: App, tx: Tx, loop_id: str, reasons: tuple[Reason, ...]) -> None:
    loop = tx.loops.claim(loop_id)
    if loop is None or loop.state not in _WATCHED:
        return
    over = [r for r in loop.reasons if r.kind == holes.BOOKED_TWICE and r not in reasons]
    loop = holes.attend(app, tx, loop, reasons, holes.BOOKED_TWICE) if reasons else loop
    if over:
        holes.heal(app, tx, loop_id, holes.BOOKED_TWICE, lambda r: r in over)


def _twice(tx: Tx, moved: Interview) -> list[tuple[str, Reason]]:
    """``(loop, reason)`` for both sides of everybody who is in the moved interview and in another at once."""
    span = moved.place_in_time
    near = {i.id: i for i in (*tx.interviews.between(span), *tx.interviews.moved())}
    mine = _subjects(tx, moved)
    names = recheck.names_of(tx, mine)
    found = []
    for other in near.values():
        if other.id == moved.id or not other.place_in_time.overlaps(span):
            continue
        for subject in sorted(mine & _subjects(tx, other)):
            name = names.get(subject, _candidate(tx, moved))
            both = ((moved, other), (other, moved)) if moved.loop != other.loop else ((moved, other),)
            for one, two in both:
                found.append((one.loop, _reason(tx, subject, name, one, two)))
    return found


def _subjects(tx: Tx, interview: Interview) -> set[Subject]:
    found = {s for s, _ in recheck.needs(interview)}
    if interview.kind is not InterviewKind.DEBRIEF:
        found.add(_application(tx, interview).candidate.subject)
    return found


def _application(tx: Tx, interview: Interview) -> Application:
    loop = tx.loops.get(interview.loop)
    assert loop is not None
    found = tx.applications.get(loop.application)
    assert found is not None
    return found


def _candidate(tx: Tx, interview: Interview) -> str:
    return _application(tx, interview).candidate.name


def _reason(tx: Tx, subject: Subject, name: str, one: Interview, two: Interview) -> Reason:
    loop = tx.loops.get(one.loop)
    assert loop is not None
    start = max(one.place_in_time.start, two.place_in_time.start).astimezone(zone(loop.zone))
    text = (
        f"{name} is booked twice on {start:%a %d %b %H:%M} ({loop.zone}): {one.title} with "
        f"{_candidate(tx, one)}, and {two.title} with {_candidate(tx, two)}"
    )
    people = (subject.id,) if subject == Subject.person(subject.id) else ()
    return Reason(holes.BOOKED_TWICE, text, people, (one.spec,))
