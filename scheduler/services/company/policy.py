"""The policy as the company file has it.

Told by `tests/scheduler/services/company/test_read.py`.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

from scheduler.domain.hiring.automations import Without
from scheduler.domain.hiring.connections import MatchKind
from scheduler.domain.loops import BookMode
from scheduler.domain.reasons import Deed
from scheduler.services.company.basics import WRITTEN, Clock, Id, Line, Minutes, OneOrMany, Some

Price = Literal[
    "unscheduled",
    "finish",
    "idle",
    "extra_day",
    "tentative",
    "focus",
    "outside_pref",
    "rank",
    "no_shadow",
    "fair",
    "optional_empty",
    "run",
    "room_change",
    "moved_time",
    "moved_person",
    "moved_room",
    "moved_debrief",
]
"""The rules of the plan's price that have a weight."""


OwnField = Literal["hours", "lunch", "avoid", "pauses", "rather_not", "max_day", "max_week"]


class Written(BaseModel):
    """A group of fields; a key that is not among them is refused."""

    model_config = WRITTEN


class StageFile(Written):
    stage: Line = Field(description="the stage's name in the applicant tracking system")
    template: Id = Field(description="the id of the template that it asks for")
    mode: BookMode = BookMode.PROPOSE
    job: Line | None = None


class ReasonFile(Written):
    code: Id = Field(description="a short name such as `position_filled`")
    text: Line = Field(description="how people read it")
    deeds: Annotated[list[Deed], OneOrMany] = Field(default=[], alias="for")


class AutomationFile(Written):
    id: Id
    stage: Line = Field(description="the stage's name in the applicant tracking system")
    template: Id = Field(description="the id of the template that it asks for")
    mode: BookMode = BookMode.PROPOSE
    job: Line | None = None
    connection: Id | None = Field(default=None, description="the id of the only hiring system that it is for")
    undo_minutes: Annotated[StrictInt, Field(ge=0, le=10_080)] | None = None
    approver: Line = Field(
        default="recruiter",
        description="`recruiter`, `hiring_manager`, `coordinator` or a person's id: who owns the loop",
    )
    horizon_days: Annotated[StrictInt, Field(ge=1, le=90)] | None = None
    notice_hours: Annotated[StrictInt, Field(ge=0, le=720)] | None = None
    branch: dict[Line, Line] = {}
    without_windows: Without = Without.ASK


class MatchFile(Written):
    kind: MatchKind
    theirs: Line = Field(description="their id; of a person their address as well")
    ours: Line = Field(description="a person's id, or the name of a job or a stage")
    connection: Id | None = None


class ProcessStageFile(Written):
    stage: Line = Field(description="the stage's name in the applicant tracking system")
    template: Id | None = Field(
        default=None, description="the loop that it asks for; none where nobody is met"
    )
    target_days: Annotated[StrictInt, Field(ge=1, le=365)] | None = None
    gate: bool = Field(
        default=True, description="passed by a decision; without one the next stage opens by itself"
    )


class ProcessFile(Written):
    id: Id
    job: Line | None = None
    stages: list[ProcessStageFile]


class PolicyFile(Written):
    hold_minutes: Some = 30
    undo_minutes: Minutes = 10
    alternatives: Annotated[StrictInt, Field(ge=1, le=10)] = 3
    solve_seconds: Annotated[float, Field(gt=0, le=3600)] = 20.0
    freeze_hours: Annotated[StrictInt, Field(ge=0, le=2000)] = 24
    approve_moves: bool = False
    max_replans: Annotated[StrictInt, Field(ge=0, le=100)] = 3
    offer_hours: Annotated[StrictInt, Field(ge=0, le=2000)] = 48
    allow_focus: bool = False
    prices: dict[Price, Annotated[StrictInt, Field(ge=0, le=10_000_000)]] = {}
    stages: list[StageFile] = []
    automations: list[AutomationFile] = []
    matches: list[MatchFile] = []
    processes: list[ProcessFile] = []
    remind_hours: Annotated[StrictInt, Field(ge=0, le=720)] = 24
    open_hours: Annotated[StrictInt, Field(ge=0, le=720)] = 0
    day_before: bool = True
    hour_before: bool = True
    feedback_hours: Annotated[StrictInt, Field(ge=0, le=168)] = 0
    decide_days: Annotated[StrictInt, Field(ge=0, le=60)] = 0
    quiet_from: Clock = time(20)
    quiet_until: Clock = time(8)
    own_fields: Annotated[list[OwnField], OneOrMany] = ["avoid", "pauses", "rather_not"]
    reasons: list[ReasonFile] | None = Field(default=None, description="the company's own codes")
