"""The last change of a loop by hand is undone: its plan, windows, horizon, locks and template are again what they were.

It can be as long as nothing else has changed, nothing of it has begun, and the rules and calendars of now allow what was
before. Told by `tests/stories/test_changing_undone.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from scheduler.domain.errors import Missing, NotAllowed, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import BookMode, Loop, LoopState, undo_time
from scheduler.domain.proposals import ByHand, PlannedInterview, ProposalState, Undoable
from scheduler.domain.reasons import Deed
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.booking import further
from scheduler.services.changing import applying, ground, trying, words
from scheduler.services.changing.applying import Why, Work
from scheduler.services.changing.asked import Asked
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.ground import Ground
from scheduler.services.changing.posing import Posed, picture_of, plan_of, posed_on
from scheduler.services.changing.trying import Tried
from scheduler.services.planning.naming import title_of
from scheduler.storage.database import Tx

UNDONE = "loop_change_undone"
"""A fact: the last change of a loop by hand was undone."""


def undo(
    app: App,
    loop_id: str,
    actor: str,
    note: str = "",
    before: Callable[[Tx], None] = lambda _: None,
    reason: str | None = None,
) -> Loop:
    """Undo the last change by hand, for a ``reason`` that fits rescheduling. ``before`` is asked in the transaction of
    the change, and may refuse.

    Raises `Missing`; `BadInput` for a reason that the company has not; `WrongState` where there is nothing to undo,
    something has changed since, or something of it has begun; `NotAllowed` with the rule that stands against what was before; `Overtaken`, `Taken` or `Full` where
    somebody took a time of it. Then nothing has changed.
    """
    with app.db.read() as tx:
        base, last = _last(app, tx, loop_id)
    made = _back(base, last)
    result = _allowed(app, made, last)
    looked = applying.free(app, result[1], result[0])
    with app.db.write() as tx:
        claimed = tx.loops.claim(loop_id)
        now, again = _last(app, tx, loop_id)
        assert claimed is not None
        if again != last or now.base != base.base:  # while the calendars were looked at
            text = "it has changed since: somebody else changed it by hand just now"
            raise WrongState("loop", loop_id, claimed.state.value, text)
        before(tx)
        tx.exemptions.remove(loop_id, last.fixes)
        done = (
            Work(app, tx, now, made, result[0], actor).done(looked)
            if now.booked
            else _offered_again(app, tx, now.loop, again, actor)
        )
        applying.tell(app, tx, done, result[0], Why(reason, None, note), actor, Deed.RESCHEDULE)
        tx.undoables.remove(loop_id)
        data = {"by": last.actor, **({"text": note} if note else {})}
        subject, since = f"loop:{loop_id}", last.at.isoformat()
        tx.facts.add(Fact(app.clock(), actor, UNDONE, subject, since, "", "", data))
        return done


def undoable(tx: Tx, base: Ground) -> Undoable | None:
    """The last change by hand, if it may still be undone as far as the tables say."""
    last = tx.undoables.of_loop(base.loop.id)
    if last is None or _changed(tx, base, last) or _begun(base, last):
        return None
    return last


def _last(app: App, tx: Tx, loop_id: str) -> tuple[Ground, Undoable]:
    """The loop as it stands, and its last change by hand. Raises `WrongState` where that cannot be undone any more."""
    loop, last = tx.loops.get(loop_id), tx.undoables.of_loop(loop_id)
    if loop is None:
        raise Missing("loop", loop_id)
    if last is None:
        text = "nothing of it was changed by hand that could be undone"
        raise WrongState("loop", loop_id, loop.state.value, text)
    base = ground.read(tx, loop_id, app.clock(), last.offer if _is_offered(tx, last) else None)
    changed = _changed(tx, base, last)
    if changed:
        text = f"it has changed since: {changed}; change it by hand instead"
        raise WrongState("loop", loop_id, loop.state.value, text)
    begun = _begun(base, last)
    if begun:
        title = title_of(last.now.template, begun.interview)
        when = words.told(begun.span, loop.zone)
        raise WrongState("loop", loop_id, loop.state.value, f"it is too late: {title}, {when}, has begun")
    return base, last


def _is_offered(tx: Tx, last: Undoable) -> bool:
    offer = tx.proposals.get(last.offer) if last.offer else None
    return offer is not None and offer.state is ProposalState.OFFERED


def _changed(tx: Tx, base: Ground, last: Undoable) -> str:
    """What is another than the change has left it, in words; empty where nothing is."""
    loop = base.loop
    same = (loop.generation, ByHand.of(loop)) == (last.generation, last.now)
    if not base.booked:
        same = same and (not last.offer or _is_offered(tx, last))
    if same and (not base.booked or set(base.base.values()) == set(last.plan)):
        return ""
    facts = [f for f in tx.facts.of(f"loop:{loop.id}", limit=50) if f.at >= last.at and f.actor != last.actor]
    told = [f"{f.what} by {f.actor} at {f.at:%Y-%m-%dT%H:%M:%SZ}" for f in facts[-2:]]
    return "; ".join(told) or "its plan is another"


def _begun(base: Ground, last: Undoable) -> PlannedInterview | None:
    """An interview that the change moved, and that has begun, or would have."""
    was, plan = set(last.was), set(last.plan)
    return next((p for p in sorted(was ^ plan, key=lambda p: p.span) if p.span.start <= base.now), None)


def _back(base: Ground, last: Undoable) -> Draft:
    """The loop and its plan as they were, drawn on what stands."""
    then = last.then
    loop = replace(
        base.loop,
        template=then.template,
        windows=then.windows,
        horizon=then.horizon,
        locks=then.locks,
        mode=then.mode,
    )
    made = Draft(base, loop, {p.interview: p for p in last.was})
    made.shaped.update(dict(_reshaped(last)))
    return made


def _reshaped(last: Undoable) -> Iterator[tuple[str, list[int]]]:
    """Interviews whose seats are counted otherwise: nobody of them keeps a number."""
    then = {i.id: i.seats for i in last.then.template.interviews}
    for spec in last.now.template.interviews:
        if spec.id in then and spec.seats != then[spec.id]:
            yield spec.id, [-1] * (len(spec.seats) + 1)


def _allowed(app: App, made: Draft, last: Undoable) -> tuple[Tried, Posed]:
    """What was before, judged by the rules and calendars of now; what was soft then needs no second reason."""
    picture = picture_of(app, made)
    kept = tuple(e for e in picture.exempt if e.fix not in last.fixes)
    posed = posed_on(made, replace(picture, exempt=kept))
    if isinstance(posed, tuple):
        raise NotAllowed(posed[0].kind, posed[0].text)
    plan = plan_of(posed.encoded, made.wanted)
    broken = posed.broken(plan)
    if broken:
        first = words.refusals(posed, broken, ())[0]
        raise NotAllowed(first.rule, first.text)
    result = trying.allowed(posed, plan, posed.price(plan), Asked(()))
    return replace(result, overrides=()), posed


def _still_free(app: App, tx: Tx, loop: Loop, last: Undoable) -> list[str]:
    """Those of the plans that were withdrawn whose times nobody else has taken meanwhile."""
    withdrawn = {p.id: p for p in tx.proposals.of_loop(loop.id) if p.id in last.stale}
    return [id for id in last.stale if id in withdrawn and further.free(app, tx, loop, withdrawn[id])]


def _offered_again(app: App, tx: Tx, loop: Loop, last: Undoable, actor: str) -> Loop:
    """What the change withdrew is on offer again, instead of what it put there."""
    if last.offer:
        tx.proposals.set_state(last.offer, ProposalState.STALE)
    new = {
        name: getattr(last.then, name)
        for name in ByHand.__dataclass_fields__
        if getattr(last.then, name) != getattr(last.now, name)
    }
    if new.keys() - {"locks"}:  # whoever looks for further plans looks for those of another loop
        new["replans"] = loop.replans + 1
    changed = tx.loops.change(loop.id, actor, "undo", app.clock(), "loop_changed_by_hand", **new)
    there = _still_free(app, tx, changed, last)
    if last.stale and not there:  # a loop on offer with nothing to choose would wait for nobody
        text = "the times of every plan that was on offer are somebody else's by now; plan it anew instead"
        raise WrongState("loop", loop.id, loop.state.value, text)
    for id in there:
        tx.proposals.set_state(id, ProposalState.OFFERED)
    if changed.mode is BookMode.BOOK and changed.state is LoopState.PROPOSED:
        offered = [p for p in tx.proposals.of_loop(loop.id, loop.generation) if p.id in there]
        wait = undo_time(changed.undo_minutes, tx.company.policy().undo_minutes)
        for best in sorted(offered, key=lambda p: p.rank)[:1]:
            jobs.book(app, tx, best.id, wait.total_seconds())
    return changed
