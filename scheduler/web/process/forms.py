"""What is decided about an application.

Told by `tests/scheduler/web/days/test_process.py`.
"""

from __future__ import annotations

from pydantic import Field

from scheduler.domain.hiring.processes import Verdict
from scheduler.web.frame.forms import Form


class DecideForm(Form):
    """At the gate of ``stage``, which is where the page showed the application."""

    stage: str = Field(max_length=200)
    verdict: Verdict
    note: str = Field("", max_length=1000)


class PivotForm(Form):
    """Another job; empty for a stage is the first of which something is missing."""

    job: str = Field(min_length=1, max_length=200)
    stage: str = Field("", max_length=200)
    hiring_manager: str = Field("", max_length=200)
