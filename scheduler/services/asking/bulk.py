"""The same for many loops: a result for each, or all of it or nothing.

Told by `tests/scheduler/api/test_bulk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduler.domain.errors import BadInput, BadInputs, DomainError, Missing
from scheduler.domain.loops import Loop
from scheduler.domain.reasons import Deed, checked
from scheduler.services.app import App
from scheduler.services.asking import owners
from scheduler.services.booking import cancel
from scheduler.services.planning import plan as planning
from scheduler.services.telling import reminders
from scheduler.storage.database import Tx

MOST = 100


class BulkAction(StrEnum):
    """What is done to each loop."""

    PLAN = "plan"
    CANCEL = "cancel"
    ASSIGN = "assign"
    REMIND = "remind"


_DEEDS = {BulkAction.PLAN: Deed.RESCHEDULE, BulkAction.CANCEL: Deed.CANCEL}


@dataclass(frozen=True, slots=True)
class Bulk:
    """``together`` is all or nothing; ``owner``, ``message`` and ``reason`` are for the actions that heed them."""

    action: BulkAction
    loops: Sequence[str]
    together: bool = False
    owner: str | None = None
    message: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one loop: as it is now, or the error that it was refused with."""

    loop: str
    now: Loop | None = None
    error: DomainError | None = None


class _GivenUp(Exception):
    """Takes a transaction back."""


def carry_out(app: App, asked: Bulk, actor: str) -> list[Row]:
    """Do it to every loop, in the order they are named, each in a transaction of its own.

    Raises `BadInput` for what is wrong with the whole, and with ``together`` `BadInputs` naming every loop that it
    cannot be done to: then nothing has changed."""
    with app.db.read() as tx:
        _check(tx, asked)
    if not asked.together:
        return [_alone(app, asked, id, actor) for id in asked.loops]
    rows: dict[str, Row] = {}
    try:
        with app.db.write() as tx:
            for id in sorted(asked.loops):  # in the order of the locks
                rows[id] = _row(app, tx, asked, id, actor)
            if any(row.error for row in rows.values()):
                raise _GivenUp
    except _GivenUp:
        raise BadInputs(_faults(asked.loops, rows)) from None
    return [rows[id] for id in asked.loops]


def _check(tx: Tx, asked: Bulk) -> None:
    seen: dict[str, int] = {}
    for n, id in enumerate(asked.loops):
        if id in seen:
            raise BadInput(f"loops[{n}]", f"is loops[{seen[id]}] again", "name each loop once")
        seen[id] = n
    owners.check_owner(tx, asked.owner)
    for field, given, fits in (
        ("owner", asked.owner is not None, asked.action is BulkAction.ASSIGN),
        ("message", asked.message, asked.action is BulkAction.CANCEL),
        ("reason", asked.reason is not None, asked.action in _DEEDS),
    ):
        if given and not fits:
            raise BadInput(field, f"means nothing to {asked.action.value}", "leave it out")
    if asked.reason is not None:
        checked(tx.company.policy().reasons, _DEEDS[asked.action], asked.reason)


def _alone(app: App, asked: Bulk, id: str, actor: str) -> Row:
    try:
        with app.db.write() as tx:
            return Row(id, _done(app, tx, asked, id, actor))
    except DomainError as error:
        return Row(id, error=error)


def _row(app: App, tx: Tx, asked: Bulk, id: str, actor: str) -> Row:
    try:
        return Row(id, _done(app, tx, asked, id, actor))
    except DomainError as error:
        return Row(id, error=error)


def _done(app: App, tx: Tx, asked: Bulk, id: str, actor: str) -> Loop:
    loop = tx.loops.claim(id)
    if loop is None:
        raise Missing("loop", id)
    if asked.action is BulkAction.CANCEL:
        return cancel.cancel_in(app, tx, loop, actor, asked.message, asked.reason)
    if asked.action is BulkAction.ASSIGN:
        return tx.loops.assign(id, asked.owner, actor, app.clock())
    if asked.action is BulkAction.REMIND:
        return reminders.remind_in(app, tx, loop, actor)
    return planning.replan_in(app, tx, id, actor=actor, cause="asked", reason=asked.reason)


def _faults(loops: Sequence[str], rows: Mapping[str, Row]) -> list[BadInput]:
    """Every loop that it cannot be done to, by its place in the request."""
    found = [(n, rows[id].error) for n, id in enumerate(loops)]
    fix = "nothing was done; leave it out, or ask without together"
    return [BadInput(f"loops[{n}]", str(error), fix) for n, error in found if error is not None]
