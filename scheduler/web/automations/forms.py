"""What is asked of automations.

Told by `tests/scheduler/web/days/test_automations.py`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scheduler.domain.hiring.automations import Without
from scheduler.domain.loops import BookMode
from scheduler.web.frame.forms import Form

Line = Annotated[str, Field(max_length=200)]


class RuleForm(Form):
    """An automation; empty for a job or a connection is any. ``seen`` is what the page showed, empty for a new one."""

    id: str = Field(max_length=100, pattern=r"^[a-z0-9._-]{1,100}$")
    seen: str = Field("", max_length=5000)
    stage: Line
    template: Line
    mode: BookMode = BookMode.PROPOSE
    job: Line = ""
    connection: Line = ""
    approver: Line = "recruiter"
    undo_minutes: int | None = Field(None, ge=0, le=10_080)
    without_windows: Without = Without.ASK


class IdForm(Form):
    """``id`` of an automation, ``*`` for all."""

    id: str = Field(max_length=200)


class TryForm(Form):
    """A message as it came; with ``connection`` one of that hiring system, else in our own words."""

    body: str = Field(max_length=100_000)
    connection: Line = ""
