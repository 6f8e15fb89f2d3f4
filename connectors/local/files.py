"""Calendar files as values: read once per content, edited without losing what others wrote."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from connectors.errors import ConnectorError, Transient
from connectors.local import events, journal
from connectors.local.busy import Agenda
from connectors.local.identity import KEY, own_id, own_key
from connectors.local.keeping.again import parsed_again
from connectors.local.keeping.pieces import Text
from connectors.local.names import normal
from connectors.local.store import RESTED, Changed, Folder, Snapshot, Stamp
from connectors.local.text import Component, Parsed, decode, edited, parse, touched
from connectors.local.zones import FileZones
from connectors.types import Event

_TRIES = 20
_HEAD = 4_000
"""Characters in which a file shows how it breaks its lines."""
_OVERLAID = 200
"""Changes of an index that are kept beside it before it is made anew."""
_OWN, _STORED, _ORGANIZER = "own id", "stored", "organizer"
"""What is remembered of a component."""

Changes = tuple[list[tuple[int, int, str]], str]
"""Slices to replace and text to add, as `edited` takes them."""


class CalendarFile:
    """The content of one file at one moment. Cheap to make; busy times are worked out when asked for."""

    def __init__(
        self,
        address: str,
        path: Path,
        text: Text,
        zone: Callable[[], str | None],
        lost: Callable[[str], events.Lost | None],
        before: CalendarFile | None = None,
        changed: tuple[int, int] | None = None,
    ) -> None:
        """``zone`` is asked where the calendar names none; ``lost`` remembers events of this calendar by id;
        ``before`` is the same file as it was before, ``changed`` where in its text it is known to have changed.
        Raises `Unreadable` where the text has no sound structure."""
        self.address = address
        self.path = path
        self._lost = lost
        self.parsed: Parsed = parse(text) if before is None else parsed_again(before.parsed, text, changed)
        self.zoneless = not all(map(_names_zone, self.parsed.calendars))
        self.zone = zone() if self.zoneless else None
        self.zones = FileZones(self.parsed, self.zone)
        self._agenda: Agenda | None = None
        self._ours: ChainMap[str, list[Component]] | None = None
        if before is not None:
            self._ours = _ours_again(before, self.parsed)
        self._read: dict[str, tuple[Component, events.Stored] | None] = {}

    def agenda(self) -> Agenda:
        """What blocks its owner."""
        if self._agenda is None:
            self._agenda = Agenda(self.parsed, self.address, self.zones)
        return self._agenda

    def _own(self) -> Mapping[str, list[Component]]:
        """Everything that carries our UID, organized here or elsewhere, by id; none may be left."""
        if self._ours is None:
            ours: dict[str, list[Component]] = {}
            for component in self.parsed.components("VEVENT"):
                if (id_ := _own_id(component)) is not None:
                    ours.setdefault(id_, []).append(component)
            self._ours = ChainMap({}, ours)
        return self._ours

    def event(self, id_: str) -> tuple[Component, events.Stored] | None:
        """The event of ours with this id that this calendar organizes. Raises `Unreadable`, `UnknownZone`."""
        if id_ in self._read:
            return self._read[id_]
        found = self._find(id_)
        if found is None or not found[1].nameless:
            self._read[id_] = found
        return found

    def _find(self, id_: str) -> tuple[Component, events.Stored] | None:
        for component in self._own().get(id_, []):
            if (known := component.memo.get(_STORED)) is not None:
                return component, known
            if not self._organizes(component):
                continue
            lost = self._lost(id_) if own_key(component) is None else None
            stored = events.read(component, self.parsed.text, self.zones.of(component), lost)
            if stored is not None:
                if not stored.nameless:  # what the journal stands in for may change without us
                    component.memo[_STORED] = stored
                return component, stored
        return None

    def _organizes(self, component: Component) -> bool:
        if _ORGANIZER not in component.memo:
            component.memo[_ORGANIZER] = normal(component.value("ORGANIZER"))
        return bool(component.memo[_ORGANIZER] == self.address)

    def organized(self) -> dict[str, events.Stored]:
        """All our events that this calendar organizes, by id. Raises `Unreadable`, `UnknownZone`."""
        return {id_: found[1] for id_ in self._own() if (found := self.event(id_)) is not None}

    def pasted(self) -> list[Event]:
        """What carries a key of ours under an identity that does not follow from it. Raises `UnknownZone`."""
        return [
            events.pasted(component, self.address, self.zones.of(component))
            for component in self.parsed.components("VEVENT")
            if component.plain(KEY) and own_id(component) is None and "RECURRENCE-ID" not in component.lines
        ]

    def organized_parts(self) -> list[list[Component]]:
        """What stands in the file of each event of ours that this calendar organizes; more than one is damage."""
        return [parts for parts in self._own().values() if parts and all(map(self._organizes, parts))]

    def copied_parts(self) -> list[list[Component]]:
        """The same of those that somebody else organizes."""
        return [parts for parts in self._own().values() if parts and not any(map(self._organizes, parts))]

    def copies(self, id_: str) -> list[Component]:
        """The copies of one of our events that somebody else organizes; more than one is damage."""
        return [component for component in self._own().get(id_, []) if not self._organizes(component)]


def _own_id(component: Component) -> str | None:
    if _OWN not in component.memo:
        component.memo[_OWN] = own_id(component)
    found: str | None = component.memo[_OWN]
    return found


def _ours_again(before: CalendarFile, parsed: Parsed) -> ChainMap[str, list[Component]] | None:
    """What carries our UID by id, from what did before and the components that were kept (`Parsed.kept`)."""
    if before._ours is None or not parsed.kept:
        return None
    index = before._ours if len(before._ours.maps[0]) < _OVERLAID else ChainMap({}, dict(before._ours))
    ours = ChainMap(dict(index.maps[0]), index.maps[1])
    for gone in _events_behind(before.parsed, parsed.kept):
        if (id_ := _own_id(gone)) is not None:
            ours[id_] = [other for other in ours[id_] if other is not gone]
    for fresh in _events_behind(parsed, parsed.kept):
        if (id_ := _own_id(fresh)) is not None:
            ours[id_] = [*ours.get(id_, ()), fresh]
    return ours


def _events_behind(parsed: Parsed, number: int) -> Iterator[Component]:
    for child in parsed.calendars[0].children[number:]:
        if child.name == "VEVENT":
            yield child
        yield from child.inside("VEVENT")


def _names_zone(calendar: Component) -> bool:
    return bool(calendar.plain("X-WR-TIMEZONE") or calendar.plain("TIMEZONE-ID"))


@dataclass(slots=True)
class _Known:
    """A file as it was read: when that was, and what the folder said of it then."""

    file: CalendarFile
    snapshot: Snapshot
    read_at: int

    def stands(self, stamp: Stamp | None) -> bool:
        """Whether nobody can have written it since. A stamp is too coarse for two writes in one tick of the clock: it
        counts where the file had rested for a while when it was read."""
        return self.snapshot.stamp == stamp and self.read_at - self.snapshot.stamp.written_at > RESTED


class Files:
    """Reads and edits the files of a folder; remembers parsed ones by their content.

    What is decided on is never stale: `open` reads the bytes every time, and only what changed is parsed. `glance` is
    for rounds, where most of what is looked at has rested. A calendar of a hundred events takes about 0.3 MB here.
    """

    def __init__(
        self, folder: Folder, zone: Callable[[str], str | None], remembered: int = 64_000_000
    ) -> None:
        """``zone`` gives the zone for an address whose calendar names none; ``remembered`` is how many characters of
        files are kept parsed, each in about eight bytes."""
        self.folder = folder
        self._zone = zone
        self._remembered = remembered
        self._kept = 0
        self._cache: OrderedDict[Path, _Known] = OrderedDict()
        self._guard = threading.Lock()

    def open(self, address: str) -> CalendarFile:
        """The calendar of an address as it is now. Raises `NotFound`, `Unreadable` naming the file."""
        return self._open(self.folder.path_of(address), normal(address))[1]

    def glance(self, address: str) -> CalendarFile:
        """`open` for who looks again soon: a file that has rested is not read while its stamp stands."""
        path, owner = self.folder.path_of(address), normal(address)
        with self._guard:
            known = self._cache.get(path)
            if known is not None:
                self._cache.move_to_end(path)
        if known is not None and known.stands(self.folder.stamp(path)) and self._same_zone(known.file, owner):
            return known.file
        return self._open(path, owner)[1]

    def _same_zone(self, file: CalendarFile, owner: str) -> bool:
        return not file.zoneless or file.zone == self._zone(owner)

    def _open(self, path: Path, owner: str) -> tuple[Snapshot, CalendarFile]:
        """The bytes as they are now, and what they say."""
        read_at = time.time_ns()
        with self._guard:
            known = self._cache.get(path)
        before = known if known is not None and self._same_zone(known.file, owner) else None
        snapshot = self.folder.read(path, before.snapshot.data if before is not None else None)
        if before is not None and snapshot.data is before.snapshot.data:
            file = before.file
        else:
            with named(path):
                text = Text(decode(b"".join(snapshot.data)))
                file = self._made(path, owner, text, before.file if before is not None else None)
            snapshot = replace(snapshot, data=text.data)
        with self._guard:
            self._keep(path, _Known(file, snapshot, read_at))
        return snapshot, file

    def _made(
        self,
        path: Path,
        owner: str,
        text: Text,
        before: CalendarFile | None,
        changed: tuple[int, int] | None = None,
    ) -> CalendarFile:
        return CalendarFile(
            owner, path, text, lambda: self._zone(owner), lambda id_: self._lost(owner, id_), before, changed
        )

    def _keep(self, path: Path, known: _Known) -> None:
        was = self._cache.pop(path, None)
        self._kept += len(known.file.parsed.text) - (len(was.file.parsed.text) if was else 0)
        self._cache[path] = known
        while self._kept > self._remembered and len(self._cache) > 1:
            _, last = self._cache.popitem(last=False)
            self._kept -= len(last.file.parsed.text)

    def _lost(self, owner: str, id_: str) -> events.Lost | None:
        record = journal.load(self.folder, owner).events.get(id_)
        return record.lost() if record is not None else None

    def edit(
        self, address: str, change: Callable[[CalendarFile], Changes | None], looked: bool = False
    ) -> CalendarFile:
        """Change one file, and what it holds then: ``change`` sees it as it is now and says what to replace and add
        (`None`: nothing). Called again where another program wrote the file meanwhile.

        Call it under the folder's lock. What was read last is tried first: right before the file is replaced its
        bytes must be just that. Only a ``change`` that does more than to say needs a file that was ``looked`` at.
        Raises `NotFound`, `Unreadable`, `Forbidden`, `Transient`.
        """
        owner = normal(address)
        for attempt in range(_TRIES):
            path = self.folder.path_of(address)
            last = self._last(path, owner) if not looked and not attempt else None
            snapshot, file = last or self._open(path, owner)
            try:
                wanted = change(file)
            except ConnectorError:
                if last is None:
                    raise
                continue
            if wanted is not None:
                with contextlib.suppress(Changed):
                    return self._replaced(snapshot, file, owner, wanted)
            elif last is None:
                return file
        raise Transient(f"another program keeps writing the calendar file of {address}; try again")

    def _last(self, path: Path, owner: str) -> tuple[Snapshot, CalendarFile] | None:
        """What was read or written last, whatever has become of it."""
        with self._guard:
            known = self._cache.get(path)
        if known is None or not self._same_zone(known.file, owner):
            return None
        return known.snapshot, known.file

    def _replaced(self, seen: Snapshot, file: CalendarFile, owner: str, wanted: Changes) -> CalendarFile:
        """The file with these changes, written. Raises `Changed`, `Forbidden`, `Transient`."""
        pieces, added = _broken_alike(file.parsed.text, *wanted)
        text = edited(file.parsed, pieces, added)
        self.folder.write(file.path, text.data, seen)
        stamp = self.folder.stamp(file.path)
        fresh = self._made(file.path, owner, text, file, touched(file.parsed, pieces, added))
        if stamp is not None:
            with self._guard:
                self._keep(file.path, _Known(fresh, Snapshot(file.path, text.data, seen.mode, stamp), 0))
        return fresh


def _broken_alike(
    text: Text, pieces: Iterable[tuple[int, int, str]], added: str
) -> tuple[list[tuple[int, int, str]], str]:
    """What we put in gets the line breaks that the file has."""
    breaks = "\r\n" if "\r\n" in text[:_HEAD] or "\r\n" in str(text) else "\n"
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
