"""What every route shares: the app, pages, and answers that are given once.

Told by `tests/scheduler/api/test_flow.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Query, Request

from scheduler.services.app import App

BASE = "/api/v1"
PAGE = 100


async def _app(request: Request) -> App:  # a plain function would be handed to a thread for this
    found: App = request.app.state.app
    return found


Services = Annotated[App, Depends(_app)]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="The most rows of one page.")]
After = Annotated[str | None, Query(max_length=100, description="The id of the last row of the page before.")]


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def page(rows: Sequence[T], limit: int, after: str | None) -> Sequence[T]:
    """The rows behind the one of id ``after``, in the order of their ids."""
    return [row for row in sorted(rows, key=lambda row: row.id) if after is None or row.id > after][:limit]
