"""Tells whoever looks after a loop of something that happened without them, by mail: a fact, and the job that writes it.

The job names the fact alone; what the mail says is worked out from it when it is sent, so that no name and no text lies in
the queue. Told by `tests/scheduler/services/afterwards/test_silence.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from connectors.errors import AuthExpired, RateLimited, Transient
from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import Interview
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, Application, Loop, LoopState
from scheduler.domain.people import Person
from scheduler.domain.time import zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.colleagues")

UNANSWERED = "invitation_unanswered"
"""The fact that seats were opened: their people were invited and reminded, and said nothing."""
PROPOSED = "time_proposed"
"""Somebody proposes another time for an interview."""
CANNOT = "candidate_cannot"
"""The candidate cannot come to an interview."""
PROMISE = "promise_due"
"""The day is near by which the candidate hears."""
_LATER = 300.0
"""Seconds until a mail server that does not answer is tried again."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact of a loop, whose loop it is, and who is told: the ``owner``."""

    tx: Tx
    fact: Fact
    application: Application
    owner: Person

    def subject(self, what: str) -> str:
        mark = "" if what.endswith("?") else ":"
        return f"{what}{mark} {self.application.candidate.name}, {self.application.job}"


def tell(app: App, tx: Tx, fact: Fact) -> None:
    """Note the fact of a loop and have its owner told of it, in an open transaction of which this is the last thing."""
    tx.facts.add(fact)
    jobs.tell(app, tx, tx.facts.flush()[-1].seq)


def send(app: App, seq: int) -> float | None:
    """Write the mail about a fact; the seconds after which to try again, where the mail server does not answer. Nobody is
    told of a loop that has ended, or that nobody looks after."""
    with app.db.read() as tx:
        found = tx.facts.list(1, after=seq - 1)
        fact = found[0] if found and found[0].seq == seq else None
        loop = tx.loops.get(fact.subject.removeprefix("loop:")) if fact else None
        application = tx.applications.get(loop.application) if loop else None
        owner = tx.people.get(loop.owner, active=True) if loop and loop.owner else None
        if fact is None or loop is None or application is None or owner is None or _over(loop, fact):
            return None
        subject, text = TOLD[fact.what](Happened(tx, fact, application, owner))
        whole = "\n\n".join([f"Dear {owner.name},", text, tx.company.name()])
    id = event_id(f"{app.deployment}/told/{fact.seq}")
    try:
        app.messenger.send(Message(id, owner.email, owner.name, subject, whole))
    except (RateLimited, Transient, AuthExpired) as error:
        log.warning("what %s is told of %s waits: %s", owner.id, loop.id, error)
        return _LATER
    return None


def _over(loop: Loop, fact: Fact) -> bool:
    """Whether it is too late to tell it: a promise is kept once the interviews are over."""
    return loop.state in ENDED and not (fact.what == PROMISE and loop.state is LoopState.COMPLETED)


def when(interview: Interview, reader: Person) -> str:
    """An interview's time on the clock of whoever reads it."""
    start = interview.span.start.astimezone(zone(reader.zone))
    return f"{start:%A, %d %B %H:%M} ({reader.zone})"


def _unanswered(one: Happened) -> tuple[str, str]:
    """The seats are as they were opened: ``[interview, person]`` of each."""
    seats: list[list[str]] = list(one.fact.data["seats"])
    interviews = {i.id: i for i in one.tx.interviews.of_ids([i for i, _ in seats])}
    names = {p.id: p.name for p in one.tx.people.list({who for _, who in seats}, active=False)}
    lines = [
        f"- {names.get(who, who)}: {interviews[id].title}, {when(interviews[id], one.owner)}"
        for id, who in seats
        if id in interviews
    ]
    said = "these invitations were not answered, also after a reminder; somebody else is looked for now:"
    return one.subject("No answer"), "\n\n".join([said, "\n".join(lines)])


def _proposed(one: Happened) -> tuple[str, str]:
    asked = (
        "Nothing has changed by it. Move the interview on the loop's page where it suits, or let them know."
    )
    return one.subject("Another time?"), f"{one.fact.data['text']}.\n\n{asked}"


def _cannot(one: Happened) -> tuple[str, str]:
    interview = one.tx.interviews.get(one.fact.data["interview"])
    what = f"{interview.title}, {when(interview, one.owner)}" if interview else "an interview"
    comment = one.fact.data.get("comment")
    said = f"{one.application.candidate.name} cannot come to {what}" + (f": “{comment}”." if comment else ".")
    return one.subject("Cannot come"), said


def _promise(one: Happened) -> tuple[str, str]:
    promised = date.fromisoformat(one.fact.data["day"])
    said = (
        f"{one.application.candidate.name} was told to hear from us by {promised:%A, %d %B}. "
        "If they have heard already, there is nothing to do."
    )
    return one.subject(f"By {promised:%A}"), said


TOLD: Mapping[str, Callable[[Happened], tuple[str, str]]] = {
    UNANSWERED: _unanswered,
    PROPOSED: _proposed,
    CANNOT: _cannot,
    PROMISE: _promise,
}
"""Subject and text of the mail about each of these facts."""
