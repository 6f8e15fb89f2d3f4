"""What a stage asks for: the rule that fits, the loop it makes, or why it waits.

Told by `tests/scheduler/services/hiring/test_automating.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from connectors.hiring.types import Application as Theirs
from connectors.hiring.types import Role
from scheduler.domain.errors import DomainError
from scheduler.domain.hiring.automations import ALL, Automation, Without, fitting
from scheduler.domain.hiring.connections import Advance, AdvanceState, Connection
from scheduler.domain.loops import Application, BookMode, Candidate, LoopState
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.asking import leaving, requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.company.faults import Said
from scheduler.services.company.words import email_of
from scheduler.services.hiring.matching import Known
from scheduler.services.hiring.process.counting import counting, pivoted_at
from scheduler.storage.database import Tx

LABEL = "automation"
"""The label of a loop that names what started it."""
_MOST = 1000
_OFFICE = (time(9), time(17))
OVER = frozenset({LoopState.CANCELLING, LoopState.CANCELLED})
"""Loops that will not take place."""


class Waits(Exception):
    """It was asked for and cannot be had; ``why`` in words. The transaction is given up."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of an advance."""

    state: AdvanceState
    why: str = ""
    missing: tuple[str, ...] = ()
    automation: str = ""
    loop: str | None = None


def rules(tx: Tx) -> Sequence[Automation]:
    """Every automation: those made by API, and those of the company file. Its ``stages`` are such in short."""
    if tx.company.loaded_at() is None:
        return tx.automations.list()
    policy = tx.company.policy()
    short = [
        Automation(f"stage:{r.job or 'any'}:{r.stage}", r.stage, r.template, r.mode, r.job)
        for r in policy.stages
    ]
    made = {a.id: a for a in (*short, *policy.automations, *tx.automations.list())}
    return sorted(made.values(), key=lambda a: a.id)


def verdict(tx: Tx, connection: Connection, found: Theirs, known: Known) -> tuple[Automation | None, Begun]:
    """The rule that fits, and why nothing is begun; an advance that may begin is *started* without a loop."""
    every = rules(tx)
    rule = fitting((r for r in every if not r.id.startswith("stage:")), connection.id, known.job, known.stage)
    rule = rule or fitting(every, connection.id, known.job, known.stage)
    if rule is None or rule.mode is BookMode.OFF:
        text = f"no automation for the stage {known.stage!r} of {known.job!r}"
        return rule, Begun(AdvanceState.NOTHING, text if rule is None else f"the automation {rule.id} is off")
    paused = tx.automations.pauses()
    if ALL in paused or rule.id in paused:
        what = "every automation is paused" if ALL in paused else f"the automation {rule.id} is paused"
        return rule, Begun(AdvanceState.WAITING, what, automation=rule.id)
    missing = [*known.missing, *_candidate_faults(found)]
    if missing:
        return rule, Begun(AdvanceState.WAITING, "; ".join(missing), known.ids, rule.id)
    return rule, Begun(AdvanceState.STARTED, automation=rule.id)


def _candidate_faults(found: Theirs) -> list[str]:
    if not found.candidate.email:
        return ["the candidate has no e-mail address"]
    try:
        email_of(found.candidate.email)
    except Said as said:
        return [f"the candidate's address {said.fault}"]
    return []


def begin(
    app: App, tx: Tx, connection: Connection, advance: Advance, found: Theirs, known: Known, cause: str
) -> Begun:
    """Ask for the loop. Raises `Waits` where the company's own rules refuse it."""
    rule, said = verdict(tx, connection, found, known)
    if rule is None or said.state is not AdvanceState.STARTED:
        return said
    application = _application(tx, connection, found, known)
    mine = opened(tx, application.id, application.stage)
    if mine is not None:
        return Begun(AdvanceState.STARTED, "", (), rule.id, mine)
    try:
        visit, owner = _visit(tx, application.id, advance.visit), _owner(rule, known)
        asked = request(app, tx, rule, application, visit, owner, _counting(tx, application, rule))
        loop = requests.ask_in(app, tx, asked, f"automation:{rule.id}", cause)
    except DomainError as error:
        raise Waits(error.text) from None
    return Begun(AdvanceState.STARTED, "", (), rule.id, loop.id)


