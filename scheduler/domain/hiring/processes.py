"""The process of a job: its stages in order, with the gates between them.

Told by `tests/scheduler/services/hiring/process/test_standing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ProcessStage:
    """A stage of a process. ``template`` is the loop that it asks for, unless an automation says otherwise; none where
    nothing is met for it. ``target_days`` is how long it should take, from entry. A ``gate`` is passed by a decision;
    without one the next stage opens when the last interview is over."""

    stage: str
    template: str | None = None
    target_days: int | None = None
    gate: bool = True


@dataclass(frozen=True, slots=True)
class Process:
    """The stages of ``job``, or of every job that has no process of its own."""

    id: str
    stages: tuple[ProcessStage, ...]
    job: str | None = None

    def of(self, stage: str) -> ProcessStage | None:
        return next((s for s in self.stages if s.stage == stage), None)

    def after(self, stage: str) -> ProcessStage | None:
        """The next one; ``None`` behind the last, and where the stage is not of this process."""
        names = [s.stage for s in self.stages]
        behind = self.stages[names.index(stage) + 1 :] if stage in names else ()
        return behind[0] if behind else None


class Verdict(StrEnum):
    """What a gate's decision says."""

    GO = "go"
    STOP = "stop"


class WaitsFor(StrEnum):
    """What an application waits for in its stage."""

    CANDIDATE = "candidate"  # to say when they can
    PLAN = "plan"  # Loopwright plans, books or mends
    YES = "yes"  # somebody chooses a plan
    PERSON = "person"  # somebody mends what does not go on by itself, or asks for the loop
    INTERVIEWS = "interviews"  # they are booked, and not over
    DECISION = "decision"
    NOTHING = "nothing"


def process_of(processes: Iterable[Process], job: str) -> Process | None:
    """The process of a job: its own before one for every job, of several alike the first by id."""
    fits = [p for p in processes if p.job in (job, None)]
    return min(fits, key=lambda p: (p.job is None, p.id), default=None)
