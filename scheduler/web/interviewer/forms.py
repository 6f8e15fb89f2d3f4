"""What an interviewer can do, as forms.

Told by `tests/scheduler/web/guests/test_interviewer.py`.
"""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from scheduler.web.frame.forms import Form


class InterviewForm(Form):
    """Something about one interview."""

    interview: str = Field(max_length=100)


class DeclineForm(InterviewForm):
    """``comment`` is read by whoever looks after the loop."""

    reason: str = Field("", max_length=100)
    comment: str = Field("", max_length=500)


class HandOverForm(InterviewForm):
    """``to`` is the id of a person."""

    to: str = Field(max_length=100)


class ProposeForm(InterviewForm):
    """``to`` is one of the times that were shown; ``comment`` is read by whoever looks after the loop."""

    to: AwareDatetime
    comment: str = Field("", max_length=500)
