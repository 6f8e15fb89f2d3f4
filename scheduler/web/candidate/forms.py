"""What a candidate can do, as forms.

Told by `tests/scheduler/web/guests/test_choosing.py`.
"""

from __future__ import annotations

from pydantic import AwareDatetime, Field

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


class InterviewForm(Form):
    """Something about one interview, by the template's id."""

    interview: str = Field(max_length=100)


class AskForm(InterviewForm):
    """``comment`` is read by the company."""

    comment: str = Field("", max_length=500)


class MoveForm(AskForm):
    """``to`` is one of the times that were shown."""

    to: AwareDatetime


class NeedsForm(Form):
    """Minutes and percent from lists; 0 is no such need."""

    extra_time: int = Field(0, ge=0, le=200)
    break_every: int = Field(0, ge=0, le=480)
    max_day: int = Field(0, ge=0, le=720)
    features: list[str] = Field(default=[], max_length=20)
