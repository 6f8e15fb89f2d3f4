"""What a candidate can do, as forms.

Told by `tests/scheduler/web/guests/test_choosing.py`.
"""

from __future__ import annotations

from pydantic import Field

from scheduler.web.frame.forms import Form


class PlanForm(Form):
    """Take a whole plan."""

    plan: str = Field(max_length=100)


class TimesForm(Form):
    """Hours of several days: the lists are as long as each other, one place for each day."""

    zone: str = Field(max_length=64)
    day: list[str] = Field(max_length=40)
    start: list[str] = Field(max_length=40)
    end: list[str] = Field(max_length=40)
