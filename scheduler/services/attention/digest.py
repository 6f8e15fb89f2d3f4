"""Once a day, at an hour of their own clock, everybody who looks after something is told by mail what needs them.

Who is due is claimed in the transaction that queues the mail: of several workers one writes it, and a day that a worker
was not there in time is made up for as long as it lasts. Whoever has nothing to do gets no mail.

Told by `tests/scheduler/services/attention/test_digest.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.errors import AuthExpired, RateLimited, Transient
from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.facts import Fact
from scheduler.domain.loops import ENDED, LoopState
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.time import zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown, Wanted
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.digest")

ACTOR, SENT = "system:digest", "digest_sent"
_MOST = 40
"""Matters that a mail names; of the others it says how many there are."""
_LATER = 300.0
"""Seconds until a mail server that does not answer is tried again."""


def queue(app: App, hour: int) -> int:
    """Queue the digest of everybody whose hour has come today and who was not thought of yet; how many. A negative
    hour is none."""
    if hour < 0:
        return 0
    now = app.clock()
    with app.db.read() as tx:
        due = list(_due(tx, now, hour)) if tx.company.loaded_at() is not None else []
    if not due:
        return 0
    with app.db.write() as tx:
        claimed = [(owner, day) for owner, day in sorted(due) if tx.digests.claim(owner, day, now)]
        for owner, day in claimed:
            jobs.digest(app, tx, owner, day)
    return len(claimed)


def _due(tx: Tx, now: datetime, hour: int) -> Iterator[tuple[str, date]]:
    last = tx.digests.last()
    owners = {*tx.found_matters.owners(set(LoopState) - ENDED), *tx.cares.takers()}
    for person in tx.people.list(owners) if owners else ():
        local = now.astimezone(zone(person.zone))
        if local.hour >= hour and (person.id not in last or last[person.id] < local.date()):
            yield person.id, local.date()


def send(app: App, owner: str, day: date) -> float | None:
    """Write to somebody what needs them, if anything does; the seconds after which to try again, where the mail server
    does not answer and the day is not over."""
    with app.db.read() as tx:
        person = tx.people.get(owner, active=True)
        if person is None:
            return None
        mine = care.look(app, tx, Wanted(owner=owner))
        others = len(care.look(app, tx, Wanted(owner="")))
        company = tx.company.name()
    if not mine:
        return None
    try:
        app.messenger.send(message(app.deployment, person, day, mine, others, company))
    except (RateLimited, Transient, AuthExpired) as error:
        log.warning("the digest of %s waits: %s", owner, error)
        return _LATER if app.clock().astimezone(zone(person.zone)).date() == day else None
    with app.db.write() as tx:
        data = {"day": day.isoformat(), "matters": len(mine)}
        tx.facts.add(Fact(app.clock(), ACTOR, SENT, str(Subject.person(owner)), data=data))
    return None


def message(
    deployment: str, person: Person, day: date, mine: Sequence[Shown], others: int, company: str
) -> Message:
    """The mail of one day: the same however often it is written, so that it is sent once."""
    tz = zone(person.zone)
    lines = [_line(shown, tz) for shown in mine[:_MOST]]
    if len(mine) > _MOST:
        lines.append(f"- and {len(mine) - _MOST} more")
    what = "one thing needs you" if len(mine) == 1 else f"{len(mine)} things need you"
    rest = f"\n\nNobody looks after {others} more." if others else ""
    text = (
        f"Dear {person.name},\n\n{what}, the most urgent first ({person.zone}):\n\n"
        + "\n".join(lines)
        + f"{rest}\n\n{company}"
    )
    subject = f"{what[0].upper()}{what[1:]}: {day:%A, %d %B}"
    return Message(
        event_id(f"{deployment}/digest/{person.id}/{day}"), person.email, person.name, subject, text
    )


def _line(shown: Shown, tz: ZoneInfo) -> str:
    matter = shown.kept.matter
    due = f"by {matter.due.astimezone(tz):%a %d %b %H:%M}: " if matter.due else ""
    about = f" [{shown.about}]" if shown.about else ""
    return f"- {due}{matter.text}{about}"
