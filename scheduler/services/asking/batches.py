"""A batch is asked for, chosen, planned once more, or called off: all of it, or nothing of it.

Told by `tests/stories/test_superdays.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing, WrongState
from scheduler.domain.loops import BookMode, Loop, LoopState, Reason
from scheduler.domain.proposals import Batch, BatchProgress, BatchState, Proposal, ProposalState
from scheduler.domain.time import Span, instant, utc, zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import cancel as ending
from scheduler.services.booking import choose as choosing
from scheduler.services.planning.fixes.eased import MAX_HORIZON_DAYS
from scheduler.storage.database import Tx

MAX_LOOPS = 200
OPEN = frozenset(
    {
        LoopState.AWAITING_CANDIDATE,
        LoopState.PLANNING,
        LoopState.PROPOSED,
        LoopState.INFEASIBLE,
        LoopState.NEEDS_ATTENTION,
    }
)
"""States of a loop that nothing is booked of."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """``loops`` are ids; each of ``applications`` (ids) is given a loop of ``template``. ``window`` is wall-clock
    in ``zone`` unless it carries an offset. ``lock``: loops that keep the plan they are offered. ``priority``,
    1 to 3, by the id of a loop or an application; ``seconds`` for the plan of all."""

    window: tuple[str, str]
    zone: str
    loops: Sequence[str] = ()
    applications: Sequence[str] = ()
    template: str = ""
    lock: Collection[str] = ()
    priority: Mapping[str, int] = field(default_factory=dict)
    seconds: int = 30


def ask(app: App, request: BatchRequest, actor: str) -> Batch:
    """Make the batch and queue its planning. Raises `BadInput`, or `BadInputs` naming every field."""
    with app.db.write() as tx:
        return ask_in(app, tx, request, actor)


def ask_in(app: App, tx: Tx, request: BatchRequest, actor: str) -> Batch:
    """`ask` inside a transaction that is already open."""
    _check_size(request)
    window, now = _window(app, request), app.clock()
    id = f"bt_{secrets.token_hex(8)}"
    loops = [tx.loops.claim(loop_id) for loop_id in sorted(set(request.loops))]
    _check(tx, request, {loop.id: loop for loop in loops if loop is not None}, window)
    made = {a: _made(app, tx, id, a, request, actor).id for a in dict.fromkeys(request.applications)}
    batch = Batch(
        id=id,
        state=BatchState.PLANNING,
        window=window,
        zone=request.zone,
        loops=(*dict.fromkeys(request.loops), *made.values()),
        actor=actor,
        created_at=now,
        updated_at=now,
        made=tuple(made.values()),
        locked=tuple(dict.fromkeys(request.lock)),
        priority={made.get(name, name): p for name, p in request.priority.items()},
        seconds=request.seconds,
    )
    tx.batches.add(batch)
    for loop in loops:
        if loop is not None and loop.id not in batch.locked:
            _join(app, tx, loop, batch, actor)
    jobs.batch(app, tx, id, 0)
    return batch


def _check_size(request: BatchRequest) -> None:
    several = len(request.loops) + len(request.applications)
    if not several:
        raise BadInput("loops", "empty", "name at least one loop, or an application with a template")
    if several > MAX_LOOPS:
        name = "loops" if request.loops else "applications"
        raise BadInput(name, f"{several} loops in one batch", f"give at most {MAX_LOOPS}, in several batches")


def _window(app: App, request: BatchRequest) -> Span:
    zone(request.zone, "zone")
    now = utc(app.clock())
    start, end = (
        instant(text, request.zone, f"window.{name}")
        for name, text in zip(("start", "end"), request.window, strict=True)
    )
    if end <= start:
        raise BadInput("window.end", "the window is empty", "let it end after it starts")
    if end <= now:
        raise BadInput("window.end", "lies in the past", "choose a window that is still ahead")
    if end - now > timedelta(days=MAX_HORIZON_DAYS):
        raise BadInput("window.end", f"lies more than {MAX_HORIZON_DAYS} days ahead", "choose an earlier end")
    return Span(start, end)


def _check(tx: Tx, request: BatchRequest, known: Mapping[str, Loop], window: Span) -> None:
    """Every fault at once, so that a request is mended in one go."""
    elsewhere = {id: b.id for b in tx.batches.list({BatchState.PLANNING}) for id in b.loops}
    elsewhere |= {
        id: b.id
        for b in tx.batches.list({BatchState.OFFERED})
        for id in b.loops
        if id in known and known[id].state is LoopState.PROPOSED
    }
    faults = []
    for n, id in enumerate(request.loops):
        fault = _fault(tx, known.get(id), window, elsewhere.get(id, ""))
        if fault is not None:
            faults.append(BadInput(f"loops[{n}]", f"loop {id!r} {fault[0]}", fault[1]))
    for n, id in enumerate(request.applications):
        if tx.applications.get(id) is None:
            faults.append(BadInput(f"applications[{n}]", f"no application {id!r}", "ask for its loop first"))
    if request.applications and not request.template:
        faults.append(BadInput("template", "missing", "say which loop the applications are to have"))
    for n, id in enumerate(request.lock):
        if id not in known or not _offered(tx, id):
            text = f"loop {id!r} has no plan on offer that it could keep"
            faults.append(BadInput(f"lock[{n}]", text, "lock loops of this batch that are proposed"))
    faults += _bad_priorities(request.priority, {*request.loops, *request.applications})
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise BadInputs(faults)


def _fault(tx: Tx, loop: Loop | None, window: Span, batch: str) -> tuple[str, str] | None:
    """What is wrong with a loop, and the way out."""
    if loop is None:
        return "is unknown", "use the id of a loop"
    if loop.state not in OPEN or tx.interviews.of_loop(loop.id):
        return f"is {loop.state.value}", "leave it out: what is booked is planned around"
    if batch:
        return (
            f"is in batch {batch} already",
            f"cancel that one, or leave it out there: POST /batches/{batch}/repack",
        )
    if loop.template.incomplete:
        return "has an open step", "complete it first: POST /loops/{id}/change"
    if loop.windows and not any(w.overlaps(window) for w in loop.windows):
        return "has no window of the candidate in this one", "ask the candidate, or leave it out"
    return None


def _offered(tx: Tx, loop_id: str) -> str | None:
    """The id of the best plan on offer to a proposed loop."""
    loop = tx.loops.get(loop_id)
    if loop is None or loop.state is not LoopState.PROPOSED:
        return None
    found = [p for p in tx.proposals.of_loop(loop_id) if p.state is ProposalState.OFFERED]
    return found[0].id if found else None


def _made(app: App, tx: Tx, batch: str, application: str, request: BatchRequest, actor: str) -> Loop:
    """The loop of an application, asked for by the batch."""
    known = tx.applications.get(application)
    assert known is not None
    start, end = request.window
    wanted = LoopRequest(
        known,
        request.template,
        ((start, end),),
        request.zone,
        BookMode.PROPOSE,
        horizon=(start, end),
        stage_visit=f"batch:{batch}",
    )
    return requests.ask_in(app, tx, wanted, actor, cause=batch)


def _join(app: App, tx: Tx, loop: Loop, batch: Batch, actor: str) -> None:
    """A loop that was there before becomes one of the batch: planned within its window, and offered."""
    windows = tuple(
        Span(max(w.start, batch.window.start), min(w.end, batch.window.end))
        for w in loop.windows or (batch.window,)
        if w.overlaps(batch.window)
    )
    end = max(loop.horizon.end, batch.window.end)
    _to_planning(
        app,
        tx,
        loop,
        actor,
        batch.id,
        windows=windows,
        horizon=Span(loop.horizon.start, end),
        mode=BookMode.PROPOSE,
        blocked=(),
    )


def _to_planning(app: App, tx: Tx, loop: Loop, actor: str, cause: str, **changes: object) -> Loop:
    """Let a loop wait for a plan, as another one than before: what is just being made for it is void."""
    tx.proposals.make_stale(loop.id)
    changes |= {"replans": loop.replans + 1, "reasons": (), "fixes": ()}
    if loop.state is LoopState.PLANNING:
        return tx.loops.change(loop.id, actor, cause, app.clock(), "loop_replanned", **changes)
    return tx.loops.move(
        loop.id,
        LoopState.PLANNING,
        expect={loop.state},
        actor=actor,
        cause=cause,
        at=app.clock(),
        **changes,
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came of saying yes to one loop of a batch: ``fault`` is empty where it is being booked."""

    loop: str
    fault: str = ""


