"""The `Calendar` protocol on a folder of iCalendar files: the default of the product and the tests' double."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.errors import Conflict, ConnectorError, Gone, Invalid, NotFound, StaleWrite, Unreadable
from connectors.intents import checked, checked_window, clean_text
from connectors.local import changes, directory, events, journal
from connectors.local.delivery import Deliveries
from connectors.local.events import PENDING, Guest, Stored
from connectors.local.files import CalendarFile, Changes, Files, named
from connectors.local.identity import nameless
from connectors.local.keeping import archive, forgotten
from connectors.local.names import normal
from connectors.local.store import Folder
from connectors.protocol import event_id
from connectors.types import (
    Attendee,
    Availability,
    Booked,
    Busy,
    Capabilities,
    Event,
    EventIntent,
    EventRef,
    Known,
    Page,
    Reply,
    Role,
    RoomInfo,
    Unknown,
    Window,
)

WINDOW_DAYS = 366

_OUR_MISTAKES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class LocalCalendar:
    """One folder, one ``.ics`` file per person and room; see docs/local-calendars.md.

    Safe for several threads and processes on one machine. It keeps every promise of
    `connectors.protocol.Calendar`; answers are read from the attendees' own files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        zone: str | Callable[[str], str | None] | None = None,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = 200,
        max_bytes: int = 16_000_000,
        lock_seconds: float = 30.0,
    ) -> None:
        """``zone`` is the IANA zone of calendars that name none, or says it for an address (``None``: one
        with floating times or whole days is unknown); ``page_size`` the most events on one page of `changes`; ``max_bytes``
        the largest file read; ``lock_seconds`` the longest wait for another writer.

        Raises `Invalid` where the folder does not exist or the zone is unknown.
        """
        if isinstance(zone, str):
            directory.check_zone(zone)
        if page_size < 1:
            raise Invalid("page_size: must be at least 1")
        self._folder = Folder(folder, max_bytes, lock_seconds)
        self._files = Files(self._folder, zone if callable(zone) else lambda _: zone)
        self._deliveries = Deliveries(self._files, clock)
        self._clock = clock
        self._page_size = page_size

    # ----------------------------------------------------------------------------------- reading

    def availability(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        """See `connectors.protocol.Calendar.availability`; raises `Invalid` for a senseless window."""
        checked_window(window)
        if window.end - window.start > timedelta(days=WINDOW_DAYS):
            raise Invalid(f"window: at most {WINDOW_DAYS} days at once; ask in parts")
        return {address: self._one(address, window) for address in addresses}

    def _one(self, address: str, window: Window) -> Availability:
        as_of = self._clock()
        try:
            file = self._files.open(address)
            with named(file.path):
                busy, places = file.agenda().within(window)
        except ConnectorError as error:
            return Unknown(error.code, str(error))
        except _OUR_MISTAKES as error:  # one odd file must not stop everybody's planning
            what, where = type(error).__name__, traceback.extract_tb(error.__traceback__)[-1]
            # Without the error's text, which may quote somebody's event.
            _log.error("a calendar file was read wrongly: %s in %s:%s", what, where.filename, where.lineno)
            return Unknown(Unreadable.code, f"{address}: its calendar breaks our reader ({what}); report it")
        return Known(tuple(map(self._keyed, busy)), as_of, places)

    def _keyed(self, block: Busy) -> Busy:
        """The block with our key also where a program has dropped it from the event."""
        id_ = nameless(block.key)
        return block if id_ is None else replace(block, key=journal.key_of(self._folder, id_))

    def rooms(self) -> Sequence[RoomInfo]:
        """Every file that declares itself a room, readable or not, sorted by address."""
        return directory.rooms(self._folder)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            addresses_per_call=10_000,
            window_days=WINDOW_DAYS,
            conditional_write=True,
            native_idempotency=True,
            push=False,
            conference=False,
        )

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """See `connectors.protocol.Calendar.changes`. Later rounds tell every change of our events,
        in the window or not, and what a wider window newly covers."""
        checked_window(window)
        owner = normal(calendar)
        with self._folder.locked():
            known = journal.load(self._folder, owner)
            at = journal.cursor(cursor, known) if cursor is not None else None
            file = self._settled(owner)
            known = self._noted(owner, file)
            return changes.page(owner, known, file.organized(), at, window, self._page_size)

    def find(self, calendar: str, key: str) -> Event | None:
        owner, id_ = normal(calendar), event_id(key)
        with self._folder.locked():
            found = self._settled(owner, [id_]).event(id_)
            if found is not None:
                return events.as_event(found[1], owner)
            record = journal.load(self._folder, owner).events.get(id_)
            return changes.remembered(owner, id_, record) if record is not None else None

    def find_all(self, calendar: str, window: Window) -> Sequence[Event]:
        checked_window(window)
        owner = normal(calendar)
        with self._folder.locked():
            organized = self._settled(owner).organized()
        live = [stored for stored in organized.values() if not stored.cancelled]
        inside = [s for s in live if s.start < window.end and window.start < s.end]
        inside.sort(key=lambda stored: (stored.start, stored.id))
        return tuple(events.as_event(stored, owner) for stored in inside)

    def pasted(self, calendar: str, window: Window) -> Sequence[Event]:
        """See `connectors.protocol.Pasted`."""
        checked_window(window)
        owner = normal(calendar)
        with self._folder.locked():
            found = self._settled(owner).pasted()
        return tuple(e for e in found if not e.cancelled and e.start < window.end and window.start < e.end)

    def get(self, ref: EventRef) -> Event:
        owner = normal(ref.calendar)
        with self._folder.locked():
            return events.as_event(self._live(self._settled(owner, [ref.id]), ref.id), owner)

    # ----------------------------------------------------------------------------------- writing

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        """See `connectors.protocol.Calendar.book`. The organizer's file is written first, then the
        attendees' copies; rooms answer at once."""
        checked(intent)
        owner, id_ = normal(calendar), event_id(intent.key)
        guests = tuple(events.invited(attendee, owner) for attendee in intent.attendees)
        wanted = events.intended(intent, owner, guests)
        wanted = replace(wanted, sent=wanted.times)
        with self._folder.locked():
            known = journal.load(self._folder, owner)
            if known.over is not None and intent.end <= known.over:
                raise Conflict(
                    f"{intent.key}: what ended by {known.over:%Y-%m-%d} is in the archive; book another time"
                )
            if id_ in known.events and known.events[id_].state != journal.LIVE:
                raise Conflict(f"{intent.key}: this key was cancelled; book under a new revision")
            file = self._files.edit(owner, lambda now: self._added(now, wanted, id_ in known.events))
            return self._done(owner, id_, file)

    def _added(self, file: CalendarFile, wanted: Stored, known: bool) -> Changes | None:
        """The edit that adds the event; `None` where it is there already. Raises `Conflict`."""
        with named(file.path):
            found = file.event(wanted.id)
        if found is None and known:
            raise Conflict(f"{wanted.key}: somebody deleted this event; book under a new revision")
        if found is None:
            name = file.parsed.header("X-WR-CALNAME")
            return [], events.render(replace(wanted, organizer_name=name), self._clock())
        if found[1].cancelled:
            raise Conflict(f"{wanted.key}: this key was cancelled; book under a new revision")
        if found[1].fingerprint != wanted.fingerprint:
            raise Conflict(f"{wanted.key}: this key holds a different event")
        return None

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        """See `connectors.protocol.Calendar.reschedule`; ``intent.key`` must be the event's own key.
        Who is dropped loses their copy; at a new time everybody is asked again."""
        checked(intent)
        owner = normal(ref.calendar)
        with self._folder.locked():
            now = self._live(self._settled(owner, [ref.id]), ref.id)
            if intent.key != now.key:
                raise Invalid(f"key: {intent.key!r} is not the key of the event to change")
            if now.etag != etag:
                raise StaleWrite(f"{now.key}: somebody changed the event meanwhile; read it again")
            file = self._files.edit(owner, lambda now: self._changed(now, intent, etag))
            return self._done(owner, ref.id, file)

    def _changed(self, file: CalendarFile, intent: EventIntent, etag: str) -> Changes:
        found = file.event(event_id(intent.key))
        if found is None or found[1].etag != etag:
            raise StaleWrite(f"{intent.key}: somebody changed the event meanwhile; read it again")
        component, now = found
        return [(component.start, component.end, events.render(_next(now, intent), self._clock()))], ""

    def cancel(self, ref: EventRef, message: str = "") -> None:
        """See `connectors.protocol.Calendar.cancel`. The organizer keeps the event, marked as
        cancelled, so that its key stays taken; the attendees' copies go."""
        owner = normal(ref.calendar)
        with self._folder.locked():
            try:
                file = self._settled(owner, [ref.id])
            except NotFound:
                return
            found = file.event(ref.id)
            if found is not None and not found[1].cancelled:
                file = self._files.edit(owner, lambda now: self._struck(now, ref.id, message))
                file = self._deliveries.settle(owner, [ref.id], file)
            self._noted(owner, file, ref.id)

    def _struck(self, file: CalendarFile, id_: str, message: str) -> Changes | None:
        found = file.event(id_)
        if found is None:
            return None
        component, stored = found
        lines = {"STATUS": ["STATUS:CANCELLED\r\n"], "SEQUENCE": [f"SEQUENCE:{stored.sequence + 1}\r\n"]}
        if message.strip():
            lines["COMMENT"] = [events.line("COMMENT", clean_text(message))]
        return list(events.patch(component, lines)), ""

    def archive(self, calendar: str, before: datetime) -> int:
        """Move what ended by ``before`` out of an organizer's file and the rooms', into the folder's ``archive``; how
        many events that were. Nobody is told: they are over. Raises `Unreadable`, `Forbidden`, `Transient`."""
        owner = normal(calendar)
        with self._folder.locked():
            try:
                self._noted(owner, self._settled(owner))
                count = archive.organized(self._folder, self._files, owner, before)
            except NotFound:
                return 0
            self._noted(owner, self._files.open(owner))
        for room in self.rooms():
            with (
                self._folder.locked(),
                contextlib.suppress(Unreadable),
            ):  # a room that cannot be read is left alone
                count += archive.held(self._folder, self._files, room.address, before)
        return count

    def forget(self, calendar: str, keys: Collection[str]) -> tuple[int, list[str]]:
        """See `connectors.protocol.Forgets`."""
        with self._folder.locked():
            return forgotten.forget(self._folder, self._files, normal(calendar), {*map(event_id, keys)})

    # ------------------------------------------------------------------------- under the lock

    def _settled(self, owner: str, ids: Sequence[str] | None = None) -> CalendarFile:
        return self._deliveries.settle(owner, ids)

    def _done(self, owner: str, id_: str, file: CalendarFile) -> Booked:
        """Deliver, remember, and say what was written."""
        file = self._deliveries.settle(owner, [id_], file)
        stored = self._live(file, id_)
        self._noted(owner, file, id_)
        return Booked(EventRef(owner, id_), stored.etag)

    @staticmethod
    def _live(file: CalendarFile, id_: str) -> Stored:
        found = file.event(id_)
        if found is None or found[1].cancelled:
            raise Gone(f"event {id_[:40]} was cancelled or deleted, or was never there")
        return found[1]

    def _noted(self, owner: str, file: CalendarFile, only: str = "") -> journal.Journal:
        """The journal, up to date with the organizer's file (or with one event of it); copies of
        deleted events are withdrawn."""
        known = journal.load(self._folder, owner)
        found = file.event(only) if only else None
        news = known.note({only: found[1]} if found else file.organized(), everything=found is None)
        for id_ in sorted(known.left):
            if self._deliveries.withdraw(id_, known.events[id_].guests):
                known.swept(id_)
                news = True
        if news:
            journal.save(self._folder, owner, known)
        return known


