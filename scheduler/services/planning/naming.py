"""Names instead of ids, for sentences that people read.

Told by `tests/stories/test_promises.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from scheduler.domain.templates import LoopTemplate
from scheduler.domain.time import Span, zone
from scheduler.services.planning.encode import Encoded
from scheduler.services.planning.picture import Picture


def names(picture: Picture, encoded: Encoded) -> Callable[[str], str]:
    """A function from any id of the problem to what people call it."""
    titles = {i.id: i.title for i in picture.loop.template.interviews}
    known: dict[str, str] = {p.id: p.name for p in picture.roster.people.values()}
    known |= {r.id: r.name for r in picture.rooms.values()}
    known |= {s.id: s.name for s in picture.sites.values()}
    known |= {session: titles[spec] for session, spec in encoded.sessions.spec.items()}
    known[picture.loop.id] = f"the loop of {picture.application.candidate.name}"
    return lambda id: known.get(id, id)


def times(picture: Picture, encoded: Encoded) -> Callable[[int, int], str]:
    """A function from an interval of the problem to wall-clock words in the loop's zone."""
    tz = zone(picture.loop.zone)

    def words(start: int, end: int) -> str:
        span = Span(encoded.scale.instant(start), encoded.scale.instant(end))
        return f"{told_span(span, tz)} ({picture.loop.zone})"

    return words


def told_span(span: Span, tz: ZoneInfo) -> str:
    """A stretch of time in wall-clock words; its day once where it has one only."""
    first, last = span.start.astimezone(tz), span.end.astimezone(tz)
    end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%A %d %B %H:%M}"
    return f"{first:%A %d %B %H:%M}–{end}"


def title_of(template: LoopTemplate, spec: str) -> str:
    """The title of a template's interview; the debrief is called just that."""
    return next((i.title for i in template.interviews if i.id == spec), "Debrief")