def choose(app: App, batch_id: str, actor: str) -> list[Chosen]:
    """Say yes to the whole plan, loop by loop in its order; what cannot be had is told, and keeps nobody from
    theirs. Loops that are booked already stay so. Raises `Missing`, `WrongState`."""
    batch = get(app, batch_id)
    if batch.state is not BatchState.OFFERED:
        raise WrongState("batch", batch.id, batch.state.value, "only a batch that is offered can be chosen")
    found = []
    for id in batch.loops:
        with app.db.read() as tx:
            best = _offered(tx, id)
        if best is not None:
            try:
                choosing.choose(app, best, actor)
                found.append(Chosen(id))
            except DomainError as error:
                found.append(Chosen(id, error.text))
    return found


def get(app: App, batch_id: str) -> Batch:
    """The batch of that id. Raises `Missing`."""
    with app.db.read() as tx:
        batch = tx.batches.get(batch_id)
    if batch is None:
        raise Missing("batch", batch_id)
    return batch


def told(tx: Tx, batch: Batch) -> tuple[dict[str, Loop], dict[str, Proposal]]:
    """The loops of a batch, and the best plan on offer to each that has one."""
    loops = {id: loop for id in batch.loops if (loop := tx.loops.get(id)) is not None}
    plans = {}
    for id, loop in loops.items():
        wanted = ProposalState.OFFERED if loop.state is LoopState.PROPOSED else ProposalState.CHOSEN
        found = [p for p in tx.proposals.of_loop(id) if p.state is wanted]
        if found:
            plans[id] = found[0]
    return loops, plans


