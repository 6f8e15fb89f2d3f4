"""A gate's decision opens the next stage, and a pivot goes on for another job with what counts already.

Told by `tests/scheduler/services/hiring/process/test_deciding.py`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.domain.errors import BadInput, DomainError, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.hiring.automations import ALL, Automation, fitting
from scheduler.domain.hiring.connections import AdvanceState
from scheduler.domain.hiring.processes import ProcessStage, Verdict, process_of
from scheduler.domain.loops import ENDED, Application, BookMode, Loop
from scheduler.services.app import App
from scheduler.services.asking import leaving, requests
from scheduler.services.hiring import automating
from scheduler.services.hiring.process.counting import PIVOTED, counting, pivoted_at
from scheduler.services.hiring.process.standing import DECIDED, standing
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.hiring")
_LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a decision opened: the ``stage`` (empty behind the last), its ``loop`` where one was asked for, and ``why``
    there is none. ``kept`` are the steps that count already and are not planned again."""

    stage: str = ""
    loop: str = ""
    why: str = ""
    kept: tuple[str, ...] = ()


def decide(
    app: App, tx: Tx, application_id: str, stage: str, verdict: Verdict, actor: str, note: str = ""
) -> Opened:
    """Decide at the gate of the present stage. *Go* opens the next one, *stop* closes the application as a rejection
    in the hiring system does. Raises `Missing`, `WrongState` for another stage, or one that is decided already."""
    application = _claimed(tx, application_id)
    now = standing(tx, application_id, app.clock())
    present = now.present
    if now.closed:
        raise WrongState("application", application_id, "closed", "open it again in the hiring system first")
    if present is None or present.stage.stage != stage:
        at = present.stage.stage if present else "no stage"
        raise WrongState("application", application_id, f"in {at!r}", "decide at the stage in which it is")
    if present.decision is not None:
        raise WrongState("the gate of", stage, "decided", "it was decided already")
    process = process_of(tx.company.policy().processes, application.job)
    following = process.after(stage) if process and verdict is Verdict.GO else None
    data = {"note": note, "next": following.stage if following else ""}
    subject = f"application:{application_id}"
    tx.facts.add(Fact(app.clock(), actor, DECIDED, subject, stage, verdict.value, "gate", data))
    _end_waiting(tx, application_id)
    if verdict is Verdict.STOP:
        leaving.closed(app, tx, application_id, f"gate:{stage}")
        return Opened(why="the application is closed")
    if following is None:
        return Opened(why="it was the last stage of the process" if process else "the job has no process")
    return open_stage(app, tx, application, following, actor)


def _end_waiting(tx: Tx, application: str) -> None:
    """What waited to begin in the stage that is decided begins no more."""
    connection, _, theirs = application.partition(":")
    for advance in tx.advances.waiting_of(connection, theirs):
        tx.advances.change(advance.id, state=AdvanceState.ENDED, why="it was decided at the gate meanwhile")


def pivot(
    app: App,
    tx: Tx,
    application_id: str,
    job: str,
    actor: str,
    *,
    stage: str = "",
    hiring_manager: str = "",
    recruiter: str = "",
    note: str = "",
) -> Opened:
    """Go on for another job or team: interviews that the new process asks for too count, and only what is missing is
    planned. Opens ``stage`` of it, or else the first of which something is missing. What is not booked for the old job
    is called off; what is booked and does not count is for a person to end. Raises `Missing`, `BadInput`."""
    before = _claimed(tx, application_id)
    manager, recruiter = hiring_manager or before.hiring_manager, recruiter or before.recruiter
    after = replace(before, job=job, hiring_manager=manager, recruiter=recruiter)
    if after == before:
        raise BadInput("job", "is the job that it is", "name another job, or another hiring manager")
    requests.check_people(tx, after)
    process = process_of(tx.company.policy().processes, job)
    if process is None:
        raise BadInput("job", f"{job!r:.80} has no process", "describe it in policy.processes")
    wanted = process.of(stage) if stage else None
    if stage and wanted is None:
        names = ", ".join(s.stage for s in process.stages)
        raise BadInput("stage", f"{stage!r:.80} is no stage of {job!r:.80}", f"use one of {names}")
    requests.keep(tx, after)
    data = {"note": note, "hiring_manager": after.hiring_manager}
    subject = f"application:{application_id}"
    tx.facts.add(Fact(app.clock(), actor, PIVOTED, subject, before.job, job, "pivot", data))
    counts = _counted(tx, after)
    leaving.pivoted(app, tx, application_id, job, counts)
    missing = (s for s in process.stages if s.template is None or _missing(app, tx, after, s))
    first = wanted or next(missing, process.stages[-1])
    return open_stage(app, tx, after, first, actor, counts, app.clock())


