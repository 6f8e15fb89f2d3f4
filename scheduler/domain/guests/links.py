"""Links that open a page without signing in: for one candidate in one loop, or for one person of the company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.domain.subjects import Subject


class Purpose(StrEnum):
    CHOOSE = "choose"  # a candidate: gives times, chooses a plan, sees and answers interviews
    FOLLOW = "follow"  # a candidate: the same without the plans, which the company chooses from
    ATTEND = "attend"  # an interviewer: interviews over all loops, answers, hours


CANDIDATE = frozenset({Purpose.CHOOSE, Purpose.FOLLOW})
"""Purposes of links that are bound to a loop; the others are bound to a person."""


@dataclass(frozen=True, slots=True)
class Link:
    """``digest`` is the SHA-256 of what stands in the address: the address itself is kept nowhere. Exactly one of ``loop``
    and ``person`` is there, the other is empty."""

    id: str
    digest: str
    purpose: Purpose
    loop: str
    person: str
    actor: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def subject(self) -> str:
        """What facts about it are kept under."""
        return f"loop:{self.loop}" if self.loop else str(Subject.person(self.person))

    def opens(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and now < self.expires_at
