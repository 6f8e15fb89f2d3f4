"""What a stage of a job asks for when a candidate reaches it.

Told by `tests/scheduler/services/hiring/test_automating.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scheduler.domain.loops import BookMode

APPROVERS = ("recruiter", "hiring_manager", "coordinator")
"""Roles that may own a loop; anybody else is named by id."""
ALL = "*"
"""The id under which all automations are paused at once."""


class Without(StrEnum):
    """What is done while the candidate's windows are not known: ask for them, or plan in office hours."""

    ASK = "ask"
    OFFICE_HOURS = "office_hours"


@dataclass(frozen=True, slots=True)
class Automation:
    """Entering ``stage`` of ``job`` (of any, where it is ``None``) asks for a loop of ``template``. ``approver`` is
    ``recruiter``, ``hiring_manager``, ``coordinator`` or a person's id: who owns the loop and says yes. What is
    ``None`` is as the template and the policy have it. ``branch`` chooses between steps: group by its chosen one."""

    id: str
    stage: str
    template: str
    mode: BookMode = BookMode.PROPOSE
    job: str | None = None
    connection: str | None = None
    undo_minutes: int | None = None
    approver: str = "recruiter"
    horizon_days: int | None = None
    notice_hours: int | None = None
    branch: Mapping[str, str] = field(default_factory=dict)
    without_windows: Without = Without.ASK


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, and by whom, an automation (or `ALL`) starts nothing."""

    id: str
    at: datetime
    actor: str


def fitting(rules: Iterable[Automation], connection: str, job: str, stage: str) -> Automation | None:
    """The rule for this stage: one that names the job comes before one for all jobs, and of those one that names
    the connection. Of several alike the first by id."""
    fits = [
        r for r in rules if r.stage == stage and r.job in (job, None) and r.connection in (connection, None)
    ]
    return min(fits, key=lambda r: (r.job is None, r.connection is None, r.id), default=None)
