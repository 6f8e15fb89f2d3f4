"""Reminds in time, without being asked: the candidate the day before and an hour before, the people of an interview of
an invitation that they have not answered, and of what they think before the debrief.

Nothing waits in a timer: each round works out from what is booked what is due now, so that what was moved or cancelled
meanwhile is never reminded of, and what was due while no worker ran is made up for. Each reminder is one mail for its
recipient, subject and revision (an interviewer's: of what was written since they were reminded): its key stands in the ledger, in which it is noted in the transaction that has the
loop. Nobody is reminded during the quiet hours of their own clock. Told by `tests/scheduler/services/test_timely.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import UNANSWERED, UNTIL, Interview, LedgerRow, SeatState, Write
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Application, Loop, LoopState
from scheduler.domain.policy import Policy
from scheduler.domain.templates import EVALUATING, InterviewKind
from scheduler.domain.time import Span, at, zone
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.services.telling import notices, reminders
from scheduler.storage import codec
from scheduler.storage.database import Tx

ACTOR, REMINDED = "system:timely", "reminded_in_time"
FEEDBACK = "feedback:"
"""The row of a mail that reminds somebody of what they think of a candidate is named by this and the person."""
_AHEAD, _DAY, _HOUR = timedelta(hours=72), timedelta(days=1), timedelta(hours=1)
"""How far is looked: a day before, brought forward by less than a day of quiet, and the rest of that day."""
_MOST = 2_000
"""Seats without an answer that one round looks at, of what begins first. Whoever has been reminded is none of them."""


@dataclass(frozen=True, slots=True)
class Timely:
    """A reminder that is due. ``kind`` names its row in the ledger, ``key`` its mail, ``person`` an interviewer;
    without one it is the candidate's."""

    kind: str
    key: str
    loop: str
    interviews: tuple[Interview, ...]
    until: datetime
    person: str = ""


def queue(app: App) -> int:
    """Note every reminder that is due; how many."""
    now = app.clock()
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return 0
        policy = tx.company.policy()
        due = {one.loop for one in _due(app, tx, policy, now)}
    return sum(_note(app, policy, now, loop) for loop in sorted(due))


def _note(app: App, policy: Policy, now: datetime, loop_id: str) -> int:
    """Note what of a loop is due now that nobody else changes it."""
    with app.db.write() as tx:
        loop = tx.loops.claim(loop_id)
        assert loop is not None
        due = list(_due(app, tx, policy, now, loop))
        application = tx.applications.get(loop.application)
        assert application is not None
        order = 1000 + len(tx.ledger.of_loop(loop.id))
        rows = [_row(app, tx, loop, application, one, order + n) for n, one in enumerate(due)]
        tx.ledger.add_all(rows, now)
        if rows:
            jobs.mail(app, tx, loop, rows[0])
        for one in due:
            data = {"kind": one.kind.partition(":")[0], "to": one.person or "candidate"}
            tx.facts.add(Fact(now, ACTOR, REMINDED, f"loop:{loop.id}", data=data))
    return len(rows)


# --- what is due ---------------------------------------------------------------------------------


def _due(app: App, tx: Tx, policy: Policy, now: datetime, only: Loop | None = None) -> Iterator[Timely]:
    """Of every loop, or of one, what no row of the ledger is for yet."""
    found = [*_of_candidates(app, tx, policy, now, only), *_of_people(app, tx, policy, now, only)]
    found += _of_feedback(app, tx, policy, now, only)
    known = tx.ledger.known([one.key for one in found]) if found else ()
    return (one for one in found if one.key not in known)


