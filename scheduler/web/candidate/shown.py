"""What a candidate's page shows, in words and on clocks.

Told by `tests/scheduler/web/guests/test_clocks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from scheduler.services.links.candidate import Choice, Meeting, Stage
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.words import N_, Words
from scheduler.web.guest.zones import Zones

WHERE = {
    "phone": N_("by phone: we call you"),
    "video": N_("video call"),
    "on_site": N_("at our office"),
}
HEADINGS = {
    Stage.TIMES: N_("When can you come?"),
    Stage.LOOKING: N_("We are looking for times"),
    Stage.CHOOSE: N_("Choose your interview times"),
    Stage.BOOKING: N_("Your interviews are being booked"),
    Stage.BOOKED: N_("Your interviews"),
    Stage.CHANGING: N_("Your interviews"),
    Stage.OVER: N_("Your interviews are over"),
    Stage.CANCELLED: N_("Your interviews are cancelled"),
}
STEPS = (N_("Your times"), N_("A plan"), N_("The interviews"), N_("The decision"))
_AT = {
    Stage.TIMES: 0,
    Stage.LOOKING: 1,
    Stage.CHOOSE: 1,
    Stage.BOOKING: 2,
    Stage.BOOKED: 2,
    Stage.CHANGING: 2,
    Stage.OVER: 3,
}


@dataclass(frozen=True, slots=True)
class Line:
    """``hours`` on the clock that counts there, with its ``city`` where that is not the reader's; then ``own`` are
    the same on the reader's clock."""

    meeting: Meeting
    hours: str
    city: str
    own: str
    where: str


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """A plan to choose: ``title`` is what tells it from the others."""

    id: str
    title: str
    days: tuple[Day, ...]


def days(meetings: Iterable[Meeting], when: Clock, zones: Zones, words: Words) -> tuple[Day, ...]:
    """Interviews by the day on the clock that counts for each."""
    lines = [(when.day_of(m.span.start, m.zone), _line(m, when, zones, words)) for m in meetings]
    return tuple(
        Day(when.long_day(day), tuple(line for _, line in group))
        for day, group in groupby(lines, lambda pair: pair[0])
    )


def _line(meeting: Meeting, when: Clock, zones: Zones, words: Words) -> Line:
    start, end = meeting.span.start, meeting.span.end
    differs = bool(meeting.zone) and any(
        when.offset(at, meeting.zone) != when.offset(at) for at in (start, end)
    )
    own = ""
    if differs:
        same_day = when.day_of(start) == when.day_of(start, meeting.zone)
        own = when.hours(meeting.span) if same_day else when.stretch(meeting.span)
    return Line(
        meeting,
        when.hours(meeting.span, meeting.zone),
        zones.city(meeting.zone) if differs else "",
        own,
        _where(meeting, words),
    )


def _where(meeting: Meeting, words: Words) -> str:
    kind = words(WHERE[meeting.modality]) if meeting.modality in WHERE else ""
    return ", ".join(filter(None, [kind, meeting.place, meeting.address]))


def options(choices: Sequence[Choice], first: str, when: Clock, zones: Zones, words: Words) -> list[Option]:
    """The plans, the one of id ``first`` before all others."""
    ordered = sorted(choices, key=lambda c: c.id != first)
    return [Option(c.id, _title(c, when), days(c.meetings, when, zones, words)) for c in ordered]


def away(every: Iterable[Day]) -> str:
    """The city whose clock counts where it is not the reader's; empty where none is."""
    return next((line.city for day in every for line in day.lines if line.city), "")


def _title(choice: Choice, when: Clock) -> str:
    """``Wednesday, 11 March, 09:00–14:00``, or the first and the last of several days."""
    first, last = choice.meetings[0], choice.meetings[-1]
    day, end = when.day_of(first.span.start, first.zone), when.day_of(last.span.end, last.zone)
    hours = f"{when.time(first.span.start, first.zone)}–{when.time(last.span.end, last.zone)}"
    return f"{when.long_day(day)}, {hours}" if day == end else f"{when.day(day)} – {when.day(end)}"


def steps(stage: Stage, words: Words) -> list[tuple[str, str]]:
    """Where it stands: each step with ``done``, ``now`` or nothing; none where it was cancelled."""
    at = _AT.get(stage)
    if at is None:
        return []
    return [(words(step), "done" if n < at else "now" if n == at else "") for n, step in enumerate(STEPS)]
