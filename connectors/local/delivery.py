"""Carries invitations from the organizer's file into the attendees' and their answers back.

This is what a calendar server does by itself. Every step can be repeated: the organizer's event says
for each attendee whether it was delivered, a copy says what was delivered, so a run that was killed
anywhere is completed by the next one (`Deliveries.settle`). Attendees' files are written first, the
organizer's last: what it calls delivered, is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from connectors.errors import ConnectorError, Forbidden, NotFound, Transient, Unreadable
from connectors.local import events
from connectors.local.events import DELIVERED, FAILED, NO_CALENDAR, PENDING, WITHDRAWN, Guest, Stored
from connectors.local.files import CalendarFile, Changes, Files, named
from connectors.local.names import normal
from connectors.local.text import Component
from connectors.local.times import instant, span
from connectors.types import Reply, Role


class Deliveries:
    """Call everything here under the folder's lock."""

    def __init__(self, files: Files, clock: Callable[[], datetime]) -> None:
        self._files = files
        self._clock = clock

    def settle(self, organizer: str, ids: Iterable[str] | None = None) -> CalendarFile:
        """Bring copies and answers up to date for some (``None``: all) events of a calendar.

        Returns the organizer's file afterwards. Raises `NotFound`, `Unreadable`, `UnknownZone` (the
        organizer's file), `Forbidden`, `Transient` (a write).
        """
        file = self._files.open(organizer)
        round_ = _Round(self._files, self._clock())
        changed: dict[str, Stored] = {}
        for id_ in file.organized() if ids is None else ids:
            with named(file.path):
                found = file.event(id_)
            if found is not None:
                fresh = replace(round_.settle(found[1]), nameless=False)
                if fresh != found[1]:
                    changed[id_] = fresh
        if not changed:
            return file
        self._files.edit(organizer, lambda now: _recorded(now, changed))
        return self._files.open(organizer)

    def withdraw(self, id_: str, addresses: Iterable[str]) -> bool:
        """Remove the copies of an event that is gone; false where one could not be reached."""
        round_ = _Round(self._files, self._clock())
        left = [address for address in addresses if not round_.withdraw(id_, address)]
        return not left


def _recorded(file: CalendarFile, changed: dict[str, Stored]) -> Changes | None:
    """Edits of the organizer's file: only the lines that delivery is about. What a human changed in
    the same event meanwhile stays."""
    pieces: list[tuple[int, int, str]] = []
    for id_, fresh in changed.items():
        found = file.event(id_)
        if found is None:
            continue
        component, now = found
        lines = {
            "ATTENDEE": [events.attendee_line(guest, delivery=True) for guest in _merged(now, fresh)],
            "X-LOOPWRIGHT-SENT": [events.line("X-LOOPWRIGHT-SENT", fresh.sent)],
            "X-LOOPWRIGHT-WITHDRAWN": [events.line("X-LOOPWRIGHT-WITHDRAWN", who) for who in fresh.withdrawn],
            "SEQUENCE": [f"SEQUENCE:{fresh.sequence}\r\n"],
        }
        if now.nameless:
            lines |= events.marks(now)
        pieces.extend(events.patch(component, lines))
    return (pieces, "") if pieces else None


def _merged(now: Stored, fresh: Stored) -> tuple[Guest, ...]:
    known = {normal(guest.address): guest for guest in fresh.guests}
    return tuple(known.get(normal(guest.address), guest) for guest in now.guests)