def _of_candidates(app: App, tx: Tx, policy: Policy, now: datetime, only: Loop | None) -> Iterator[Timely]:
    """The day before, and an hour before the first interview of a day; not what they have been told of since it
    was due: who is booked at short notice has just got the agenda."""
    window = Span(now, now + _AHEAD)
    rows = tx.interviews.between(window) if only is None else tx.interviews.of_loop(only.id)
    coming: dict[str, list[Interview]] = {}
    for interview in sorted(rows, key=lambda i: (i.span, i.id)):
        if interview.kind is not InterviewKind.DEBRIEF and interview.span.overlaps(window):
            coming.setdefault(interview.loop, []).append(interview)
    told = tx.ledger.noted(coming, notices.AGENDA) if coming else {}
    for loop in tx.loops.of_ids(sorted(coming), {LoopState.CONFIRMED}) if coming else ():
        application = tx.applications.get(loop.application)
        assert application is not None
        tz = zone(application.candidate.zone)
        for _, day in groupby(coming[loop.id], key=lambda i: i.span.start.astimezone(tz).date()):
            mine = tuple(day)
            first = mine[0].span.start
            for kind, when in _times(policy, first, tz):
                late = loop.id in told and told[loop.id] >= when
                if when <= now < first and not late and not quiet(policy, now, tz):
                    yield _one(app, kind, mine, first)


def _times(policy: Policy, first: datetime, tz: ZoneInfo) -> Iterator[tuple[str, datetime]]:
    """When somebody whose first interview of a day is then is reminded of it."""
    if policy.day_before:
        when = first - _DAY
        yield "day_before", _brought_forward(policy, when, tz) if quiet(policy, when, tz) else when
    if policy.hour_before:
        yield "hour_before", first - _HOUR


def quiet(policy: Policy, when: datetime, tz: ZoneInfo) -> bool:
    """Whether it is a time of day there at which nobody wants to be written to."""
    begins, ends, clock = policy.quiet_from, policy.quiet_until, when.astimezone(tz).time()
    if begins <= ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


def _brought_forward(policy: Policy, when: datetime, tz: ZoneInfo) -> datetime:
    """An hour before the quiet begins that ``when`` lies in."""
    day = when.astimezone(tz).date()
    begins = at(day, policy.quiet_from, tz)
    return (begins if begins <= when else at(day - _DAY, policy.quiet_from, tz)) - _HOUR


def _of_people(app: App, tx: Tx, policy: Policy, now: datetime, only: Loop | None) -> Iterator[Timely]:
    """Whoever has been silent for so long, in one mail for all of a loop."""
    if not policy.remind_hours:
        return
    since = now - timedelta(hours=policy.remind_hours)
    found = tx.interviews.unanswered(now, since, _MOST, only.id if only else None)
    if not found:
        return
    interviews = {i.id: i for i in tx.interviews.of_ids([id for _, id, _ in found])}
    people = {p.id: zone(p.zone) for p in tx.people.list(sorted({who for *_, who in found}))}
    mine: dict[tuple[str, str], list[Interview]] = {}
    for loop, id, who in found:
        if who in people and not quiet(policy, now, people[who]):
            mine.setdefault((loop, who), []).append(interviews[id])
    for (_, who), waiting in mine.items():
        begun = max(i.span.start for i in waiting)
        yield _one(app, UNANSWERED + who, tuple(waiting), begun, who, f"{now:%Y-%m-%d}")


def _of_feedback(app: App, tx: Tx, policy: Policy, now: datetime, only: Loop | None) -> Iterator[Timely]:
    """Whoever has interviewed, before the debrief at which it is needed: one mail for all that they gave."""
    if not policy.feedback_hours:
        return
    ahead = Span(now, now + timedelta(hours=policy.feedback_hours))
    rows = tx.interviews.between(ahead) if only is None else tx.interviews.of_loop(only.id)
    debriefs = {i.loop: i for i in rows if i.kind is InterviewKind.DEBRIEF and now < i.span.start < ahead.end}
    for loop in tx.loops.of_ids(sorted(debriefs), {LoopState.CONFIRMED}) if debriefs else ():
        begins, mine = debriefs[loop.id].span.start, dict[str, list[Interview]]()
        for one in tx.interviews.of_loop(loop.id):
            if one.kind is InterviewKind.INTERVIEW and one.span.end <= now:
                for seat in one.seats:
                    if seat.kind in EVALUATING and seat.state not in (SeatState.DECLINED, SeatState.REPLACED):
                        mine.setdefault(seat.person, []).append(one)
        zones = {p.id: zone(p.zone) for p in tx.people.list(sorted(mine))} if mine else {}
        for who, given in mine.items():
            if who in zones and not quiet(policy, now, zones[who]):
                yield _one(app, FEEDBACK + who, tuple(given), begins, who, f"{begins:%Y%m%dT%H%MZ}")


