"""What is done to many loops at once, and a view that is kept.

Told by `tests/scheduler/web/test_queue.py`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scheduler.services.asking.bulk import MOST, BulkAction
from scheduler.services.company.words import LINE
from scheduler.web.frame.forms import Form

LoopId = Annotated[str, Field(max_length=100)]


class ViewForm(Form):
    """A name for what is looked for; ``back`` is the query of the queue."""

    name: str = Field(max_length=60, pattern=LINE)
    back: str = Field("", max_length=1000)


class BulkForm(Form):
    """``action`` is the button that was pressed; ``back`` the query of the queue, to come back to."""

    action: BulkAction
    loops: list[LoopId] = Field(min_length=1, max_length=MOST)
    owner: str = Field("", max_length=254)
    message: str = Field("", max_length=2000)
    reason: str = Field("", max_length=100)
    back: str = Field("", max_length=1000)
