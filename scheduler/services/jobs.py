"""Every durable job: its name, its payload and its key, spelled once.

A job is queued in the transaction of the change that needs it and run at least once after the commit.
A key is queued once for ever, so it says what makes this job another one than the last of its name:
the loop's generation, the plan that was chosen, the slot of time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from scheduler.domain.bookings import LedgerRow
from scheduler.domain.loops import Loop, LoopState
from scheduler.services.app import App
from scheduler.storage.database import Tx


class Job(StrEnum):
    """The names of jobs, as they stand in the queue."""

    INTAKE = "intake"
    PLAN = "plan"
    BATCH = "batch"
    BOOK = "book"
    PERFORM = "perform"
    REPAIR = "repair"
    FURTHER = "further"
    REPLIES = "replies"
    PUSH = "push"
    CONFLICTS = "conflicts"
    LEFT = "left"
    HOOK = "hook"
    DIGEST = "digest"
    LOOK = "look"
    MIRROR = "mirror"
    TELL = "tell"
    ERASE = "erase"


WAITS_FOR: Mapping[LoopState, Job] = {
    LoopState.PLANNING: Job.PLAN,
    LoopState.PROPOSED: Job.BOOK,
    LoopState.HELD: Job.PERFORM,
    LoopState.BOOKING: Job.PERFORM,
    LoopState.CANCELLING: Job.PERFORM,
    LoopState.REPAIRING: Job.REPAIR,
}
"""Which job a loop in this state waits for: a proposed one in mode *book* only, else it waits for a person."""


class Share(StrEnum):
    """Kinds of work that do not wait for each other: each is taken by so many threads of a worker of its own."""

    WRITE = "write"
    """What is decided: written to calendars and mail at once, and whatever takes no time."""
    PLAN = "plan"
    """A loop that waits for a plan, or for its repair."""
    BATCH = "batch"
    """Many loops as one: minutes of computing."""
    ASIDE = "aside"
    """What nobody waits for."""


SHARES: Mapping[str, Share] = {
    Job.PLAN: Share.PLAN,
    Job.REPAIR: Share.PLAN,
    Job.BATCH: Share.BATCH,
    Job.FURTHER: Share.ASIDE,
    Job.CONFLICTS: Share.ASIDE,
}
"""The share of a job; those that are not named here write."""


def share(job: str) -> Share:
    """Whose threads do a job."""
    return SHARES.get(job, Share.WRITE)


def threads(of: Share, concurrency: int) -> int:
    """How many jobs of a share one worker does at the same time, whose setting is ``concurrency``."""
    return {Share.BATCH: 1, Share.ASIDE: max(1, concurrency // 2)}.get(of, concurrency)


LEAST_URGENT = 10
"""The priority of what nobody waits for: it is run when nothing else is to do."""
_TOGETHER = 4
"""Into so many jobs deliveries that came at once are dealt: as many threads work on them."""
PRIORITIES: Mapping[str, int] = {
    Job.FURTHER: LEAST_URGENT,
    Job.DIGEST: LEAST_URGENT,
    Job.MIRROR: LEAST_URGENT,
}
"""The priority of a job, also of its every further try; those that are not named here are urgent."""


def priority(job: str) -> int:
    """How long a job lets others go first: the smaller, the sooner."""
    return PRIORITIES.get(job, 0)


def _queue(app: App, tx: Tx, job: Job, payload: Mapping[str, Any], key: str, delay: float = 0.0) -> None:
    app.jobs.enqueue(tx, job.value, payload, key=key, delay=delay, priority=priority(job))


def hook(app: App, tx: Tx, id: str, what: str) -> None:
    """Send a hook what is due to it; ``what`` names what there is to send."""
    _queue(app, tx, Job.HOOK, {"hook": id}, f"hook/{id}/{what}")


def erase(app: App, tx: Tx, erasure: str, again: str = "") -> None:
    """Go on with the erasure of a candidate; ``again`` says what makes this another try."""
    _queue(app, tx, Job.ERASE, {"erasure": erasure}, f"erase/{erasure}/{again}")


def digest(app: App, tx: Tx, owner: str, day: date) -> None:
    """Tell somebody what needs them: once for each day."""
    payload = {"owner": owner, "day": day.isoformat()}
    _queue(app, tx, Job.DIGEST, payload, f"digest/{owner}/{day}")


def tell(app: App, tx: Tx, fact: int) -> None:
    """Tell whoever looks after a loop of a fact of it."""
    _queue(app, tx, Job.TELL, {"fact": fact}, f"tell/{fact}")


def intake(app: App, tx: Tx, delivery: str) -> None:
    """Work on a stored delivery of the hiring system."""
    _queue(app, tx, Job.INTAKE, {"delivery": delivery}, f"intake:{delivery}")


def intake_all(app: App, tx: Tx, deliveries: Sequence[str]) -> None:
    """Work on stored deliveries that came at once: each few of them are one job."""
    size = max(1, -(-len(deliveries) // _TOGETHER))
    for n in range(0, len(deliveries), size):
        some = list(deliveries[n : n + size])
        if len(some) == 1:
            intake(app, tx, some[0])
        else:
            _queue(app, tx, Job.INTAKE, {"deliveries": some}, f"intake:{some[0]}")


def intake_alone(app: App, tx: Tx, delivery: str, delay: float) -> None:
    """`intake` of one that was worked on among others and is to be tried again, ``delay`` seconds from now."""
    key = f"intake:{delivery}:alone:{app.clock().timestamp():.6f}"
    _queue(app, tx, Job.INTAKE, {"delivery": delivery}, key, delay)


def intake_replayed(app: App, tx: Tx, delivery: str, at: datetime) -> None:
    """The same once more, because somebody asked for it."""
    _queue(app, tx, Job.INTAKE, {"delivery": delivery}, f"intake:{delivery}:replay:{at.timestamp():.6f}")


def look(app: App, tx: Tx, connection: str, application: str, cause: str) -> None:
    """Read an application at its hiring system and act on it; ``cause`` says what makes this another look."""
    payload = {"connection": connection, "application": application, "cause": cause}
    _queue(app, tx, Job.LOOK, payload, f"look/{connection}/{application}/{cause}")


def mirror(app: App, tx: Tx, loop: str, fact: int, due: datetime) -> None:
    """Have the hiring system show a loop as it is since ``fact``, which was due then: one job each time that it is."""
    _queue(app, tx, Job.MIRROR, {"loop": loop}, f"mirror/{loop}/{fact}/{due.timestamp():.6f}")


def plan(app: App, tx: Tx, loop: Loop) -> None:
    """Look for plans of a loop that has just become *planning*."""
    _queue(app, tx, Job.PLAN, {"loop": loop.id}, f"plan:{loop.id}:{loop.generation}:{loop.replans}")


def plan_next(app: App, tx: Tx, loop: Loop) -> None:
    """The same for what still waits when another job has planned as much as it may."""
    again = f"next:{loop.generation}:{loop.replans}:{app.clock().timestamp():.6f}"
    _queue(app, tx, Job.PLAN, {"loop": loop.id}, f"plan:{loop.id}:{again}")


def further(app: App, tx: Tx, loop: Loop, effort: float) -> None:
    """Look for more plans beside the best one, which is on offer and took ``effort``: for as long as the
    loop is *proposed* and was not planned anew."""
    payload = {"loop": loop.id, "generation": loop.generation, "replans": loop.replans, "effort": effort}
    key = f"further:{loop.id}:{loop.generation}:{loop.replans}"
    _queue(app, tx, Job.FURTHER, payload, key)


def batch(app: App, tx: Tx, id: str, round: int) -> None:
    """Look for a plan of a whole batch."""
    _queue(app, tx, Job.BATCH, {"batch": id}, f"batch:{id}:{round}")


def batch_again(app: App, tx: Tx, id: str, round: int, since: datetime) -> None:
    """`batch` once more for one that has waited ``since`` then."""
    _queue(app, tx, Job.BATCH, {"batch": id}, f"batch:{id}:{round}:{_again(app, since)}")


def book(app: App, tx: Tx, proposal: str, delay: float) -> None:
    """Take a plan as the policy says, ``delay`` seconds from now."""
    _queue(app, tx, Job.BOOK, {"proposal": proposal}, f"book:{proposal}", delay)


def perform(app: App, tx: Tx, loop: Loop) -> None:
    """Carry out what the ledger holds for the loop's present generation."""
    _queue(app, tx, Job.PERFORM, _generation(loop), f"perform:{loop.id}:{loop.generation}")


