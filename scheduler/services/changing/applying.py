"""What was tried is done, exactly so, if nothing has changed since; else the answer says what has.

The plan of the version is judged by every rule again, on calendars read again. A booked loop goes through the
same unit of work as a repair: times taken, events and mails by the ledger. Of a loop on offer the changed plan
takes the place of the one that it came from. Told by `tests/stories/test_changing.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scheduler.domain.errors import BadInput, Overtaken
from scheduler.domain.facts import Fact
from scheduler.domain.fixes.fix import Exemption
from scheduler.domain.loops import BookMode, InterviewLock, Loop, LoopState, undo_time
from scheduler.domain.proposals import BY_HAND, ByHand, PlannedInterview, Proposal, ProposalState, Undoable
from scheduler.domain.reasons import Deed, checked
from scheduler.domain.subjects import Subject
from scheduler.services import jobs, reasons
from scheduler.services.app import App
from scheduler.services.booking import choose, recheck, seen
from scheduler.services.booking.seen import Looked
from scheduler.services.changing import ground, trying, versions, words
from scheduler.services.changing.asked import Asked, digest
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.ground import Ground
from scheduler.services.changing.posing import Posed, plan_of, pose
from scheduler.services.changing.trying import Tried
from scheduler.services.changing.versions import Version
from scheduler.services.planning.naming import title_of
from scheduler.storage.database import Tx

CHANGED, OVERRIDDEN = "changed_by_hand", "override_given"
"""Facts: one thing of a plan that a person changed, or that followed from it; a soft rule that they overrode."""
_NEW = ("template", "windows", "horizon", "locks", "mode")
"""Fields of a loop that changes by hand may set."""
_AGAIN = "try it again"


@dataclass(frozen=True, slots=True)
class Why:
    """Codes of reasons: for the change, and for what is overridden; ``note`` says more, for colleagues."""

    reason: str | None = None
    override: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a fix gives to a change: the draft as the fix has it, and what the loop is let off."""

    relieved: Callable[[Draft], Draft]
    exempt: tuple[Exemption, ...]


def apply(
    app: App,
    loop_id: str,
    asked: Asked,
    version: str,
    why: Why,
    actor: str,
    before: Callable[[Tx], None] = lambda _: None,
) -> Loop:
    """Do what was tried. ``before`` is asked in the transaction of the change, and may refuse.

    Raises `Missing`, `WrongState`; `BadInput` for what cannot be meant, a version of something else, a reason that
    the company has not, and where a soft rule is broken without a reason; `Overtaken` where the loop, or somebody's
    calendar, has changed since; `Taken` or `Full` where somebody was quicker. Then nothing has changed.
    """
    return do(app, loop_id, asked, versions.read(version), why, actor, before)


def do(
    app: App,
    loop_id: str,
    asked: Asked,
    tried: Version,
    why: Why,
    actor: str,
    before: Callable[[Tx], None] = lambda _: None,
    grant: Grant | None = None,
) -> Loop:
    """`apply` for a version that was read; ``grant`` is what a fix gives to the changes."""
    with app.db.read() as tx:
        known = same(tx, loop_id, asked, tried, app)
    made = draft(known, asked.changes)
    made = made if grant is None else grant.relieved(made)
    posed = pose(app, made, () if grant is None else grant.exempt)
    if isinstance(posed, tuple):
        raise _overtaken(loop_id, words.from_reasons(posed))
    result = _still_allowed(posed, asked, tried)
    with app.db.read() as tx:
        deed = _reasons(tx, result, why)
    looked = free(app, posed, result)
    with app.db.write() as tx:
        claimed = tx.loops.claim(loop_id)
        now = same(tx, loop_id, asked, tried, app)
        assert claimed is not None
        then = _Stood.of(tx, now)
        before(tx)
        done = Work(app, tx, now, made, result, actor).done(looked)
        tell(app, tx, done, result, why, actor, deed)
        tx.undoables.put(then.undoable(tx, now, done, result, actor, app))
        return done


# -- whether it is still so -------------------------------------------------------------------------


