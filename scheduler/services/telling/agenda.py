"""What is booked as people read it: the candidate without the debrief, everybody on the clock that counts.

What takes place on site is told in the place's zone, whoever reads it: that is the clock on the wall there.
Everything else is told in the reader's own zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person, Room
from scheduler.domain.templates import EVALUATING, InterviewKind, InterviewSpec, Modality, SeatKind
from scheduler.domain.time import at, zone


@dataclass(frozen=True, slots=True)
class Line:
    """One interview in wall-clock time of ``zone``. ``people`` are names, ``replies`` per name.

    A take-home exercise has no time but a day on which it is ``due``: ``start`` and ``end`` are where that
    day ends. ``about`` and ``links`` are what it consists of.
    """

    interview: str
    title: str
    start: datetime
    end: datetime
    zone: str
    place: str
    people: tuple[str, ...]
    replies: Mapping[str, str]
    kind: str
    due: date | None = None
    about: str = ""
    links: tuple[str, ...] = ()


def for_candidate(
    loop: Loop,
    application: Application,
    interviews: Iterable[Interview],
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> list[Line]:
    """The candidate's agenda with the take-home exercises: never the debrief, no shadows' standing, no
    replies."""
    own = application.candidate.zone
    lines = [
        _line(i, zone_of(i.modality, loop, own), people, rooms, replies=False)
        for i in interviews
        if i.kind is not InterviewKind.DEBRIEF
    ]
    return sorted([*lines, *exercises(loop)], key=lambda line: (line.start, line.end))


def for_person(
    person: str,
    loop: Loop,
    interviews: Iterable[Interview],
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> list[Line]:
    """What one interviewer has to attend in a loop."""
    own = people[person].zone
    return [
        _line(i, zone_of(i.modality, loop, own), people, rooms, replies=True)
        for i in sorted(interviews, key=lambda i: i.span)
        if any(s.person == person and s.state is not SeatState.REPLACED for s in i.seats)
    ]


def zone_of(modality: Modality, loop: Loop, own: str) -> str:
    """The zone in which a reader whose zone is ``own`` is told of an interview."""
    return loop.zone if modality is Modality.ON_SITE and loop.site else own


def exercises(loop: Loop) -> list[Line]:
    """The take-home exercises of a loop; the day on which each is due is one of the loop's zone."""
    found = [i for i in loop.template.interviews if i.kind is InterviewKind.TAKE_HOME and i.due_days]
    return [_exercise(loop, i) for i in found]


def _exercise(loop: Loop, spec: InterviewSpec) -> Line:
    due = loop.due_day(spec)
    end = at(due + timedelta(days=1), time.min, zone(loop.zone))
    return Line(
        interview=spec.id,
        title=spec.title,
        start=end,
        end=end,
        zone=loop.zone,
        place="at home",
        people=(),
        replies={},
        kind=spec.kind.value,
        due=due,
        about=spec.agenda,
        links=spec.links,
    )


def place(interview: Interview, rooms: Mapping[str, Room]) -> str:
    """Where it takes place in words."""
    if interview.room and interview.room in rooms:
        return rooms[interview.room].name
    return {Modality.PHONE: "by phone", Modality.VIDEO: "video call", Modality.ON_SITE: "on site"}[
        interview.modality
    ]


def _line(
    interview: Interview,
    zone_name: str,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
    *,
    replies: bool,
) -> Line:
    tz = zone(zone_name)
    seats = [s for s in interview.seats if s.state is not SeatState.REPLACED]
    if not replies:
        seats = [s for s in seats if s.kind in EVALUATING or s.kind is SeatKind.SHADOW]
    names = {s.person: people[s.person].name if s.person in people else s.person for s in seats}
    return Line(
        interview=interview.id,
        title=interview.title,
        start=interview.span.start.astimezone(tz),
        end=interview.span.end.astimezone(tz),
        zone=zone_name,
        place=place(interview, rooms),
        people=tuple(dict.fromkeys(names.values())),
        replies={names[s.person]: s.state.value for s in seats} if replies else {},
        kind=interview.kind.value,
    )
