"""Times at which one interview could be instead, that hold for everybody: what is offered to candidates and interviewers.

Told by `tests/stories/test_candidate_cannot.py` and `tests/stories/test_interviewer_proposes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scheduler.domain.bookings import Interview
from scheduler.domain.errors import NotAllowed, WrongState
from scheduler.domain.loops import Loop
from scheduler.domain.time import Span, without
from scheduler.services.app import App
from scheduler.services.changing import places
from scheduler.services.changing.places import FITS, PRICED
from scheduler.services.changing.trying import Step

SHOWN = 6
"""Times that are shown at once."""


def left(loop: Loop, one: Interview) -> list[Span]:
    """The candidate's times without that of the interview."""
    return without(loop.windows, [one.span])


def times(app: App, loop: Loop, one: Interview, stands: Callable[[Step], bool]) -> list[Span]:
    """The nearest first among those within what the candidate offered, with no rule broken, however soft, and nothing that
    follows but what ``stands``; in the order of time, and none that overlaps another."""
    found: list[Span] = []
    for window in left(loop, one):
        for start in range(0, (window.end - window.start) // places.MOST + 1):
            first = window.start + start * places.MOST
            part = Span(first, min(first + places.MOST, window.end)) if first < window.end else None
            found += _starts(app, loop, one, part, stands) if part else []
    return _spread(sorted(found, key=lambda s: (abs(s.start - one.span.start), s)))


def _starts(app: App, loop: Loop, one: Interview, window: Span, stands: Callable[[Step], bool]) -> list[Span]:
    try:
        found = places.starts(app, loop.id, one.spec, window)
    except (NotAllowed, WrongState):
        return []
    if found.already:
        return []  # the plan needs a person first
    length = one.span.end - one.span.start
    return [
        Span(s.at, s.at + length)
        for s in found.starts
        if s.verdict.verdict in (FITS, PRICED) and not s.verdict.overrides
        if not one.span.overlaps(Span(s.at, s.at + length))
        if all(map(stands, s.verdict.steps))
    ]


def _spread(nearest: Sequence[Span]) -> list[Span]:
    """Some that do not overlap each other: six that are minutes apart would be one choice."""
    found: list[Span] = []
    for span in nearest:
        if not any(span.overlaps(other) for other in found):
            found.append(span)
    return sorted(found[:SHOWN])
