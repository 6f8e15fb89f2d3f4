"""Would it fit? A loop is planned as if it were asked for now, and nothing of it is kept.

Told by `tests/scheduler/services/asking/test_trying.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scheduler.domain.loops import LoopState, Reason
from scheduler.services.app import App
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import offers as told
from scheduler.services.booking.offers import Told
from scheduler.services.planning.picture import Picture, gather_draft
from scheduler.services.planning.plan import Outcome
from scheduler.services.planning.together import offers
from scheduler.services.planning.together.packing import packed

SECONDS = 10.0
"""As long as somebody may be kept waiting for the answer."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``outcome`` is as for a loop that is asked for; ``plan`` is its plan in words, empty where there is none. ``any_time``
    says that the candidate was taken to be free throughout, since nothing is known of their time."""

    outcome: Outcome | None
    plan: tuple[Told, ...]
    reasons: tuple[Reason, ...]
    zone: str
    any_time: bool

    @property
    def fits(self) -> bool:
        return bool(self.plan)

    @property
    def proven(self) -> bool:
        """Whether it is proven that there is no plan; else none was found, and nothing is known."""
        return self.outcome is not None and self.outcome.to is LoopState.INFEASIBLE


def would_fit(app: App, request: LoopRequest) -> Fit:
    """The plan that the loop would get if it were asked for now, around everything that is booked or on offer. The
    candidate is taken to be free at any time where no windows are given. Raises `BadInput` as `requests.ask` does."""
    with app.db.read() as tx:
        loop = requests.draft(app, tx, request, "try")
        application = requests.with_known_needs(tx, request.application)
        policy = tx.company.policy()
        there = offers.standing(tx, app.clock(), policy)
    any_time = not loop.windows
    if loop.template.incomplete:
        gaps = tuple(Reason("incomplete", text) for text in loop.template.incomplete)
        return Fit(None, (), gaps, loop.zone, any_time)
    if any_time:
        loop = replace(loop, windows=(loop.horizon,))
    picture = gather_draft(app, loop, application)
    quick = replace(picture.policy, solve_seconds=min(picture.policy.solve_seconds, SECONDS))
    (outcome,) = _planned(app, replace(picture, policy=quick), there)
    with app.db.read() as tx:
        plan = told.drawn(tx, loop, application, outcome.proposals[0].interviews) if outcome.placed else []
    return Fit(outcome, tuple(plan), outcome.reasons, loop.zone, any_time)


def _planned(app: App, picture: Picture, there: Sequence[offers.Offer]) -> list[Outcome]:
    found, failed = packed(app, [picture], there)
    for error in failed.values():
        raise error
    return found
