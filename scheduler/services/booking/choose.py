"""Takes the time of a chosen proposal and notes every write that follows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.domain.bookings import (
    Hold,
    Interview,
    InterviewState,
    LedgerRow,
    Reservation,
    SeatState,
    Write,
)
from scheduler.domain.errors import Full, Missing, Taken, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Application, Candidate, Loop, LoopState
from scheduler.domain.people import Person, Room
from scheduler.domain.proposals import Contender, PlannedInterview, Proposal, ProposalState
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import Span
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.booking import caps, layout, losing, recheck, seen
from scheduler.services.booking.holes import CONFLICTS
from scheduler.services.booking.losing import Lost
from scheduler.services.failpoints import failpoint
from scheduler.services.gathering import Turn
from scheduler.services.planning import buffers
from scheduler.services.planning.candidate import kept_free
from scheduler.services.planning.picture import subjects_of
from scheduler.storage import codec
from scheduler.storage.database import Tx

ACTOR = "system:booking"
SEEN = "seen"
"""In a row's payload: when the calendars were read on which it was noted."""
_DAY = timedelta(days=1)
BOOKED = frozenset({LoopState.HELD, LoopState.BOOKING, LoopState.CONFIRMED})
OPEN = frozenset({LoopState.PROPOSED, LoopState.NEEDS_ATTENTION})
"""States in which saying yes to a plan takes time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new plan changes: interviews to book, to move (or staff anew), to keep, to cancel."""

    book: tuple[Interview, ...]
    change: tuple[Interview, ...]
    keep: tuple[Interview, ...]
    cancel: tuple[Interview, ...]

    @property
    def written(self) -> tuple[Interview, ...]:
        return (*self.book, *self.change)


def choose(app: App, proposal_id: str, actor: str) -> Loop:
    """Book a proposal: read its intervals again, take them, and queue the writes. Of a booked loop that
    needs attention, it is the repair that waits for a yes.

    Raises `Missing`, `WrongState` (another one was chosen, or the loop has ended) and `Taken` when
    an interval is no longer free, or somebody's cap reached; a fresh plan is made right after.
    """
    plan = losing.contender(app, proposal_id)
    with app.turns.of(plan.loop, losing.wanted(plan)) as turn:
        return in_turn(app, plan, actor, turn)


def in_turn(app: App, plan: Contender, actor: str, turn: Turn) -> Loop:
    """`choose` for a plan whose times nobody of this process is at, but who has the ``turn``."""
    if (
        plan.loop_state in OPEN
    ):  # who waited has an old look, and one who came just before may be gone already
        losing.tell(app, plan, actor, turn.lost or losing.gone(app, plan))
    loop = _choose(app, plan.id, actor)
    if loop.chosen == plan.id:
        turn.took()
    return loop


def _choose(app: App, proposal_id: str, actor: str) -> Loop:
    """`choose`, after everything that can be told without the calendars."""
    with app.db.read() as tx:
        proposal = tx.proposals.get(proposal_id)
        if proposal is None:
            raise Missing("proposal", proposal_id)
        loop = tx.loops.get(proposal.loop)
    assert loop is not None
    if loop.chosen == proposal_id and loop.state in BOOKED:
        return loop
    if loop.state is LoopState.NEEDS_ATTENTION:
        return _mend(app, loop, proposal, actor)
    _may_choose(loop, proposal)
    looked_at = app.clock()
    looked = recheck.fresh(app, loop, proposal.interviews)
    broken = looked.broken + _too_late(app, loop, proposal)
    if broken:
        taken = Taken(sorted({subject for subject, _ in broken}))
        losing.start_over_later(app, Lost(loop.id, proposal_id, actor, tuple(broken)), taken)
    try:
        with app.db.write() as tx:
            held = take(app, tx, loop.id, proposal, actor, looked_at)
            seen.keep(tx, held, proposal.id, actor, app.clock(), looked.calendars)
        failpoint("K4")
        return held
    except Full as full:  # their time is free: the next plan counts for itself
        losing.start_over_later(app, Lost(loop.id, proposal_id, actor, ()), full)
    except Taken as taken:
        wanted = recheck.requirements(loop, _application(app, loop), proposal.interviews)
        spans = tuple((s, span) for s, span in wanted if s in taken.subjects)
        losing.start_over_later(app, Lost(loop.id, proposal_id, actor, spans), taken)