def same(tx: Tx, loop_id: str, asked: Asked, tried: Version, app: App) -> Ground:
    """The ground of the try, if it still is the same. Raises `Overtaken` with what is another now."""
    if tried.loop != loop_id:
        raise BadInput("version", "is of another loop", "send the version of a try of this one")
    if tried.changes != digest(asked.changes):
        raise BadInput("version", "is of other changes", "try these changes first")
    loop = tx.loops.get(loop_id)
    if loop is not None and _moved_on(tx, loop, tried):
        raise Overtaken("loop", loop_id, since(tx, loop, tried))
    found = ground.read(tx, loop_id, app.clock(), tried.proposal or None)
    if tuple(found.base.values()) != tried.was:
        raise Overtaken("loop", loop_id, since(tx, found.loop, tried))
    return found


def _moved_on(tx: Tx, loop: Loop, tried: Version) -> bool:
    if (loop.updated_at, loop.generation) != (tried.at, tried.generation):
        return True
    offer = tx.proposals.get(tried.proposal) if tried.proposal else None
    return bool(tried.proposal) and (offer is None or offer.state is not ProposalState.OFFERED)


def since(tx: Tx, loop: Loop, tried: Version) -> list[BadInput]:
    """What has happened to a loop since a try, and what of its plan is another now."""
    facts = [f for f in tx.facts.of(f"loop:{loop.id}", limit=50) if f.at > tried.at]
    found = [
        BadInput("facts", f"{f.what} by {f.actor} at {f.at:%Y-%m-%dT%H:%M:%SZ}", _AGAIN) for f in facts[-10:]
    ]
    now = ground.planned(loop.template, tx.interviews.of_loop(loop.id))
    for was in tried.was if now else ():
        there, title = now.get(was.interview), title_of(loop.template, was.interview)
        if there is None:
            found.append(BadInput(was.interview, f"{title} is no longer there", _AGAIN))
        elif there.span != was.span:
            found.append(
                BadInput(was.interview, f"{title} is now {words.told(there.span, loop.zone)}", _AGAIN)
            )
        if there is not None and (there.people, there.room) != (was.people, was.room):
            people = "; ".join(", ".join(seat) for seat in there.people)
            found.append(BadInput(was.interview, f"{title} is now given by {people} in {there.room}", _AGAIN))
    return found or [BadInput("state", f"is now {loop.state.value}", _AGAIN)]


def _overtaken(loop_id: str, refused: Sequence[words.Refusal]) -> Overtaken:
    return Overtaken("loop", loop_id, [BadInput(r.interview or r.rule, r.text, _AGAIN) for r in refused])


def _still_allowed(posed: Posed, asked: Asked, tried: Version) -> Tried:
    """The plan of the version, judged by today's rules and calendars."""
    plan = plan_of(posed.encoded, {p.interview: p for p in tried.plan})
    broken = posed.broken(plan)
    if broken:
        posed = replace(posed, drawn=plan)
        raise _overtaken(posed.draft.loop.id, words.refusals(posed, broken, trying.touched(posed.draft)))
    result = trying.allowed(posed, plan, posed.price(plan), asked)
    if set(result.planned) != set(tried.plan):
        raise BadInput("version", "holds another plan than these changes have", "try these changes first")
    return result


def free(app: App, posed: Posed, result: Tried) -> Looked:
    """Look again at exactly the times that are new. Raises `Overtaken` where one is taken, `Transient`."""
    loop = replace(posed.draft.loop, mode=posed.picture.loop.mode)
    ground = posed.draft.ground
    wanted = recheck.requirements(loop, ground.application, result.planned)
    kept = {n for i in ground.current for n in recheck.needs(i)}
    looked = recheck.look(app, loop, [n for n in wanted if n not in kept])
    if looked.broken:
        names = {str(Subject.person(p.id)): p.name for p in ground.people.values()}
        faults = [
            BadInput(
                "calendars",
                f"{names.get(str(s), str(s))} is no longer free {words.told(at, loop.zone)}",
                _AGAIN,
            )
            for s, at in looked.broken
        ]
        raise Overtaken("loop", loop.id, faults)
    return looked


