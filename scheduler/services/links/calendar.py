"""What is booked as a calendar file: for a candidate to add, for an interviewer to subscribe to.

Told by `tests/scheduler/services/links/test_calendar.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.ics import Entry, published
from connectors.protocol import event_id
from scheduler.services.app import App
from scheduler.services.links.candidate import Meeting, Standing


def of_candidate(app: App, standing: Standing) -> str:
    """Every interview of the candidate, under the UIDs of their invitations: whoever has those has nothing twice."""
    return published(standing.company, _entries(app, standing), app.clock())


def _entries(app: App, standing: Standing) -> Iterable[Entry]:
    for meeting in standing.meetings:
        yield Entry(
            uid=event_id(f"{app.deployment}/{standing.loop.id}/{meeting.id}/candidate"),
            title=f"{meeting.title}, {standing.company}",
            start=meeting.span.start,
            end=meeting.span.end,
            description=_people(meeting),
            location=meeting.join or ", ".join(filter(None, [meeting.place, meeting.address])),
        )


def _people(meeting: Meeting) -> str:
    return ", ".join(f"{name} ({title})" if title else name for name, title in meeting.people)
