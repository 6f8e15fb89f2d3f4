"""Where an application stands in the process of its job; gates' decisions and pivots.

Told by `tests/scheduler/api/hiring/test_process.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change, Conditions
from scheduler.api.conditional.once import Key, once
from scheduler.api.models.loops import In
from scheduler.api.problems import answers
from scheduler.domain.hiring.processes import Verdict, WaitsFor
from scheduler.services.app import App
from scheduler.services.asking import requests
from scheduler.services.hiring.process import deciding
from scheduler.services.hiring.process.deciding import Opened
from scheduler.services.hiring.process.standing import StageStanding, Standing, standing
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/applications", tags=["applications"])
ApplicationId = Annotated[str, Path(max_length=100)]
Line = Annotated[str, Field(max_length=200)]
Reader = Annotated[Actor, needs(Action.READ)]
Decider = Annotated[Actor, needs(Action.BOOK)]
Requester = Annotated[Actor, needs(Action.REQUEST)]


class DecisionOut(BaseModel):
    """`next` is the stage that it opened."""

    verdict: Verdict
    at: datetime
    actor: str
    note: str
    next: str


class StageOut(BaseModel):
    """`days` are whole days since it was entered, until it was left; `late` where they are more than `target_days`.
    `waits_for` and `whom` (ids) are said of the `present` stage."""

    stage: str
    template: str | None
    gate: bool
    target_days: int | None
    entered_at: datetime | None
    left_at: datetime | None
    days: int | None
    late: bool
    present: bool
    loops: list[str]
    decision: DecisionOut | None
    waits_for: WaitsFor
    whom: list[str]
    why: str

    @staticmethod
    def of(one: StageStanding) -> StageOut:
        told, made = one.stage, one.decision
        decision = DecisionOut(**{n: getattr(made, n) for n in DecisionOut.model_fields}) if made else None
        return StageOut(
            stage=told.stage,
            template=told.template,
            gate=told.gate,
            target_days=told.target_days,
            entered_at=one.entered_at,
            left_at=one.left_at,
            days=one.days,
            late=one.late,
            present=one.present,
            loops=[loop.id for loop in one.loops],
            decision=decision,
            waits_for=one.waits,
            whom=list(one.whom),
            why=one.why,
        )


class MetOut(BaseModel):
    """An interviewer whom the candidate has met for another application."""

    person: str
    interview: str
    application: str
    job: str
    at: datetime


class ProcessOut(BaseModel):
    """`process` is the id of the process of its job; without one the stages are those that were entered."""

    application: str
    job: str
    process: str
    closed: bool
    stages: list[StageOut]
    met: list[MetOut]

    @staticmethod
    def of(found: Standing) -> ProcessOut:
        return ProcessOut(
            application=found.application.id,
            job=found.application.job,
            process=found.process,
            closed=found.closed,
            stages=[StageOut.of(one) for one in found.stages],
            met=[MetOut(**{name: getattr(m, name) for name in MetOut.model_fields}) for m in found.met],
        )


class DecideIn(In):
    """What is decided at the gate of the present `stage`."""

    stage: Annotated[Line, Field(min_length=1)]
    verdict: Verdict
    note: Annotated[str, Field(max_length=1000)] = ""


class PivotIn(In):
    """Another job or team. Without a `stage` the first of its process of which something is missing."""

    job: Annotated[Line, Field(min_length=1)]
    stage: Line = ""
    hiring_manager: Line = ""
    recruiter: Line = ""
    note: Annotated[str, Field(max_length=1000)] = ""


class OpenedOut(BaseModel):
    """The `stage` that was opened, with the `loop` that was asked for, or `why` there is none; `kept` are steps that
    count already."""

    stage: str
    loop: str
    why: str
    kept: list[str]


@router.get("/{application_id}/process", responses=answers(404))
def get_process(application_id: ApplicationId, app: Services, _: Reader) -> ProcessOut:
    """The stages, the days in each against its target, and what waits for whom."""
    with app.db.read() as tx:
        return _shown(app, tx, application_id)


@router.post("/{application_id}/decide", response_model=OpenedOut, responses=answers(404, 409, 412, 413, 415))
def decide_at_a_gate(
    application_id: ApplicationId, body: DecideIn, app: Services, actor: Decider, conditions: Change, key: Key
) -> Response:
    """*Go* opens the next stage and asks for its loop; *stop* closes the application here, not in the hiring system."""

    def work(tx: Tx) -> OpenedOut:
        _check(app, tx, application_id, conditions)
        return _opened(
            deciding.decide(app, tx, application_id, body.stage, body.verdict, actor.name, body.note)
        )

    return once(app, key, f"POST /applications/{application_id}/decide", body, 200, work)


@router.post("/{application_id}/pivot", response_model=OpenedOut, responses=answers(404, 409, 412, 413, 415))
def pivot_an_application(
    application_id: ApplicationId,
    body: PivotIn,
    app: Services,
    actor: Requester,
    conditions: Change,
    key: Key,
) -> Response:
    """Go on for another job or team: interviews that it asks for too count, and only what is missing is planned."""

    def work(tx: Tx) -> OpenedOut:
        _check(app, tx, application_id, conditions)
        more = body.model_dump(exclude={"job"})
        return _opened(deciding.pivot(app, tx, application_id, body.job, actor.name, **more))

    return once(app, key, f"POST /applications/{application_id}/pivot", body, 200, work)


def _check(app: App, tx: Tx, application_id: str, conditions: Conditions) -> None:
    """Have the application to ourselves, and refuse a stale change."""
    if conditions != Conditions():
        requests.claim(tx, application_id)
        conditions.check("application", application_id, _shown(app, tx, application_id))


def _shown(app: App, tx: Tx, application_id: str) -> ProcessOut:
    return ProcessOut.of(standing(tx, application_id, app.clock()))


def _opened(made: Opened) -> OpenedOut:
    return OpenedOut(stage=made.stage, loop=made.loop, why=made.why, kept=list(made.kept))
