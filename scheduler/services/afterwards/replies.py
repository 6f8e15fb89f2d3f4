"""Follows the organizer's calendar: answers, moves and deletions become seats, flags and repairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import CursorExpired, Gone, NotFound
from connectors.protocol import Calendar
from connectors.types import Event, EventRef, Page, Reply, Window
from scheduler.domain.bookings import Interview, InterviewState, Seat, SeatState, Write, WriteState
from scheduler.domain.facts import Fact
from scheduler.domain.loops import LoopState, Reason
from scheduler.domain.people import Account, Person, Room
from scheduler.domain.subjects import Subject
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.planning.picture import DEBRIEF_TAIL
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

ACTOR = "system:replies"
_TOLD = frozenset({LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION, LoopState.REPAIRING})
"""States in which the candidate has been told what is booked."""
_STATES = {
    Reply.ACCEPTED: SeatState.ACCEPTED,
    Reply.TENTATIVE: SeatState.TENTATIVE,
    Reply.DECLINED: SeatState.DECLINED,
}


@dataclass(frozen=True, slots=True)
class _Invited:
    """People by their e-mail address in lower case, rooms by id."""

    people: Mapping[str, Person]
    rooms: Mapping[str, Room]


def sync(app: App) -> int:
    """Read what changed in the organizer's calendar and act on it; how many events were looked at.

    The cursor is saved with the page it belongs to: a crash in between reads the page again.
    """
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return 0
        organizer = tx.company.organizer()
        cursor = tx.cursors.get(organizer.address)
    calendar = app.calendar(organizer)
    now = app.clock()
    window = Window(now - DEBRIEF_TAIL, now + 20 * DEBRIEF_TAIL)
    seen = 0
    while True:
        try:
            page = calendar.changes(organizer.address, cursor, window)
        except CursorExpired:
            cursor = None
            continue
        _page(app, organizer, calendar, page)
        seen += len(page.upserts) + len(page.removals)
        cursor = page.next
        if not page.more:
            return seen


def _page(app: App, organizer: Account, calendar: Calendar, page: Page) -> None:
    """Answers first; what looks moved or deleted is read once more, since the page may be older than
    what we have just written ourselves."""
    invited = _invited(app, page)
    with app.db.write() as tx:
        suspects = [e.ref.id for e in page.upserts if not _event(app, tx, organizer, invited, e)]
        known = [r for r in page.removals if tx.interviews.by_event(organizer.address, r) is not None]
    fresh = {id: _fresh(calendar, EventRef(organizer.address, id)) for id in (*suspects, *known)}
    with app.db.write() as tx:
        for id, event in fresh.items():
            _suspect(app, tx, organizer, id, event)
        tx.cursors.put(organizer.address, page.next, app.clock())


def _invited(app: App, page: Page) -> _Invited:
    """Whoever is invited to an event of the page, read once and before anybody waits for us."""
    addresses = {a.address for e in page.upserts for a in e.attendees}
    with app.db.read() as tx:
        return _Invited(tx.people.by_emails(addresses), {r.id: r for r in tx.rooms.list(active=False)})


def _fresh(calendar: Calendar, ref: EventRef) -> Event | None:
    try:
        found = calendar.get(ref)
    except (Gone, NotFound):
        return None
    return None if found.cancelled else found


def _event(app: App, tx: Tx, organizer: Account, invited: _Invited, event: Event) -> bool:
    """Take over the answers of an event that is where we put it; ``False`` where it is not."""
    interview = tx.interviews.by_event(organizer.address, event.ref.id)
    if interview is None or interview.state is InterviewState.CANCELLED:
        return True
    if event.cancelled or (event.start, event.end) != (interview.span.start, interview.span.end):
        return False
    link = event.join_url or interview.join_url
    now = tx.interviews.update(interview.id, etag=event.etag, join_url=link)
    if link != interview.join_url:
        _link(app, tx, now)
    for attendee in event.attendees:
        _answer(app, tx, interview, invited.people.get(attendee.address.strip().casefold()), attendee.reply)
    _room(app, tx, interview, invited.rooms.get(interview.room or ""), event)
    return True


def _link(app: App, tx: Tx, interview: Interview) -> None:
    """A service gave the link of a call only after the event was written: the candidate is told. While
    the loop is being written, its own mails will say it."""
    loop = tx.loops.claim(interview.loop)
    if loop is not None and loop.state in _TOLD and interview.state is InterviewState.CONFIRMED:
        notices.update(app, tx, loop, [interview])


def _suspect(app: App, tx: Tx, organizer: Account, id: str, event: Event | None) -> None:
    """Flag an event that is gone or elsewhere even when read again, unless it is us who move it."""
    interview = tx.interviews.by_event(organizer.address, id)
    if interview is None or interview.state is InterviewState.CANCELLED or _pending(tx, interview):
        return
    if event is None:
        _flag(app, tx, interview, "deleted", f"{interview.title} was deleted in the calendar")
    elif (event.start, event.end) != (interview.span.start, interview.span.end):
        _flag(app, tx, interview, "moved", f"{interview.title} was moved in the calendar by somebody else")


def _pending(tx: Tx, interview: Interview) -> bool:
    """Whether we are just writing this event ourselves: what we read may be the old version."""
    rows = tx.ledger.of_loop(interview.loop, {WriteState.TODO})
    return any(r.interview == interview.id and r.write is not Write.MAIL for r in rows)


def _answer(app: App, tx: Tx, interview: Interview, person: Person | None, reply: Reply) -> None:
    seat = _seat(interview, person)
    state = _STATES.get(reply)
    if seat is None or state is None or seat.state is state:
        return
    tx.interviews.set_seat(
        interview.id,
        seat.person,
        state,
        actor=str(Subject.person(seat.person)),
        cause="calendar",
        at=app.clock(),
    )
    if state is SeatState.DECLINED and seat.required:
        _decline(app, tx, interview, seat)


def _seat(interview: Interview, person: Person | None) -> Seat | None:
    seats = interview.seats if person else ()
    return next(
        (s for s in seats if person and s.person == person.id and s.state is not SeatState.REPLACED), None
    )


def _decline(app: App, tx: Tx, interview: Interview, seat: Seat) -> None:
    """Who declined is not asked for this interview again; a loop at rest is repaired at once, and one
    that waits for a human has one reason more."""
    loop = tx.loops.claim(interview.loop)
    if loop is None:
        return
    declined = tuple(dict.fromkeys((*loop.declined, (seat.person, interview.spec))))
    cause = f"{seat.person} declined {interview.id}"
    changes: dict[str, object] = {}
    if declined != loop.declined:
        changes["declined"] = declined
    if loop.state is LoopState.NEEDS_ATTENTION:
        person = tx.people.get(seat.person)
        text = f"{person.name if person else seat.person} declined {interview.title}"
        reason = Reason("declined", text, (seat.person,), (interview.spec,))
        changes["reasons"] = (*(r for r in loop.reasons if r != reason), reason)
    if changes:
        tx.loops.change(loop.id, actor=ACTOR, cause=cause, at=app.clock(), what="seat_lost", **changes)
    holes.mend(app, tx, loop.id, cause)


def _room(app: App, tx: Tx, interview: Interview, room: Room | None, event: Event) -> None:
    refused = room is not None and any(
        a.address.casefold() == room.account.address.casefold() and a.reply is Reply.DECLINED
        for a in event.attendees
    )
    if room is not None and refused:
        _flag(app, tx, interview, "room_lost", f"{room.name} refused {interview.title}")
        loop = tx.loops.claim(interview.loop)
        lost = (Subject.room(room.id), interview.span)
        if loop is not None and lost not in loop.blocked:
            blocked = (*loop.blocked, lost)
            tx.loops.change(
                loop.id, actor=ACTOR, cause="room", at=app.clock(), what="room_lost", blocked=blocked
            )


def _flag(app: App, tx: Tx, interview: Interview, flag: str, text: str) -> None:
    """Show a human what somebody did to our event; nothing is recreated or moved blindly."""
    if interview.flag == flag:
        return
    tx.interviews.update(interview.id, flag=flag)
    reason = Reason(flag, text, (), (interview.spec,))
    loop = tx.loops.claim(interview.loop)
    assert loop is not None
    at = app.clock()
    data = {"interview": interview.id}
    tx.facts.add(Fact(at, ACTOR, f"interview_{flag}", f"loop:{interview.loop}", "", flag, "calendar", data))
    if loop.state is LoopState.CONFIRMED:
        tx.loops.move(
            loop.id,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.CONFIRMED},
            actor=ACTOR,
            cause=flag,
            at=at,
            reasons=(*loop.reasons, reason),
        )