def _claimed(tx: Tx, batch_id: str) -> Batch:
    batch = tx.batches.claim(batch_id)
    if batch is None:
        raise Missing("batch", batch_id)
    if not batch.live:
        raise WrongState("batch", batch.id, batch.state.value, "ask for another one")
    return batch


@dataclass(frozen=True, slots=True)
class Repack:
    """What is different this time: loops that keep their plan, that leave the batch, and what weighs otherwise."""

    lock: Collection[str] = ()
    leave_out: Collection[str] = ()
    priority: Mapping[str, int] = field(default_factory=dict)


def repack(app: App, batch_id: str, actor: str, changes: Repack) -> Batch:
    """Plan a batch anew: what is booked of it is planned around, as are the loops to ``lock``; those to
    ``leave_out`` leave it and wait for a person. Raises `Missing`, `WrongState`, `BadInput`."""
    with app.db.write() as tx:
        return repack_in(app, tx, batch_id, actor, changes)


def repack_in(app: App, tx: Tx, batch_id: str, actor: str, changes: Repack) -> Batch:
    """`repack` inside a transaction that is already open."""
    batch = _claimed(tx, batch_id)
    _check_names(tx, batch, changes.lock, changes.leave_out)
    _check_priority(changes.priority, batch.loops)
    loops = {id: tx.loops.claim(id) for id in sorted(batch.loops)}
    changed = replace(
        batch,
        state=BatchState.PLANNING,
        loops=tuple(id for id in batch.loops if id not in changes.leave_out),
        locked=tuple(changes.lock),
        priority={**batch.priority, **changes.priority},
        round=batch.round + 1,
        progress=BatchProgress(),
        updated_at=app.clock(),
    )
    for id, loop in loops.items():
        if loop is None or loop.state not in OPEN or tx.interviews.of_loop(id):
            continue
        if id in changes.leave_out:
            _leave(app, tx, loop, actor, batch.id)
        elif id not in changes.lock:
            _to_planning(app, tx, loop, actor, batch.id)
    _store(tx, changed)
    jobs.batch(app, tx, batch.id, changed.round)
    return changed


def _check_priority(priority: Mapping[str, int], names: Collection[str]) -> None:
    faults = list(_bad_priorities(priority, names))
    if faults:
        raise faults[0] if len(faults) == 1 else BadInputs(faults)


def _bad_priorities(priority: Mapping[str, int], names: Collection[str]) -> Iterator[BadInput]:
    for id, value in priority.items():
        if id not in names:
            yield BadInput(f"priority.{id}", "is not in this batch", "name a loop or application of it")
        elif not 1 <= value <= 3:
            yield BadInput(f"priority.{id}", f"{value} is none", "use 1 (least) to 3 (most)")


def _check_names(tx: Tx, batch: Batch, lock: Collection[str], leave_out: Collection[str]) -> None:
    for name, ids in (("lock", lock), ("leave_out", leave_out)):
        for n, id in enumerate(ids):
            if id not in batch.loops:
                raise BadInput(f"{name}[{n}]", f"loop {id!r} is not in this batch", "name a loop of it")
            if name == "lock" and not _offered(tx, id):
                raise BadInput(f"lock[{n}]", f"loop {id!r} has no plan on offer", "lock what is proposed")


def _leave(app: App, tx: Tx, loop: Loop, actor: str, cause: str) -> None:
    if loop.state is LoopState.PLANNING or loop.state is LoopState.PROPOSED:
        tx.proposals.make_stale(loop.id)
        tx.loops.move(
            loop.id,
            LoopState.NEEDS_ATTENTION,
            expect={loop.state},
            actor=actor,
            cause=cause,
            at=app.clock(),
            reasons=(Reason("left_out", "it was left out of its batch; plan it anew by itself"),),
        )


def _store(tx: Tx, batch: Batch) -> None:
    names = ("state", "loops", "locked", "priority", "round", "progress", "updated_at")
    tx.batches.change(batch.id, **{name: getattr(batch, name) for name in names})


def cancel(app: App, batch_id: str, actor: str) -> Batch:
    """Call a batch off, in one transaction, at whatever point it is: loops that it asked for end, unless they are
    booked; those that were there before wait as they did and are planned by themselves."""
    with app.db.write() as tx:
        return cancel_in(app, tx, batch_id, actor)


def cancel_in(app: App, tx: Tx, batch_id: str, actor: str) -> Batch:
    """`cancel` inside a transaction that is already open."""
    batch = _claimed(tx, batch_id)
    loops = [loop for id in sorted(batch.loops) if (loop := tx.loops.claim(id)) is not None]
    cancelled = replace(batch, state=BatchState.CANCELLED, round=batch.round + 1, updated_at=app.clock())
    _store(tx, cancelled)
    for loop in loops:
        if loop.state not in OPEN or tx.interviews.of_loop(loop.id):
            continue
        if loop.id in batch.made:
            ending.cancel_in(app, tx, loop, actor, "")
        elif loop.state is LoopState.PLANNING:
            jobs.plan(app, tx, _to_planning(app, tx, loop, actor, batch.id))
    return cancelled