def _may_choose(loop: Loop, proposal: Proposal) -> None:
    if loop.state is not LoopState.PROPOSED:
        raise WrongState("loop", loop.id, loop.state.value, "only a proposed loop can be booked")
    _still_offered(proposal)


def _still_offered(proposal: Proposal) -> None:
    if proposal.state is not ProposalState.OFFERED:
        raise WrongState("proposal", proposal.id, proposal.state.value, "choose one that is still offered")


def _mend(app: App, loop: Loop, proposal: Proposal, actor: str) -> Loop:
    """Carry out a repair that waited for a yes, as one that waits for nobody is carried out."""
    _may_mend(loop, proposal)
    with app.db.read() as tx:
        current = tx.interviews.of_loop(loop.id)
    wanted = recheck.requirements(loop, _application(app, loop), proposal.interviews)
    kept = {n for i in current for n in recheck.needs(i)}
    looked = recheck.look(app, loop, [n for n in wanted if n not in kept])
    broken = looked.broken + _passed(app, loop, proposal, current)
    try:
        if broken:
            raise Taken(sorted({subject for subject, _ in broken}))
        with app.db.write() as tx:
            mended = _take_repair(app, tx, loop, proposal, actor)
            seen.keep(tx, mended, proposal.id, actor, app.clock(), looked.calendars)
            return mended
    except Taken as taken:
        if not isinstance(taken, Full):
            broken = broken or [(s, span) for s, span in wanted if s in taken.subjects]
        _repair_again(app, loop, broken, actor, proposal.id)
        raise


def _may_mend(loop: Loop, proposal: Proposal) -> None:
    _still_offered(proposal)
    if loop.state is not LoopState.NEEDS_ATTENTION or proposal.generation != loop.generation:
        raise WrongState("loop", loop.id, loop.state.value, "it has changed since; ask for its repair again")


def _passed(
    app: App, loop: Loop, proposal: Proposal, current: Sequence[Interview]
) -> list[tuple[Subject, Span]]:
    """Times of moved interviews that lie behind us: what has begun is not moved, and nothing into the past."""
    now, subject = app.clock(), _application(app, loop).candidate.subject
    was = {i.spec: i.span for i in current}
    changed = [(was.get(p.interview, p.span), p.span) for p in proposal.interviews]
    return [(subject, new) for old, new in changed if old != new and min(old.start, new.start) <= now]


def _take_repair(app: App, tx: Tx, then: Loop, proposal: Proposal, actor: str) -> Loop:
    loop, offered = tx.loops.claim(then.id), tx.proposals.get(proposal.id)
    assert loop is not None and offered is not None
    _may_mend(loop, offered)
    moved = tx.loops.move(
        loop.id,
        LoopState.BOOKING,
        expect={LoopState.NEEDS_ATTENTION},
        actor=actor,
        cause=proposal.id,
        at=app.clock(),
        chosen=proposal.id,
        generation=loop.generation + 1,
    )
    write_plan(app, tx, moved, proposal.interviews)
    tx.proposals.choose(loop.id, proposal.id)
    return moved


def _repair_again(
    app: App, then: Loop, broken: Sequence[tuple[Subject, Span]], actor: str, cause: str
) -> None:
    """The repair was overtaken: look for another one that keeps out what is taken now."""
    with app.db.write() as tx:
        loop = tx.loops.claim(then.id)
        if loop is None or (loop.state, loop.generation) != (LoopState.NEEDS_ATTENTION, then.generation):
            return
        moved = tx.loops.move(
            loop.id,
            LoopState.REPAIRING,
            expect={LoopState.NEEDS_ATTENTION},
            actor=actor,
            cause=cause,
            at=app.clock(),
            blocked=(*loop.blocked, *broken),
            reasons=tuple(r for r in loop.reasons if r.kind in CONFLICTS),
            replans=loop.replans + 1,
        )
        jobs.repair(app, tx, moved)


