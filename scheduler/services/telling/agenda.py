"""What is booked as people read it: the candidate without the debrief, everybody in their own zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.people import Person, Room
from scheduler.domain.templates import EVALUATING, InterviewKind, Modality, SeatKind
from scheduler.domain.time import zone


@dataclass(frozen=True, slots=True)
class Line:
    """One interview in a reader's wall-clock time. ``people`` are names, ``replies`` per name."""

    interview: str
    title: str
    start: datetime
    end: datetime
    zone: str
    place: str
    people: tuple[str, ...]
    replies: Mapping[str, str]
    kind: str


def for_candidate(
    interviews: Iterable[Interview],
    zone_name: str,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> list[Line]:
    """The candidate's agenda: never the debrief, no shadows' standing, no replies."""
    return [
        _line(i, zone_name, people, rooms, replies=False)
        for i in sorted(interviews, key=lambda i: i.span)
        if i.kind is not InterviewKind.DEBRIEF
    ]


def for_person(
    person: str, interviews: Iterable[Interview], people: Mapping[str, Person], rooms: Mapping[str, Room]
) -> list[Line]:
    """What one interviewer has to attend, in their own zone."""
    return [
        _line(i, people[person].zone, people, rooms, replies=True)
        for i in sorted(interviews, key=lambda i: i.span)
        if any(s.person == person and s.state is not SeatState.REPLACED for s in i.seats)
    ]


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
