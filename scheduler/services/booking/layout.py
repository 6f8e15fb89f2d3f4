"""A plan as interviews to book: seats, the time they take, and the calendar event of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.types import Attendee, EventIntent, Role
from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Person, Room
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import InterviewSpec, Modality
from scheduler.services.planning.panels import interviews as interviews
from scheduler.services.planning.panels import taken as taken
from scheduler.services.telling.agenda import place
from scheduler.storage.database import Tx


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


def roster(tx: Tx, interviews: Iterable[Interview]) -> tuple[dict[str, Person], dict[str, Room]]:
    """Everybody who sits in these interviews and every room of them, by id, active or not."""
    listed = list(interviews)
    people = {s.person for i in listed for s in i.seats}
    rooms = {i.room for i in listed if i.room}
    return (
        {p.id: p for p in tx.people.list(people, active=False)} if people else {},
        {r.id: r for r in tx.rooms.list(rooms, active=False)} if rooms else {},
    )


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
