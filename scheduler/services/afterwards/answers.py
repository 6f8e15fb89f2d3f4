"""What people and rooms answer becomes the state of their seats: a decline opens a hole, an acceptance
closes it again.

Told by `tests/stories/test_answers.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.types import Attendee, Event, Reply
from scheduler.domain.bookings import Interview, Seat, SeatState, Write
from scheduler.domain.loops import LoopState, Reason
from scheduler.domain.people import Person, Room
from scheduler.domain.subjects import Subject
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.storage.database import Tx

ROOM_LOST = "room_lost"
_STATES = {
    Reply.ACCEPTED: SeatState.ACCEPTED,
    Reply.TENTATIVE: SeatState.TENTATIVE,
    Reply.DECLINED: SeatState.DECLINED,
}
_LONGEST = 500
"""Characters of what somebody wrote beside an answer."""


@dataclass(frozen=True, slots=True)
class Invited:
    """People by their e-mail address in lower case, rooms by id."""

    people: Mapping[str, Person]
    rooms: Mapping[str, Room]


def take(app: App, tx: Tx, interview: Interview, invited: Invited, event: Event, *, moved: bool) -> None:
    """Take over every answer of an event. Where it was ``moved``, who is asked again has not answered, and
    what a room says is of another time than ours."""
    written: dict[str, Subject] | None = None
    rooms: list[tuple[Room, Reply]] = []
    for attendee in event.attendees:
        address = attendee.address.strip().casefold()
        found = invited.people.get(address)
        seat = _seat(interview, found.id if found else "")
        room = invited.rooms.get(interview.room or "")
        if room is not None and address == room.account.address.casefold():
            rooms.append((room, attendee.reply))
            continue
        if seat is None:
            written = _written(tx, interview) if written is None else written
            subject = written.get(address)
            seat = _seat(interview, subject.id if subject else "")
            if room is not None and subject == Subject.room(room.id):
                rooms.append((room, attendee.reply))
                continue
        if seat is not None:
            _answer(app, tx, interview, seat, attendee, moved)
    for room, reply in rooms if not moved else ():
        _room(app, tx, interview, room, reply)


def differ(interview: Interview, invited: Invited, event: Event) -> bool:
    """Whether `take` may find something new in an event that stands where we put it; true also for whoever is only
    known by looking into what we wrote."""
    room = invited.rooms.get(interview.room or "")
    for attendee in event.attendees:
        address = attendee.address.strip().casefold()
        if room is not None and address == room.account.address.casefold():
            lost = interview.flag == ROOM_LOST
            if attendee.reply is (Reply.ACCEPTED if lost else Reply.DECLINED):
                return True
            continue
        found = invited.people.get(address)
        seat = _seat(interview, found.id if found else "")
        if seat is None:
            return True
        state = _STATES.get(attendee.reply)
        if state is not None and (seat.state, seat.comment) != (state, said(attendee.comment)):
            return True
    return False


def _written(tx: Tx, interview: Interview) -> dict[str, Subject]:
    """Whom we invited under which address, the last time counting most: people may have another by now."""
    found: dict[str, Subject] = {}
    for row in tx.ledger.of_loop(interview.loop):
        if row.interview == interview.id and row.write in (Write.BOOK, Write.RESCHEDULE):
            found |= {address: Subject.parse(who) for address, who in row.payload.get("who", {}).items()}
    return found


def _seat(interview: Interview, person: str) -> Seat | None:
    return next(
        (s for s in interview.seats if s.person == person and s.state is not SeatState.REPLACED), None
    )


def _answer(app: App, tx: Tx, interview: Interview, seat: Seat, attendee: Attendee, moved: bool) -> None:
    state = _STATES.get(attendee.reply)
    if state is None and moved and seat.state in _STATES.values():
        state = SeatState.INVITED
    comment = said(attendee.comment)
    if state is None or (seat.state, seat.comment) == (state, comment):
        return
    given(app, tx, interview, seat, state, comment, "calendar")


def given(
    app: App, tx: Tx, interview: Interview, seat: Seat, state: SeatState, comment: str, cause: str
) -> None:
    """Take over one answer of somebody, in an open transaction; ``cause`` is where they gave it."""
    person = str(Subject.person(seat.person))
    tx.interviews.set_seat(
        interview.id, seat.person, state, actor=person, cause=cause, at=app.clock(), comment=comment
    )
    if state is SeatState.DECLINED and seat.required:
        _decline(app, tx, interview, seat, comment)
    elif seat.state is SeatState.DECLINED:
        _undecline(app, tx, interview, seat)


def said(text: str) -> str:
    """What somebody wrote, on one line and no longer than a reason may be."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(plain.split())[:_LONGEST]


