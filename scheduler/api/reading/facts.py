"""What happened: found by who, what, when, loop and person, followed as a feed, exported as a file.

Told by `tests/scheduler/api/test_facts.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, PAGE, Limit, Services
from scheduler.api.models.facts import FactOut
from scheduler.api.problems import answers
from scheduler.api.reading.asked import Facts
from scheduler.services.telling import export

router = APIRouter(prefix=BASE, tags=["facts"])
Reader = Annotated[Actor, needs(Action.AUDIT)]
Behind = Annotated[
    int | None, Query(ge=0, le=2**63 - 1, description="The `seq` of the last row of the page before.")
]


class Format(StrEnum):
    CSV = "csv"
    LINES = "jsonl"


_MEDIA = {Format.CSV: "text/csv; charset=utf-8; header=present", Format.LINES: "application/jsonl"}


class ChangesOut(BaseModel):
    """What happened behind a number, in the order in which it was kept. Ask again with ``next``."""

    changes: list[FactOut]
    next: int = Field(description="What to give as `after` the next time.")
    more: bool = Field(description="Whether there was more already than this page holds.")


@router.get("/facts", responses=answers())
def list_facts(
    app: Services, wanted: Facts, _: Reader, limit: Limit = 50, after: Behind = None
) -> list[FactOut]:
    """Everything that happened and is asked for, in the order in which it happened."""
    with app.db.read() as tx:
        return [FactOut.of(fact) for fact in tx.found_facts.page(wanted, limit, after)]


@router.get("/facts/export", response_class=StreamingResponse, responses=answers())
def export_facts(
    app: Services,
    wanted: Facts,
    _: Reader,
    format: Annotated[Format, Query(description="`csv`, or `jsonl`: a JSON object per line.")] = Format.CSV,
) -> StreamingResponse:
    """All of them as one file, whatever their number: it is read and sent in parts."""
    write = export.csv_lines if format is Format.CSV else export.json_lines
    return StreamingResponse(
        write(export.everything(app, wanted)),
        media_type=_MEDIA[format],
        headers={"content-disposition": f'attachment; filename="facts.{format.value}"'},
    )


@router.get("/changes", responses=answers())
def follow_changes(
    app: Services,
    _: Reader,
    after: Annotated[
        int, Query(ge=0, le=2**63 - 1, description="`next` of the last answer; 0 begins at the first.")
    ] = 0,
    limit: Limit = PAGE,
) -> ChangesOut:
    """A feed: each change once behind the last one seen, none left out. Keep `next` once you have dealt with the
    changes, not before: then none is lost, and after a crash some come again."""
    with app.db.read() as tx:
        found = tx.facts.list(limit + 1, after=after)
    changes = [FactOut.of(fact) for fact in found[:limit]]
    return ChangesOut(changes=changes, next=changes[-1].seq if changes else after, more=len(found) > limit)
