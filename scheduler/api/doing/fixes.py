"""What would help a loop without a plan, or without a repair, carried out; and what a loop is let off.

Told by `tests/scheduler/api/test_fixes.py`.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, also, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check
from scheduler.api.conditional.once import Key, once, once_outside
from scheduler.api.models.changing import HandChange
from scheduler.api.models.fixes import FixChangeOut, FixOut
from scheduler.api.models.loops import Id, In, LoopOut, ReasonIn
from scheduler.api.problems import answers
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.fixes.fix import Exemption
from scheduler.services.asking import fixing
from scheduler.services.changing import asked
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked
from scheduler.services.changing.fixes import granted
from scheduler.services.changing.versions import SEALED
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/loops", tags=["fixes"])
LoopId = Annotated[str, Path(max_length=100)]
FixId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]


class FixedOut(BaseModel):
    """What became of it: `applied`, and the loop is planned anew; or `mails` were written, and an answer is awaited."""

    loop: LoopOut
    fix: FixOut
    applied: bool
    mails: int

    @staticmethod
    def of(done: fixing.Done) -> FixedOut:
        return FixedOut(
            loop=LoopOut.of(done.loop), fix=FixOut.of(done.fix), applied=done.applied, mails=done.mails
        )


class ExemptionOut(BaseModel):
    """What the loop is let off, this once: by whom, when and why."""

    fix: str
    change: FixChangeOut
    actor: str
    reason: str
    note: str
    at: datetime

    @staticmethod
    def of(value: Exemption) -> ExemptionOut:
        return ExemptionOut(
            fix=value.fix,
            change=FixChangeOut.of(value.change),
            actor=value.actor,
            reason=value.reason,
            note=value.note,
            at=value.at,
        )


class FixIn(ReasonIn):
    """Why a rule is overridden. For a fix of a refused try also the same `changes`, and the `version` beside the fix."""

    changes: Annotated[list[HandChange] | None, Field(min_length=1, max_length=asked.MOST)] = None
    proposal: Id | None = None
    version: Annotated[str | None, Field(max_length=SEALED)] = None

    def tried(self) -> Asked | None:
        """The changes that were refused, where the fix is of a try."""
        if (self.changes is None) != (self.version is None):
            missing = "changes" if self.changes is None else "version"
            raise BadInput(
                missing, "missing: a fix of a try has changes and a version", "send both, or neither"
            )
        return None if self.changes is None else Asked(tuple(c.value() for c in self.changes), self.proposal)


class AnswerIn(In):
    """What those say who were asked."""

    agreed: bool
    note: Annotated[str, Field(max_length=500, description="More than that, for colleagues.")] = ""


@router.get("/{loop_id}/fixes", responses=answers(404))
def list_fixes(loop_id: LoopId, app: Services, _: Reader) -> list[FixOut]:
    """What would help a loop without a plan, or a booked one without a repair, the easiest first."""
    with app.db.read() as tx:
        return [FixOut.of(fix) for fix in fixing.of_loop(tx, loop_id)]


@router.get("/{loop_id}/exemptions", responses=answers(404))
def list_exemptions(loop_id: LoopId, app: Services, _: Reader) -> list[ExemptionOut]:
    """What a loop was let off, in the order in which that was said."""
    with app.db.read() as tx:
        if tx.loops.get(loop_id) is None:
            raise Missing("loop", loop_id)
        return [ExemptionOut.of(exemption) for exemption in tx.exemptions.of_loop(loop_id)]


@router.post(
    "/{loop_id}/fixes/{fix_id}",
    status_code=202,
    response_model=FixedOut,
    responses=answers(404, 409, 412, 413, 415, 502),
)
def carry_out_a_fix(
    loop_id: LoopId,
    fix_id: FixId,
    request: Request,
    app: Services,
    actor: Asker,
    conditions: Change,
    key: Key,
    body: FixIn | None = None,
) -> Response:
    """Do what a fix says: it is applied, for a `reason` that may be given for an override, and the loop planned or
    repaired anew; or those are asked whom it needs. With the `version` of a refused try's fix the change itself is done, with the plan
    that was shown."""
    why = body or FixIn()
    route, tried = f"POST /loops/{loop_id}/fixes/{fix_id}", why.tried()
    if tried is not None:
        also(request, actor, Action.BOOK)

        def tried_work() -> FixedOut:
            before = partial(check, loop_id=loop_id, conditions=conditions)
            reasons, version = Why(None, why.reason, why.note), why.version or ""
            done = granted.carry_out(app, loop_id, fix_id, tried, version, reasons, actor.name, before)
            return FixedOut.of(done)

        return once_outside(app, key, route, why, 202, tried_work)

    def work(tx: Tx) -> FixedOut:
        check(tx, loop_id, conditions)
        done = fixing.carry_out_in(app, tx, loop_id, fix_id, actor.name, why.reason, why.note)
        return FixedOut.of(done)

    return once(app, key, route, why, 202, work)


@router.post(
    "/{loop_id}/fixes/{fix_id}/answer",
    status_code=202,
    response_model=FixedOut,
    responses=answers(404, 409, 412, 413, 415),
)
def answer_a_fix(
    loop_id: LoopId,
    fix_id: FixId,
    body: AnswerIn,
    app: Services,
    actor: Asker,
    conditions: Change,
    key: Key,
) -> Response:
    """Say what those answered who were asked. With a yes the loop is planned anew; calendars have the last word."""

    def work(tx: Tx) -> FixedOut:
        check(tx, loop_id, conditions)
        done = fixing.answer_in(app, tx, loop_id, fix_id, actor.name, agreed=body.agreed, note=body.note)
        return FixedOut.of(done)

    return once(app, key, f"POST /loops/{loop_id}/fixes/{fix_id}/answer", body, 202, work)