class _Round:
    """One pass over some events; every attendee's file is opened once unless we write it."""

    def __init__(self, files: Files, now: datetime) -> None:
        self._files = files
        self._now = now
        self._open: dict[str, CalendarFile | ConnectorError] = {}

    def _file(self, address: str) -> CalendarFile:
        """Raises `NotFound`, `Unreadable`."""
        owner = normal(address)
        if owner not in self._open:
            try:
                self._open[owner] = self._files.open(owner)
            except (NotFound, Unreadable) as error:
                self._open[owner] = error
        found = self._open[owner]
        if isinstance(found, ConnectorError):
            raise found
        return found

    def _edit(self, address: str, change: Callable[[CalendarFile], Changes | None]) -> None:
        self._files.edit(address, change)
        self._open.pop(normal(address), None)

    def settle(self, stored: Stored) -> Stored:
        """The event as it should stand in the organizer's file after this round."""
        if stored.cancelled:
            guests = tuple(
                guest
                if guest.status == WITHDRAWN or not self.withdraw(stored.id, guest.address)
                else replace(guest, status=WITHDRAWN, trouble="")
                for guest in stored.guests
            )
            return replace(stored, guests=guests, withdrawn=self._still_there(stored))
        if stored.sent != stored.times:
            stored = _told_anew(stored)
        withdrawn = self._still_there(stored)
        guests = tuple(
            guest if normal(guest.address) == stored.organizer else self._settle_guest(stored, guest)
            for guest in stored.guests
        )
        return replace(stored, guests=guests, withdrawn=withdrawn)

    def _still_there(self, stored: Stored) -> tuple[str, ...]:
        return tuple(who for who in stored.withdrawn if not self.withdraw(stored.id, who))

    def withdraw(self, id_: str, address: str) -> bool:
        """Remove the copy; true when none is left. An unreadable file is left alone, for another round."""
        try:
            if self._file(address).copies(id_):
                self._edit(address, lambda file: _without(file.copies(id_)))
        except NotFound:
            return True
        except (Unreadable, Forbidden):
            return False
        return True

    def _settle_guest(self, stored: Stored, guest: Guest) -> Guest:
        try:
            file = self._file(guest.address)
            copies = file.copies(stored.id)
            if len(copies) == 1 and _up_to_date(file, copies[0], stored):
                return _answered(guest, file, copies[0])
            if guest.status == DELIVERED and all(map(_cancelled, copies)):
                return self._thrown_away(stored, guest)
            return self._deliver(stored, guest, file, copies)
        except NotFound as error:
            return (
                guest if guest.status == DELIVERED else replace(guest, status=NO_CALENDAR, trouble=str(error))
            )
        except Transient:
            raise
        except ConnectorError as error:
            return guest if guest.status == DELIVERED else replace(guest, status=FAILED, trouble=str(error))

    def _thrown_away(self, stored: Stored, guest: Guest) -> Guest:
        """Who deletes or cancels their copy declines; once the event is over it is only tidying."""
        if stored.end <= self._now.astimezone(UTC):
            return guest
        return replace(guest, reply=Reply.DECLINED)

    def _deliver(self, stored: Stored, guest: Guest, file: CalendarFile, copies: list[Component]) -> Guest:
        if guest.status == DELIVERED:  # the copy differs from what is true now: an edit by either side
            same_time = len(copies) == 1 and _same_time(file, copies[0], stored)
            guest = (
                _answered(guest, file, copies[0])
                if same_time
                else replace(guest, reply=Reply.NEEDS_ACTION, comment="")
            )
        guest = replace(guest, status=DELIVERED, trouble="")
        if guest.role is Role.ROOM:
            if guest.reply is Reply.NEEDS_ACTION:
                with named(file.path):
                    free = file.agenda().free(stored.start, stored.end, besides=stored.key)
                guest = replace(guest, reply=Reply.ACCEPTED if free else Reply.DECLINED)
            if guest.reply is Reply.DECLINED:
                if copies:
                    self._edit(guest.address, lambda now: _without(now.copies(stored.id)))
                return guest
        told = replace(
            stored,
            guests=tuple(guest if normal(g.address) == normal(guest.address) else g for g in stored.guests),
        )
        fresh = events.render(told, self._now, copy_for=normal(guest.address))
        self._edit(guest.address, lambda now: _with(now.copies(stored.id), fresh))
        return guest


def _told_anew(stored: Stored) -> Stored:
    """Somebody moved the event in the organizer's calendar: everybody is asked again."""
    first = not stored.sent
    return replace(
        stored,
        sent=stored.times,
        sequence=stored.sequence if first else stored.sequence + 1,
        guests=tuple(
            guest
            if first or normal(guest.address) == stored.organizer
            else replace(guest, status=PENDING, reply=Reply.NEEDS_ACTION, comment="")
            for guest in stored.guests
        ),
    )


def _same_time(file: CalendarFile, copy: Component, stored: Stored) -> bool:
    try:
        zones = file.zones.of(copy)
        start, end = (instant(value, zones) for value in span(copy, zones))
    except ConnectorError:
        return False  # a copy somebody damaged is delivered again
    return (start, end) == (stored.start, stored.end)


def _cancelled(copy: Component) -> bool:
    return copy.value("STATUS").upper() == "CANCELLED"


def _up_to_date(file: CalendarFile, copy: Component, stored: Stored) -> bool:
    told = copy.value("X-LOOPWRIGHT-CONTENT")
    return told == events.content(stored) and _same_time(file, copy, stored) and not _cancelled(copy)


def _answered(guest: Guest, file: CalendarFile, copy: Component) -> Guest:
    """The guest with the answer that stands in their own copy."""
    found = events.answer(copy, file.address)
    reply, comment = found if found is not None else (guest.reply, guest.comment)
    return replace(guest, reply=reply, comment=comment, status=DELIVERED, trouble="")


def _without(copies: list[Component]) -> Changes | None:
    return ([(copy.start, copy.end, "") for copy in copies], "") if copies else None


def _with(copies: list[Component], fresh: str) -> Changes:
    if not copies:
        return [], fresh
    first, *others = copies
    return [(first.start, first.end, fresh), *((copy.start, copy.end, "") for copy in others)], ""
