"""What is asked of a superday.

Told by `tests/scheduler/web/days/test_superday.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scheduler.services.asking.batches import MAX_LOOPS
from scheduler.web.frame.forms import Form

LoopId = Annotated[str, Field(max_length=100)]
Time = Annotated[str, Field(max_length=5, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = Annotated[str, Field(max_length=10, pattern=r"^\d{4}-\d\d-\d\d$")]


class AskForm(Form):
    """``day`` with ``start`` and ``end`` on the clock of ``zone``; ``last`` where it takes several days."""

    loops: list[LoopId] = Field(min_length=1, max_length=MAX_LOOPS)
    day: Day
    last: str = Field("", max_length=10, pattern=r"^(\d{4}-\d\d-\d\d)?$")
    start: Time
    end: Time
    zone: str = Field(max_length=60)
    seconds: Literal["30", "120", "600"] = "30"


class RepackForm(Form):
    """``weight`` has ``loop:number`` for every row; rows under ``lock`` keep their plan."""

    lock: list[LoopId] = Field(default_factory=list, max_length=MAX_LOOPS)
    leave_out: list[LoopId] = Field(default_factory=list, max_length=MAX_LOOPS)
    weight: list[Annotated[str, Field(max_length=104, pattern=r"^[^:]+:[123]$")]] = Field(
        default_factory=list, max_length=MAX_LOOPS
    )
