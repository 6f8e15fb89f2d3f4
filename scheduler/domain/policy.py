"""What the deployment decides once: who says yes, how long holds last, when repair is automatic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from scheduler.domain.hiring.automations import Automation
from scheduler.domain.hiring.connections import Match
from scheduler.domain.hiring.processes import Process
from scheduler.domain.loops import BookMode
from scheduler.domain.reasons import DEFAULT_REASONS, ReasonCode


@dataclass(frozen=True, slots=True)
class StageRule:
    """Entering ``stage`` (of ``job``, or of any) asks for a loop of ``template`` in ``mode``."""

    stage: str
    template: str
    mode: BookMode = BookMode.PROPOSE
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in minutes unless the name says otherwise. ``prices`` override the plan's weights by
    rule name; ``freeze_hours`` before an interview nothing is repaired without a human."""

    hold_minutes: int = 30
    undo_minutes: int = 10
    """In mode *book*: how long a person can undo before the best plan is booked."""
    alternatives: int = 3
    solve_seconds: float = 20.0
    freeze_hours: int = 24
    approve_moves: bool = False
    """In mode *book*: a repair that moves what the candidate sees waits for a yes, as always in mode *propose*."""
    max_replans: int = 3
    offer_hours: int = 48
    """How long others plan around a plan that is offered and neither chosen nor replaced."""
    allow_focus: bool = False
    prices: Mapping[str, int] = field(default_factory=dict)
    stages: tuple[StageRule, ...] = ()
    automations: tuple[Automation, ...] = ()
    matches: tuple[Match, ...] = ()
    """Whom of the people, jobs and stages of hiring systems we know."""
    processes: tuple[Process, ...] = ()
    """The stages of jobs, in order."""
    remind_hours: int = 24
    """How long an invitation waits for an answer before its people are reminded of it; 0: they are not."""
    open_hours: int = 0
    """How long after that reminder the seat of who still says nothing is given to somebody else; 0: not at all."""
    day_before: bool = True
    """The candidate is told of the interviews of a day, the day before."""
    hour_before: bool = True
    """And of the first of them, an hour before."""
    feedback_hours: int = 0
    """How long before the debrief whoever has interviewed is reminded of writing down what they think; 0: not at all."""
    decide_days: int = 0
    """Within how many weekdays of the last interview the candidate hears; 0: nothing is promised."""
    quiet_from: time = time(20)
    quiet_until: time = time(8)
    """When nobody is reminded of anything, on their own clock; the same time twice: never."""
    own_fields: tuple[str, ...] = ("avoid", "pauses", "rather_not")
    """What interviewers change of themselves on their page, by the names of the company file."""
    reasons: tuple[ReasonCode, ...] = DEFAULT_REASONS
    """Why people cancel, reschedule and so on: the codes that may be given."""

    def rule_for(self, job: str, stage: str) -> StageRule | None:
        """The rule for this stage: one for the job comes before one for every job."""
        fits = [r for r in self.stages if r.stage == stage and r.job in (job, None)]
        return min(fits, key=lambda r: r.job is None, default=None)
