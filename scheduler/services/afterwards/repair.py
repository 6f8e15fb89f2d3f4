"""Mends a booked loop with the smallest change: the same problem with everything else kept."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.errors import Full, Missing, Taken, WrongState
from scheduler.domain.fixes.fix import Fix, FixState
from scheduler.domain.loops import Loop, LoopState, Reason
from scheduler.domain.proposals import PlannedInterview, Proposal, ProposalState
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import SeatKind
from scheduler.domain.time import Span
from scheduler.services import jobs, meters
from scheduler.services.afterwards import left, offering
from scheduler.services.app import App
from scheduler.services.booking import choose, layout, recheck
from scheduler.services.booking.holes import clashes, holes, repair_anew, standing
from scheduler.services.planning.encode import DEBRIEF, Encoded, booked_plan, decode, encode
from scheduler.services.planning.fixes.nearest import mending
from scheduler.services.planning.picture import Picture, gather
from scheduler.services.solving import SolveFailed, why
from scheduler.storage.database import Tx
from solver import ProblemError

if TYPE_CHECKING:
    from solver import Repair

ACTOR = "system:repair"


def repair(app: App, loop_id: str) -> None:
    """Fill the holes of a loop in state *repairing*; in any other state there is nothing to do."""
    with app.db.read() as tx:
        loop = tx.loops.get(loop_id)
    if loop is None or loop.state is not LoopState.REPAIRING:
        return
    picture = gather(app, loop)
    picture = replace(picture, loop=debrief_declined(picture))
    lost = [*holes(picture.current), *((s.id, spec) for s, spec in picture.gone if s.kind is Whose.PERSON)]
    frozen = _frozen(picture)
    broken = {spec for _, spec in (*lost, *clashes(loop, picture.current), *picture.gone)}
    urgent = [i for i in picture.current if i.spec in frozen & broken]
    if urgent:
        _hand_over(app, picture, *(_urgent(picture, i, lost) for i in urgent))
        return
    alone = _irreplaceable(picture, lost)
    if alone is not None:
        _hand_over(app, picture, alone)
        return
    try:
        encoded = encode(picture, pinned=frozen)
        if isinstance(encoded, tuple):
            _hand_over(app, picture, *encoded, fixes=mending(app, picture, frozen))
            return
        sessions = {spec: id for id, spec in encoded.sessions.spec.items()}
        declined = [(p, sessions[s]) for p, s in lost if s in sessions]
        solver = app.solver.within(picture.policy.solve_seconds)
        found = solver.repair(encoded.problem, booked_plan(encoded, picture.standing), declined)
    except (SolveFailed, ProblemError) as error:
        _hand_over(app, picture, Reason("solver", f"the repair could not be made: {why(error, loop_id)}"))
        return
    _apply(app, picture, encoded, found)


def _urgent(picture: Picture, interview: Interview, lost: Sequence[tuple[str, str]]) -> Reason:
    hours = picture.policy.freeze_hours
    text = f"{interview.title} begins within {hours} hours: nothing is changed without a human"
    people = tuple(p for p, spec in lost if spec == interview.spec)
    return Reason("freeze", text + _words(picture, people, interview), people, (interview.spec,))


def _words(picture: Picture, people: Collection[str], *interviews: Interview) -> str:
    """What those who declined wrote, behind a sentence."""
    said = {
        picture.roster.name(s.person): s.comment
        for i in interviews
        for s in i.seats
        if s.person in people and s.comment and s.state is SeatState.DECLINED
    }
    return "".join(f"; {name}: “{comment}”" for name, comment in said.items())


def debrief_declined(picture: Picture) -> Loop:
    """Whoever declines the debrief is not replaced: they cannot come at that time, so it moves."""
    spans = {i.spec: i.span for i in picture.current}
    blocked = [(Subject.person(p), spans[s]) for p, s in holes(picture.current) if s == DEBRIEF]
    return replace(picture.loop, blocked=(*picture.loop.blocked, *blocked))


def _irreplaceable(picture: Picture, lost: Sequence[tuple[str, str]]) -> Reason | None:
    """A companion is nobody that a plan could replace: who else can come, a human has to find out."""
    companions = [
        (s.person, i)
        for i in picture.current
        for s in i.seats
        if s.kind is SeatKind.COMPANION and (s.person, i.spec) in lost
    ]
    if not companions:
        return None
    person, interview = companions[0]
    text = f"{picture.roster.name(person)}, who was to be there besides the panel, declined {interview.title}"
    return Reason("companion", text, (person,), (interview.spec,))


def _frozen(picture: Picture) -> frozenset[str]:
    """Interviews that have begun or begin within the freeze: they keep everything they have."""
    limit = picture.now + timedelta(hours=picture.policy.freeze_hours)
    return frozenset(i.spec for i in picture.current if i.span.start < limit)


def _apply(app: App, picture: Picture, encoded: Encoded, found: Repair) -> None:
    plan = found.result.plan.loops.get(picture.loop.id)
    if plan is None or found.level == "none":
        if found.proven:
            fixes = mending(app, picture, _frozen(picture))
            _hand_over(app, picture, _beyond_repair(app, picture), fixes=fixes)
        else:
            _hand_over(app, picture, _out_of_time(picture))
        return
    planned = decode(encoded, plan)
    still = _still_there(picture, planned)
    if still is not None:
        _hand_over(app, picture, still)
        return
    needed = recheck.requirements(picture.loop, picture.application, planned)
    kept = {n for i in picture.current for n in recheck.needs(i)}
    broken = recheck.broken(app, picture.loop, [n for n in needed if n not in kept])
    if broken:
        _again(app, picture, broken)
        return
    asking = offering.asks(picture, planned)
    if asking is not None:
        _hand_over(app, picture, asking, offer=_proposal(picture, planned, found))
        return
    _write(app, picture, planned, found.level)


def _proposal(picture: Picture, planned: tuple[PlannedInterview, ...], found: Repair) -> Proposal:
    return Proposal(
        id=f"pr_{secrets.token_hex(8)}",
        loop=picture.loop.id,
        rank=1,
        interviews=planned,
        price=dict(found.result.price),
        cost=found.result.cost,
        bound=found.result.bound,
        status=f"repair:{found.level}",
        basis=picture.now,
        unknown=picture.unknown,
        state=ProposalState.OFFERED,
        created_at=picture.now,
        generation=picture.loop.generation,
    )


def _still_there(picture: Picture, planned: Sequence[PlannedInterview]) -> Reason | None:
    """Who has left and would be needed all the same: in the debrief, of what they have seen before."""
    gone = {s.id for s, _ in picture.gone if s.kind is Whose.PERSON}
    for interview in layout.interviews(picture.loop, picture.application, planned):
        who = [s.person for s in interview.seats if s.person in gone and interview.span.start > picture.now]
        if who:
            name = picture.roster.name(who[0])
            return left.said(Subject.person(who[0]), name, interview.spec, interview.title)
    return None


def _out_of_time(picture: Picture) -> Reason:
    seconds = picture.policy.solve_seconds
    return Reason("out_of_time", f"no repair was found within {seconds:.0f} seconds; nothing is proven")


def _beyond_repair(app: App, picture: Picture) -> Reason:
    """Who cannot be replaced, or which room, at any time: that is proven."""
    gone = {Subject.person(p) for p, _ in holes(picture.current)}
    gone |= {s for s, _ in (*clashes(picture.loop, picture.current), *picture.gone)}
    people = tuple(sorted(s.id for s in gone if s.kind is Whose.PERSON))
    with app.db.read() as tx:
        called = recheck.names_of(tx, gone)
    names = [called.get(s, s.id) for s in sorted(gone)]
    if not names:
        return Reason("no_repair", "no plan keeps every rule, at any time the candidate offered")
    text = f"nobody can take over from {', '.join(names)}, at any time the candidate offered"
    return Reason("no_repair", text + _words(picture, people, *picture.current), people)


def _again(app: App, picture: Picture, broken: Sequence[tuple[Subject, Span]]) -> None:
    """Somebody took a time between reading and booking: repair again without it, a few times."""
    if picture.loop.replans >= picture.policy.max_replans:
        text = "each repair was overtaken by somebody's calendar before it could be booked"
        _hand_over(app, picture, Reason("overtaken", text))
        return
    with app.db.write() as tx:
        loop = _still_ours(tx, picture)
        if loop is None:
            return
        moved = tx.loops.change(
            loop.id,
            actor=ACTOR,
            cause="taken",
            at=app.clock(),
            what="repair_retried",
            blocked=(*loop.blocked, *broken),
            replans=loop.replans + 1,
        )
        jobs.repair(app, tx, moved)
    meters.REPAIRS.labels("again").inc()


def _write(app: App, picture: Picture, planned: tuple[PlannedInterview, ...], level: str) -> None:
    loop = picture.loop
    try:
        with app.db.write() as tx:
            if _still_ours(tx, picture) is None:
                return
            moved = tx.loops.move(
                loop.id,
                LoopState.BOOKING,
                expect={LoopState.REPAIRING},
                actor=ACTOR,
                cause=f"repaired:{level}",
                at=app.clock(),
                generation=loop.generation + 1,
            )
            choose.write_plan(app, tx, moved, planned)
        meters.REPAIRS.labels("written").inc()
    except Full:
        _again(app, picture, ())
    except Taken as taken:
        spans = [(s, i.span) for i in planned for s in taken.subjects]
        _again(app, picture, spans)


def _still_ours(tx: Tx, picture: Picture) -> Loop | None:
    """The loop as it is now, unless it was cancelled, or is repaired by another run, meanwhile."""
    loop, then = tx.loops.claim(picture.loop.id), picture.loop
    if loop is None or loop.state is not LoopState.REPAIRING:
        return None
    return loop if (loop.generation, loop.replans) == (then.generation, then.replans) else None


def _hand_over(
    app: App,
    picture: Picture,
    *reasons: Reason,
    offer: Proposal | None = None,
    fixes: Sequence[Fix] = (),
) -> None:
    """A person has to decide: what to do, which of the ``fixes`` to have, or whether to say yes to ``offer``."""
    with app.db.write() as tx:
        loop = _still_ours(tx, picture)
        if loop is None:
            return
        tx.loops.move(
            picture.loop.id,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.REPAIRING},
            actor=ACTOR,
            cause=reasons[0].kind,
            at=app.clock(),
            reasons=(*standing(loop), *reasons),
            fixes=tuple(fix.text for fix in fixes),
        )
        ids = {fix.id for fix in fixes}
        asked = [f for f in tx.fixes.of_loop(loop.id) if f.state is FixState.ASKED and f.id not in ids]
        tx.fixes.replace(loop.id, (*fixes, *asked))
        if offer is not None:
            tx.proposals.add_all([offer])
    meters.REPAIRS.labels(reasons[0].kind).inc()


def request(app: App, loop_id: str, actor: str) -> Loop:
    """A person asks for another try at a booked loop that needs attention. Raises `Missing`, `WrongState`."""
    with app.db.write() as tx:
        return request_in(app, tx, loop_id, actor)


def request_in(app: App, tx: Tx, loop_id: str, actor: str) -> Loop:
    """`request` inside a transaction that is already open."""
    loop = tx.loops.claim(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    if loop.state is not LoopState.NEEDS_ATTENTION or not tx.interviews.of_loop(loop_id):
        raise WrongState(
            "loop", loop_id, loop.state.value, "only a booked loop that needs attention is repaired"
        )
    return repair_anew(app, tx, loop, actor, "asked")
