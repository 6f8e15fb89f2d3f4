"""Whose answer a mail is: the invitation that it names, and only where its sender is the one who was invited.

Told by `tests/stories/test_answers_by_mail.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import idna

from connectors.incoming.itip import Answer
from connectors.protocol import event_id
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import ENDED, Application, Loop, LoopState
from scheduler.domain.templates import InterviewKind
from scheduler.services.app import App
from scheduler.storage.database import Tx

_OPEN = frozenset(LoopState) - ENDED
_ID = 26
"""Characters of the identity of an event (`connectors.protocol.event_id`)."""


@dataclass(frozen=True, slots=True)
class Whose:
    """``person`` is an interviewer's id, empty for the candidate; ``name`` is what they are called."""

    loop: Loop
    application: Application
    interview: Interview
    person: str
    name: str


def find(app: App, tx: Tx, answer: Answer) -> Whose | None:
    """The invitation that is answered; ``None`` where it is none of ours, or not the sender's."""
    return _of_candidate(app, tx, answer) or _of_person(tx, answer)


def _of_candidate(app: App, tx: Tx, answer: Answer) -> Whose | None:
    for application in tx.applications.of_candidate(_spellings(answer.sender)):
        for loop in tx.loops.list(_OPEN, application.id):
            for one in tx.interviews.of_loop(loop.id):
                uid = event_id(f"{app.deployment}/{loop.id}/{one.spec}/candidate")
                if uid == answer.uid.casefold() and one.kind is not InterviewKind.DEBRIEF:
                    return Whose(loop, application, one, "", application.candidate.name)
    return None


def _of_person(tx: Tx, answer: Answer) -> Whose | None:
    """Calendars put their own name behind the identity of an event (``…@google.com``)."""
    found = tx.people.by_emails(_spellings(answer.sender))
    person = next((p for p in found.values() if p.active), None)
    event = answer.uid.partition("@")[0].casefold()
    if person is None or len(event) != _ID:
        return None
    organizer = tx.company.organizer().address
    for calendar in sorted({organizer, *tx.interviews.at(event)}):
        one = tx.interviews.by_event(calendar, event)
        loop = tx.loops.get(one.loop) if one is not None else None
        application = tx.applications.get(loop.application) if loop else None
        if one is None or loop is None or application is None or loop.state in ENDED:
            continue
        if any(s.person == person.id and s.state is not SeatState.REPLACED for s in one.seats):
            return Whose(loop, application, one, person.id, person.name)
    return None


def _spellings(address: str) -> set[str]:
    """An address as it is sent, and with the letters of its domain as people write them."""
    local, _, domain = address.rpartition("@")
    try:
        return {address, f"{local}@{idna.decode(domain)}".casefold()}
    except (idna.IDNAError, UnicodeError):
        return {address}
