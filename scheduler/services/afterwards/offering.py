"""A repair that the candidate would see, kept as a proposal until a person says yes to it.

Told by `tests/stories/test_repair_asks.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.bookings import Interview
from scheduler.domain.loops import REPAIR_OFFERED, BookMode, Reason
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.templates import InterviewKind
from scheduler.domain.time import zone
from scheduler.services.booking.holes import clashes, holes
from scheduler.services.planning.naming import told_span
from scheduler.services.planning.picture import Picture


def asks(picture: Picture, planned: Sequence[PlannedInterview]) -> Reason | None:
    """Why a repair waits for a yes; ``None`` where it waits for nobody, since the candidate sees none of it,
    or since nobody is asked."""
    moved = _seen(picture, planned)
    asked = picture.loop.mode is BookMode.PROPOSE or picture.policy.approve_moves
    if not moved or not asked:
        return None
    lost = _lost(picture)
    gone = tuple(sorted({s.id for s, _ in lost if s.kind is Whose.PERSON}))
    specs = dict.fromkeys([*(i.spec for i, _ in moved), *(spec for _, spec in lost)])
    return Reason(REPAIR_OFFERED, _text(picture, gone, moved), gone, tuple(specs))


def _seen(picture: Picture, planned: Sequence[PlannedInterview]) -> list[tuple[Interview, PlannedInterview]]:
    """What the candidate would see differently: a time, a day, a site. People and rooms of one site change
    without being asked for."""
    now = {p.interview: p for p in planned}
    return [
        (i, now[i.spec])
        for i in picture.current
        if i.kind is not InterviewKind.DEBRIEF and i.spec in now
        if i.span != now[i.spec].span or _site(picture, i.room) != _site(picture, now[i.spec].room)
    ]


def _site(picture: Picture, room: str | None) -> str | None:
    known = picture.rooms.get(room or "")
    return known.site if known else picture.loop.site


def _lost(picture: Picture) -> list[tuple[Subject, str]]:
    """For whose sake it is repaired: everybody and every room with the interview that has lost them."""
    found = [(Subject.person(p), spec) for p, spec in holes(picture.current)]
    return [*found, *clashes(picture.loop, picture.current), *picture.gone]


def _text(picture: Picture, gone: Sequence[str], moved: Sequence[tuple[Interview, PlannedInterview]]) -> str:
    tz = zone(picture.loop.zone)
    moves = [f"{old.title} from {told_span(old.span, tz)} to {told_span(new.span, tz)}" for old, new in moved]
    names = ", ".join(picture.roster.name(p) for p in gone)
    why = f"without {names}" if names else "to keep every rule"
    return f"{why}, the repair moves {'; '.join(moves)} ({picture.loop.zone}): it waits for a yes"
