"""A plan as interviews with everybody in them, and the time that these take. Pure.

Told by `tests/scheduler/services/booking/test_caps.py` and `tests/stories/test_main_job.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from scheduler.domain.bookings import Hold, Interview, InterviewState, Reservation, Seat
from scheduler.domain.loops import Application, Loop
from scheduler.domain.proposals import PlannedInterview
from scheduler.domain.subjects import Subject
from scheduler.domain.templates import EVALUATING, InterviewKind, InterviewSpec, Modality, SeatKind
from scheduler.domain.time import Span
from scheduler.services.planning import buffers
from scheduler.services.planning.seating import debrief_attendees
from scheduler.services.planning.sessions import session_id, solver_seats

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
