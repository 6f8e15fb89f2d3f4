"""Automations: what a stage asks for. They are made, paused, resumed, and what they started is undone.

Told by `tests/scheduler/api/hiring/test_automations.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.conditions import Change
from scheduler.api.conditional.once import Key, once, once_outside
from scheduler.api.models.loops import In
from scheduler.api.problems import answers
from scheduler.domain.hiring.automations import ALL, Automation, Pause, Without
from scheduler.domain.loops import BookMode
from scheduler.services.booking.undo_end import books_at
from scheduler.services.hiring import automating, stopping
from scheduler.storage.database import Tx

router = APIRouter(prefix=f"{BASE}/automations", tags=["automations"])
AutomationId = Annotated[str, Path(max_length=200)]
Reader = Annotated[Actor, needs(Action.READ)]
Configurer = Annotated[Actor, needs(Action.CONFIGURE)]
Line = Annotated[str, Field(min_length=1, max_length=200)]


class AutomationIn(In):
    """Entering `stage` of `job` (any, where there is none) asks for a loop of `template`. `approver` is `recruiter`,
    `hiring_manager`, `coordinator` or a person's id."""

    stage: Line
    template: Line
    mode: BookMode = BookMode.PROPOSE
    job: Line | None = None
    connection: Line | None = None
    undo_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None
    approver: Line = "recruiter"
    horizon_days: Annotated[int, Field(ge=1, le=90)] | None = None
    notice_hours: Annotated[int, Field(ge=0, le=720)] | None = None
    branch: dict[Line, Line] = Field(default={}, max_length=20)
    without_windows: Without = Without.ASK


class AutomationOut(BaseModel):
    """`made` says where: by `api`, or in the company `file`, which alone changes it. `paused_at` is set while it
    starts nothing."""

    id: str
    stage: str
    template: str
    mode: BookMode
    job: str | None
    connection: str | None
    undo_minutes: int | None
    approver: str
    horizon_days: int | None
    notice_hours: int | None
    branch: dict[str, str]
    without_windows: Without
    made: Literal["api", "file"]
    paused_at: datetime | None

    @staticmethod
    def of(tx: Tx, rule: Automation) -> AutomationOut:
        mine = {a.id for a in tx.automations.list()}
        paused: Pause | None = tx.automations.pauses().get(rule.id)
        fields = {name: getattr(rule, name) for name in AutomationIn.model_fields if name != "branch"}
        return AutomationOut(
            id=rule.id,
            branch=dict(rule.branch),
            made="api" if rule.id in mine else "file",
            paused_at=paused.at if paused else None,
            **fields,
        )


class PausedOut(BaseModel):
    """`all_paused_at` is set while every automation is paused; `waiting` counts what waits and is looked at now."""

    all_paused_at: datetime | None
    waiting: int = 0


class UndoIn(In):
    """What was started since then; with `booked` also what is booked."""

    since: AwareDatetime
    booked: bool = False


class UndoneOut(BaseModel):
    loop: str
    application: str
    outcome: Literal["cancelled", "kept", "over", "failed"]
    why: str


class AllUndoneOut(BaseModel):
    loops: list[UndoneOut]


class StartedOut(BaseModel):
    loop: str
    application: str
    advance: str
    state: str
    noted_at: datetime
    books_at: datetime | None = Field(
        description="Until when it can be undone before it is booked by itself."
    )


def _paused(tx: Tx, waiting: int = 0) -> PausedOut:
    found = tx.automations.pauses().get(ALL)
    return PausedOut(all_paused_at=found.at if found else None, waiting=waiting)


@router.get("", responses=answers())
def list_automations(app: Services, _: Reader) -> list[AutomationOut]:
    """Every automation, those of the company file among them."""
    with app.db.read() as tx:
        return [AutomationOut.of(tx, rule) for rule in automating.rules(tx)]


@router.post("/pause", response_model=PausedOut, responses=answers(409))
def pause_all_automations(app: Services, actor: Configurer, key: Key) -> Response:
    """Start nothing more; what comes meanwhile waits."""

    def work(tx: Tx) -> PausedOut:
        stopping.pause(app, tx, ALL, actor.name)
        return _paused(tx)

    return once(app, key, "POST /automations/pause", None, 200, work)


@router.post("/resume", response_model=PausedOut, responses=answers(409))
def resume_all_automations(app: Services, actor: Configurer, key: Key) -> Response:
    """Go on. What is paused by itself stays so."""

    def work(tx: Tx) -> PausedOut:
        return _paused(tx, stopping.resume(app, tx, ALL, actor.name))

    return once(app, key, "POST /automations/resume", None, 200, work)


