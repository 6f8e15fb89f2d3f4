"""What `changes` remembers of one organizer: which event changed when, and which ones are gone.

One file per organizer in the folder's state: a line of JSON with all of it, then one for each time that something was
new, until those are longer than the first. The calendar file stays the truth: a lost journal costs nothing but one full
round of `changes` (and the memory of events that humans deleted); a line that a crash cut off was never told to anybody.

Told by `tests/connectors/test_local_own.py`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import secrets
import time
from collections.abc import Collection, Mapping
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

_NOT_OURS = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
"""What reading raises where a journal, or a line of it, cannot be understood."""
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
    left: set[str] = field(default_factory=set)
    """Deleted events whose copies have not all been withdrawn."""
    news: set[str] = field(default_factory=set, compare=False, repr=False)
    """Events whose records are other than they were when this was read."""

    def copy(self) -> Journal:
        """To be changed without changing what others have read."""
        return Journal(
            self.epoch, self.counter, list(self.marks), dict(self.events), self.over, set(self.left)
        )

    def swept(self, id_: str) -> None:
        """Every copy of a deleted event has been withdrawn."""
        self._put(id_, replace(self.events[id_], swept=True))

    def forget(self, ids: Collection[str]) -> bool:
        """Events that are to be found nowhere any more: nobody's copy is left to withdraw. True where one was known."""
        gone = [id_ for id_ in sorted(ids) if id_ in self.events and not self.events[id_].swept]
        for id_ in gone:
            self.counter += 1
            self._put(id_, replace(self.events[id_], seq=self.counter, state=DELETED, swept=True))
        return bool(gone)

    def _put(self, id_: str, record: Record) -> None:
        self.events[id_] = record
        self.news.add(id_)
        if record.state == DELETED and not record.swept:
            self.left.add(id_)
        else:
            self.left.discard(id_)

    def _drop(self, id_: str) -> None:
        self.events.pop(id_, None)
        self.news.add(id_)
        self.left.discard(id_)

    def mark(self, mark: tuple[int, str]) -> None:
        """A state that a cursor may come from."""
        self.marks.append(mark)
        del self.marks[:-_MARKS]

    def read(self, line: str) -> None:
        """What a line says that was added since. Raises as anything that is not such a line."""
        raw = json.loads(line)
        counter, mark, over = int(raw["counter"]), (int(raw["mark"][0]), str(raw["mark"][1])), _over(raw)
        records = {str(id_): row and Record(*row) for id_, row in raw["events"].items()}
        self.counter, self.over = counter, over
        if mark not in self.marks[-1:]:
            self.mark(mark)
        for id_, record in records.items():
            if record:
                self._put(id_, record)
            else:
                self._drop(id_)

    def line(self) -> str:
        """All of it."""
        rows = {id_: record.row() for id_, record in self.events.items()}
        return self._dumped(rows, epoch=self.epoch, marks=self.marks)

    def added(self) -> str:
        """What is new, as `read` reads it."""
        rows = {id_: self.events[id_].row() if id_ in self.events else None for id_ in sorted(self.news)}
        return self._dumped(rows, mark=self.marks[-1] if self.marks else (0, ""))

    def _dumped(self, rows: Mapping[str, object], **other: object) -> str:
        over = self.over.astimezone(UTC).isoformat() if self.over else None
        whole = {**other, "counter": self.counter, "over": over, "events": rows}
        return json.dumps(whole, separators=(",", ":"))

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
                self._drop(id_)
                gone = True
            elif known.state != DELETED:
                self.counter += 1
                self._put(id_, replace(known, seq=self.counter, state=DELETED, swept=False))
        if self.counter != before or not self.marks:
            self.mark((self.counter, secrets.token_hex(4)))
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
    as a new file or a longer one."""

    journal: Journal
    stamp: Stamp
    first: int
    """Bytes of its first line."""


def _read(folder: Folder, path: Path) -> Journal:
    known, stamp = folder.kept.get(path), folder.stamp(path)
    if isinstance(known, _Known) and known.stamp == stamp:
        return known.journal
    found, first = _parsed(path)
    if stamp is not None and folder.stamp(path) == stamp and time.time_ns() - stamp.written_at > RESTED:
        folder.kept[path] = _Known(found, stamp, first)
    return found


def _parsed(path: Path) -> tuple[Journal, int]:
    """The journal, and how long its first line is."""
    try:
        first, *others = path.read_bytes().decode().split("\n")
        raw = json.loads(first)
        events = {str(id_): Record(*row) for id_, row in raw["events"].items()}
        journal = Journal(
            epoch=str(raw["epoch"]),
            counter=int(raw["counter"]),
            marks=[(int(seq), str(mark)) for seq, mark in raw["marks"]],
            events=events,
            over=_over(raw),
            left={id_ for id_, record in events.items() if record.state == DELETED and not record.swept},
        )
    except _NOT_OURS:
        return Journal(), 0
    for line in others:
        with contextlib.suppress(*_NOT_OURS):
            journal.read(line)
    journal.news.clear()
    return journal, len(first)


def _over(raw: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(raw["over"]) if raw.get("over") else None


def save(folder: Folder, organizer: str, journal: Journal) -> None:
    """Raises `Forbidden`, `Transient`."""
    path = _path(folder, organizer)
    known, stamp = folder.kept.get(path), folder.stamp(path)
    added = f"\n{journal.added()}".encode()
    if (
        isinstance(known, _Known)
        and stamp is not None
        and (known.stamp, known.journal.epoch) == (stamp, journal.epoch)
        and stamp.size + len(added) <= 2 * known.first
    ):
        folder.append(path, added)
        first = known.first
    else:
        whole = journal.line().encode()
        folder.write(path, (whole,))
        first = len(whole)
    if (stamp := folder.stamp(path)) is not None:
        folder.kept[path] = _Known(journal.copy(), stamp, first)


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
