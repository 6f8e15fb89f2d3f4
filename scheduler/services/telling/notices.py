"""What the candidate is told: one invitation per interview, one agenda, never a word of the debrief.

Told by `tests/stories/test_mails.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import count

from connectors.ics import Invitation, cancellation, following, request, told_by
from connectors.mail import Message
from connectors.protocol import event_id
from scheduler.domain.bookings import Interview, InterviewState, LedgerRow, Write, WriteState
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import Application, Loop
from scheduler.domain.people import Account, Person, Room
from scheduler.domain.templates import InterviewKind, Modality
from scheduler.domain.time import zone
from scheduler.services import jobs, opening
from scheduler.services.app import App
from scheduler.services.telling import promise
from scheduler.services.telling.agenda import Line, for_candidate
from scheduler.storage import codec
from scheduler.storage.database import Tx

AGENDA = "agenda"
ACTOR = "system:mail"
Known = tuple[Application, tuple[Mapping[str, Person], Mapping[str, Room]], Sequence[LedgerRow]]
"""Whose loop it is, everybody and every room of its interviews by id, and all rows of its ledger."""


def queue(
    app: App,
    tx: Tx,
    loop: Loop,
    interviews: Sequence[Interview],
    why: str = "",
    known: Known | None = None,
) -> None:
    """Note the mails that bring the candidate up to date: an invitation for each interview that changed
    since the last ones, and then the agenda. ``why`` is told with what is cancelled; ``known`` is
    what this transaction has read of it already."""
    _queue(app, tx, loop, interviews, agenda=True, why=why, known=known)


def update(app: App, tx: Tx, loop: Loop, interviews: Sequence[Interview]) -> None:
    """`queue` for a detail of some interviews: their invitations only, the agenda stands."""
    _queue(app, tx, loop, interviews, agenda=False)


def _queue(
    app: App,
    tx: Tx,
    loop: Loop,
    interviews: Sequence[Interview],
    *,
    agenda: bool,
    why: str = "",
    known: Known | None = None,
) -> None:
    visible = [i for i in interviews if i.kind is not InterviewKind.DEBRIEF]
    application, people_and_rooms, written = known or _known(tx, loop, visible)
    lines, homework = lines_of(tx, loop, application, visible, people_and_rooms)
    told = told_last(loop, written)
    organizer, company, policy = tx.company.terms()
    writer = _Writer(app, loop, application, organizer, company, written, why)
    for interview in visible:
        cancelled = interview.state is InterviewState.CANCELLED
        digest = "cancelled" if cancelled else _digest(lines[interview.id])
        last = told.get(interview.id)
        if digest != (last.payload["digest"] if last else "cancelled"):
            writer.add(interview.id, digest, writer.invite(interview, lines[interview.id], cancelled, last))
    if writer.rows and agenda:
        live = [lines[i.id] for i in visible if i.state is not InterviewState.CANCELLED]
        page = page_of(app, tx, loop) if live else ""
        standing = [i for i in visible if i.state is not InterviewState.CANCELLED]
        hears = promise.day(policy, standing, zone(application.candidate.zone))
        writer.add(AGENDA, "", writer.agenda(live, homework, again=AGENDA in told, hears=hears), page)
    tx.ledger.add_all(writer.rows, app.clock())
    if writer.rows:
        jobs.mail(app, tx, loop, writer.rows[0])


def lines_of(
    tx: Tx,
    loop: Loop,
    application: Application,
    interviews: Sequence[Interview],
    people_and_rooms: tuple[Mapping[str, Person], Mapping[str, Room]],
) -> tuple[dict[str, Line], list[Line]]:
    """What the candidate reads of each interview, by its id, with how to get there; and the take-home exercises."""
    site = tx.sites.get(loop.site) if loop.site else None
    address, by_id = site.address if site else "", {i.id: i for i in interviews}
    agenda = for_candidate(loop, application, interviews, *people_and_rooms)
    found = {
        line.interview: _with_the_way(line, by_id[line.interview], address)
        for line in agenda
        if line.due is None
    }
    return found, [line for line in agenda if line.due is not None]


def page_of(app: App, tx: Tx, loop: Loop) -> str:
    """Whom the company lets choose among plans may go on choosing. Nothing where nobody could reach a page."""
    if not app.base_url:
        return ""
    days, purpose = opening.until_over(app, loop), Purpose.FOLLOW
    if any(one.purpose is Purpose.CHOOSE and one.opens(app.clock()) for one in tx.links.list(loop=loop.id)):
        purpose = Purpose.CHOOSE
    return opening.enclose(app, tx, purpose, ACTOR, loop=loop.id, days=days)


def _known(tx: Tx, loop: Loop, interviews: Sequence[Interview]) -> Known:
    application = tx.applications.get(loop.application)
    assert application is not None
    return application, roster(tx, interviews), tx.ledger.of_loop(loop.id)


def _with_the_way(line: Line, interview: Interview, address: str) -> Line:
    """The line with what a candidate needs to get there: the link of a call, the address of a site."""
    if interview.join_url:
        return replace(line, place=f"{line.place}: {interview.join_url}")
    if interview.modality is Modality.ON_SITE and address:
        return replace(line, place=f"{line.place}, {address}")
    return line


def told_last(loop: Loop, rows: Iterable[LedgerRow]) -> dict[str, LedgerRow]:
    """The last mail of each interview that the candidate has, or will get: what waits from an earlier
    generation is never sent."""

    def arrives(row: LedgerRow) -> bool:
        waits = row.state is WriteState.TODO and row.generation == loop.generation
        return row.write is Write.MAIL and (waits or row.state is WriteState.DONE)

    return {r.interview: r for r in sorted(filter(arrives, rows), key=lambda r: (r.generation, r.order))}


def _digest(line: Line) -> str:
    content = [line.title, line.start.isoformat(), line.end.isoformat(), line.place, line.people]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def text_of(lines: Sequence[Line]) -> str:
    """An agenda as plain text, a heading per day, in the reader's wall-clock time."""
    parts: list[str] = []
    heading = None
    for line in lines:
        day = f"{line.due or line.start.date():%A, %d %B %Y} ({line.zone})"
        if day != heading:
            heading = day
            parts.append(f"\n{day}")
        if line.due is not None:
            parts += _exercise_text(line)
            continue
        people = ", ".join(line.people)
        parts.append(f"  {line.start:%H:%M}–{line.end:%H:%M}  {line.title}, {line.place}")
        if people:
            parts.append(f"               with {people}")
    return "\n".join(parts).strip()