@router.get("/{automation_id}", responses=answers(404))
def get_automation(automation_id: AutomationId, app: Services, _: Reader) -> AutomationOut:
    """One automation."""
    with app.db.read() as tx:
        return AutomationOut.of(tx, stopping.known(tx, automation_id))


@router.put("/{automation_id}", responses=answers(412, 413, 415))
def put_an_automation(
    automation_id: Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,100}$")],
    body: AutomationIn,
    app: Services,
    actor: Configurer,
    conditions: Change,
) -> AutomationOut:
    """Make an automation, or another one of it. One of the company file of the same id gives way to it."""
    with app.db.write() as tx:
        tx.company.lock()
        before = next((r for r in automating.rules(tx) if r.id == automation_id), None)
        conditions.check("automation", automation_id, AutomationOut.of(tx, before) if before else None)
        made = stopping.put(app, tx, Automation(id=automation_id, **body.model_dump()), actor.name)
        return AutomationOut.of(tx, made)


@router.delete("/{automation_id}", status_code=204, responses=answers(404, 412))
def remove_an_automation(
    automation_id: AutomationId, app: Services, actor: Configurer, conditions: Change
) -> None:
    """Forget it; what it started goes on."""
    with app.db.write() as tx:
        tx.company.lock()
        conditions.check("automation", automation_id, AutomationOut.of(tx, stopping.known(tx, automation_id)))
        stopping.remove(app, tx, automation_id, actor.name)


@router.post("/{automation_id}/pause", response_model=AutomationOut, responses=answers(404, 409, 412))
def pause_an_automation(
    automation_id: AutomationId, app: Services, actor: Configurer, conditions: Change, key: Key
) -> Response:
    """Start nothing more by this one; what comes meanwhile waits."""

    def work(tx: Tx) -> AutomationOut:
        rule = stopping.known(tx, automation_id)
        conditions.check("automation", automation_id, AutomationOut.of(tx, rule))
        stopping.pause(app, tx, automation_id, actor.name)
        return AutomationOut.of(tx, rule)

    return once(app, key, f"POST /automations/{automation_id}/pause", None, 200, work)


@router.post("/{automation_id}/resume", response_model=AutomationOut, responses=answers(404, 409, 412))
def resume_an_automation(
    automation_id: AutomationId, app: Services, actor: Configurer, conditions: Change, key: Key
) -> Response:
    """Go on; what waited is looked at now."""

    def work(tx: Tx) -> AutomationOut:
        rule = stopping.known(tx, automation_id)
        conditions.check("automation", automation_id, AutomationOut.of(tx, rule))
        stopping.resume(app, tx, automation_id, actor.name)
        return AutomationOut.of(tx, rule)

    return once(app, key, f"POST /automations/{automation_id}/resume", None, 200, work)


@router.get("/{automation_id}/started", responses=answers(404))
def list_what_was_started(
    automation_id: AutomationId,
    app: Services,
    _: Reader,
    since: Annotated[AwareDatetime, Query(description="Since when.")],
) -> list[StartedOut]:
    """The loops that an automation has started since then, the oldest first; `*` is every automation."""
    with app.db.read() as tx:
        if automation_id != ALL:
            stopping.known(tx, automation_id)
        return [
            StartedOut(
                loop=loop.id,
                application=loop.application,
                advance=advance.id,
                state=loop.state.value,
                noted_at=advance.noted_at,
                books_at=books_at(tx, loop),
            )
            for advance, loop in stopping.started(tx, automation_id, since)
        ]


@router.post("/{automation_id}/undo", response_model=AllUndoneOut, responses=answers(404, 409, 412, 413, 415))
def undo_what_was_started(
    automation_id: AutomationId,
    body: UndoIn,
    app: Services,
    actor: Configurer,
    conditions: Change,
    key: Key,
) -> Response:
    """Cancel what it has started since then, with a result for each loop; `*` is every automation."""

    def work() -> AllUndoneOut:
        with app.db.read() as tx:
            rule = None if automation_id == ALL else stopping.known(tx, automation_id)
            conditions.check("automation", automation_id, AutomationOut.of(tx, rule) if rule else None)
        done = stopping.undo(app, automation_id, body.since, actor.name, booked=body.booked)
        rows = [
            UndoneOut(loop=d.loop, application=d.application, outcome=d.outcome, why=d.why)  # type: ignore[arg-type]
            for d in done
        ]
        return AllUndoneOut(loops=rows)

    return once_outside(app, key, f"POST /automations/{automation_id}/undo", body, 200, work)
