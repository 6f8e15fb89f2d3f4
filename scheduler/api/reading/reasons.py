"""The codes of reasons, and how often each was given.

Told by `tests/scheduler/api/test_reasons.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.api.reading.asked import From, To, Zone, window
from scheduler.domain.reasons import REASON_GIVEN, Deed

router = APIRouter(prefix=f"{BASE}/reasons", tags=["reasons"])
Reader = Annotated[Actor, needs(Action.LOOK_UP)]
LONGEST_DAYS = 366


class ReasonCodeOut(BaseModel):
    """``deeds`` are those that the code may be given for."""

    code: str
    text: str
    deeds: list[Deed]


class GivenOut(BaseModel):
    """How often a reason was given for a deed; ``text`` is empty for a code that the company no longer has."""

    deed: str
    code: str
    text: str
    count: int = Field(ge=0)


@router.get("", responses=answers())
def list_reasons(
    app: Services, _: Reader, deed: Annotated[Deed | None, Query(description="Only those for this.")] = None
) -> list[ReasonCodeOut]:
    """The company's codes, in its own order."""
    with app.db.read() as tx:
        known = tx.company.policy().reasons
    return [
        ReasonCodeOut(code=r.code, text=r.text, deeds=[d for d in Deed if r.fits(d)])
        for r in known
        if deed is None or r.fits(deed)
    ]


@router.get("/counts", responses=answers())
def count_reasons(
    app: Services,
    _: Annotated[Actor, needs(Action.READ)],
    start: From = None,
    end: To = None,
    zone: Zone = "",
) -> list[GivenOut]:
    """How often each was given between two moments, the most frequent first."""
    when = window(start, end, zone, LONGEST_DAYS)
    with app.db.read() as tx:
        texts = {r.code: r.text for r in tx.company.policy().reasons}
        found = tx.found_facts.counted(REASON_GIVEN, when)
    rows = [
        GivenOut(deed=deed, code=code, text=texts.get(code, ""), count=n) for (deed, code), n in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.count, row.deed, row.code))