def _one(
    app: App, kind: str, mine: tuple[Interview, ...], until: datetime, person: str = "", asked: str = ""
) -> Timely:
    """The revision is when the interviews begin, and for a person ``asked``, the day on which they are reminded."""
    begins = ",".join(f"{i.spec}@{i.span.start:%Y%m%dT%H%MZ}" for i in mine)
    loop = mine[0].loop
    key = event_id(f"{app.deployment}/{loop}/timely/{kind}/{begins}/{asked}")
    return Timely(kind, key, loop, mine, until, person)


# --- what it says --------------------------------------------------------------------------------


def _row(app: App, tx: Tx, loop: Loop, application: Application, due: Timely, order: int) -> LedgerRow:
    if due.person:
        opinion = due.kind.startswith(FEEDBACK)
        message = _of_opinion(tx, application, due) if opinion else _to_person(app, tx, application, due)
        page = reminders.page_of(app, tx, loop, due.person)
    else:
        message = _to_candidate(tx, loop, application, due)
        page = notices.page_of(app, tx, loop)
    payload = {"message": codec.encode(message), "digest": "", "page": page, UNTIL: codec.encode(due.until)}
    return LedgerRow.noted(loop, due.kind, Write.MAIL, key=due.key, payload=payload, order=order)


def _to_candidate(tx: Tx, loop: Loop, application: Application, due: Timely) -> Message:
    candidate, company = application.candidate, tx.company.name()
    of_day = due.interviews if due.kind == "day_before" else due.interviews[:1]
    lines, _ = notices.lines_of(tx, loop, application, of_day, notices.roster(tx, of_day))
    first = lines[of_day[0].id]
    if due.kind == "day_before":
        subject = f"A reminder: {first.start:%A, %d %B}, {company}"
        said = f"a reminder of your interviews with {company}:"
    else:
        subject = f"At {first.start:%H:%M} ({first.zone}): {first.title}"
        said = f"your interviews with {company} begin soon:"
    agenda = notices.text_of([lines[i.id] for i in of_day])
    text = "\n\n".join([f"Dear {candidate.name},", said, agenda, company])
    return Message(due.key, candidate.email, candidate.name, subject, text)


def _to_person(app: App, tx: Tx, application: Application, due: Timely) -> Message:
    person = tx.people.get(due.person)
    assert person is not None
    subject = f"Can you come? {application.candidate.name}, {application.job}"
    hours = tx.company.policy().open_hours
    until = (app.clock() + timedelta(hours=hours)).astimezone(zone(person.zone))
    also = f"Where we hear nothing by {until:%A, %d %B %H:%M}, we ask somebody else." if hours else ""
    text = reminders.text_of(person, due.interviews, tx.company.name(), also)
    return Message(due.key, person.email, person.name, subject, text)


def _of_opinion(tx: Tx, application: Application, due: Timely) -> Message:
    person = tx.people.get(due.person)
    assert person is not None
    tz, name = zone(person.zone), application.candidate.name
    given = "\n".join(f"- {i.title}, {i.span.start.astimezone(tz):%A, %d %B %H:%M}" for i in due.interviews)
    begins = f"{due.until.astimezone(tz):%A, %d %B %H:%M} ({person.zone})"
    asked = f"please write down what you think of {name} before the debrief, {begins}. You have met them in:"
    text = "\n\n".join([f"Dear {person.name},", asked, given, tx.company.name()])
    return Message(due.key, person.email, person.name, f"Your feedback: {name}, {application.job}", text)
