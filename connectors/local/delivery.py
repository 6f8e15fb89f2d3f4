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
from typing import Any

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
        self._settled: dict[str, _Settled] = {}

    def settle(
        self, organizer: str, ids: Iterable[str] | None = None, file: CalendarFile | None = None
    ) -> CalendarFile:
        """Bring copies and answers up to date for some (``None``: all) events of a calendar; ``file`` is the
        organizer's where it was read or written just now.

        Returns the organizer's file afterwards. Raises `NotFound`, `Unreadable`, `UnknownZone` (the
        organizer's file), `Forbidden`, `Transient` (a write).
        """
        open_ = self._files.glance if ids is None else self._files.open
        file = file or open_(organizer)
        round_ = _Round(self._files, self._clock(), open_)
        known = self._settled.setdefault(organizer, _Settled())
        if ids is None and known.stands(file, round_):
            ids = known.open
        changed: dict[str, Stored] = {}
        every = ids is None
        for id_ in file.organized() if ids is None else ids:
            with named(file.path):
                found = file.event(id_)
            if found is None or known.holds(found[1], round_):
                continue
            fresh = replace(round_.settle(found[1]), nameless=False)
            if fresh != found[1]:
                changed[id_] = fresh
            else:
                known.note(found[1], round_)
        if not changed:
            if every:
                known.all_of(file, round_)
            return file
        return self._files.edit(organizer, lambda now: _recorded(now, changed))

    def withdraw(self, id_: str, addresses: Iterable[str]) -> bool:
        """Remove the copies of an event that is gone; false where one could not be reached."""
        round_ = _Round(self._files, self._clock(), self._files.open)
        left = [address for address in addresses if not round_.withdraw(id_, address)]
        return not left


class _Settled:
    """What of one organizer's events was found settled: each with the copies that said so. As long as all of them
    stand, there is nothing to carry."""

    def __init__(self) -> None:
        self.open: list[str] = []
        """Those that are looked at every time, among all when ``_file`` was as it is."""
        self._events: dict[str, tuple[Stored, tuple[tuple[str, dict[str, Any]], ...]]] = {}
        self._file: CalendarFile | None = None
        self._others: dict[str, CalendarFile] = {}

    def holds(self, stored: Stored, round_: _Round) -> bool:
        """Whether neither the event nor a copy of it has changed."""
        known = self._events.get(stored.id)
        if known is None or known[0] is not stored:
            return False
        return all(_only_copy(round_.file(who), stored.id) is copy for who, copy in known[1])

    def note(self, stored: Stored, round_: _Round) -> None:
        """An event was settled and nothing was to do. Who has no copy, or perhaps a new one, is asked every time."""
        copies: list[tuple[str, dict[str, Any]]] = []
        guests = [] if stored.cancelled else [normal(g.address) for g in stored.guests]
        done = stored.withdrawn == () and all(
            g.status == WITHDRAWN for g in (stored.guests if stored.cancelled else ())
        )
        for who in guests if done else ():
            if who != stored.organizer:
                copy = _only_copy(round_.file(who), stored.id)
                done = done and copy is not None
                copies += [(who, copy)] if copy is not None else []
        if done and not stored.nameless:
            self._events[stored.id] = stored, tuple(copies)
        else:
            self._events.pop(stored.id, None)

    def all_of(self, file: CalendarFile, round_: _Round) -> None:
        """Every event of the organizer's file was looked at, and nothing was to do."""
        events = file.organized()
        self._events = {id_: known for id_, known in self._events.items() if id_ in events}
        self.open = [id_ for id_ in events if id_ not in self._events]
        self._file = file
        self._others = {who: found for who, found in round_.opened() if isinstance(found, CalendarFile)}

    def stands(self, file: CalendarFile, round_: _Round) -> bool:
        """Whether no file has changed since."""
        return self._file is file and all(round_.file(who) is known for who, known in self._others.items())


def _only_copy(file: CalendarFile | None, id_: str) -> dict[str, Any] | None:
    """What tells the one copy of an event in a file from every other; ``None`` where there is none, or several."""
    copies = file.copies(id_) if file is not None else []
    return copies[0].memo if len(copies) == 1 else None


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

    def __init__(self, files: Files, now: datetime, open_: Callable[[str], CalendarFile]) -> None:
        """``open_`` says how the files are looked at."""
        self._files = files
        self._now = now
        self._look = open_
        self._open: dict[str, CalendarFile | ConnectorError] = {}

    def file(self, owner: str) -> CalendarFile | None:
        """The file of a `normal` address, ``None`` where it cannot be read."""
        try:
            return self._file(owner)
        except ConnectorError:
            return None

    def opened(self) -> Iterable[tuple[str, CalendarFile | ConnectorError]]:
        """What this round has read, by `normal` address."""
        return self._open.items()

    def _file(self, address: str) -> CalendarFile:
        """Raises `NotFound`, `Unreadable`."""
        owner = normal(address)
        if owner not in self._open:
            try:
                self._open[owner] = self._look(owner)
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
