"""What would help a loop without a plan, carried out; and what a loop is let off.

Told by `tests/scheduler/api/test_fixes.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.loops import check
from scheduler.api.conditional.once import Key, once
from scheduler.api.models.loops import In, LoopOut, ReasonIn, SpanOut
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.fixes.fix import Change as FixChange
from scheduler.domain.fixes.fix import Exemption, Fix, FixState, How
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.asking import fixing
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/loops", tags=["fixes"])
LoopId = Annotated[str, Path(max_length=100)]
FixId = Annotated[str, Path(max_length=100)]
Reader = Annotated[Actor, needs(Action.READ)]
Asker = Annotated[Actor, needs(Action.REQUEST)]


class FixChangeOut(BaseModel):
    """One thing that would be otherwise. `spans` are when somebody would be free, a step take place, or a day be
    worked; `limits` are values that would be enough."""

    kind: str
    interviews: list[str]
    people: list[str]
    spans: list[SpanOut]
    site: str | None
    limits: dict[str, int]

    @staticmethod
    def of(value: FixChange) -> FixChangeOut:
        return FixChangeOut(
            kind=value.kind,
            interviews=list(value.interviews),
            people=list(value.people),
            spans=[SpanOut(start=s.start, end=s.end) for s in value.spans],
            site=value.site,
            limits=dict(value.limits),
        )


class TriedOut(BaseModel):
    """An interview of the plan that was tried; `people` are the ids per seat of the template."""

    interview: str
    start: datetime
    end: datetime
    people: list[list[str]]
    room: str | None

    @staticmethod
    def of(value: PlannedInterview) -> TriedOut:
        return TriedOut(
            interview=value.interview,
            start=value.span.start,
            end=value.span.end,
            people=[list(seat) for seat in value.people],
            room=value.room,
        )


class FixOut(BaseModel):
    """A way out: `how` is `apply` (at once, for a reason), `ask_people`, `ask_candidate`, or `by_hand` where somebody
    or something new is needed."""

    id: str = Field(description="The same whenever the same way out is found again.")
    text: str
    effort: int = Field(description="The least is the easiest to get.")
    how: How
    people: list[str] = Field(description="Who is asked.")
    changes: list[FixChangeOut]
    plan: list[TriedOut] = Field(description="The plan that it was tried with.")
    state: FixState
    asked_at: datetime | None

    @staticmethod
    def of(fix: Fix) -> FixOut:
        return FixOut(
            id=fix.id,
            text=fix.text,
            effort=fix.effort,
            how=fix.how,
            people=list(fix.people),
            changes=[FixChangeOut.of(change) for change in fix.changes],
            plan=[TriedOut.of(planned) for planned in fix.plan],
            state=fix.state,
            asked_at=fix.at if fix.state is FixState.ASKED else None,
        )


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


class AnswerIn(In):
    """What those say who were asked."""

    agreed: bool
    note: Annotated[str, Field(max_length=500, description="More than that, for colleagues.")] = ""


@router.get("/{loop_id}/fixes", responses=answers(404))
def list_fixes(loop_id: LoopId, app: Services, _: Reader) -> list[FixOut]:
    """What would help a loop without a plan, the easiest first."""
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
    responses=answers(404, 409, 412, 413, 415),
)
def carry_out_a_fix(
    loop_id: LoopId,
    fix_id: FixId,
    app: Services,
    actor: Asker,
    conditions: Change,
    key: Key,
    body: ReasonIn | None = None,
) -> Response:
    """Do what a fix says: it is applied, for a `reason` that may be given for an override, and the loop planned anew;
    or those are asked whom it needs."""
    why = body or ReasonIn()

    def work(tx: Tx) -> FixedOut:
        check(tx, loop_id, conditions)
        done = fixing.carry_out_in(app, tx, loop_id, fix_id, actor.name, why.reason, why.note)
        return FixedOut.of(done)

    return once(app, key, f"POST /loops/{loop_id}/fixes/{fix_id}", why, 202, work)


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
