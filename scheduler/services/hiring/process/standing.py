"""Where an application stands: its stages with the days in each, and what waits for whom.

Nothing of it is stored: it follows from the stages that were entered, the gates' decisions (both facts) and the loops.

Told by `tests/scheduler/services/hiring/process/test_standing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.domain.errors import Missing
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.connections import AdvanceState
from scheduler.domain.hiring.processes import Process, ProcessStage, Verdict, WaitsFor, process_of
from scheduler.domain.loops import Application, BookMode, Loop, LoopState
from scheduler.services.asking import leaving
from scheduler.services.hiring.process.counting import Met, met
from scheduler.storage.database import Tx

DECIDED = "gate_decided"
_MOST = 1000
_WAITS = {
    LoopState.DRAFT: WaitsFor.PLAN,
    LoopState.AWAITING_CANDIDATE: WaitsFor.CANDIDATE,
    LoopState.PLANNING: WaitsFor.PLAN,
    LoopState.HELD: WaitsFor.PLAN,
    LoopState.BOOKING: WaitsFor.PLAN,
    LoopState.REPAIRING: WaitsFor.PLAN,
    LoopState.CONFIRMED: WaitsFor.INTERVIEWS,
    LoopState.INFEASIBLE: WaitsFor.PERSON,
    LoopState.NEEDS_ATTENTION: WaitsFor.PERSON,
}
OVER = frozenset({LoopState.CANCELLED, LoopState.CANCELLING})


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided at a gate; ``next`` is the stage that it opened."""

    verdict: Verdict
    at: datetime
    actor: str
    note: str
    next: str


@dataclass(frozen=True, slots=True)
class StageStanding:
    """``days`` are whole days from ``entered_at`` to when it was left, or to now; ``late`` where they are more than the
    target. ``waits`` is said of the present stage alone, ``whom`` are the ids of those it waits for."""

    stage: ProcessStage
    entered_at: datetime | None
    left_at: datetime | None
    days: int | None
    late: bool
    present: bool
    loops: tuple[Loop, ...]
    decision: Decision | None
    waits: WaitsFor = WaitsFor.NOTHING
    whom: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """``process`` is empty where the job has none: then ``stages`` are those that were entered. ``closed`` once a gate
    said stop or the hiring system closed it; ``met`` are interviewers of earlier applications."""

    application: Application
    process: str
    stages: tuple[StageStanding, ...]
    closed: bool
    met: Sequence[Met]

    @property
    def present(self) -> StageStanding | None:
        return next((s for s in self.stages if s.present), None)


def standing(tx: Tx, application_id: str, now: datetime) -> Standing:
    """Raises `Missing`."""
    application = tx.applications.get(application_id)
    if application is None:
        raise Missing("application", application_id)
    facts = tx.facts.of(f"application:{application_id}", limit=_MOST)
    process = process_of(tx.company.policy().processes if tx.company.loaded_at() else (), application.job)
    entries = _entries(facts)
    present = list(entries)[-1] if entries else ""
    loops = [x for x in tx.loops.list(application=application_id, limit=_MOST) if x.state not in OVER]
    closed = _closed(tx, application_id, facts)
    shown = _stages(process, entries)
    times = list(entries.values())
    found = []
    for stage in shown:
        at = entries.get(stage.stage)
        left = min((t for t in times if at is not None and t > at), default=None)
        decision = _decision(facts, stage.stage, at)
        here = stage.stage == present
        if here and decision is not None:
            left = decision.at
        mine = tuple(x for x in loops if _of(x, stage, present))
        days = ((left or now) - at).days if at is not None else None
        late = days is not None and stage.target_days is not None and days > stage.target_days
        one = StageStanding(stage, at, left, days, late, here, mine, decision)
        found.append(_waiting(tx, application, one) if here and not closed else one)
    return Standing(
        application, process.id if process else "", tuple(found), closed, met(tx, application, now)
    )


def _entries(facts: Sequence[Fact]) -> dict[str, datetime]:
    """When each stage was entered last, in the order in which they were."""
    found: dict[str, datetime] = {}
    for fact in facts:
        if fact.what == leaving.ENTERED and fact.after:
            found.pop(fact.after, None)
            said = fact.data.get("occurred_at")
            found[fact.after] = datetime.fromisoformat(said) if isinstance(said, str) else fact.at
    return found


def _stages(process: Process | None, entries: dict[str, datetime]) -> list[ProcessStage]:
    """Those of the process, and before them those that were entered and are not of it: of another job, or unknown."""
    known = list(process.stages) if process else []
    names = {s.stage for s in known}
    return [*(ProcessStage(name) for name in entries if name not in names), *known]


def _decision(facts: Sequence[Fact], stage: str, entered: datetime | None) -> Decision | None:
    """The last one of this stay in the stage."""
    mine = [f for f in facts if f.what == DECIDED and f.before == stage and entered and f.at >= entered]
    if not mine:
        return None
    last, data = mine[-1], mine[-1].data
    return Decision(
        Verdict(last.after), last.at, last.actor, str(data.get("note", "")), str(data.get("next", ""))
    )


def _closed(tx: Tx, application: str, facts: Sequence[Fact]) -> bool:
    """Closed by a gate, or at the hiring system, and not opened again since."""
    told = [f for f in facts if f.what in (DECIDED, leaving.ENTERED)]
    if told and told[-1].what == DECIDED and told[-1].after == Verdict.STOP:
        return True
    connection, _, theirs = application.partition(":")
    reading = tx.advances.reading(connection, theirs) if theirs else None
    return reading is not None and reading.standing != "active"


def _of(loop: Loop, stage: ProcessStage, present: str) -> bool:
    """Whether a loop is of that stage: it says so, or is of its template; of neither it is of the present one."""
    said = loop.labels.get(leaving.STAGE)
    if said:
        return said == stage.stage
    return loop.template.id == stage.template if stage.template else stage.stage == present


def _waiting(tx: Tx, application: Application, one: StageStanding) -> StageStanding:
    """The present stage with what it waits for."""
    if one.decision is not None:
        return one
    open_loops = [x for x in one.loops if x.state is not LoopState.COMPLETED]
    if open_loops:
        loop = open_loops[-1]
        owner = loop.owner or application.recruiter
        if loop.state is LoopState.PROPOSED:
            waits = WaitsFor.YES if loop.mode is BookMode.PROPOSE else WaitsFor.PLAN
        else:
            waits = _WAITS[loop.state]
        whom = (owner,) if waits in (WaitsFor.YES, WaitsFor.PERSON) else ()
        return replace(one, waits=waits, whom=whom, why="; ".join(r.text for r in loop.reasons))
    if one.loops or one.stage.template is None:
        whom = (application.hiring_manager,)
        return replace(one, waits=WaitsFor.DECISION, whom=whom) if one.stage.gate else one
    why = _advance(tx, application.id, one.stage.stage)
    return replace(one, waits=WaitsFor.PERSON, whom=(application.recruiter,), why=why)


def _advance(tx: Tx, application: str, stage: str) -> str:
    """Why the hiring system's advance has no loop yet."""
    connection, _, theirs = application.partition(":")
    found = tx.advances.waiting_of(connection, theirs) if theirs else []
    return next((a.why for a in found if a.stage == stage and a.state is AdvanceState.WAITING), "")