def quoted(comment: str) -> str:
    """The same behind a sentence."""
    return f": “{comment}”" if comment else ""


def _decline(app: App, tx: Tx, interview: Interview, seat: Seat, comment: str) -> None:
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
        text = f"{person.name if person else seat.person} declined {interview.title}{quoted(comment)}"
        reason = Reason("declined", text, (seat.person,), (interview.spec,))
        others = (r for r in loop.reasons if not _about(r, "declined", seat.person, interview.spec))
        changes["reasons"] = (*others, reason)
    if changes:
        tx.loops.change(loop.id, holes.ACTOR, cause, app.clock(), "seat_lost", about=seat.person, **changes)
    holes.mend(app, tx, loop.id, cause)


def _about(reason: Reason, kind: str, person: str, spec: str) -> bool:
    return reason.kind == kind and person in reason.people and spec in reason.interviews


def _undecline(app: App, tx: Tx, interview: Interview, seat: Seat) -> None:
    """They come after all: they may be asked again, and what was told of it is over."""
    loop = tx.loops.claim(interview.loop)
    if loop is None:
        return
    mine, cause = (seat.person, interview.spec), f"{seat.person} comes to {interview.id} after all"
    if mine in loop.declined:
        rest = tuple(d for d in loop.declined if d != mine)
        tx.loops.change(
            loop.id, holes.ACTOR, cause, app.clock(), "seat_back", about=seat.person, declined=rest
        )

    def over(reason: Reason) -> bool:
        return seat.person in reason.people and (not reason.interviews or interview.spec in reason.interviews)

    holes.heal(app, tx, loop.id, cause, over)


def _room(app: App, tx: Tx, interview: Interview, room: Room, reply: Reply) -> None:
    """A room that refuses is replaced like a person; one that takes it back is kept."""
    loop = tx.loops.claim(interview.loop)
    if loop is None:
        return
    lost, at = (Subject.room(room.id), interview.span), app.clock()
    if reply is Reply.DECLINED and interview.flag != ROOM_LOST:
        tx.interviews.update(interview.id, flag=interview.flag or ROOM_LOST)
        if lost in loop.blocked:
            return
        cause = f"{room.id} refused {interview.id}"
        loop = tx.loops.change(loop.id, holes.ACTOR, cause, at, ROOM_LOST, blocked=(*loop.blocked, lost))
        if holes.mend(app, tx, loop.id, cause) is None and loop.state is LoopState.NEEDS_ATTENTION:
            text = f"{room.name} refused {interview.title}"
            holes.attend(app, tx, loop, [Reason(ROOM_LOST, text, (), (interview.spec,))], cause)
    elif reply is Reply.ACCEPTED and interview.flag == ROOM_LOST:
        tx.interviews.update(interview.id, flag="")
        rest = tuple(b for b in loop.blocked if b != lost)
        cause = f"{room.id} takes {interview.id} after all"
        tx.loops.change(loop.id, holes.ACTOR, cause, at, "room_back", blocked=rest)
        holes.heal(app, tx, loop.id, cause, lambda r: r.kind == ROOM_LOST and interview.spec in r.interviews)
