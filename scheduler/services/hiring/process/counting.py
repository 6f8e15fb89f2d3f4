"""What an application already has of what is asked: interviews that count after a pivot, and whom the candidate has met.

Told by `tests/scheduler/services/hiring/process/test_deciding.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.bookings import Interview, InterviewState, SeatState
from scheduler.domain.loops import Application
from scheduler.domain.templates import EVALUATING, InterviewKind, LoopTemplate
from scheduler.services.asking import leaving
from scheduler.storage.database import Tx

PIVOTED = "application_pivoted"
_MOST = 1000
_NOT_MET = frozenset({SeatState.REPLACED, SeatState.DECLINED})


@dataclass(frozen=True, slots=True)
class Met:
    """An interviewer whom the candidate has met before: in which interview of which application, and when."""

    person: str
    interview: str
    application: str
    job: str
    at: datetime


def held(tx: Tx, application: str, until: datetime | None = None) -> list[Interview]:
    """The application's interviews that took place or are booked, of loops that were asked for ``until`` then. Of a loop that
    is put up for cancelling only what had begun by then."""
    every = tx.loops.list(application=application, limit=_MOST)
    loops = [loop for loop in every if until is None or loop.created_at <= until]
    found = [
        i
        for loop in loops
        for i in tx.interviews.of_loop(loop.id)
        if until is None or leaving.LEFT not in loop.labels or i.span.start <= until
    ]
    return sorted((i for i in found if i.state is InterviewState.CONFIRMED), key=lambda i: i.span)


def pivoted_at(tx: Tx, application: str) -> datetime | None:
    """When the application has last gone on for another job."""
    found = tx.facts.last(f"application:{application}", {PIVOTED})
    return found.at if found else None


def counting(tx: Tx, application: str, template: LoopTemplate, pivoted: datetime | None) -> list[str]:
    """The steps of a template that the application has been through, for those that have pivoted: an interview counts
    where a step of the same title and kind is asked for. Empty for everybody else: nobody has asked to leave a step out."""
    if pivoted is None:
        return []
    before = [i for i in held(tx, application, pivoted) if i.kind is not InterviewKind.DEBRIEF]
    had = Counter((i.title.casefold(), i.kind) for i in before)
    found = []
    for step in template.interviews:  # each interview counts for one step
        name = (step.title.casefold(), step.kind)
        if had[name]:
            had[name] -= 1
            found.append(step.id)
    return found


def met(tx: Tx, application: Application, now: datetime) -> Sequence[Met]:
    """Whom the candidate has met for other applications, the latest first."""
    found = []
    for other in tx.applications.of_candidate({application.candidate.email.casefold()}):
        if other.id == application.id:
            continue
        for interview in held(tx, other.id):
            if interview.span.start <= now:
                people = {
                    s.person for s in interview.seats if s.kind in EVALUATING and s.state not in _NOT_MET
                }
                found += [
                    Met(person, interview.title, other.id, other.job, interview.span.start)
                    for person in sorted(people)
                    if interview.kind is not InterviewKind.DEBRIEF
                ]
    return sorted(found, key=lambda m: (m.at, m.person), reverse=True)