def _reasons(tx: Tx, result: Tried, why: Why) -> Deed:
    """For which deed the reason of the change counts. Raises `BadInput` for one that is missing or unknown."""
    known = tx.company.policy().reasons
    if result.overrides and not why.override:
        codes = ", ".join(r.code for r in known if r.fits(Deed.OVERRIDE))
        fault = "; ".join(o.text for o in result.overrides)
        raise BadInput("override", f"a soft rule is broken: {fault}", f"say why with one of {codes}")
    if why.override:
        checked(known, Deed.OVERRIDE, why.override, "override")
    whats = {s.what for s in result.steps}
    deeds = [Deed.SWAP] if whats <= {"people", "room"} and "people" in whats else [Deed.RESCHEDULE]
    if "people" in whats and Deed.SWAP not in deeds:
        deeds.append(Deed.SWAP)
    fitting = [d for d in deeds if any(r.code == why.reason and r.fits(d) for r in known)]
    if why.reason and not fitting:
        checked(known, deeds[0], why.reason)
    return fitting[0] if fitting else deeds[0]


# -- doing it ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """One applied change, in its transaction."""

    app: App
    tx: Tx
    ground: Ground
    made: Draft
    result: Tried
    actor: str

    def done(self, looked: Looked) -> Loop:
        new = self._fields()
        planned = set(self.result.planned) != set(self.ground.base.values()) or "template" in new
        if not planned and "windows" not in new and "horizon" not in new:
            return self._kept(new)
        return self._booked(new, looked) if self.ground.booked and planned else self._kept_or_offered(new)

    def _fields(self) -> dict[str, Any]:
        """The fields of the loop that are others now."""
        then, now = self.ground.loop, self.made.loop
        new = {name: getattr(now, name) for name in _NEW if getattr(now, name) != getattr(then, name)}
        if any(over.rule in ("tentative", "focus") for over in self.result.overrides):
            new["mode"] = BookMode.PROPOSE  # what a person took on themselves, a person watches over
        return new

    def _kept(self, new: dict[str, Any]) -> Loop:
        """Nothing of the plan changes; offers that do not keep a new lock are withdrawn."""
        changed = self._change(new)
        if not self.ground.booked:
            self._withdraw(changed)
        return changed

    def _kept_or_offered(self, new: dict[str, Any]) -> Loop:
        loop = self.ground.loop
        if self.ground.booked:
            return self._kept(new)
        shaped = bool(new.keys() - {"locks"})
        if shaped:  # whoever looks for further plans looks for those of another loop
            new = {**new, "replans": loop.replans + 1}
        base = self.ground.proposal
        assert base is not None
        self.tx.proposals.set_state(base.id, ProposalState.STALE)
        if shaped:
            self.tx.proposals.withdraw(loop.id)
        changed = self._change(new)
        offer = replace(self._proposal(), rank=1 if shaped else base.rank, created_at=base.created_at)
        self.tx.proposals.add_all([offer])
        self._withdraw(changed)
        if changed.mode is BookMode.BOOK:
            undo = undo_time(changed.undo_minutes, self.tx.company.policy().undo_minutes)
            jobs.book(self.app, self.tx, offer.id, undo.total_seconds())
        return changed

    def _change(self, new: dict[str, Any]) -> Loop:
        at = self.app.clock()
        return self.tx.loops.change(
            self.ground.loop.id, self.actor, "by hand", at, "loop_changed_by_hand", **new
        )

    def _withdraw(self, loop: Loop) -> None:
        for offer in self.tx.proposals.of_loop(loop.id, loop.generation):
            if offer.state is ProposalState.OFFERED and not keeps(loop.locks, offer.interviews):
                self.tx.proposals.set_state(offer.id, ProposalState.STALE)

    def _booked(self, new: dict[str, Any], looked: Looked) -> Loop:
        """The same unit of work as a repair: the loop is written anew as the plan says."""
        tx, loop, at = self.tx, self.ground.loop, self.app.clock()
        offer = self._proposal()
        said = {"actor": self.actor, "cause": offer.id, "at": at}
        tx.loops.move(loop.id, LoopState.REPAIRING, expect={loop.state}, reasons=(), **said)  # type: ignore[arg-type]
        moved = tx.loops.move(  # type: ignore[call-overload, unused-ignore]
            loop.id,
            LoopState.BOOKING,
            expect={LoopState.REPAIRING},
            generation=loop.generation + 1,
            chosen=offer.id,
            **said,  # type: ignore[arg-type]
            **new,
        )
        choose.write_plan(self.app, tx, moved, self.result.planned)
        tx.proposals.add_all([offer])
        tx.proposals.choose(loop.id, offer.id)
        seen.keep(tx, moved, offer.id, self.actor, at, looked.calendars)
        return moved

    def _proposal(self) -> Proposal:
        """The changed plan as an offer; what no plan could cost less is not worked out for it."""
        result, now = self.result, self.app.clock()
        return Proposal(
            id=f"pr_{secrets.token_hex(8)}",
            loop=self.ground.loop.id,
            rank=1,
            interviews=result.planned,
            price=result.total,
            cost=result.cost,
            bound=0,
            status=BY_HAND,
            basis=now,
            unknown=(),
            state=ProposalState.OFFERED,
            created_at=now,
            generation=self.ground.loop.generation,
        )