def mail(app: App, tx: Tx, loop: Loop, first: LedgerRow) -> None:
    """The same for messages that were noted beside a generation's events; ``first`` is one of them."""
    _queue(app, tx, Job.PERFORM, _generation(loop), f"mail:{first.id}")


def mail_again(app: App, tx: Tx, loop: Loop, first: LedgerRow) -> None:
    """The same for messages that were given up; ``first`` is one of them."""
    _queue(app, tx, Job.PERFORM, _generation(loop), f"mail:{first.id}:{app.clock().timestamp():.6f}")


def intake_asked(app: App, tx: Tx, delivery: str) -> None:
    """`intake` once more because a person asks for it."""
    _queue(app, tx, Job.INTAKE, {"delivery": delivery}, f"intake:{delivery}:{app.clock().timestamp():.6f}")


def repair(app: App, tx: Tx, loop: Loop) -> None:
    """Mend a loop once more: each try has its number."""
    _repair(app, tx, loop, f"r{loop.replans}")


def repair_declined(app: App, tx: Tx, loop: Loop, holes: int) -> None:
    """Mend a loop in which somebody has declined or left: once for each time that it is sent there."""
    _repair(app, tx, loop, f"{len(loop.declined)}:{holes}:{loop.updated_at.timestamp():.6f}")