def _asked_again(guest: Guest, organizer: str) -> Guest:
    """A guest who has not answered yet; the organizer has nothing to answer."""
    if normal(guest.address) == organizer:
        return guest
    return replace(guest, reply=Reply.NEEDS_ACTION, comment="", status=PENDING, trouble="")


def _next(now: Stored, intent: EventIntent) -> Stored:
    """The event after a change: same identity. Where the time stands, answers and sequence do (RFC 5546
    section 2.1.4); whom a colleague added stays."""
    known = {normal(guest.address): guest for guest in now.guests}
    wanted = events.intended(intent, now.organizer, (), now.sequence)
    moved = wanted.times != now.times

    def guest(attendee: Attendee) -> Guest:
        fresh = events.invited(attendee, now.organizer)
        old = known.get(normal(attendee.address))
        became_a_room = old is not None and (old.role is Role.ROOM) is not (attendee.role is Role.ROOM)
        if old is None or moved or became_a_room:
            return fresh
        return replace(fresh, reply=old.reply, comment=old.comment, status=old.status, trouble=old.trouble)

    ours = now.invited or tuple(known)
    added = [g for address, g in known.items() if address not in ours and address not in wanted.invited]
    guests = (
        *(guest(attendee) for attendee in intent.attendees),
        *(_asked_again(g, now.organizer) if moved else g for g in added),
    )
    stay = {normal(g.address) for g in guests}
    dropped = [g.address for address, g in known.items() if address not in stay and address != now.organizer]
    return replace(
        wanted,
        guests=guests,
        sequence=now.sequence + 1 if moved else now.sequence,
        organizer_name=now.organizer_name,
        sent=wanted.times,
        withdrawn=tuple(sorted({*dropped, *(who for who in now.withdrawn if normal(who) not in stay)})),
    )