def opened(tx: Tx, application: str, stage: str) -> str | None:
    """The loop that a gate's decision has asked for already, before the hiring system said the same. Once: a later
    visit to the stage has a loop of its own."""
    found = (loop.id for loop in leaving.opened(tx, application, stage))
    return next((id for id in found if tx.advances.of_loop(id) is None), None)


def _application(tx: Tx, connection: Connection, found: Theirs, known: Known) -> Application:
    ours = connection.application(found.id)
    before = tx.applications.get(ours)
    manager, recruiter = known.people[Role.HIRING_MANAGER], known.people[Role.RECRUITER]
    coordinator = known.people.get(Role.COORDINATOR)
    told = found.candidate.zone or (before.candidate.zone if before else "") or manager.zone
    return Application(
        id=ours,
        candidate=Candidate(_line(found.candidate.name) or "Candidate", found.candidate.email, told),
        job=_line(known.job),
        hiring_manager=manager.id,
        recruiter=recruiter.id,
        coordinator=coordinator.id if coordinator else None,
        stage=_line(known.stage),
    )


def _line(text: str) -> str:
    """One line without control characters: it goes into mails and calendars."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _counting(tx: Tx, application: Application, rule: Automation) -> Sequence[str]:
    """Of whoever has pivoted, the steps that count already; all of them is none: then a person looks."""
    template = tx.templates.get(rule.template)
    since = pivoted_at(tx, application.id)
    return counting(tx, application.id, template, since) if template else ()


def _visit(tx: Tx, application: str, visit: str) -> str:
    """Under which visit the loop is asked for: a visit whose loop was ended asks once more under a number."""
    number, found = 1, visit
    while (known := tx.loops.by_visit(application, found)) is not None and known.state in OVER:
        number += 1
        found = f"{visit}~{number}"
    return found


def request(
    app: App,
    tx: Tx,
    rule: Automation,
    application: Application,
    visit: str,
    owner: str | None,
    leave_out: Sequence[str],
) -> LoopRequest:
    """What the rule asks for, but for the steps to leave out."""
    windows: Sequence[tuple[str, str]] = ()
    if rule.without_windows is Without.OFFICE_HOURS:
        windows = office_hours(app.clock(), application.candidate.zone, _days(tx, rule))
    horizon = None
    if rule.horizon_days is not None:
        now = app.clock()
        horizon = (now.isoformat(), (now + timedelta(days=rule.horizon_days)).isoformat())
    return LoopRequest(
        application=application,
        template=rule.template,
        windows=windows,
        zone=application.candidate.zone,
        mode=rule.mode,
        horizon=horizon,
        branch=rule.branch,
        stage_visit=visit,
        leave_out=leave_out,
        labels={leaving.STAGE: application.stage, LABEL: rule.id},
        owner=owner,
        undo_minutes=rule.undo_minutes,
        notice_hours=rule.notice_hours,
    )


def _owner(rule: Automation, known: Known) -> str | None:
    """Who says yes: by role, or a person. A coordinator who is not there is the recruiter."""
    if rule.approver not in {role.value for role in Role}:
        return rule.approver
    person = known.people.get(Role(rule.approver))
    return None if person is None or rule.approver == Role.RECRUITER else person.id


def _days(tx: Tx, rule: Automation) -> int:
    """How far ahead the rule plans: as it says, else as its template does."""
    template = tx.templates.get(rule.template)
    return rule.horizon_days or (template.horizon_days if template else 14)


def office_hours(now: datetime, zone_name: str, days: int) -> list[tuple[str, str]]:
    """Monday to Friday, nine to five where the candidate is, from the next full hour on."""
    here = zone(zone_name, "zone")
    today = now.astimezone(here)
    found = []
    for n in range(days + 1):
        day = today.date() + timedelta(days=n)
        start, end = (datetime.combine(day, at, here) for at in _OFFICE)
        start = max(start, (today + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0))
        if day.weekday() < 5 and start < end:
            found.append((start.isoformat(), end.isoformat()))
    return found
