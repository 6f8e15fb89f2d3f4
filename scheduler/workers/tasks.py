"""Which service function does which job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from connectors.errors import ConnectorError
from scheduler.domain.errors import Taken, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState, Reason
from scheduler.services.afterwards import conflicts, left, push, repair, replies
from scheduler.services.again import Again
from scheduler.services.app import App
from scheduler.services.attention import digest
from scheduler.services.booking import choose, further, perform
from scheduler.services.hiring import arriving, mirroring
from scheduler.services.jobs import Job
from scheduler.services.planning.plan import ended
from scheduler.services.planning.together import superdays, waiting
from scheduler.services.privacy import erasing
from scheduler.services.telling import colleagues, hooks

log = logging.getLogger("loopwright.jobs")

_WAITING = frozenset(
    {
        LoopState.PLANNING,
        LoopState.PROPOSED,
        LoopState.HELD,
        LoopState.BOOKING,
        LoopState.REPAIRING,
        LoopState.CANCELLING,
    }
)
"""States in which a loop waits for a job: given up, it would wait for ever."""


_LOG = "something went wrong several times; the program's log says what"
GIVEN_UP: Mapping[str, str] = {
    Job.INTAKE: f"the message could not be worked on: {_LOG}",
    Job.PLAN: f"the loop could not be planned: {_LOG}",
    Job.BATCH: f"the batch could not be planned: {_LOG}",
    Job.BOOK: f"the plan could not be booked: {_LOG}",
    Job.PERFORM: f"the calendars could not be written: {_LOG}",
    Job.REPAIR: f"the loop could not be repaired: {_LOG}",
}
"""What people are told of a job that is given up; those without a loop are told in the log alone."""


def tasks(app: App) -> dict[str, Callable[[Mapping[str, Any]], float | None]]:
    """Job name → what it does; a returned number of seconds asks to be run again."""
    return {
        Job.INTAKE: lambda p: (
            arriving.work_all(app, p["deliveries"])
            if "deliveries" in p
            else arriving.work(app, p["delivery"])
        ),
        Job.LOOK: lambda p: arriving.look_again(app, p["connection"], p["application"], p["cause"]),
        Job.MIRROR: lambda p: mirroring.mirror(app, p["loop"]),
        Job.PLAN: lambda p: waiting.plan(app, p["loop"]),
        Job.BATCH: lambda p: _again(superdays.plan_batch, app, p["batch"]),
        Job.BOOK: lambda p: _book(app, p["proposal"]),
        Job.PERFORM: lambda p: _again(perform.perform, app, p["loop"]),
        Job.REPAIR: lambda p: repair.repair(app, p["loop"]),
        Job.FURTHER: lambda p: further.look(app, p["loop"], p["generation"], p["replans"], p["effort"]),
        Job.REPLIES: lambda _: _replies(app),
        Job.PUSH: lambda _: push.ensure(app),
        Job.LEFT: lambda _: left.look(app),
        Job.HOOK: lambda p: _hook(app, p["hook"]),
        Job.ERASE: lambda p: _again(erasing.work, app, p["erasure"]),
        Job.DIGEST: lambda p: digest.send(app, p["owner"], date.fromisoformat(p["day"])),
        Job.TELL: lambda p: colleagues.send(app, p["fact"]),
        Job.CONFLICTS: lambda p: conflicts.look(app, p["days"]),
    }


def _book(app: App, proposal: str) -> None:
    """Policy's yes. That somebody chose, changed or took something meanwhile is no failure: the
    loop is already planned anew, or in other hands."""
    try:
        choose.choose(app, proposal, actor="policy:book")
    except (WrongState, Taken):
        return


def _again(work: Callable[[App, str], object], app: App, id: str) -> float | None:
    try:
        work(app, id)
    except Again as again:
        return again.seconds
    return None


def _hook(app: App, id: str) -> float | None:
    try:
        return hooks.deliver(app, id)
    except Again as again:
        return again.seconds


def _replies(app: App) -> None:
    """A notice said that the organizer's calendar changed. A service that does not answer now is
    polled a moment later anyway."""
    try:
        replies.sync(app)
    except ConnectorError as error:
        log.warning("replies after a notice: %s", error)


def _subject(name: str, payload: Mapping[str, Any]) -> str:
    """What a job is about that is about no loop: the first of these that it names, else itself."""
    if "connection" in payload and "application" in payload:
        return f"application:{payload['connection']}:{payload['application']}"
    kinds = {"delivery": "delivery", "batch": "batch", "hook": "hook", "owner": "person"}
    return next((f"{kind}:{payload[key]}" for key, kind in kinds.items() if key in payload), f"job:{name}")


def failed(app: App, name: str, payload: Mapping[str, Any], error: str) -> None:
    """A job is given up: the loop it was for waits for a human, with the reason in words. What went
    wrong in the program is for its log."""
    now = app.clock()
    log.error("given up: %s %s: %s", name, dict(payload), error)
    with app.db.write() as tx:
        proposal = tx.proposals.get(str(payload.get("proposal", "")))
        loop_id = proposal.loop if proposal else str(payload.get("loop", ""))
        subject = f"loop:{loop_id}" if loop_id else _subject(name, payload)
        tx.facts.add(Fact(now, "system:jobs", "job_given_up", subject, "", "", name))
        if name == Job.INTAKE:
            for delivery in payload.get("deliveries", [payload.get("delivery")]):
                tx.inbox.finish(str(delivery), f"dead_letter: {GIVEN_UP[name]}")
        if name == Job.BATCH:
            superdays.give_up(app, tx, str(payload["batch"]))
        loop = tx.loops.claim(loop_id)
        if name == Job.MIRROR:  # the loop is as it was; it is shown once more when it is due again
            return
        if loop is not None and name == Job.FURTHER:  # the best plan is on offer all the same
            tx.facts.add(ended(loop, now, further.GIVEN_UP))
            return
        if loop is None or loop.state not in _WAITING:
            return
        tx.loops.move(
            loop.id,
            LoopState.NEEDS_ATTENTION,
            expect=_WAITING,
            actor="system:jobs",
            cause=name,
            at=now,
            reasons=(*loop.reasons, Reason("job_failed", GIVEN_UP[name])),
        )
