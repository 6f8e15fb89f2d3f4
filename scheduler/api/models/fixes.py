"""Fixes in answers: what would help a loop without a plan, or a refused change by hand.

Told by `tests/scheduler/api/test_fixes.py`.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from scheduler.api.models.loops import SpanOut
from scheduler.domain.fixes.fix import Change as FixChange
from scheduler.domain.fixes.fix import Fix, FixState, How
from scheduler.domain.proposals import PlannedInterview
from scheduler.services.changing.fixes.found import Help


class FixChangeOut(BaseModel):
    """One thing that would be otherwise. `spans` are when somebody would be free, a step take place, or a day be
    worked; `limits` are values that would be enough."""

    kind: str
    interviews: list[str]
    people: list[str]
    spans: list[SpanOut]
    site: str | None
    limits: dict[str, int]

    @staticmethod
    def of(value: FixChange) -> FixChangeOut:
        return FixChangeOut(
            kind=value.kind,
            interviews=list(value.interviews),
            people=list(value.people),
            spans=[SpanOut(start=s.start, end=s.end) for s in value.spans],
            site=value.site,
            limits=dict(value.limits),
        )


class TriedOut(BaseModel):
    """An interview of the plan that was tried; `people` are the ids per seat of the template."""

    interview: str
    start: datetime
    end: datetime
    people: list[list[str]]
    room: str | None

    @staticmethod
    def of(value: PlannedInterview) -> TriedOut:
        return TriedOut(
            interview=value.interview,
            start=value.span.start,
            end=value.span.end,
            people=[list(seat) for seat in value.people],
            room=value.room,
        )


class FixOut(BaseModel):
    """A way out: `how` is `apply` (at once, for a reason), `ask_people`, `ask_candidate`, or `by_hand` where somebody
    or something new is needed."""

    id: str = Field(description="The same whenever the same way out is found again.")
    text: str
    effort: int = Field(description="The least is the easiest to get.")
    how: How
    people: list[str] = Field(description="Who is asked.")
    changes: list[FixChangeOut]
    plan: list[TriedOut] = Field(description="The plan that it was tried with.")
    state: FixState
    asked_at: datetime | None

    @staticmethod
    def of(fix: Fix) -> FixOut:
        return FixOut(
            id=fix.id,
            text=fix.text,
            effort=fix.effort,
            how=fix.how,
            people=list(fix.people),
            changes=[FixChangeOut.of(change) for change in fix.changes],
            plan=[TriedOut.of(planned) for planned in fix.plan],
            state=fix.state,
            asked_at=fix.at if fix.state is FixState.ASKED else None,
        )


class HelpOut(FixOut):
    """A way out of a refused try: the change, done with this plan."""

    version: str = Field(description="What `POST /loops/{id}/fixes/{fix}` wants, with the same changes.")

    @staticmethod
    def with_version(found: Help) -> HelpOut:
        return HelpOut(**FixOut.of(found.fix).model_dump(), version=found.version)