@dataclass(frozen=True, slots=True)
class _Stood:
    """What was on offer, and by which fixes the loop was let off, before a change."""

    offers: frozenset[str]
    fixes: frozenset[str]

    @staticmethod
    def of(tx: Tx, base: Ground) -> _Stood:
        loop = base.loop
        every = () if base.booked else tx.proposals.of_loop(loop.id, loop.generation)
        offers = frozenset(p.id for p in every if p.state is ProposalState.OFFERED)
        return _Stood(offers, frozenset(e.fix for e in tx.exemptions.of_loop(loop.id)))

    def undoable(self, tx: Tx, base: Ground, done: Loop, result: Tried, actor: str, app: App) -> Undoable:
        """The change, now that it is done, as it could be undone."""
        now = _Stood.of(tx, base)
        return Undoable(
            loop=done.id,
            at=app.clock(),
            actor=actor,
            generation=done.generation,
            then=ByHand.of(base.loop),
            now=ByHand.of(done),
            was=tuple(base.base.values()),
            plan=result.planned,
            offer=next(iter(now.offers - self.offers), ""),
            stale=tuple(sorted(self.offers - now.offers)),
            fixes=tuple(sorted(now.fixes - self.fixes)),
        )


def keeps(locks: Sequence[InterviewLock], planned: Sequence[PlannedInterview]) -> bool:
    """Whether a plan has everything that people have locked where it is locked."""
    by_id = {p.interview: p for p in planned}
    for lock in locks:
        there = by_id.get(lock.interview)
        if there is None:
            continue
        seats = dict(enumerate(there.people))
        wrong = lock.start not in (None, there.span.start) or lock.room not in (None, there.room)
        if wrong or any(set(seats.get(n, ())) != set(people) for n, people in lock.people):
            return False
    return True


def tell(app: App, tx: Tx, loop: Loop, result: Tried, why: Why, actor: str, deed: Deed) -> None:
    """A fact for every step, and for every soft rule that was overridden: who, before, after, why."""
    reasons.note(app, tx, loop, deed, why.reason, actor, why.note)
    subject, at = f"loop:{loop.id}", app.clock()
    for step in result.steps:
        data = {"interview": step.interview, "what": step.what, "asked": step.asked}
        tx.facts.add(Fact(at, actor, CHANGED, subject, step.before, step.after, why.reason or "", data))
    if result.overrides:
        reasons.note(app, tx, loop, Deed.OVERRIDE, why.override, actor, why.note)
    for over in result.overrides:
        told = {"interview": over.interview, "people": list(over.people)}
        tx.facts.add(Fact(at, actor, OVERRIDDEN, subject, "", over.rule, why.override or "", told))
