"""What is booked as a calendar file: for a candidate to add, for an interviewer to subscribe to.

Told by `tests/scheduler/services/links/test_calendar.py`.
"""

from __future__ import annotations

from connectors.ics import Entry, published
from connectors.protocol import event_id
from scheduler.domain.bookings import SeatState
from scheduler.services.app import App
from scheduler.services.links.candidate import Meeting, Standing
from scheduler.services.links.interviewer import Mine


def of_candidate(app: App, standing: Standing) -> str:
    """Every interview of the candidate, under the UIDs of their invitations: whoever has those has nothing twice."""
    return published(standing.company, entries(app, standing).values(), app.clock())


def entries(app: App, standing: Standing) -> dict[str, Entry]:
    """The interviews of a candidate as a calendar has them, by the template's id."""
    return {
        meeting.id: Entry(
            uid=event_id(f"{app.deployment}/{standing.loop.id}/{meeting.id}/candidate"),
            title=f"{meeting.title}, {standing.company}",
            start=meeting.span.start,
            end=meeting.span.end,
            description=_people(meeting),
            location=meeting.join or ", ".join(filter(None, [meeting.place, meeting.address])),
        )
        for meeting in standing.meetings
    }


def of_interviewer(app: App, mine: Mine) -> str:
    """Every interview and debrief of an interviewer, to subscribe to; what they have not accepted is tentative."""
    entries = [
        Entry(
            uid=event_id(f"{app.deployment}/{d.loop.id}/{d.interview.spec}/{mine.person.id}/feed"),
            title=f"{d.interview.title}: {d.application.candidate.name}",
            start=d.interview.span.start,
            end=d.interview.span.end,
            description=d.application.job,
            location=d.interview.join_url or ", ".join(filter(None, [d.place, d.address])),
            tentative=d.seat.state is not SeatState.ACCEPTED,
        )
        for d in mine.duties
    ]
    return published(mine.company, entries, app.clock())


def _people(meeting: Meeting) -> str:
    return ", ".join(f"{name} ({title})" if title else name for name, title in meeting.people)
