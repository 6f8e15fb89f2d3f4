"""A plan as interviews to book: seats, the time they take, and the calendar event of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.types import Attendee, EventIntent, Role
from scheduler.domain.bookings import Hold, Interview, InterviewState, Reservation, Seat, SeatState
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person, Room
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import EVALUATING, InterviewKind, InterviewSpec, Modality, SeatKind
from scheduler.domain.time import Span
from scheduler.services.planning import buffers
from scheduler.services.planning.seating import debrief_attendees
from scheduler.services.planning.sessions import session_id, solver_seats
from scheduler.services.telling.agenda import place

DEBRIEF = "debrief"


def interviews(
    loop: Loop, application: Application, planned: Sequence[PlannedInterview]
) -> tuple[Interview, ...]:
    """The planned interviews as they are to be booked, the debrief with everybody it needs."""
    specs = {i.id: i for i in loop.template.interviews}
    found = [_interview(loop, application, p, specs[p.interview]) for p in planned if p.interview in specs]
    debrief = next((p for p in planned if p.interview == DEBRIEF), None)
    if debrief is not None:
        found.append(_debrief(loop, application, debrief.span, found))
    return tuple(found)


def _interview(
    loop: Loop, application: Application, planned: PlannedInterview, spec: InterviewSpec
) -> Interview:
    kinds = [s.kind for s in solver_seats(spec)]
    seats = [
        Seat(person, kinds[number], number=number, required=kinds[number] is not SeatKind.OPTIONAL)
        for number, people in enumerate(planned.people)
        for person in people
    ]
    if planned.shadow:
        seats.append(Seat(planned.shadow, SeatKind.SHADOW, required=False))
    there = {s.person for s in seats}
    also = application.accommodation.also
    seats += [Seat(p, SeatKind.COMPANION) for p in also if p not in there]
    return Interview(
        id=session_id(loop.id, spec.id),
        loop=loop.id,
        spec=spec.id,
        title=spec.title,
        kind=spec.kind,
        modality=spec.modality,
        span=planned.span,
        room=planned.room,
        seats=tuple(seats),
        state=InterviewState.HELD,
    )


def _debrief(loop: Loop, application: Application, span: Span, panels: Iterable[Interview]) -> Interview:
    """Every evaluating interviewer, the hiring manager and the recruiter; shadows may come."""
    seats = [s for i in panels if i.kind is InterviewKind.INTERVIEW for s in i.seats]
    needed = [s.person for s in seats if s.kind in EVALUATING]
    needed += debrief_attendees(loop.template, application)
    shadows = [s.person for s in seats if s.kind is SeatKind.SHADOW and s.person not in needed]
    return Interview(
        id=session_id(loop.id, DEBRIEF),
        loop=loop.id,
        spec=DEBRIEF,
        title="Debrief",
        kind=InterviewKind.DEBRIEF,
        modality=Modality.VIDEO,
        span=span,
        room=None,
        seats=(
            *(Seat(p, SeatKind.LEAD) for p in dict.fromkeys(needed)),
            *(Seat(p, SeatKind.SHADOW, required=False) for p in dict.fromkeys(shadows)),
        ),
        state=InterviewState.HELD,
    )


def taken(
    loop: Loop, application: Application, rows: Iterable[Interview], state: Hold, expires: datetime | None
) -> list[Reservation]:
    """The time that interviews take from people, rooms and the candidate, buffers included.

    Optional guests of a debrief are invited but not reserved; the candidate is never in a debrief.
    """
    buffer = buffers.buffer_of(loop, application)
    found = []
    for interview in rows:
        subjects = [(s, buffers.reserved(interview.span, buffer(s))) for s in buffers.attending(interview)]
        if interview.room:
            subjects.append((Subject.room(interview.room), interview.span))
        if interview.kind is not InterviewKind.DEBRIEF:
            subjects.append((application.candidate.subject, interview.span))
        found += [Reservation(s, span, loop.id, interview.id, state, expires) for s, span in subjects]
    return found


def carried_over(new: Interview, old: Interview | None) -> Interview:
    """The new interview with the identity of the old one and the answers that still stand.

    An answer stands where neither the time nor the person's seat changed.
    """
    if old is None:
        return new
    gone = old.state is InterviewState.CANCELLED
    known = replace(
        new,
        revision=old.revision + 1 if gone else old.revision,
        calendar="" if gone else old.calendar,
        event_id="" if gone else old.event_id,
        etag="" if gone else old.etag,
        join_url="" if gone else old.join_url,
    )
    if gone or old.span != new.span:
        return known
    answers = {s.person: s for s in old.seats if s.state is not SeatState.REPLACED}
    seats = (
        replace(s, state=answers[s.person].state, comment=answers[s.person].comment)
        if s.person in answers
        else s
        for s in new.seats
    )
    return replace(known, seats=tuple(seats))


def same(new: Interview, old: Interview | None) -> bool:
    """Whether the calendar holds it just so already: confirmed, not flagged, same time, people, room."""
    return (
        old is not None
        and old.state is InterviewState.CONFIRMED
        and not old.flag
        and (old.span, old.room) == (new.span, new.room)
        and {(s.person, s.kind, s.required) for s in old.seats if s.state is not SeatState.REPLACED}
        == {(s.person, s.kind, s.required) for s in new.seats}
    )


def written_to(
    interview: Interview, people: Mapping[str, Person], rooms: Mapping[str, Room]
) -> dict[str, str]:
    """Who is invited under which address (in lower case): addresses change, and answers still come from
    those that were written to the event."""
    found = {
        people[s.person].email.casefold(): str(Subject.person(s.person))
        for s in interview.seats
        if s.state is not SeatState.REPLACED
    }
    if interview.room:
        found[rooms[interview.room].account.address.casefold()] = str(Subject.room(interview.room))
    return found


def event_key(deployment: str, interview: Interview) -> str:
    """The identity of its event in the organizer's calendar."""
    return f"{deployment}/{interview.loop}/{interview.spec}/{interview.revision}"


def intent(
    deployment: str,
    loop: Loop,
    application: Application,
    interview: Interview,
    people: Mapping[str, Person],
    rooms: Mapping[str, Room],
) -> EventIntent:
    """The internal event: the panel and the room are invited, the candidate never is."""
    spec = next((i for i in loop.template.interviews if i.id == interview.spec), None)
    attendees = [
        Attendee(
            people[s.person].email, people[s.person].name, Role.REQUIRED if s.required else Role.OPTIONAL
        )
        for s in interview.seats
        if s.state is not SeatState.REPLACED
    ]
    if interview.room:
        room = rooms[interview.room]
        attendees.append(Attendee(room.account.address, room.name, Role.ROOM))
    return EventIntent(
        key=event_key(deployment, interview),
        title=f"{interview.title}: {application.candidate.name}, {application.job}",
        start=interview.span.start,
        end=interview.span.end,
        zone=loop.zone,
        attendees=tuple(attendees),
        description=_text(spec),
        location=place(interview, rooms),
        conference=interview.modality is Modality.VIDEO,
        reminders=(10,),
        tags=(("loop", loop.id), ("interview", interview.id)),
    )


def _text(spec: InterviewSpec | None) -> str:
    if spec is None:
        return "The panel prepares the decision. The candidate does not see this meeting."
    return "\n".join(part for part in (spec.agenda, *spec.links) if part)
