"""Changes of a loop itself that would help where there is no plan, each of them tried.

The solver knows neither the buffer beside what stands in calendars nor what lies behind the horizon.
Told by `tests/stories/test_horizon.py` and `tests/stories/test_buffers.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from scheduler.domain.time import Span, zone
from scheduler.services.app import App
from scheduler.services.planning.encode import encode
from scheduler.services.planning.picture import Picture, gather
from scheduler.services.solving import SolveFailed
from solver import ProblemError, Status

MAX_HORIZON_DAYS = 90
"""A horizon ends at most so many days ahead."""


def eased(app: App, picture: Picture) -> tuple[str, ...]:
    """One sentence per change with which there is a plan."""
    return tuple(_sentences(app, picture))


def _sentences(app: App, picture: Picture) -> Iterator[str]:
    loop, template = picture.loop, picture.loop.template
    if template.buffer:
        without = replace(picture, loop=replace(loop, template=replace(template, buffer=0)))
        if _fits(app, without):
            yield f"It would fit without the buffer of {template.buffer} minutes."
    last = max((w.end for w in loop.windows), default=loop.horizon.end)
    if loop.horizon.end < last <= picture.now + timedelta(days=MAX_HORIZON_DAYS):
        longer = replace(loop, horizon=Span(loop.horizon.start, last))
        if _fits(app, gather(app, longer)):
            local = last.astimezone(zone(loop.zone))
            yield f"It would fit with a horizon until {local:%d %B %Y %H:%M} ({loop.zone}): change the `horizon`."


def _fits(app: App, picture: Picture) -> bool:
    encoded = encode(picture)
    if isinstance(encoded, tuple):
        return False
    try:
        solver = app.solver.within(picture.policy.solve_seconds)
        return solver.alternatives(encoded.problem, 1)[0].status in (Status.OPTIMAL, Status.FEASIBLE)
    except (SolveFailed, ProblemError):
        return False
