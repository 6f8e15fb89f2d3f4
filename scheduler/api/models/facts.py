"""What happened, as the API tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from scheduler.domain.facts import Fact


class FactOut(BaseModel):
    """Something that happened."""

    seq: int
    at: datetime
    actor: str
    what: str
    subject: str
    before: str
    after: str
    cause: str
    data: dict[str, Any]

    @staticmethod
    def of(fact: Fact) -> FactOut:
        return FactOut(
            seq=fact.seq,
            at=fact.at,
            actor=fact.actor,
            what=fact.what,
            subject=fact.subject,
            before=fact.before,
            after=fact.after,
            cause=fact.cause,
            data=dict(fact.data),
        )
