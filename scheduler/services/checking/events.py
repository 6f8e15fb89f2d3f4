"""The organizers' calendars against what is booked: events of ours that are gone, moved, doubled, orphaned, or
invite others than they should.

A calendar is read in one window, not event by event; only what is not found in it is asked for by its id.

Told by `tests/scheduler/services/checking/test_events.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connectors.errors import ConnectorError, Gone, NotFound
from connectors.protocol import Calendar, Pasted
from connectors.types import Event, EventRef, Window
from scheduler.domain.bookings import Interview, InterviewState
from scheduler.domain.time import zone
from scheduler.services.app import App
from scheduler.services.booking import reconcile
from scheduler.services.checking import booked
from scheduler.services.checking.booked import Booking

_ASKED = 100
"""Events that are asked for by their id, of those that a listing leaves out: what became of more is not known."""


class Kind(StrEnum):
    UNREAD = "unread"
    GONE = "gone"
    MOVED = "moved"
    DOUBLED = "doubled"
    ORPHANED = "orphaned"
    GUESTS = "guests"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as booked. ``interview`` and ``event`` where there is one; ``stray`` says that the
    event is ours alone and nobody's interview, so that it may go."""

    kind: Kind
    text: str
    interview: Interview | None = None
    event: Event | None = None
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was compared: how many interviews, how many events, in which calendars."""

    faults: Sequence[Fault]
    interviews: int
    events: int


def look(app: App) -> Found:
    """Compare every organizer's calendar with what is booked on it."""
    now = app.clock()
    with app.db.read() as tx:
        organizer = tx.company.organizer()
        bookings = booked.bookings(tx, now)
        addresses = {organizer.address, *tx.interviews.calendars(now - booked.BACK)}
    faults, count = [], 0
    for address in sorted(addresses):
        mine = [b for b in bookings if (b.interview.calendar or organizer.address) == address]
        try:
            calendar = app.calendar(replace(organizer, address=address))
            events = _ours(app, calendar, address)
            faults += [
                *_compare(calendar, mine, events),
                *_strays(app, events),
                *_pasted(app, calendar, address),
            ]
            count += len(events)
        except ConnectorError as error:
            faults.append(Fault(Kind.UNREAD, f"the events in {address} cannot be read: {error}"))
    return Found(_still(app, bookings, faults), len(bookings), count)


def _ours(app: App, calendar: Calendar, address: str) -> list[Event]:
    span = booked.window(app.clock())
    found = calendar.find_all(address, Window(span.start, span.end))
    return [e for e in found if e.key.startswith(f"{app.deployment}/") and not e.cancelled]


def _compare(calendar: Calendar, bookings: Iterable[Booking], events: Sequence[Event]) -> Iterator[Fault]:
    by_id = {e.ref.id: e for e in events}
    asked = 0
    for booking in bookings:
        interview = booking.interview
        event = by_id.get(interview.event_id)
        if event is None and interview.event_id:
            asked += 1
            if asked > _ASKED:
                continue
            event = _one(calendar, EventRef(interview.calendar, interview.event_id))
        if event is not None:
            yield from _as_booked(booking, event)
        elif interview.event_id or interview.state is InterviewState.CONFIRMED:
            yield Fault(Kind.GONE, f"{named(booking)} has no event in {interview.calendar}", interview)
    if asked > _ASKED:
        text = f"{asked - _ASKED} more interviews are in no listing of their calendar; they were not asked for one by one"
        yield Fault(Kind.UNREAD, text)


def _one(calendar: Calendar, ref: EventRef) -> Event | None:
    try:
        return calendar.get(ref)
    except (Gone, NotFound):
        return None


def _as_booked(booking: Booking, event: Event) -> Iterator[Fault]:
    interview = booking.interview
    if (event.start, event.end) != (interview.span.start, interview.span.end):
        when = _when(event.start, booking.loop.zone, event.end)
        text = f"{named(booking)} stands at {when} in {event.ref.calendar}"
        yield Fault(Kind.MOVED, text, interview, event)
    there = {a.address.strip().casefold() for a in event.attendees} | {event.ref.calendar.casefold()}
    missing, former = sorted(booking.guests - there), sorted((booking.former - booking.guests) & there)
    if missing:
        text = f"{named(booking)} does not invite {', '.join(missing)}"
        yield Fault(Kind.GUESTS, text, interview, event)
    if former:
        text = f"{named(booking)} still invites {', '.join(former)}, who no longer belongs to it"
        yield Fault(Kind.GUESTS, text, interview, event)


def _strays(app: App, events: Sequence[Event]) -> Iterator[Fault]:
    """Events that carry our key and are of no live interview, or beside the one that is."""
    there = {e.ref.id for e in events}
    with app.db.read() as tx:
        for event in events:
            whose = reconcile.stray(tx, event, there)
            if whose is None:
                continue
            where = f"at {event.start:%Y-%m-%d %H:%M}Z in {event.ref.calendar}"
            if whose.interview is None:
                text = f"an event of ours ({event.key}) stands {where} and belongs to no live interview"
                yield Fault(Kind.ORPHANED, text + _left(whose), None, event, whose.ours)
            else:
                text = f"{whose.interview.title} ({whose.interview.id}) has a second event {where}"
                yield Fault(Kind.DOUBLED, text + _left(whose), whose.interview, event, whose.ours)


def _pasted(app: App, calendar: Calendar, address: str) -> Iterator[Fault]:
    """Copies of our events that somebody pasted: never ours to remove."""
    if not isinstance(calendar, Pasted):
        return
    span = booked.window(app.clock())
    with app.db.read() as tx:
        for event in calendar.pasted(address, Window(span.start, span.end)):
            parts = event.key.split("/")
            if len(parts) != 4 or parts[0] != app.deployment:
                continue
            where = f"at {event.start:%Y-%m-%d %H:%M}Z in {address}"
            whose = next((i for i in tx.interviews.of_loop(parts[1]) if i.spec == parts[2]), None)
            left = _left(reconcile.Stray(whose, False))
            if whose is None:
                text = f"a copy of an event of ours ({event.key}) stands {where} and belongs to no live interview"
                yield Fault(Kind.ORPHANED, text + left, None, event)
            else:
                yield Fault(
                    Kind.DOUBLED, f"{whose.title} ({whose.id}) has a copy {where}{left}", whose, event
                )


def _left(stray: reconcile.Stray) -> str:
    return "" if stray.ours else "; somebody may have made or changed it: delete it there if nobody needs it"


def _still(app: App, bookings: Sequence[Booking], faults: Sequence[Fault]) -> list[Fault]:
    """The faults of loops that have not changed since they were read: the others were being worked on."""
    known: Mapping[str, datetime] = {b.loop.id: b.loop.updated_at for b in bookings}
    with app.db.read() as tx:

        def settled(loop_id: str) -> bool:
            loop = tx.loops.get(loop_id)
            if loop is None:
                return True
            return known.get(loop_id, loop.updated_at) == loop.updated_at and not booked.writing(
                tx.ledger.of_loop(loop_id)
            )

        return [f for f in faults if f.interview is None or settled(f.interview.loop)]


def named(booking: Booking) -> str:
    """An interview as a person finds it."""
    interview, loop = booking.interview, booking.loop
    when = _when(interview.span.start, loop.zone, interview.span.end)
    return f"{interview.title} of loop {loop.id} ({when})"


def _when(start: datetime, zone_name: str, end: datetime) -> str:
    tz = zone(zone_name)
    return f"{start.astimezone(tz):%a %d %b %H:%M}–{end.astimezone(tz):%H:%M} {zone_name}"
