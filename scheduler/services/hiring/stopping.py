"""A mistake is stopped: automations are paused, and what they started is listed and undone.

Told by `tests/scheduler/services/hiring/test_automating.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import InterviewState
from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.automations import ALL, APPROVERS, Automation
from scheduler.domain.hiring.connections import Advance, AdvanceState
from scheduler.domain.loops import ENDED, Loop
from scheduler.domain.templates import LoopTemplate
from scheduler.services.app import App
from scheduler.services.asking import owners
from scheduler.services.asking.prepare import prepare
from scheduler.services.booking import cancel
from scheduler.services.hiring import automating, sweeping
from scheduler.storage.database import Tx

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one loop: ``outcome`` is ``cancelled``, ``kept`` (it is booked, and only what is not was to be
    undone), ``over`` or ``failed``."""

    loop: str
    application: str
    outcome: str
    why: str = ""


def put(app: App, tx: Tx, rule: Automation, actor: str) -> Automation:
    """Make an automation, or another one of it. Raises `BadInputs` naming every field."""
    check(tx, rule)
    tx.automations.put(rule)
    _note(app, tx, actor, "automation_changed", rule.id)
    sweeping.retry_in(app, tx, "automation")
    return rule


def check(tx: Tx, rule: Automation) -> None:
    """Raises `BadInputs` for a template, a person or a connection that is none."""
    faults = []
    template = tx.templates.get(rule.template)
    if template is None:
        faults.append(BadInput("template", f"no template {rule.template!r}", "use the id of a template"))
    else:
        faults += _branch_faults(template, rule)
    if rule.approver not in APPROVERS:
        try:
            owners.check_owner(tx, rule.approver, "approver")
        except BadInput as error:
            faults.append(error)
    if rule.connection is not None and tx.hiring.get(rule.connection) is None:
        faults.append(
            BadInput("connection", f"no connection {rule.connection!r}", "use the id of a connection")
        )
    if faults:
        raise BadInputs(faults)


def _branch_faults(template: LoopTemplate, rule: Automation) -> list[BadInput]:
    try:
        prepare(template, branch=rule.branch, leave_out=(), adjust={})
    except BadInputs as error:
        return list(error.faults)
    except BadInput as error:
        return [error]
    return []


def remove(app: App, tx: Tx, id: str, actor: str) -> None:
    """Raises `Missing`, `BadInput` for one of the company file."""
    if not tx.automations.remove(id):
        known(tx, id)
        raise BadInput("id", f"{id!r} is of the company file", "take it out of the file, or pause it")
    tx.automations.resume(id)
    _note(app, tx, actor, "automation_removed", id)


def known(tx: Tx, id: str) -> Automation:
    """The automation of that id, wherever it was made. Raises `Missing`."""
    found = next((r for r in automating.rules(tx) if r.id == id), None)
    if found is None:
        raise Missing("automation", id)
    return found


def pause(app: App, tx: Tx, id: str, actor: str) -> None:
    """Start nothing more by it (`ALL`: by any): what comes meanwhile waits. Raises `Missing`."""
    if id != ALL:
        known(tx, id)
    tx.automations.pause(id, app.clock(), actor)
    _note(app, tx, actor, "automation_paused", id)


def resume(app: App, tx: Tx, id: str, actor: str) -> int:
    """Go on; how many advances waited and are looked at now. Raises `Missing`."""
    if id != ALL:
        known(tx, id)
    if not tx.automations.resume(id):
        return 0
    _note(app, tx, actor, "automation_resumed", id)
    return sweeping.retry_in(app, tx, "resume")


def started(tx: Tx, id: str, since: datetime) -> Sequence[tuple[Advance, Loop]]:
    """What an automation (`ALL`: any) has started since then, with its loops, the oldest first."""
    found: list[tuple[Advance, Loop]] = []
    last = None
    wanted = None if id == ALL else id
    while page := tx.advances.list(
        {AdvanceState.STARTED}, automation=wanted, since=since, limit=_PAGE, after=last
    ):
        loops = ((a, tx.loops.get(a.loop)) for a in page if a.loop)
        found += [(a, loop) for a, loop in loops if loop is not None]
        last = page[-1]
    return found


def undo(app: App, id: str, since: datetime, actor: str, *, booked: bool = False) -> list[Undone]:
    """Cancel what it has started since then, each loop in a transaction of its own; with ``booked`` also what is
    booked, whose people then get the usual messages. Raises `Missing`."""
    with app.db.read() as tx:
        if id != ALL:
            known(tx, id)
        found = started(tx, id, since)
    return [_undo(app, loop, actor, booked) for _, loop in sorted(found, key=lambda pair: pair[1].id)]


def _undo(app: App, loop: Loop, actor: str, booked: bool) -> Undone:
    try:
        with app.db.write() as tx:
            now = tx.loops.claim(loop.id)
            if now is None or now.state in ENDED:
                return Undone(loop.id, loop.application, "over")
            confirmed = any(i.state is InterviewState.CONFIRMED for i in tx.interviews.of_loop(loop.id))
            if confirmed and not booked:
                return Undone(loop.id, loop.application, "kept", "it is booked")
            cancel.cancel_in(app, tx, now, actor)
            return Undone(loop.id, loop.application, "cancelled")
    except DomainError as error:
        return Undone(loop.id, loop.application, "failed", error.text)


def _note(app: App, tx: Tx, actor: str, what: str, id: str) -> None:
    subject = f"automation:{id if id != ALL else 'all'}"
    tx.facts.add(Fact(app.clock(), actor, what, subject, "", "", what))
