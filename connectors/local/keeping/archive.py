"""What is over leaves the files that are read at every booking: into one file a month, which every program opens.

Only events of ours that happened once are moved, out of the organizer's file and, as they answer by themselves, the
rooms'; the calendars of people are theirs. Every step may be repeated: the journal knows first what is no deletion,
then the archive has the events, then they leave the file.

Told by `tests/connectors/local/keeping/test_archive.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from connectors.errors import NotFound, Unreadable
from connectors.local import journal
from connectors.local.files import CalendarFile, Changes, Files, named
from connectors.local.store import ARCHIVE, Folder
from connectors.local.text import Component, Parsed, decode, edited, encoded
from connectors.local.times import instant, span

_LARGEST = 1_000_000_000
"""Bytes of one month of one calendar."""
_UID = re.compile(r"(?mi)^UID:(\S+)\s*$")
_END = "END:VCALENDAR"
_AGAIN = ("RRULE", "RDATE", "RECURRENCE-ID")


def organized(folder: Folder, files: Files, owner: str, before: datetime) -> int:
    """Move the events of an organizer that ended by ``before``; how many there were. Under the folder's lock, with
    everything carried. Raises `NotFound`, `Unreadable`, `Forbidden`, `Transient`."""
    known = journal.load(folder, owner)
    if known.over is None or known.over < before:
        known.over = before
        journal.save(folder, owner, known)
    return _moved(folder, files, owner, before, lambda file: map(_only, file.organized_parts()))


def held(folder: Folder, files: Files, room: str, before: datetime) -> int:
    """Move the copies in a room's file that ended by ``before``. As `organized`."""
    return _moved(folder, files, room, before, lambda file: map(_only, file.copied_parts()))


def _only(parts: list[Component]) -> Component | None:
    return parts[0] if len(parts) == 1 and not any(parts[0].first(name) for name in _AGAIN) else None


def _moved(
    folder: Folder,
    files: Files,
    address: str,
    before: datetime,
    which: Callable[[CalendarFile], Iterable[Component | None]],
) -> int:
    def over(file: CalendarFile) -> list[tuple[Component, datetime]]:
        with named(file.path):
            found = [(one, *_times(file, one)) for one in which(file) if one is not None]
        return [(one, start) for one, start, end in found if end <= before]

    def change(file: CalendarFile) -> Changes | None:
        found = over(file)
        months: dict[str, list[Component]] = {}
        for one, start in found:
            months.setdefault(f"{start.astimezone(UTC):%Y-%m}", []).append(one)
        for month, components in months.items():
            _keep(folder, file, month, components)
        counted[0] = len(found)
        return ([(one.start, one.end, "") for one, _ in found], "") if found else None

    counted = [0]
    files.edit(address, change, looked=True)
    return counted[0]


def _times(file: CalendarFile, component: Component) -> tuple[datetime, datetime]:
    zones = file.zones.of(component)
    start, end = (instant(value, zones) for value in span(component, zones))
    return start, end


def _keep(folder: Folder, file: CalendarFile, month: str, components: Iterable[Component]) -> None:
    """Add what is not there yet to the file of a month."""
    shelf = Folder(folder.made(ARCHIVE), _LARGEST, 0.0)
    path = shelf.path / f"{file.path.stem}.{month}{file.path.suffix}"
    text = _text(shelf, path) or _empty(file.parsed)
    there = {uid.lower() for uid in _UID.findall(text)}
    added = "".join(
        file.parsed.text[one.start : one.end] for one in components if one.value("UID").lower() not in there
    )
    if not added:
        return
    at = text.rfind(_END)
    if at < 0:
        raise Unreadable(f"{ARCHIVE}/{path.name}: has no {_END}; move the file away")
    shelf.write(path, (encoded(text[:at] + added + text[at:]),))


def _text(shelf: Folder, path: Path) -> str:
    try:
        return decode(b"".join(shelf.read(path).data))
    except NotFound:
        return ""


def _empty(parsed: Parsed) -> str:
    """The same calendar, its zones and nothing that takes place."""
    others = [
        (child.start, child.end, "")
        for calendar in parsed.calendars[:1]
        for child in calendar.children
        if child.name != "VTIMEZONE"
    ]
    more = [(one.start, one.end, "") for one in parsed.calendars[1:] if one.start >= parsed.calendars[0].end]
    return str(edited(parsed, [*others, *more]))
