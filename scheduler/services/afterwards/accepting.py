"""A person accepts where somebody has moved an event: the plan follows, if the checker allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.errors import Gone, NotFound
from connectors.types import EventRef
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.reasons import Deed
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.services import reasons
from scheduler.services.afterwards.moved import MOVED
from scheduler.services.app import App
from scheduler.services.booking import choose
from scheduler.services.planning.encode import DEBRIEF, Encoded, booked_plan, decode, encode
from scheduler.services.planning.picture import Picture, gather
from scheduler.services.planning.sessions import session_id
from scheduler.services.planning.windows import candidate_windows
from scheduler.services.solving import SolveFailed, broken_rules, why
from scheduler.storage.database import Tx
from solver import ProblemError

if TYPE_CHECKING:
    from solver import Plan, Problem

_ALL = 10**6
"""A cap that nobody reaches."""


def accept(
    app: App,
    loop_id: str,
    actor: str,
    reason: str | None = None,
    note: str = "",
    before: Callable[[Tx], None] = lambda _: None,
) -> Loop:
    """Make the times of the moved events those of the loop: the candidate is told, and the debrief follows
    where it has to. ``before`` is asked in the transaction of the change, and may refuse.

    Raises `Missing`; `WrongState` where no event of the loop stands elsewhere; `NotAllowed` with the rule
    that is against it and whom it concerns, `Taken` or `Full` where the time is somebody else's: then
    nothing has changed.
    """
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
        if loop is None:
            raise Missing("loop", loop_id)
        away = [i for i in tx.interviews.of_loop(loop_id) if i.flag == MOVED]
    if loop.state is not LoopState.NEEDS_ATTENTION or not away:
        raise WrongState("loop", loop_id, loop.state.value, "none of its events was moved")
    there = {i.spec: _now(app, loop, i) for i in away}
    picture = gather(app, loop)
    current = tuple(
        replace(i, span=there[i.spec], elsewhere=None) if i.spec in there else i for i in picture.current
    )
    _offered(
        picture, [i for i in current if i.spec in there], [i for i in picture.current if i.spec in there]
    )
    planned = _allowed(app, replace(picture, current=current), frozenset(there))
    with app.db.write() as tx:
        now = tx.loops.claim(loop_id)
        if now is None or (now.state, now.updated_at) != (loop.state, loop.updated_at):
            raise WrongState(
                "loop", loop_id, now.state.value if now else "gone", "it changed meanwhile; look again"
            )
        before(tx)
        reasons.note(app, tx, now, Deed.RESCHEDULE, reason, actor, note)
        waiting, at = {LoopState.NEEDS_ATTENTION}, app.clock()
        tx.loops.move(
            loop_id,
            LoopState.REPAIRING,
            expect=waiting,
            actor=actor,
            cause="move_accepted",
            at=at,
            reasons=(),
        )
        moved = tx.loops.move(
            loop_id,
            LoopState.BOOKING,
            expect={LoopState.REPAIRING},
            actor=actor,
            cause="move_accepted",
            at=at,
            generation=loop.generation + 1,
        )
        choose.write_plan(app, tx, moved, planned)
        return moved


def _now(app: App, loop: Loop, interview: Interview) -> Span:
    """Where the event stands, read again."""
    with app.db.read() as tx:
        organizer = tx.company.organizer()
    try:
        event = app.calendar(organizer).get(EventRef(interview.calendar, interview.event_id))
    except (Gone, NotFound):
        text = f"the event of {interview.title} is gone"
        raise WrongState("loop", loop.id, loop.state.value, text) from None
    return Span(event.start, event.end)


def _offered(picture: Picture, new: Sequence[Interview], old: Sequence[Interview]) -> None:
    """The candidate has to have offered the time, and the interview to be as long as it was. Notice is not
    asked for: a person decides."""
    who = picture.application.candidate.name
    template = replace(picture.loop.template, notice_hours=0)
    open_ = candidate_windows(replace(picture, current=(), loop=replace(picture.loop, template=template)))
    for was, now in zip(old, new, strict=True):
        if was.span.end - was.span.start != now.span.end - now.span.start:
            raise _refused("length", f"{now.title} is no longer as long as it has to be")
        inside = any(w.start <= now.span.start and now.span.end <= w.end for w in open_)
        if now.kind is not InterviewKind.DEBRIEF and not inside:
            raise _refused("availability", f"{now.title} is not at a time that {who} offers and is free")


def _allowed(app: App, picture: Picture, moved: frozenset[str]) -> tuple[PlannedInterview, ...]:
    """The plan with the moved times, the debrief after them. Raises `NotAllowed`."""
    rest = frozenset(i.spec for i in picture.current if i.spec not in moved)
    encoded = encode(picture, pinned=rest - {DEBRIEF})
    if isinstance(encoded, tuple):
        raise _refused(encoded[0].kind, encoded[0].text)
    plan = booked_plan(encoded, picture.current)
    try:
        found = app.solver.within(picture.policy.solve_seconds).repair(encoded.problem, plan, [])
    except (SolveFailed, ProblemError) as error:
        text = f"whether the new time is allowed could not be worked out: {why(error, picture.loop.id)}"
        raise NotAllowed("solver", text) from None
    kept = found.result.plan.loops.get(picture.loop.id)
    elsewhere = [c for c in found.changes if c.session != DEBRIEF or DEBRIEF in moved]
    if kept is None or elsewhere:
        raise _refusal(picture, encoded, plan, moved)
    return decode(encoded, kept)


def _refusal(picture: Picture, encoded: Encoded, plan: Plan, moved: frozenset[str]) -> NotAllowed:
    """The rule that is against the moved times, and whom it protects."""
    titles = {i.spec: i.title for i in picture.current}
    there = {session_id(picture.loop.id, spec): spec for spec in moved}
    broken = broken_rules(encoded.problem, plan)
    if not broken:
        return _refused("debrief", "no time is left for the debrief after the new time")
    rule, session, sentence = next((b for b in broken if b[1] in there), broken[0])
    specs = [there[session]] if session in there else sorted(moved)
    who = [p for spec in specs for p in _concerned(picture, encoded, plan, spec, rule)]
    people = ", ".join(picture.roster.name(p) for p in dict.fromkeys(who))
    what = ", ".join(titles[spec] for spec in specs)
    return _refused(rule, f"{what}: {sentence}" + (f" It concerns {people}." if people else ""))


def _refused(rule: str, text: str) -> NotAllowed:
    return NotAllowed(rule, f"{text.rstrip('.')}; put the event back, or have the loop repaired")


def _concerned(picture: Picture, encoded: Encoded, plan: Plan, spec: str, rule: str) -> list[str]:
    """Who of an interview is in the rule's way: were their time their own, it would be broken less often."""
    interview = next(i for i in picture.current if i.spec == spec)
    problem = encoded.problem
    before = _count(problem, plan, rule)
    always = ((0, problem.horizon),)
    found = []
    for seat in interview.seats:
        people = tuple(
            replace(p, work=always, busy=(), held=(), max_day=_ALL, max_week=_ALL)
            if p.id == seat.person
            else p
            for p in problem.people
        )
        if _count(replace(problem, people=people), plan, rule) < before:
            found.append(seat.person)
    return found


def _count(problem: Problem, plan: Plan, rule: str) -> int:
    return sum(name == rule for name, _, _ in broken_rules(problem, plan))