def _exercise_text(line: Line) -> list[str]:
    """What is to be handed in by the end of the day, and what it consists of."""
    more = [text for block in (line.about, *line.links) for text in block.splitlines()]
    return [f"  due by the end of this day: {line.title}", *(f"               {text}" for text in more)]


def _when(start: datetime, end: datetime) -> str:
    return f"{start:%A, %d %B %Y %H:%M}–{end:%H:%M}"


class _Writer:
    """Collects the ledger rows of one round of mails."""

    def __init__(
        self,
        app: App,
        loop: Loop,
        application: Application,
        organizer: Account,
        company: str,
        known: Collection[LedgerRow],
        why: str = "",
    ) -> None:
        self.app, self.loop, self.application = app, loop, application
        self.organizer, self.company, self.why = organizer, company, why.strip()
        self.mails = [r for r in known if r.write is Write.MAIL]
        self.rows: list[LedgerRow] = []
        self.changes: list[str] = []
        """What is different from what the candidate was told before, a sentence each."""

    def add(self, interview: str, digest: str, message: Message, page: str = "") -> None:
        payload = {"message": codec.encode(message), "digest": digest, "page": page}
        order = 1000 + len(self.mails) + len(self.rows)  # behind every mail before: they leave in order
        self.rows.append(
            LedgerRow.noted(self.loop, interview, Write.MAIL, key=message.id, payload=payload, order=order)
        )

    def invite(self, interview: Interview, line: Line, cancelled: bool, last: LedgerRow | None) -> Message:
        """The invitation of one interview, its change, or its cancellation. ``last`` is what the candidate
        was told of it before: a new time is told as a change of the old one."""
        verb, change = self._change(line, cancelled, last)
        candidate = self.application.candidate
        method = "CANCEL" if cancelled else "REQUEST"
        uid = event_id(f"{self.app.deployment}/{self.loop.id}/{interview.spec}/candidate")
        details = Invitation(
            uid=uid,
            sequence=self._sequence(uid, interview, cancelled),
            title=f"{interview.title} with {self.company}",
            start=interview.span.start,
            end=interview.span.end,
            organizer=self.organizer.address,
            organizer_name=self.company,
            attendee=candidate.email,
            attendee_name=candidate.name,
            description=f"You will meet: {', '.join(line.people)}" if line.people else "",
            location=line.place,
            comment=self.why if cancelled else change,
        )
        write = cancellation if cancelled else request
        return Message(
            id=self._id(interview.spec, method),
            to=candidate.email,
            to_name=candidate.name,
            subject=f"{verb}: {interview.title}, {line.start:%a %d %b %H:%M} ({line.zone})",
            text=self._cancelled([line]) if cancelled else self._changed(line, change),
            calendar=write(details, self.app.clock()),
            method=method,
        )

    def _change(self, line: Line, cancelled: bool, last: LedgerRow | None) -> tuple[str, str]:
        """What the subject begins with, and the sentence that tells a change, where it is one."""
        before = told_by(str(last.payload["message"]["calendar"])) if last else None
        if cancelled:
            self.changes.append(f"{line.title}, {_when(line.start, line.end)} ({line.zone}), is cancelled.")
            return "Cancelled", ""
        if before is None or before.cancelled:
            self.changes.append(f"{line.title}, {_when(line.start, line.end)} ({line.zone}), is new.")
            return "Invitation", ""
        if (before.start, before.end) == (line.start, line.end):
            change = f"{line.title} stays at its time; who you will meet, or where, has changed."
            self.changes.append(change)
            return "Updated", change
        tz = zone(line.zone)
        was, now = (before.start.astimezone(tz), before.end.astimezone(tz)), (line.start, line.end)
        change = f"{line.title} has moved from {_when(*was)} to {_when(*now)} ({line.zone})."
        self.changes.append(change)
        return "Moved", change

    def _changed(self, line: Line, change: str) -> str:
        return "\n\n".join(filter(None, [change, text_of([line])]))

    def agenda(
        self, lines: Sequence[Line], homework: Sequence[Line], *, again: bool, hears: date | None
    ) -> Message:
        """All that stands, in order. ``again`` where the candidate has an earlier one: then it says first what
        is different. ``hears`` is the day that is promised."""
        candidate = self.application.candidate
        if lines:
            ordered = sorted([*lines, *homework], key=lambda line: (line.start, line.end))
            first = "this is your agenda:"
            if again:
                first = "\n".join(["your interviews have changed:", *(f"- {c}" for c in self.changes)])
                first += "\n\nThis is your agenda now:"
            promised = f"You hear from us by {hears:%A, %d %B}." if hears else ""
            told = [f"Dear {candidate.name},", first, text_of(ordered), promised]
            text = "\n\n".join([*filter(None, told), self.company])
            subject = f"Your interviews with {self.company}" + (" have changed" if again else "")
        else:
            told = [
                f"Dear {candidate.name},",
                f"your interviews with {self.company} are cancelled.",
                self.why,
            ]
            text = "\n\n".join([*filter(None, told), self.company])
            subject = f"Your interviews with {self.company} are cancelled"
        return Message(self._id(AGENDA, "TEXT"), candidate.email, candidate.name, subject, text)

    def _id(self, spec: str, kind: str) -> str:
        """Names the message, so that it is sent once; a second one of a generation has a name of its own."""
        stem = f"{self.app.deployment}/{self.loop.id}/{spec}/mail/{kind}/{self.loop.generation}"
        names = (event_id(f"{stem}/{n}" if n else stem) for n in count())
        used = {r.key for r in self.mails}
        return next(name for name in names if name not in used)

    def _cancelled(self, lines: Sequence[Line]) -> str:
        """That it is off, what, and why."""
        what = "this interview is cancelled and will not take place"
        told = [f"Dear {self.application.candidate.name},", f"{what}:", text_of(lines), self.why]
        return "\n\n".join([*filter(None, told), self.company])

    def _sequence(self, uid: str, interview: Interview, cancelled: bool) -> int:
        """Higher than in every invitation before; the same where the time stays, so that an answer that was
        given stands."""
        texts = [m for r in self.mails if (m := str(r.payload["message"]["calendar"]))]
        before = [told for told in map(told_by, texts) if told.uid == uid]
        if cancelled:
            return max([self.loop.generation, *(told.sequence + 1 for told in before)])
        span = interview.span
        return following(before, span.start, span.end, least=self.loop.generation)


def roster(
    tx: Tx, interviews: Iterable[Interview], also: Collection[str] = ()
) -> tuple[Mapping[str, Person], Mapping[str, Room]]:
    """The people and rooms of these interviews and the people ``also``, by id, inactive ones included: past
    agendas name them."""
    people, rooms = set(also), set[str]()
    for interview in interviews:
        people.update(s.person for s in interview.seats)
        rooms.update([interview.room] if interview.room else [])
    return (
        {p.id: p for p in tx.people.list(people, active=False)},
        {r.id: r for r in tx.rooms.list(rooms, active=False)},
    )
