"""What every route shares: the app, pages, and answers that are given once.

Told by `tests/scheduler/api/test_flow.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from scheduler.services.app import App
from scheduler.storage.database import Tx

BASE = "/api/v1"
PAGE = 100


async def _app(request: Request) -> App:  # a plain function would be handed to a thread for this
    found: App = request.app.state.app
    return found


Services = Annotated[App, Depends(_app)]
Limit = Annotated[int, Query(ge=1, le=PAGE, description="The most rows of one page.")]
After = Annotated[str | None, Query(max_length=100, description="The id of the last row of the page before.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key gives the same answer, and the effect once.",
    ),
]


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def page(rows: Sequence[T], limit: int, after: str | None) -> Sequence[T]:
    """The rows behind the one of id ``after``, in the order of their ids."""
    return [row for row in sorted(rows, key=lambda row: row.id) if after is None or row.id > after][:limit]


def once(
    app: App, key: str | None, route: str, asked: BaseModel, status: int, work: Callable[[Tx], BaseModel]
) -> Response:
    """Do ``work`` in one transaction with the answer kept for its key: either both are there or none."""
    digest = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
    with app.db.write() as tx:
        known = tx.inbox.answer(key, route, digest, app.clock()) if key else None
        if known is not None:
            return Response(known.body, known.status, media_type="application/json")
        body = work(tx).model_dump_json()
        if key:
            tx.inbox.keep_answer(key, route, status, body)
    return Response(body, status, media_type="application/json")