def _too_late(app: App, loop: Loop, proposal: Proposal) -> list[tuple[Subject, Span]]:
    """The least notice holds when confirming as well as when offering."""
    earliest = app.clock() + timedelta(hours=loop.template.notice_hours)
    first = min(i.span for i in proposal.interviews)
    # the hour that an approval may take is not held against a plan made just before
    if first.start + timedelta(hours=1) >= earliest:
        return []
    return [(_application(app, loop).candidate.subject, first)]


def _application(app: App, loop: Loop) -> Application:
    with app.db.read() as tx:
        found = tx.applications.get(loop.application)
    assert found is not None
    return found


def take(
    app: App, tx: Tx, loop_id: str, proposal: Proposal, actor: str, looked_at: datetime | None = None
) -> Loop:
    """Hold everything a proposal needs and note every write, or raise `Taken` and change nothing. ``looked_at`` is when
    all the calendars that it needs were read, and found free."""
    loop, offered = tx.loops.claim(loop_id), tx.proposals.get(proposal.id)
    assert loop is not None and offered is not None
    _may_choose(loop, offered)
    moved = tx.loops.move(
        loop_id,
        LoopState.HELD,
        expect={LoopState.PROPOSED},
        actor=actor,
        cause=proposal.id,
        at=app.clock(),
        chosen=proposal.id,
        generation=loop.generation + 1,
    )
    write_plan(app, tx, moved, proposal.interviews, looked_at)
    tx.proposals.choose(loop_id, proposal.id)
    failpoint("K3")
    return moved


def write_plan(
    app: App, tx: Tx, loop: Loop, planned: Sequence[PlannedInterview], looked_at: datetime | None = None
) -> Difference:
    """Bring interviews, reservations and ledger of a loop to a plan, and queue the writes. With ``looked_at`` the
    writes know how young the look is that all of them can lean on.

    Raises `Taken` when somebody else has one of the times, `Full` when somebody's cap is reached:
    the transaction is to be given up then.
    """
    application = tx.applications.get(loop.application)
    assert application is not None
    # the first generation has none before it
    before = tx.interviews.of_loop(loop.id, live=False) if loop.generation > 1 else []
    diff = difference(layout.interviews(loop, application, planned), before)
    policy = tx.company.policy()
    expires = app.clock() + timedelta(minutes=policy.hold_minutes)
    moved = [i.id for i in (*diff.change, *diff.cancel)]
    candidate = application.candidate
    tx.reservations.swap(loop.id, moved, layout.taken(loop, application, diff.written, Hold.HELD, expires))
    taken = _taken_around(tx, loop, candidate, (*diff.written, *diff.keep))
    if _too_near(tx, loop, candidate, diff.written, before, taken):
        raise Taken([candidate.subject])
    near = buffers.too_close(tx, loop, diff.written, before, application, taken)
    if near:
        raise Taken(near)
    people, rooms = layout.roster(tx, (*diff.written, *diff.keep, *diff.cancel))
    full = caps.over(tx, loop.id, (*diff.written, *diff.keep), before, people, taken)
    if full:
        raise Full([Subject.person(p) for p in full])
    _note_replaced(app, tx, loop, before, diff)
    changed = [*diff.written, *(replace(i, state=InterviewState.CANCELLED) for i in diff.cancel)]
    (tx.interviews.put_all if before else tx.interviews.add_all)(changed)
    tx.ledger.add_all(_rows(app, loop, application, diff, before, looked_at, people, rooms), app.clock())
    jobs.perform(app, tx, loop)
    return diff


