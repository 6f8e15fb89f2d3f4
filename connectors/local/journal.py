"""What `changes` remembers of one organizer: which event changed when, and which ones are gone.

One JSON file per organizer in the folder's state. The calendar file stays the truth: a lost journal
costs nothing but one full round of `changes` (and the memory of events that humans deleted).

Told by `tests/connectors/test_local_own.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from connectors.errors import CursorExpired
from connectors.local.events import STAMP, Lost, Stored
from connectors.local.names import file_name
from connectors.local.store import RESTED, STATE, Folder, Stamp
from connectors.types import Window

LIVE, CANCELLED, DELETED = "live", "cancelled", "deleted"

_MARKS = 1_000
"""States a cursor may still come from; older cursors are answered with `CursorExpired`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event of ours: ``seq`` orders the changes. Times are ISO 8601 in UTC."""

    seq: int
    etag: str
    state: str
    key: str
    fingerprint: str
    start: str
    end: str
    zone: str
    guests: list[str]
    swept: bool = False
    """Whether every copy of a deleted event has been withdrawn."""
    invited: list[str] = field(default_factory=list)

    def lost(self) -> Lost:
        """What stands in where a program has dropped our lines from the event."""
        start, end = (f"{datetime.fromisoformat(time):{STAMP}}" for time in (self.start, self.end))
        return Lost(self.key, self.fingerprint, self.zone, f"{start}/{end}", tuple(self.invited))

    def row(self) -> list[object]:
        return [getattr(self, name) for name in self.__slots__]

    def overlaps(self, window: Window) -> bool:
        return _at(self.start) < window.end and window.start < _at(self.end)


@dataclass(slots=True)
class Journal:
    """``epoch`` names this life of the journal; ``marks`` are random names of its states by counter, so
    that a cursor given out before a backup was put back is recognized."""

    epoch: str = field(default_factory=lambda: secrets.token_hex(8))
    counter: int = 0
    marks: list[tuple[int, str]] = field(default_factory=list)
    events: dict[str, Record] = field(default_factory=dict)
    over: datetime | None = None
    """What had ended by then was moved out of the organizer's file: it is missing there, and was not deleted."""
    texts: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Records as they are written, as far as they were."""

    def copy(self) -> Journal:
        """To be changed without changing what others have read."""
        return Journal(
            self.epoch, self.counter, list(self.marks), dict(self.events), self.over, dict(self.texts)
        )

    def swept(self, id_: str) -> None:
        """Every copy of a deleted event has been withdrawn."""
        self._put(id_, replace(self.events[id_], swept=True))

    def _put(self, id_: str, record: Record) -> None:
        self.events[id_] = record
        self.texts.pop(id_, None)

    def note(self, found: dict[str, Stored], everything: bool) -> bool:
        """Compare with what the organizer's file holds now; true where something is new. Only where
        ``found`` is ``everything`` it holds, what is missing was deleted."""
        before, gone = self.counter, False
        for id_, stored in sorted(found.items(), key=lambda item: (item[1].start, item[0])):
            known = self.events.get(id_)
            state = CANCELLED if stored.cancelled else LIVE
            if known is None or (known.etag, known.state) != (stored.etag, state):
                self.counter += 1
                self._put(id_, _record(self.counter, stored, state))
        for id_, known in list(self.events.items()) if everything else ():
            if id_ in found:
                continue
            if self.over is not None and _at(known.end) <= self.over:
                del self.events[id_]
                self.texts.pop(id_, None)
                gone = True
            elif known.state != DELETED:
                self.counter += 1
                self._put(id_, replace(known, seq=self.counter, state=DELETED, swept=False))
        if self.counter != before or not self.marks:
            self.marks.append((self.counter, secrets.token_hex(4)))
            del self.marks[:-_MARKS]
            return True
        return gone


_at = lru_cache(maxsize=65_536)(datetime.fromisoformat)


def _record(seq: int, stored: Stored, state: str) -> Record:
    return Record(
        seq=seq,
        etag=stored.etag,
        state=state,
        key=stored.key,
        fingerprint=stored.fingerprint,
        start=stored.start.astimezone(UTC).isoformat(),
        end=stored.end.astimezone(UTC).isoformat(),
        zone=stored.zone,
        guests=[guest.address for guest in stored.guests] + list(stored.withdrawn),
        invited=list(stored.invited),
    )


def key_of(folder: Folder, id_: str) -> str | None:
    """The key of one of our events, whoever organizes it; ``None`` where no journal knows it."""
    for path in sorted((folder.path / STATE).glob("*.json")):
        record = _read(folder, path).events.get(id_)
        if record is not None:
            return record.key
    return None


def _path(folder: Folder, organizer: str) -> Path:
    return folder.state() / f"{file_name(organizer)}.json"


def load(folder: Folder, organizer: str) -> Journal:
    """The journal of an organizer; a new one where there is none or it cannot be understood."""
    return _read(folder, _path(folder, organizer)).copy()


@dataclass(frozen=True, slots=True)
class _Known:
    """A journal as it was read or written, with what the folder says of its file: only we write it, and each time
    as a new file."""

    journal: Journal
    stamp: Stamp


def _read(folder: Folder, path: Path) -> Journal:
    known, stamp = folder.kept.get(path), folder.stamp(path)
    if isinstance(known, _Known) and known.stamp == stamp:
        return known.journal
    found = _parsed(path)
    if stamp is not None and folder.stamp(path) == stamp and time.time_ns() - stamp.written_at > RESTED:
        folder.kept[path] = _Known(found, stamp)
    return found


def _parsed(path: Path) -> Journal:
    try:
        raw = json.loads(path.read_bytes())
        return Journal(
            epoch=str(raw["epoch"]),
            counter=int(raw["counter"]),
            marks=[(int(seq), str(mark)) for seq, mark in raw["marks"]],
            events={str(id_): Record(*row) for id_, row in raw["events"].items()},
            over=datetime.fromisoformat(raw["over"]) if raw.get("over") else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Journal()


def save(folder: Folder, organizer: str, journal: Journal) -> None:
    """Raises `Forbidden`, `Transient`."""
    for id_ in journal.events.keys() - journal.texts.keys():
        journal.texts[id_] = f"{_dumped(id_)}:{_dumped(journal.events[id_].row())}"
    events = ",".join(map(journal.texts.__getitem__, journal.events))
    head = _dumped(
        {
            "epoch": journal.epoch,
            "counter": journal.counter,
            "marks": journal.marks,
            "over": journal.over.astimezone(UTC).isoformat() if journal.over else None,
        }
    )
    path = _path(folder, organizer)
    folder.write(path, f'{head[:-1]},"events":{{{events}}}}}'.encode())
    if (stamp := folder.stamp(path)) is not None:
        folder.kept[path] = _Known(journal.copy(), stamp)


def _dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the journal.

    In the middle of a round (``under_way``) the caller is being told what changed after ``base`` and
    what ``window`` covers and the window ``old`` (`None`: nothing) did not; they have come to ``position``.
    Between rounds the caller knows everything up to ``base`` in ``window``.
    """

    epoch: str
    mark: tuple[int, str]
    base: int
    position: int
    old: Window | None
    window: Window
    under_way: bool

    def text(self) -> str:
        raw = [
            self.epoch,
            list(self.mark),
            self.base,
            self.position,
            _times(self.old) if self.old else None,
            _times(self.window),
            self.under_way,
        ]
        return base64.urlsafe_b64encode(json.dumps(raw).encode()).decode()


def cursor(text: str, journal: Journal) -> Cursor:
    """Raises `CursorExpired` for a cursor that this journal did not give out or no longer remembers."""
    try:
        raw: Any = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        epoch, (seq, mark), base, position, old, window, under_way = raw
        found = Cursor(
            str(epoch),
            (int(seq), str(mark)),
            int(base),
            int(position),
            _window(old) if old else None,
            _window(window),
            bool(under_way),
        )
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise CursorExpired("this cursor was not given out here; read everything again") from None
    if found.epoch != journal.epoch or found.mark not in journal.marks:
        raise CursorExpired("the calendar no longer knows this cursor; read everything again")
    return found


def _times(window: Window) -> list[str]:
    return [window.start.astimezone(UTC).isoformat(), window.end.astimezone(UTC).isoformat()]


def _window(raw: list[str]) -> Window:
    start, end = (datetime.fromisoformat(text) for text in raw)
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("a cursor's times are aware")
    return Window(start, end)