def _counted(tx: Tx, application: Application) -> frozenset[str]:
    """Titles, folded, that the process of the application asks for."""
    process = process_of(tx.company.policy().processes, application.job)
    templates = [tx.templates.get(s.template) for s in process.stages if s.template] if process else []
    return frozenset(i.title.casefold() for t in templates if t for i in t.interviews)


def _missing(app: App, tx: Tx, application: Application, stage: ProcessStage) -> bool:
    template = tx.templates.get(stage.template) if stage.template else None
    return template is None or len(counting(tx, application.id, template, app.clock())) < len(
        template.interviews
    )


def open_stage(
    app: App,
    tx: Tx,
    application: Application,
    stage: ProcessStage,
    actor: str,
    counts: frozenset[str] = frozenset(),
    pivoted: datetime | None = None,
) -> Opened:
    """The application is in this stage now, which asks for its loop as an automation says, or else the process. What
    is booked and ``counts`` (titles, folded) goes on."""
    name, now = stage.stage, app.clock()
    leaving.entered(app, tx, application.id, name, f"gate:{name}", now, counts)
    application = replace(application, stage=name)
    requests.keep(tx, application)
    rule = _rule(tx, application, stage)
    if rule is None or rule.mode is BookMode.OFF:
        return Opened(name, why="this stage asks for no loop")
    paused = tx.automations.pauses()
    if ALL in paused or rule.id in paused:
        return Opened(name, why="its automation is paused: ask for the loop by hand")
    template = tx.templates.get(rule.template)
    if template is None:
        return Opened(name, why=f"there is no template {rule.template!r}")
    since = pivoted or pivoted_at(tx, application.id)
    kept = tuple(counting(tx, application.id, template, since))
    if len(kept) == len(template.interviews):
        return Opened(name, why="all of its interviews count already", kept=kept)
    visit = f"gate:{name}:{now.timestamp():.6f}"
    asked = automating.request(app, tx, rule, application, visit, owner=None, leave_out=kept)
    try:
        loop = requests.ask_in(app, tx, asked, actor, f"gate:{name}")
    except DomainError as error:
        raise BadInput(
            "stage", f"its loop cannot be asked for: {error.text}", "mend the automation"
        ) from None
    return Opened(name, loop.id, "", kept)


def _rule(tx: Tx, application: Application, stage: ProcessStage) -> Automation | None:
    connection = application.id.partition(":")[0] if ":" in application.id else ""
    found = fitting(automating.rules(tx), connection, application.job, stage.stage)
    if found is None and stage.template is not None:
        return Automation(f"process:{stage.stage}", stage.stage, stage.template)
    return found


def open_next(app: App) -> int:
    """Open the stages behind those that have no gate and whose last interview is over; how many. Once for each: the
    stage that is opened is the present one then."""
    now, count = app.clock(), 0
    with app.db.read() as tx:
        processes = tx.company.policy().processes if tx.company.loaded_at() else ()
        open_ones = {s.stage for p in processes for s in p.stages if not s.gate}
        if not open_ones:
            return 0
        found = [
            x for x in tx.loops.completed(now - _LOOKED_BACK) if x.labels.get(leaving.STAGE) in open_ones
        ]
    for loop in found:
        try:
            with app.db.write() as tx:
                count += _over(app, tx, loop)
        except DomainError as error:
            log.warning("the stage behind the loop %s could not be opened: %s", loop.id, error.text)
    return count


def _over(app: App, tx: Tx, loop: Loop) -> bool:
    stage = loop.labels.get(leaving.STAGE, "")
    application = _claimed(tx, loop.application)
    process = process_of(tx.company.policy().processes, application.job)
    known = process.of(stage) if process else None
    if known is None or known.gate:
        return False
    now = standing(tx, application.id, app.clock())
    here = now.present
    if (
        now.closed
        or here is None
        or here.stage.stage != stage
        or any(x.state not in ENDED for x in here.loops)
    ):
        return False
    if here.decision is not None:
        return False
    if here.entered_at is not None and loop.updated_at < here.entered_at:
        return False  # it was over before the stage was entered again
    decide(app, tx, application.id, stage, Verdict.GO, "system:process", "there is no gate behind this stage")
    return True


def _claimed(tx: Tx, id: str) -> Application:
    found = requests.claim(tx, id)
    if found is None:
        raise Missing("application", id)
    return found
