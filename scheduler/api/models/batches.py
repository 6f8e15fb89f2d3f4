"""Batches in requests and answers.

Told by `tests/scheduler/api/test_batches.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from scheduler.api.models.loops import Id, In, Short, Window
from scheduler.domain.loops import Loop
from scheduler.domain.proposals import Batch, Proposal
from scheduler.services.asking.batches import BatchRequest, Chosen

_PRIORITY = "1 (least) to 3 (most), 2 where nothing is said; by the id of a loop or an application."


class BatchIn(In):
    """Several loops to be planned as one: loops that are there, and applications that get one of a template."""

    loops: list[Id] = Field(default=[])
    applications: list[Id] = Field(default=[])
    template: Id | None = None
    window: Window = Field(description="When all of it takes place.")
    zone: Short = Field(examples=["Europe/Berlin"], description="On whose clock the window is written.")
    lock: list[Id] = Field(default=[], description="Loops that keep the plan they are offered.")
    priority: dict[Id, int] = Field(default={}, description=_PRIORITY)
    seconds: Annotated[int, Field(ge=1, le=600, description="The most time for a plan of all.")] = 30

    def value(self) -> BatchRequest:
        return BatchRequest(
            (self.window.start, self.window.end),
            self.zone,
            self.loops,
            self.applications,
            self.template or "",
            self.lock,
            self.priority,
            self.seconds,
        )


class RepackIn(In):
    """What is different this time; what is booked is planned around anyway."""

    lock: list[Id] = Field(default=[], description="Loops that keep the plan they are offered.")
    leave_out: list[Id] = Field(default=[], description="Loops that leave the batch.")
    priority: dict[Id, int] = Field(default={}, description=_PRIORITY)


class BatchLoopOut(BaseModel):
    """One loop of a batch: the plan it is offered (``proposal``, from ``start`` to ``end``), or why it has none."""

    loop: str
    application: str
    state: str
    proposal: str | None
    start: datetime | None
    end: datetime | None
    locked: bool
    priority: int
    reasons: list[str]
    fixes: list[str]


class ProgressOut(BaseModel):
    """``price`` of the best plan for all so far, and the ``bound`` that none can be cheaper than; null while
    unknown."""

    placed: int
    loops: int
    price: int | None
    bound: int | None
    seconds: int

    @staticmethod
    def of(batch: Batch) -> ProgressOut:
        now = batch.progress
        return ProgressOut(
            placed=now.placed, loops=now.loops, price=now.price, bound=now.bound, seconds=now.seconds
        )


class DoneOut(BaseModel):
    """How a batch stands when its planning has ended."""

    state: str
    progress: ProgressOut


class BatchOut(BaseModel):
    id: str
    state: str
    start: datetime
    end: datetime
    zone: str
    progress: ProgressOut
    loops: list[BatchLoopOut]

    @staticmethod
    def of(batch: Batch, loops: Mapping[str, Loop], plans: Mapping[str, Proposal]) -> BatchOut:
        return BatchOut(
            id=batch.id,
            state=batch.state.value,
            start=batch.window.start,
            end=batch.window.end,
            zone=batch.zone,
            progress=ProgressOut.of(batch),
            loops=[_loop(batch, loops[id], plans.get(id)) for id in batch.loops if id in loops],
        )


def _loop(batch: Batch, loop: Loop, plan: Proposal | None) -> BatchLoopOut:
    return BatchLoopOut(
        loop=loop.id,
        application=loop.application,
        state=loop.state.value,
        proposal=plan.id if plan else None,
        start=min(i.span.start for i in plan.interviews) if plan else None,
        end=max(i.span.end for i in plan.interviews) if plan else None,
        locked=loop.id in batch.locked,
        priority=batch.priority.get(loop.id, 2),
        reasons=[r.text for r in loop.reasons],
        fixes=list(loop.fixes),
    )


class ChosenOut(BaseModel):
    """``fault`` is empty where the loop is being booked, else the one line that says why not."""

    loop: str
    fault: str

    @staticmethod
    def of(chosen: Chosen) -> ChosenOut:
        return ChosenOut(loop=chosen.loop, fault=chosen.fault)


class AllChosenOut(BaseModel):
    """One line per loop that had a plan on offer, in the order of the batch."""

    loops: list[ChosenOut]

    @staticmethod
    def of(chosen: Sequence[Chosen]) -> AllChosenOut:
        return AllChosenOut(loops=[ChosenOut.of(one) for one in chosen])
