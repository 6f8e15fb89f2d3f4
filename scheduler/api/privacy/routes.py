"""Erasures of candidates, and what is stored about one.

Told by `tests/scheduler/api/test_privacy.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from scheduler.api.access import Action, Actor, needs
from scheduler.api.common import BASE, Services
from scheduler.api.conditional.once import Key, once_outside
from scheduler.api.models.loops import Address, Id, In
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.domain.privacy.erasure import Erasure, ErasureState
from scheduler.services.privacy import erasing, exporting

router = APIRouter(prefix=BASE, tags=["privacy"])
Administrator = Annotated[Actor, needs(Action.ADMINISTER)]
ErasureId = Annotated[str, Path(max_length=100)]


class CandidateIn(In):
    """Who it is about: by address, or by one of their applications."""

    email: Address | None = None
    application: Id | None = None


class ErasureOut(BaseModel):
    """How far it is. `pseudonym` stands for the candidate; `counts` says how many of each kind were removed; `outside`
    what others have to do; `waits` what is in the way."""

    id: str
    pseudonym: str
    state: ErasureState
    asked_at: datetime
    done_at: datetime | None
    counts: dict[str, int]
    outside: list[str]
    waits: str

    @staticmethod
    def of(value: Erasure) -> ErasureOut:
        return ErasureOut(
            id=value.id,
            pseudonym=value.pseudonym,
            state=value.state,
            asked_at=value.asked_at,
            done_at=value.done_at,
            counts=dict(value.counts),
            outside=[*value.outside],
            waits=value.waits,
        )


class ExportOut(BaseModel):
    """`stored`: every row about the candidate, by table. `outside`: where else something may lie."""

    at: datetime
    candidate: str
    stored: dict[str, list[dict[str, Any]]]
    outside: list[str]


@router.get("/erasures", responses=answers())
def list_erasures(app: Services, _: Administrator) -> list[ErasureOut]:
    """The newest 200 erasures, the newest first."""
    with app.db.read() as tx:
        return [ErasureOut.of(e) for e in tx.erasures.list()]


@router.get("/erasures/{erasure_id}", responses=answers(404))
def get_erasure(erasure_id: ErasureId, app: Services, _: Administrator) -> ErasureOut:
    """One erasure, and how far it is."""
    with app.db.read() as tx:
        found = tx.erasures.get(erasure_id)
    if found is None:
        raise Missing("erasure", erasure_id)
    return ErasureOut.of(found)


@router.post("/erasures", status_code=202, response_model=ErasureOut, responses=answers(404, 409, 413, 415))
def erase_a_candidate(body: CandidateIn, app: Services, actor: Administrator, key: Key) -> Response:
    """Erase a candidate with all their applications: what is booked is called off, and then nothing of them is kept here.
    It cannot be undone. Asked for again while it goes on, it is the same erasure."""

    def work() -> ErasureOut:
        return ErasureOut.of(erasing.ask(app, actor.name, body.email or "", body.application or ""))

    return once_outside(app, key, "POST /erasures", body, 202, work)


@router.post("/exports", responses=answers(404, 413, 415))
def export_a_candidate(body: CandidateIn, app: Services, actor: Administrator) -> ExportOut:
    """Everything that is stored about a candidate, for them to have. What they need is in it for the deployment's own
    token alone."""
    found = exporting.export(app, body.email or "", body.application or "", needs=actor.trusted)
    return ExportOut.model_validate(found)