def repair_conflict(app: App, tx: Tx, loop: Loop) -> None:
    """Mend a loop in which somebody was given something else at the same time."""
    _repair(app, tx, loop, f"conflict:{loop.updated_at.timestamp():.6f}")


def _repair(app: App, tx: Tx, loop: Loop, what: str) -> None:
    _queue(app, tx, Job.REPAIR, {"loop": loop.id}, f"repair:{loop.id}:{loop.generation}:{what}")


def _generation(loop: Loop) -> dict[str, Any]:
    return {"loop": loop.id, "generation": loop.generation}


# --- once more: what has waited too long is queued again, at most once an hour ----------------------


def intake_again(app: App, tx: Tx, delivery: str, since: datetime) -> None:
    """`intake` once more for a delivery that has waited ``since`` then."""
    _queue(app, tx, Job.INTAKE, {"delivery": delivery}, f"intake:{delivery}:{_again(app, since)}")


def perform_again(app: App, tx: Tx, loop: Loop, row: LedgerRow, since: datetime) -> None:
    """`perform` once more for a row that has been due ``since`` then."""
    key = f"perform:{loop.id}:{row.id}:{row.attempts}:{_again(app, since)}"
    _queue(app, tx, Job.PERFORM, _generation(loop), key)


def awaited_again(app: App, tx: Tx, loop: Loop, proposal: str = "") -> None:
    """What a loop in its state waits for, once more; ``proposal`` is the plan on offer of a proposed one.

    Raises `KeyError` for a state that waits for nothing.
    """
    job, again = WAITS_FOR[loop.state], _again(app, loop.updated_at)
    payload = {
        Job.BOOK: {"proposal": proposal},
        Job.PERFORM: _generation(loop),
    }.get(job, {"loop": loop.id})
    _queue(app, tx, job, payload, f"{job.value}:{loop.id}:{again}")


def _again(app: App, since: datetime) -> str:
    """Part of a key: the same for what waits since then, until another hour has passed."""
    return f"again:{since.timestamp():.0f}:{(app.clock() - since) // timedelta(hours=1)}"


# --- in slots of time: one job, however many ask ----------------------------------------------------


def conflicts(app: App, tx: Tx, days: int, every: float) -> None:
    """Look into the calendars of who is booked in the next ``days``: once in ``every`` seconds."""
    slot = int(app.clock().timestamp() // every)
    _queue(app, tx, Job.CONFLICTS, {"days": days}, f"conflicts/{slot}")


def left(app: App, tx: Tx) -> None:
    """Look for what is booked with people and rooms that the company no longer has: once for each time
    that it is loaded."""
    _queue(app, tx, Job.LEFT, {}, f"left/{app.clock().timestamp():.6f}")


def push(app: App, tx: Tx, what: str, every: int, delay: float) -> None:
    """Look after the subscriptions to notices: once in ``every`` seconds for each thing that is to do
    (``what`` names it), ``delay`` seconds from now."""
    slot = int(app.clock().timestamp()) // every
    _queue(app, tx, Job.PUSH, {}, f"push/{slot}/{what}", delay)


def push_look(app: App, tx: Tx, subscription: str, delay: float) -> None:
    """The same where nothing is to do: once an hour, to see whether the service still has this one."""
    hour = int(app.clock().timestamp()) // 3600
    _queue(app, tx, Job.PUSH, {}, f"push/look/{subscription}/{hour}", delay)


def push_swept(app: App, tx: Tx, first: str, delay: float) -> None:
    """The same once after a subscription, named ``first``, was new."""
    _queue(app, tx, Job.PUSH, {}, f"push/sweep/{first}", delay)


def push_noticed(app: App, tx: Tx, kind: str, subscription: str) -> None:
    """The same at once, because the service said something about one: once a minute for each kind."""
    slot = int(app.clock().timestamp()) // 60
    _queue(app, tx, Job.PUSH, {}, f"push/{kind}/{subscription}/{slot}")


def replies(app: App, tx: Tx, together: int) -> None:
    """Read the organizer's calendar at the end of these ``together`` seconds, after the last notice of them."""
    now = app.clock().timestamp()
    slot = int(now) // together
    _queue(app, tx, Job.REPLIES, {}, f"replies/{slot}", (slot + 1) * together - now)