def _taken_around(
    tx: Tx, loop: Loop, candidate: Candidate, interviews: Sequence[Interview]
) -> Sequence[Reservation]:
    """What other loops take of everybody in these interviews, as far around them as anything counts."""
    if not interviews:
        return ()
    subjects = {candidate.subject, *(Subject.person(s.person) for i in interviews for s in i.seats)}
    around = Span(
        min(i.span.start for i in interviews) - caps.WEEK, max(i.span.end for i in interviews) + caps.WEEK
    )
    return tx.reservations.of_subjects(subjects, around, except_loop=loop.id)


def _too_near(
    tx: Tx,
    loop: Loop,
    candidate: Candidate,
    new: Sequence[Interview],
    old: Sequence[Interview],
    taken: Sequence[Reservation],
) -> bool:
    """Whether another loop of the same candidate leaves too little time before or after a new time. Asked
    once the candidate's time is taken: then nobody else is just taking it."""
    spans = {i.span for i in new if i.kind is not InterviewKind.DEBRIEF} - {i.span for i in old}
    if not spans:
        return False
    around = Span(min(spans).start - _DAY, max(s.end for s in spans) + _DAY)
    rows = [r for r in taken if r.subject == candidate.subject and r.span.overlaps(around)]
    return any(s.overlaps(kept) for kept in kept_free(tx, loop, rows) for s in spans)


def _note_replaced(app: App, tx: Tx, loop: Loop, before: Sequence[Interview], diff: Difference) -> None:
    """One fact per person who no longer sits in an interview that goes on."""
    now = {i.id: {s.person for s in i.seats} for i in diff.change}
    for interview in before:
        for seat in interview.seats:
            if interview.id in now and seat.person not in now[interview.id]:
                data = {"interview": interview.id, "person": seat.person}
                after = SeatState.REPLACED.value
                subject = f"loop:{loop.id}"
                tx.facts.add(
                    Fact(
                        app.clock(),
                        ACTOR,
                        "seat_replaced",
                        subject,
                        seat.state.value,
                        after,
                        loop.cause,
                        data,
                    )
                )


def difference(new: Sequence[Interview], old: Sequence[Interview]) -> Difference:
    """Compare by the template's interview: what is new, changed, the same, gone."""
    before = {i.spec: i for i in old}
    wanted = {i.spec for i in new}
    carried = [layout.carried_over(i, before.get(i.spec)) for i in new]
    keep = [i for i in carried if layout.same(i, before.get(i.spec))]
    rest = [i for i in carried if not layout.same(i, before.get(i.spec))]
    gone = [i for i in old if i.spec not in wanted and i.state is not InterviewState.CANCELLED]
    return Difference(
        tuple(i for i in rest if not i.event_id),
        tuple(i for i in rest if i.event_id),
        tuple(keep),
        tuple(gone),
    )


def _rows(
    app: App,
    loop: Loop,
    application: Application,
    diff: Difference,
    before: Sequence[Interview],
    looked_at: datetime | None,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> list[LedgerRow]:
    was = {i.id: i for i in before}
    rows: list[LedgerRow] = []
    for interview in (*diff.written, *diff.cancel):
        gone = interview in diff.cancel
        write = Write.CANCEL if gone else Write.RESCHEDULE if interview.event_id else Write.BOOK
        intent = layout.intent(app.deployment, loop, application, interview, people, rooms)
        payload: dict[str, Any] = {
            "intent": codec.encode(intent),
            "who": layout.written_to(interview, people, rooms),
            **({SEEN: codec.encode(looked_at)} if looked_at is not None else {}),
        }
        if gone:
            payload = {"message": "", "event": interview.event_id, "calendar": interview.calendar}
        if write is Write.RESCHEDULE:
            old = was[interview.id]
            payload |= {
                "was": codec.encode(old.place_in_time),
                "had": sorted(subjects_of(old)),
                "flag": old.flag,
            }
        rows.append(
            LedgerRow.noted(loop, interview.id, write, key=intent.key, payload=payload, order=len(rows))
        )
    return rows
