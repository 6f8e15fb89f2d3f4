"""What was tried is done, with a reason, and undone.

Told by `tests/scheduler/web/change/test_change.py`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scheduler.web.change.written import MOST
from scheduler.web.frame.forms import Form

Text = Annotated[str, Field(max_length=300)]


class ApplyForm(Form):
    """``c`` are the changes, ``tried`` is what trying them said; ``override`` is why a soft rule is broken. Of a ``fix``
    of a refused try, ``tried`` is its version and ``override`` why the loop is let off something."""

    c: list[Text] = Field(min_length=1, max_length=MOST)
    tried: str = Field(max_length=200_000)
    reason: str = Field("", max_length=100)
    override: str = Field("", max_length=100)
    note: str = Field("", max_length=2000)
    interview: str = Field("", max_length=100)
    week: str = Field("", max_length=10)
    fix: str = Field("", max_length=100)


class UndoForm(Form):
    """The last change by hand is undone."""

    interview: str = Field("", max_length=100)
