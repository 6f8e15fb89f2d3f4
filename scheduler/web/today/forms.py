"""What is said of a matter: mine, not now, done.

Told by `tests/scheduler/web/test_today.py`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from scheduler.web.frame.forms import Form


class Until(StrEnum):
    """When a matter is to come back, at nine in the morning on the clock of whoever says so."""

    TOMORROW = "tomorrow"
    MONDAY = "monday"
    MONTH = "month"


class MatterForm(Form):
    """``cause`` and ``had`` are what the page showed: why it is there, and who had it. ``owner`` is whose matters are
    looked at, to come back to."""

    matter: str = Field(max_length=300)
    cause: str = Field(max_length=60)
    had: str = Field("", max_length=100)
    owner: str = Field("", max_length=100, pattern=r"^[A-Za-z0-9._:-]*$")


class SnoozeForm(MatterForm):
    until: Until


class CloseForm(MatterForm):
    reason: str = Field(max_length=100)
    note: str = Field("", max_length=500)
