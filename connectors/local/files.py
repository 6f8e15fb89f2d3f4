"""Calendar files as values: read once per content, edited without losing what others wrote."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from connectors.errors import ConnectorError, Transient
from connectors.local import events, journal
from connectors.local.busy import Agenda
from connectors.local.identity import own_id, own_key
from connectors.local.names import normal
from connectors.local.store import Changed, Folder, Snapshot
from connectors.local.text import Component, Parsed, decode, edited, encoded, parse
from connectors.local.zones import FileZones

_TRIES = 20

Changes = tuple[list[tuple[int, int, str]], str]
"""Slices to replace and text to add, as `edited` takes them."""


class CalendarFile:
    """The content of one file at one moment. Cheap to make; busy times are worked out when asked for."""

    def __init__(
        self,
        address: str,
        path: Path,
        text: str,
        zone: Callable[[], str | None],
        lost: Callable[[str], events.Lost | None],
    ) -> None:
        """``zone`` is asked where the calendar names none; ``lost`` remembers events of this calendar by id.
        Raises `Unreadable` where the text has no sound structure."""
        self.address = address
        self.path = path
        self._lost = lost
        self.parsed: Parsed = parse(text)
        self.zoneless = not all(map(_names_zone, self.parsed.calendars))
        self.zone = zone() if self.zoneless else None
        self.zones = FileZones(self.parsed, self.zone)
        self._agenda: Agenda | None = None
        self._ours: dict[str, list[Component]] | None = None
        self._read: dict[str, tuple[Component, events.Stored] | None] = {}

    def agenda(self) -> Agenda:
        """What blocks its owner."""
        if self._agenda is None:
            self._agenda = Agenda(self.parsed, self.address, self.zones)
        return self._agenda

    def _own(self) -> dict[str, list[Component]]:
        """Everything that carries our UID, organized here or elsewhere, by id."""
        if self._ours is None:
            ours: dict[str, list[Component]] = {}
            for component in self.parsed.components("VEVENT"):
                if (id_ := own_id(component)) is not None:
                    ours.setdefault(id_, []).append(component)
            self._ours = ours
        return self._ours

    def event(self, id_: str) -> tuple[Component, events.Stored] | None:
        """The event of ours with this id that this calendar organizes. Raises `Unreadable`, `UnknownZone`."""
        if id_ in self._read:
            return self._read[id_]
        found = self._find(id_)
        if found is None or not found[1].nameless:  # what the journal stands in for may change without us
            self._read[id_] = found
        return found

    def _find(self, id_: str) -> tuple[Component, events.Stored] | None:
        for component in self._own().get(id_, []):
            if normal(component.value("ORGANIZER")) != self.address:
                continue
            lost = self._lost(id_) if own_key(component) is None else None
            stored = events.read(component, self.parsed.text, self.zones.of(component), lost)
            if stored is not None:
                return component, stored
        return None

    def organized(self) -> dict[str, events.Stored]:
        """All our events that this calendar organizes, by id. Raises `Unreadable`, `UnknownZone`."""
        return {id_: found[1] for id_ in self._own() if (found := self.event(id_)) is not None}

    def copies(self, id_: str) -> list[Component]:
        """The copies of one of our events that somebody else organizes; more than one is damage."""
        return [
            component
            for component in self._own().get(id_, [])
            if normal(component.value("ORGANIZER")) != self.address
        ]


def _names_zone(calendar: Component) -> bool:
    return bool(calendar.plain("X-WR-TIMEZONE") or calendar.plain("TIMEZONE-ID"))


class Files:
    """Reads and edits the files of a folder; remembers parsed ones by the digest of their content.

    A cached file can never be stale: the bytes are read every time, only parsing is saved. A calendar
    of a hundred events takes about 0.3 MB here.
    """

    def __init__(self, folder: Folder, zone: Callable[[str], str | None], remembered: int = 600) -> None:
        """``zone`` gives the zone for an address whose calendar names none."""
        self.folder = folder
        self._zone = zone
        self._remembered = remembered
        self._cache: OrderedDict[Path, tuple[bytes, CalendarFile]] = OrderedDict()
        self._guard = threading.Lock()

    def open(self, address: str) -> CalendarFile:
        """The calendar of an address as it is now. Raises `NotFound`, `Unreadable` naming the file."""
        return self._open(address)[1]

    def _open(self, address: str) -> tuple[Snapshot, CalendarFile]:
        path, owner = self.folder.path_of(address), normal(address)
        snapshot = self.folder.read(path)
        digest = hashlib.blake2b(snapshot.data, digest_size=20).digest()
        with self._guard:
            known = self._cache.get(path)
            if known is not None:
                self._cache.move_to_end(path)
        if known is not None and known[0] == digest:
            file = known[1]
            if not file.zoneless or file.zone == self._zone(owner):
                return snapshot, file
        with named(path):
            text = decode(snapshot.data)
            file = CalendarFile(
                owner, path, text, lambda: self._zone(owner), lambda id_: self._lost(owner, id_)
            )
        with self._guard:
            self._cache[path] = (digest, file)
            while len(self._cache) > self._remembered:
                self._cache.popitem(last=False)
        return snapshot, file

    def _lost(self, owner: str, id_: str) -> events.Lost | None:
        record = journal.load(self.folder, owner).events.get(id_)
        return record.lost() if record is not None else None

    def edit(self, address: str, change: Callable[[CalendarFile], Changes | None]) -> None:
        """Change one file: ``change`` sees it as it is now and says what to replace and add (`None`:
        nothing). Called again where another program wrote the file meanwhile.

        Call it under the folder's lock. Raises `NotFound`, `Unreadable`, `Forbidden`, `Transient`.
        """
        for _ in range(_TRIES):
            snapshot, file = self._open(address)
            wanted = change(file)
            if wanted is None:
                return
            pieces, added = wanted
            text = edited(file.parsed, *_broken_alike(file.parsed.text, pieces, added))
            try:
                self.folder.write(file.path, encoded(text), snapshot)
            except Changed:
                continue
            return
        raise Transient(f"another program keeps writing the calendar file of {address}; try again")


def _broken_alike(
    text: str, pieces: Iterable[tuple[int, int, str]], added: str
) -> tuple[list[tuple[int, int, str]], str]:
    """What we put in gets the line breaks that the file has."""
    breaks = "\r\n" if "\r\n" in text else "\n"
    return (
        [(start, end, fresh.replace("\r\n", breaks)) for start, end, fresh in pieces],
        added.replace("\r\n", breaks),
    )


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Errors that leave this block begin with the name of the file they are about."""
    try:
        yield
    except ConnectorError as error:
        if str(error).startswith(path.name):
            raise
        raise type(error)(f"{path.name}: {error}") from None
